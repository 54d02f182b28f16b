# Builds Interdesk and runs it in the foreground, alone or over services.
# Sourced by ./dev.

run_up() {
  local demo=yes services=no argument
  for argument in "$@"; do
    case $argument in
      --empty) demo=no ;;
      --services) services=yes ;;
      *) die "up: unknown option $argument; try: ./dev help" ;;
    esac
  done
  need compiler postgres
  if [ "$services" = yes ]; then
    need rabbitmq redis
  fi
  cargo build --release -p interdesk
  mkdir -p .interdesk
  export INTERDESK_DEVELOPMENT=${INTERDESK_DEVELOPMENT:-true}
  if [ "$services" = yes ]; then
    up_services "$demo"
  elif [ "$demo" = yes ]; then
    # The binary starts its own PostgreSQL and stops it; nothing is left for this script.
    exec target/release/interdesk run --demo
  else
    exec target/release/interdesk run
  fi
}

# The production shape on one machine: one process per role.
up_services() {
  local demo=$1 port=${INTERDESK_HTTP_PORT:-8080} program=target/release/interdesk role index
  local roles=(agent ingestion routing audit)
  for index in 0 1 2 3; do
    if port_in_use $((port + index)); then
      die "port $((port + index)) is taken; set INTERDESK_HTTP_PORT to the first of four free ports"
    fi
  done
  # Links to files lead to the agent role.
  export INTERDESK_HTTP_PUBLIC_URL=${INTERDESK_HTTP_PUBLIC_URL:-http://127.0.0.1:$port}
  if [ "$demo" = yes ]; then
    # Simulated customers hand their mails in here.
    export INTERDESK_MAIL_LMTP_PORT=${INTERDESK_MAIL_LMTP_PORT:-$((port + 12))}
  fi
  stop_on_exit
  with_services "$ROOT/.interdesk/services" --durable
  prepare_database
  use_services
  "$program" migrate
  if [ "$demo" = yes ]; then
    "$program" seed --demo
  fi
  for index in 0 1 2 3; do
    role=${roles[index]}
    start_process "$role" env INTERDESK_HTTP_PORT=$((port + index)) "$program" run "$role"
  done
  for index in 0 1 2 3; do
    await_ready "${roles[index]}" $((port + index)) || exit 1
  done
  if [ "$demo" = yes ]; then
    start_process simulate "$program" simulate --demo --ingestion "http://127.0.0.1:$((port + 1))"
  fi
  if [ "$demo" = yes ]; then
    printf 'demo page with the chat widget: http://127.0.0.1:%s/demo\n' $((port + 1))
  fi
  say "logs: .interdesk/logs/"
  printf 'ready: http://127.0.0.1:%s\n' "$port"
  # One ended process ends all: half a desk is worse than none.
  wait -n || true
  report_ended_process || true
  exit 1
}

# Creates the roles and the database as an administrator would, once.
prepare_database() {
  local psql exists
  psql=$(postgres_bin)/psql
  "$psql" -qX -v ON_ERROR_STOP=1 "$INTERDESK_TEST_POSTGRES_URL" \
    -f deploy/postgres/roles.sql >/dev/null
  exists=$("$psql" -qXAt "$INTERDESK_TEST_POSTGRES_URL" \
    -c "SELECT 1 FROM pg_database WHERE datname = 'interdesk'")
  if [ -z "$exists" ]; then
    "$psql" -qX -v ON_ERROR_STOP=1 "$INTERDESK_TEST_POSTGRES_URL" \
      -c 'CREATE DATABASE interdesk OWNER interdesk_owner'
  fi
}

# Exports what the roles read; the secret key is made once and kept with the data.
use_services() {
  local address=${INTERDESK_TEST_POSTGRES_URL##*@} key=$SERVICES/secret-key
  address=${address%%/*}
  if [ ! -s "$key" ]; then
    (umask 077 && head -c 32 /dev/urandom | base64 >"$key")
  fi
  export DATABASE_URL=postgres://interdesk@$address/interdesk
  export MIGRATION_DATABASE_URL=postgres://interdesk_owner@$address/interdesk
  export AMQP_URL=$INTERDESK_TEST_AMQP_URL
  export REDIS_URL=$INTERDESK_TEST_REDIS_URL
  INTERDESK_SECRET_KEY=$(cat "$key")
  export INTERDESK_SECRET_KEY
}

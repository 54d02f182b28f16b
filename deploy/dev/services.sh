# Private PostgreSQL, RabbitMQ and Redis in one folder, on free loopback ports.
# Sourced by ./dev.
#
# A folder DIR holds, once started:
#   settings                  ports and names, kept over restarts
#   env                       shell exports for those who use the services
#   <service>.pid, .log       one pair for postgres, rabbitmq (and epmd), redis
#   start-<service>           starts that service again after a kill, same port and data
# Every process is stopped by its id, and only while the kernel says that it is as old as the
# one started here, so that an id which was given to somebody else is never hit.

# How long a service may take to start, in tenths of a second.
START_LIMIT=600

# Starts all services: services_start DIR [--durable] [--mail] [--owner PID]
services_start() {
  local dir=$1 durable=off owner='' mail=off
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --durable) durable=on ;;
      --mail) mail=on ;;
      --owner) owner=$2 && shift ;;
      *) die "services start: unknown option $1" ;;
    esac
    shift
  done
  need postgres rabbitmq redis
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd -P)
  services_stop "$dir"
  choose_settings "$dir" "$durable"
  write_env "$dir"
  write_starters "$dir"
  if [ -n "$owner" ]; then
    start_watch "$dir" "$owner"
  fi
  # The broker is the slowest, so it starts first and is awaited last.
  if ! { launch rabbitmq "$dir" && launch redis "$dir" && launch postgres "$dir" &&
    await postgres "$dir" && await redis "$dir" && await rabbitmq "$dir"; }; then
    services_stop "$dir"
    return 1
  fi
  if [ "$mail" = on ] && ! mail_start "$dir"; then
    tail -n 20 "$dir/postfix.log" "$dir/dovecot.log" >&2 || true
    services_stop "$dir"
    return 1
  fi
}

# Stops all services of a folder; says nothing when none runs.
services_stop() {
  local dir name
  dir=$(cd "$1" 2>/dev/null && pwd -P) || return 0
  stop_process "$dir" watch TERM
  mail_stop "$dir"
  for name in rabbitmq redis postgres epmd; do
    signal_process "$dir" "$name" "$(stop_signal "$name")"
  done
  for name in rabbitmq redis postgres epmd; do
    stop_process "$dir" "$name" "$(stop_signal "$name")"
  done
  remove_outside "$dir"
}

# Starts one service of a folder again and waits for it.
service_restart() {
  local name=$1 dir=$2
  [ -f "$dir/settings" ] || die "no services in $dir; run: ./dev services start $dir"
  . "$dir/settings"
  stop_process "$dir" "$name" "$(stop_signal "$name")"
  launch "$name" "$dir" && await "$name" "$dir"
}

# Keeps the data's names over restarts; ports stay when they are still free.
choose_settings() {
  local dir=$1 durable=$2
  POSTGRES_PORT='' AMQP_PORT='' DIST_PORT='' EPMD_PORT='' REDIS_PORT='' NODE_NAME=''
  POSTGRES_HOME=''
  if [ -f "$dir/settings" ]; then
    . "$dir/settings"
  fi
  DURABLE=$durable
  TAKEN=' '
  keep_or_choose POSTGRES_PORT
  keep_or_choose AMQP_PORT
  keep_or_choose DIST_PORT
  keep_or_choose EPMD_PORT
  keep_or_choose REDIS_PORT
  # The broker's data carries the node's name, so the name outlives a change of port.
  NODE_NAME=${NODE_NAME:-interdesk-$AMQP_PORT@localhost}
  choose_postgres_home "$dir"
  {
    local name
    for name in POSTGRES_PORT AMQP_PORT DIST_PORT EPMD_PORT REDIS_PORT NODE_NAME \
      POSTGRES_HOME SOCKET_DIR OUTSIDE DURABLE; do
      printf '%s=%q\n' "$name" "${!name}"
    done
  } >"$dir/settings"
}

# Sets the named variable to its own value or to a free port.
keep_or_choose() {
  local port=${!1} tries=0
  while [ -z "$port" ] || [[ $TAKEN == *" $port "* ]] || port_in_use "$port"; do
    # Below the range from which the kernel hands out ports of its own.
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || die "no free port between 20000 and 32000"
  done
  TAKEN+="$port "
  printf -v "$1" '%s' "$port"
}

# Tells whether any local process listens on the port (0A is the kernel's word for it).
port_in_use() {
  local hex table
  printf -v hex ':%04X' "$1"
  for table in /proc/net/tcp /proc/net/tcp6; do
    if [ -r "$table" ] && awk -v port="$hex" \
      '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' "$table"; then
      return 0
    fi
  done
  return 1
}

# PostgreSQL refuses to run as root and to use long socket paths; both need a place.
choose_postgres_home() {
  local dir=$1
  OUTSIDE=''
  if [ -z "$POSTGRES_HOME" ] || [ ! -d "$POSTGRES_HOME" ]; then
    POSTGRES_HOME=$dir/postgres
    mkdir -p "$POSTGRES_HOME"
    if ! as_postgres test -x "$POSTGRES_HOME" 2>/dev/null; then
      rmdir "$POSTGRES_HOME"
      # A fresh name, so that nobody can have laid a trap there for root.
      POSTGRES_HOME=$(mktemp -d /var/tmp/interdesk-XXXXXX)
      say "PostgreSQL's user cannot enter $dir; its data goes to $POSTGRES_HOME."
    fi
  fi
  SOCKET_DIR=$POSTGRES_HOME
  if [ ${#SOCKET_DIR} -gt 85 ]; then
    SOCKET_DIR=$(mktemp -d /tmp/interdesk-XXXXXX)
    OUTSIDE=$SOCKET_DIR
  fi
  if [ "$(id -u)" = 0 ]; then
    chown "$(postgres_user)" "$POSTGRES_HOME" "$SOCKET_DIR"
  fi
  chmod 700 "$POSTGRES_HOME" "$SOCKET_DIR"
}

# Prints the user that runs PostgreSQL.
postgres_user() {
  if [ "$(id -u)" != 0 ]; then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

# Runs a command as PostgreSQL's user, keeping the process id.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    local user
    user=$(postgres_user)
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
  else
    "$@"
  fi
}

# Writes what users of the services need to know.
write_env() {
  cat >"$1/env" <<END
export INTERDESK_SERVICES_DIR=$(printf '%q' "$1")
export INTERDESK_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$POSTGRES_PORT/postgres
export INTERDESK_TEST_AMQP_URL=amqp://guest:guest@127.0.0.1:$AMQP_PORT/%2f
export INTERDESK_TEST_REDIS_URL=redis://127.0.0.1:$REDIS_PORT/
END
}

# Writes one small program per service that starts it again.
write_starters() {
  local name
  for name in postgres rabbitmq redis; do
    printf '#!/bin/sh\nexec %q services restart %s %q\n' "$ROOT/dev" "$name" "$1" \
      >"$1/start-$name"
    chmod +x "$1/start-$name"
  done
}

# Starts a service in the background and writes its process id.
launch() {
  local name=$1 dir=$2
  "launch_$name" "$dir"
}

# Runs a command detached from the terminal, in a folder: detach DIR NAME FOLDER COMMAND…
detach() {
  local dir=$1 name=$2 folder=$3
  shift 3
  (cd "$folder" && exec setsid "$@" </dev/null >>"$dir/$name.log" 2>&1) &
  process_birth $! >"$dir/$name.birth"
  echo $! >"$dir/$name.pid"
}

launch_postgres() {
  local dir=$1 bin data=$POSTGRES_HOME/data
  bin=$(postgres_bin)
  # Only a finished initdb leaves the mark; half a cluster is made anew.
  if [ ! -f "$POSTGRES_HOME/complete" ]; then
    rm -rf "$data"
    if ! (cd "$POSTGRES_HOME" && as_postgres "$bin/initdb" -D "$data" -U postgres -A trust \
      -E UTF8 --locale=C --no-sync) >"$dir/postgres.log" 2>&1; then
      tail -n 20 "$dir/postgres.log" >&2
      say "PostgreSQL's initdb failed; the log is $dir/postgres.log"
      return 1
    fi
    touch "$POSTGRES_HOME/complete"
  fi
  local settings=(
    -c listen_addresses=127.0.0.1 -c "port=$POSTGRES_PORT"
    -c "unix_socket_directories=$SOCKET_DIR"
    -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=2GB
    -c timezone=UTC -c log_min_messages=warning
  )
  if [ "$DURABLE" = on ]; then
    settings+=(-c fsync=on -c synchronous_commit=on -c full_page_writes=on)
  else
    settings+=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off)
  fi
  local as=()
  if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid "$(postgres_user)" --regid "$(id -g "$(postgres_user)")" --clear-groups --)
  fi
  detach "$dir" postgres "$POSTGRES_HOME" "${as[@]}" "$bin/postgres" -D "$data" "${settings[@]}"
}

launch_redis() {
  local dir=$1
  mkdir -p "$dir/redis"
  detach "$dir" redis "$dir/redis" "$(command -v redis-server)" --port "$REDIS_PORT" \
    --bind 127.0.0.1 --dir "$dir/redis" --save "" --appendonly no --daemonize no
}

launch_rabbitmq() {
  local dir=$1 home=$1/rabbitmq
  mkdir -p "$home/data" "$home/log" "$home/config"
  echo '[].' >"$home/enabled_plugins"
  echo '[].' >"$home/advanced.config"
  : >"$home/rabbitmq-env.conf"
  cat >"$home/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$AMQP_PORT
disk_free_limit.absolute = 64MB
log.file = false
log.console = true
log.console.level = warning
END
  local erlang=(
    "HOME=$home"
    "ERL_EPMD_PORT=$EPMD_PORT"
    ERL_EPMD_ADDRESS=127.0.0.1
  )
  # The broker would start the port mapper itself, and leave it behind.
  if ! is_running "$dir" epmd; then
    detach "$dir" epmd "$home" env "${erlang[@]}" "$(epmd_program)"
    await epmd "$dir" || return 1
  fi
  # With RABBITMQ_ALLOW_INPUT the script becomes the broker, so that the process id is its own.
  detach "$dir" rabbitmq "$home" env "${erlang[@]}" \
    "RABBITMQ_NODENAME=$NODE_NAME" \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    "RABBITMQ_NODE_PORT=$AMQP_PORT" \
    "RABBITMQ_DIST_PORT=$DIST_PORT" \
    "RABBITMQ_MNESIA_BASE=$home/data" \
    "RABBITMQ_LOG_BASE=$home/log" \
    "RABBITMQ_PID_FILE=$home/rabbitmq.pid" \
    "RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins" \
    "RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf" \
    "RABBITMQ_ADVANCED_CONFIG_FILE=$home/advanced.config" \
    "RABBITMQ_GENERATED_CONFIG_DIR=$home/config" \
    "RABBITMQ_CONF_ENV_FILE=$home/rabbitmq-env.conf" \
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}" \
    RABBITMQ_ALLOW_INPUT=yes \
    "$(rabbitmq_server)" -noinput +B i
}

# Waits until a service answers; shows its log when it dies or takes too long.
await() {
  local name=$1 dir=$2 tries=0
  until "answers_$name"; do
    tries=$((tries + 1))
    if ! is_running "$dir" "$name" || [ "$tries" -ge "$START_LIMIT" ]; then
      tail -n 20 "$dir/$name.log" >&2
      say "$name did not start; the log is $dir/$name.log"
      return 1
    fi
    sleep 0.1
  done
}

answers_postgres() {
  "$(postgres_bin)/pg_isready" -q -h 127.0.0.1 -p "$POSTGRES_PORT" -U postgres
}

answers_redis() {
  local line=''
  {
    printf 'PING\r\n' >&3 && IFS= read -r -t 2 line <&3
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$REDIS_PORT" || return 1
  [[ $line == +PONG* ]]
}

# The broker greets a client that names its protocol with a method frame (type 1).
answers_rabbitmq() {
  local byte=''
  {
    printf 'AMQP\000\000\011\001' >&3 && byte=$(timeout 5 head -c 1 <&3 | od -An -tu1)
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$AMQP_PORT" || return 1
  [ "${byte// /}" = 1 ]
}

answers_epmd() {
  (: 3<>"/dev/tcp/127.0.0.1/$EPMD_PORT") 2>/dev/null
}

# Prints the signal by which a service ends in order without waiting for its clients.
stop_signal() {
  if [ "$1" = postgres ]; then echo INT; else echo TERM; fi
}

# Tells whether the process that was started here is still running.
is_running() {
  local dir=$1 name=$2 pid birth
  pid=$(cat "$dir/$name.pid" 2>/dev/null) && birth=$(cat "$dir/$name.birth" 2>/dev/null) &&
    [ -n "$birth" ] && [ "$(process_birth "$pid")" = "$birth" ]
}

# Prints when the kernel started a process; nothing for one that is gone or only waits to be
# buried. The name in the second field may hold spaces and brackets.
process_birth() {
  sed -E 's/^.*\) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

# Sends a signal to a process that was started here.
signal_process() {
  if is_running "$1" "$2"; then
    kill -s "$3" "$(cat "$1/$2.pid")" 2>/dev/null || true
  fi
}

# Ends a process: politely, then after fifteen seconds for certain.
stop_process() {
  local dir=$1 name=$2 tries=0
  [ -f "$dir/$name.pid" ] || return 0
  signal_process "$dir" "$name" "$3"
  while is_running "$dir" "$name"; do
    tries=$((tries + 1))
    if [ "$tries" = 150 ]; then
      say "$name did not stop in time and is killed"
      signal_process "$dir" "$name" KILL
    fi
    sleep 0.1
  done
  rm -f "$dir/$name.pid" "$dir/$name.birth"
}

# Removes a socket folder that had to lie outside.
remove_outside() {
  [ -f "$1/settings" ] || return 0
  local OUTSIDE=''
  OUTSIDE=$(. "$1/settings" && printf '%s' "$OUTSIDE")
  case $OUTSIDE in
    /tmp/interdesk-*) rm -rf "$OUTSIDE" ;;
  esac
}

# Stops the services when their owner is gone without having stopped them.
start_watch() {
  detach "$1" watch "$1" "$ROOT/dev" services watch "$1" "$2"
}

watch_owner() {
  local dir=$1 owner=$2
  while kill -0 "$owner" 2>/dev/null; do
    sleep 1
  done
  rm -f "$dir/watch.pid" "$dir/watch.birth"
  services_stop "$dir"
}

# Deletes the data of stopped services, wherever it lies.
remove_services() {
  local home
  [ -f "$1/settings" ] || return 0
  home=$(. "$1/settings" && printf '%s' "$POSTGRES_HOME")
  case $home in
    /var/tmp/interdesk-*) rm -rf "$home" ;;
  esac
  rm -rf "$1"
}

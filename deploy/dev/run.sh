# Runs one command beside private services and ends both, whatever happens.
# Sourced by ./dev.

CHILD=''
PROCESSES=()
SERVICES=''

# From here on, leaving the script by any way stops what it has started.
stop_on_exit() {
  trap 'stop_everything' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
}

stop_everything() {
  local status=$?
  # A second Ctrl-C must not leave half of it running.
  trap '' INT TERM HUP
  stop_child
  stop_processes
  if [ -n "$SERVICES" ]; then
    services_stop "$SERVICES"
  fi
  exit "$status"
}

# Starts private services for this run and loads their addresses: with_services DIR [--durable]
with_services() {
  SERVICES=$1
  mkdir -p "$SERVICES"
  SERVICES=$(cd "$SERVICES" && pwd -P)
  say "Starting PostgreSQL, RabbitMQ and Redis in ${SERVICES#"$ROOT"/} …"
  services_start "$SERVICES" "${@:2}" --owner $$ || die "the services did not start"
  . "$SERVICES/env"
}

# Runs a command in its own process group, so that a signal reaches all of it and the
# shell stays free to clean up.
run_child() {
  local status=0
  set -m
  "$@" </dev/null &
  CHILD=$!
  set +m
  wait "$CHILD" || status=$?
  CHILD=''
  return "$status"
}

stop_child() {
  local tries=0
  [ -n "$CHILD" ] || return 0
  kill -TERM -- "-$CHILD" 2>/dev/null || true
  while kill -0 -- "-$CHILD" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" = 100 ]; then
      kill -KILL -- "-$CHILD" 2>/dev/null || true
    fi
    sleep 0.1
  done
  CHILD=''
}

# Starts a process of ours in the background with a log of its own: start_process NAME COMMAND…
start_process() {
  local name=$1
  shift
  mkdir -p "$ROOT/.interdesk/logs"
  setsid "$@" </dev/null >"$ROOT/.interdesk/logs/$name.log" 2>&1 &
  PROCESSES+=("$name:$!")
}

# Ends the background processes, the last started first: politely, then for certain.
stop_processes() {
  local entry index tries=0
  for ((index = ${#PROCESSES[@]} - 1; index >= 0; index--)); do
    kill -TERM "${PROCESSES[index]#*:}" 2>/dev/null || true
  done
  for entry in "${PROCESSES[@]}"; do
    while kill -0 "${entry#*:}" 2>/dev/null; do
      tries=$((tries + 1))
      if [ "$tries" = 300 ]; then
        say "${entry%%:*} did not stop in time and is killed"
      fi
      if [ "$tries" -ge 300 ]; then
        kill -KILL "${entry#*:}" 2>/dev/null || true
      fi
      sleep 0.1
    done
  done
  PROCESSES=()
}

# Names a background process that has ended, and shows the end of its log.
report_ended_process() {
  local entry
  for entry in "${PROCESSES[@]}"; do
    if ! kill -0 "${entry#*:}" 2>/dev/null; then
      tail -n 20 "$ROOT/.interdesk/logs/${entry%%:*}.log" >&2
      say "${entry%%:*} has ended; its log is .interdesk/logs/${entry%%:*}.log"
      return 0
    fi
  done
  return 1
}

# Waits until http://127.0.0.1:PORT/readyz answers 200: await_ready NAME PORT
await_ready() {
  local name=$1 port=$2 tries=0
  until is_ready "$port"; do
    tries=$((tries + 1))
    if report_ended_process; then
      return 1
    fi
    if [ "$tries" -ge 600 ]; then
      say "$name was not ready within a minute; its log is .interdesk/logs/$name.log"
      return 1
    fi
    sleep 0.1
  done
}

is_ready() {
  local line=''
  {
    printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3 &&
      IFS= read -r -t 5 line <&3
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  [[ $line == "HTTP/1.1 200"* ]]
}

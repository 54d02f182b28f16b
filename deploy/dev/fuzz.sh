# Lets Schemathesis make up operations from the committed schema and send them to a desk of its own.
# Sourced by ./dev. It lives in a virtual environment under target/.

# Pinned, so that a new release never breaks an old commit.
SCHEMATHESIS_VERSION=4.32.5
# Operations that are made up for each field before it is the next one's turn.
FUZZ_EXAMPLES=50
FUZZ_HOME=$ROOT/target/schemathesis/$SCHEMATHESIS_VERSION

fuzz_install() {
  [ ! -f "$FUZZ_HOME/ready" ] || return 0
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages python3 python3-venv
  fi
  say "Installing Schemathesis $SCHEMATHESIS_VERSION into ${FUZZ_HOME#"$ROOT"/} …"
  rm -rf "$FUZZ_HOME"
  mkdir -p "$FUZZ_HOME"
  timeout 120 python3 -m venv "$FUZZ_HOME/venv" &&
    timeout 600 "$FUZZ_HOME/venv/bin/pip" install --quiet --disable-pip-version-check \
      "schemathesis==$SCHEMATHESIS_VERSION" >"$FUZZ_HOME/install.log" 2>&1 &&
    touch "$FUZZ_HOME/ready"
}

# Fuzzes a fresh desk with demo data for some seconds: run_fuzz [SECONDS]
# Fails on a status of 500 or above, on a fault of ours among the errors, and on logged errors.
run_fuzz() {
  local seconds=${1:-600} folder=$ROOT/target/fuzz token status=0 program=target/debug/interdesk
  local FUZZ_PORT='' FUZZ_MAIL_PORT='' TAKEN=' '
  [[ $seconds =~ ^[0-9]+$ ]] || die "fuzz: $seconds is no number of seconds"
  need compiler postgres
  fuzz_install || die "Schemathesis could not be installed; see ${FUZZ_HOME#"$ROOT"/}/install.log"
  cargo build --locked -p interdesk || die "the binary does not build"
  stop_on_exit
  rm -rf "$folder"
  mkdir -p "$folder"
  keep_or_choose FUZZ_PORT
  keep_or_choose FUZZ_MAIL_PORT
  export INTERDESK_HTTP_PORT=$FUZZ_PORT INTERDESK_DATA_DIR=$folder/data INTERDESK_DEVELOPMENT=true
  export INTERDESK_MAIL_LMTP_PORT=$FUZZ_MAIL_PORT INTERDESK_GRAPHQL_COST_PER_MINUTE=0
  start_process fuzzed "$program" run --demo
  await_ready fuzzed "$FUZZ_PORT" || return 1
  token=$(fuzz_sign_in "$FUZZ_PORT") || die "the desk lets nobody sign in"
  say "Fuzzing http://127.0.0.1:$FUZZ_PORT/graphql for $seconds s …"
  # Errors that the operation earned are no findings, so the one check is ours (fuzz_hooks.py).
  # What it remembers of its cases it puts where it is run.
  SCHEMATHESIS_HOOKS=fuzz_hooks PYTHONPATH=$ROOT/deploy/dev run_child env -C "$folder" \
    timeout --signal=INT --kill-after=30 $((seconds + 120)) "$FUZZ_HOME/venv/bin/schemathesis" run \
    --url "http://127.0.0.1:$FUZZ_PORT/graphql" --header "Authorization: Bearer $token" \
    --checks no_server_error --phases fuzzing --mode positive --continue-on-failure \
    --suppress-health-check all --max-time "$seconds" --max-examples "$FUZZ_EXAMPLES" \
    --report ndjson --report-dir "$folder" "$ROOT/graphql/schema.graphql" || status=$?
  stop_processes
  if grep -E '^[^ ]+ +ERROR |panicked' "$ROOT/.interdesk/logs/fuzzed.log" >"$folder/errors.log"; then
    head -n 20 "$folder/errors.log" >&2
    say "fuzz: FAILED, the desk logged errors; see ${folder#"$ROOT"/}/errors.log"
    return 1
  fi
  if [ "$status" != 0 ]; then
    say "fuzz: FAILED; see ${folder#"$ROOT"/}"
    return 1
  fi
  say "fuzz: nothing found in $seconds s"
}

# Prints a token of the demo's administrator, who may reach everything.
fuzz_sign_in() {
  local query='mutation { signIn(input: {workspace: "demo", email: "admin@example.org", password: "interdesk-demo"}) { token } }'
  python3 - "$1" "$query" <<'END'
import json, sys, urllib.request

request = urllib.request.Request(
    f"http://127.0.0.1:{sys.argv[1]}/graphql",
    json.dumps({"query": sys.argv[2]}).encode(),
    {"content-type": "application/json"},
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(json.load(opener.open(request, timeout=30))["data"]["signIn"]["token"])
END
}

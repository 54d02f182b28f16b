# A private Matrix homeserver (Synapse) for the tests of the Matrix channel.
# Sourced by ./dev, which installs it; a test runs it:
#
#   bash deploy/dev/synapse.sh run DIR PORT REGISTRATION
#
# It lives in a virtual environment under target/, listens on loopback alone, federates with nobody,
# keeps everything in DIR and ends with a TERM to the process that was started, or by itself after
# SYNAPSE_LIFE seconds.

# Pinned, so that a new release never breaks an old commit.
SYNAPSE_VERSION=1.163.2

# How long one may live, in seconds, whatever becomes of whoever started it.
SYNAPSE_LIFE=900

# The name of the homeserver, which no name server knows.
SYNAPSE_NAME=desk.test

SYNAPSE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
SYNAPSE_HOME=$SYNAPSE_ROOT/target/synapse/$SYNAPSE_VERSION

# Installs it once; fails in words where it cannot.
synapse_install() {
  [ ! -f "$SYNAPSE_HOME/ready" ] || return 0
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages python3 python3-venv
  fi
  say "Installing Synapse $SYNAPSE_VERSION into ${SYNAPSE_HOME#"$SYNAPSE_ROOT"/} …"
  rm -rf "$SYNAPSE_HOME"
  mkdir -p "$SYNAPSE_HOME"
  timeout 120 python3 -m venv "$SYNAPSE_HOME/venv" &&
    timeout 600 "$SYNAPSE_HOME/venv/bin/pip" install --quiet --disable-pip-version-check \
      --only-binary :all: "matrix-synapse==$SYNAPSE_VERSION" >"$SYNAPSE_HOME/install.log" 2>&1 &&
    touch "$SYNAPSE_HOME/ready"
}

# Writes the settings of a homeserver: synapse_settings DIR PORT REGISTRATION
synapse_settings() {
  local dir=$1 port=$2 registration=$3 limit
  cat <<END
server_name: "$SYNAPSE_NAME"
public_baseurl: "http://127.0.0.1:$port/"
pid_file: "$dir/homeserver.pid"
signing_key_path: "$dir/signing.key"
media_store_path: "$dir/media"
log_config: "$dir/log.yaml"
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
url_preview_enabled: false
presence:
  enabled: false
enable_registration: true
enable_registration_without_verification: true
bcrypt_rounds: 4
database:
  name: sqlite3
  args:
    database: "$dir/homeserver.db"
listeners:
  - port: $port
    bind_addresses: ["127.0.0.1"]
    type: http
    tls: false
    resources:
      - names: [client]
app_service_config_files:
  - "$registration"
END
  # Nobody has to wait in a test.
  for limit in rc_message rc_registration rc_admin_redaction rc_presence; do
    printf '%s:\n  per_second: 10000\n  burst_count: 10000\n' "$limit"
  done
  for limit in rc_joins rc_login rc_invites; do
    printf '%s:\n' "$limit"
    case $limit in
      rc_joins) set -- local remote ;;
      rc_login) set -- address account failed_attempts ;;
      rc_invites) set -- per_room per_user per_issuer ;;
    esac
    printf '  %s:\n    per_second: 10000\n    burst_count: 10000\n' "$@"
  done
}

# Runs a homeserver in the foreground: synapse_run DIR PORT REGISTRATION
synapse_run() {
  local dir registration
  mkdir -p "$1"
  dir=$(cd "$1" && pwd -P)
  registration=$(realpath "$3")
  synapse_settings "$dir" "$2" "$registration" >"$dir/homeserver.yaml"
  cat >"$dir/log.yaml" <<END
version: 1
formatters:
  plain:
    format: '%(asctime)s %(levelname)s %(name)s %(message)s'
handlers:
  file:
    class: logging.FileHandler
    formatter: plain
    filename: "$dir/homeserver.log"
root:
  level: INFO
  handlers: [file]
disable_existing_loggers: false
END
  "$SYNAPSE_HOME/venv/bin/generate_signing_key" -o "$dir/signing.key"
  cd "$dir"
  exec timeout --kill-after=10 "$SYNAPSE_LIFE" \
    "$SYNAPSE_HOME/venv/bin/python" -m synapse.app.homeserver -c "$dir/homeserver.yaml"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  . "$SYNAPSE_ROOT/deploy/dev/packages.sh"
  case ${1:-} in
    install) synapse_install ;;
    run) synapse_run "$2" "$3" "$4" ;;
    *) die "usage: synapse.sh install | run DIR PORT REGISTRATION" ;;
  esac
fi

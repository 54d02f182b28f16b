# A private S3-compatible store (moto) for the tests of the file store.
# Sourced by ./dev. It lives in a virtual environment under target/, listens on loopback alone, keeps
# everything in memory and ends with the tests, or by itself after S3_LIFE seconds.

# Pinned, so that a new release never breaks an old commit.
S3_VERSION=5.2.5

# How long one may live, in seconds, whatever becomes of whoever started it.
S3_LIFE=7200

S3_HOME=$ROOT/target/s3/$S3_VERSION

# Installs it once; fails in words where it cannot.
s3_install() {
  [ ! -f "$S3_HOME/ready" ] || return 0
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages python3 python3-venv
  fi
  say "Installing moto $S3_VERSION into ${S3_HOME#"$ROOT"/} …"
  rm -rf "$S3_HOME"
  mkdir -p "$S3_HOME"
  timeout 120 python3 -m venv "$S3_HOME/venv" &&
    timeout 600 "$S3_HOME/venv/bin/pip" install --quiet --disable-pip-version-check \
      "moto[s3]==$S3_VERSION" flask==3.1.3 flask-cors==6.0.5 >"$S3_HOME/install.log" 2>&1 &&
    touch "$S3_HOME/ready"
}

# Starts one that has an empty bucket and names it in INTERDESK_TEST_S3: s3_start DIR
s3_start() {
  local dir=$1 port tries=0
  port=$(python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])')
  setsid timeout --kill-after=10 "$S3_LIFE" "$S3_HOME/venv/bin/moto_server" -H 127.0.0.1 -p "$port" \
    </dev/null >"$dir/s3.log" 2>&1 &
  PROCESSES+=("s3:$!")
  until curl --silent --fail --noproxy '*' -X PUT "http://127.0.0.1:$port/desk" >/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" = 150 ]; then
      return 1
    fi
    sleep 0.2
  done
  export INTERDESK_TEST_S3=http://127.0.0.1:$port/desk
}

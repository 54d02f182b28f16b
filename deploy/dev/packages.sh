# Finds the tools that Interdesk needs and installs the missing ones with apt-get.
# Sourced by ./dev.

# Prints a sentence to the error output.
say() { printf '%s\n' "$*" >&2; }

# Ends the script with a sentence.
die() {
  say "dev: $*"
  exit 1
}

# Runs a command as root: directly, through sudo, or not at all.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    return 127
  fi
}

# Installs Debian packages, or names the command that would.
install_packages() {
  local by_hand="apt-get update && apt-get install -y $*"
  command -v apt-get >/dev/null 2>&1 ||
    die "missing: $*. This machine has no apt-get; install the like of them with its package manager."
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
    die "missing: $*. Run as root: $by_hand"
  fi
  say "Installing $* (the package may start a service of its own; Interdesk uses private ones)."
  as_root apt-get update -qq || die "apt-get update failed. Run as root: $by_hand"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    die "apt-get install failed. Run as root: $by_hand"
}

# Prints the folder that holds initdb and postgres, the newest first.
postgres_bin() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      printf '%s\n' "$folder"
      return 0
    fi
  done
  folder=$(command -v initdb) || return 1
  folder=$(dirname "$(readlink -f "$folder")")
  [ -x "$folder/postgres" ] && printf '%s\n' "$folder"
}

# Prints the server script itself; the one on the PATH changes the user.
rabbitmq_server() {
  local script
  for script in /usr/lib/rabbitmq/bin/rabbitmq-server /usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server; do
    if [ -x "$script" ]; then
      printf '%s\n' "$script"
      return 0
    fi
  done
  return 1
}

# Prints the port mapper that ships with Erlang.
epmd_program() {
  local program
  for program in /usr/lib/erlang/erts-*/bin/epmd; do
    if [ -x "$program" ]; then
      printf '%s\n' "$program"
      return 0
    fi
  done
  command -v epmd
}

# Makes sure that the named parts are there: postgres, rabbitmq, redis, mail, chromium, node, compiler.
need() {
  local part missing=()
  for part in "$@"; do
    case $part in
      postgres) postgres_bin >/dev/null || missing+=(postgresql) ;;
      rabbitmq) { rabbitmq_server && epmd_program; } >/dev/null || missing+=(rabbitmq-server) ;;
      # Debian's npm brings node along; a node from elsewhere has its own npm.
      node) { command -v node && command -v npm; } >/dev/null || missing+=(nodejs npm) ;;
      chromium) command -v chromium >/dev/null || missing+=(chromium) ;;
      redis) command -v redis-server >/dev/null || missing+=(redis-server) ;;
      mail) { command -v postfix && command -v dovecot && command -v openssl; } >/dev/null || missing+=(postfix dovecot-imapd dovecot-lmtpd openssl) ;;
      compiler) command -v cc >/dev/null || missing+=(gcc libc6-dev) ;;
    esac
  done
  if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}"
  fi
}

# Makes sure that cargo is there; rustup itself is never installed behind one's back.
need_rust() {
  if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH="$HOME/.cargo/bin:$PATH"
  fi
  command -v cargo >/dev/null ||
    die "missing: a Rust toolchain. See https://rustup.rs, then run this again."
}

# A private Postfix and Dovecot on free loopback ports, for tests against real mail servers.
# Sourced by ./dev.
#
# Customers have mailboxes in Dovecot (customers.test). What is for the desk (desk-a.test and
# desk-b.test) Postfix hands over by LMTP to ports where the desk under test listens. Mail for
# bouncing.test is taken and bounces; mail for anybody else is refused: nothing leaves the machine.
#
# Postfix starts as root alone and changes its users itself. Without root these servers are left
# out, and the tests that need them say so.

# Tells whether the mail servers can be started here.
mail_is_possible() {
  [ "$(id -u)" = 0 ]
}

# Starts both servers and adds their addresses to DIR/env: mail_start DIR
mail_start() {
  local dir=$1
  mail_stop "$dir"
  need mail
  # A fresh name, so that nobody can have laid a trap there for root; the servers' users enter it.
  MAIL_HOME=$(mktemp -d /var/tmp/interdesk-XXXXXX)
  chmod 755 "$MAIL_HOME"
  TAKEN=' '
  local name
  for name in SMTP_PORT SUBMISSION_PORT BOUNCE_PORT IMAP_PORT IMAPS_PORT DESK_A_PORT DESK_B_PORT; do
    printf -v "$name" '%s' ''
    keep_or_choose "$name"
  done
  printf 'MAIL_HOME=%q\n' "$MAIL_HOME" >"$dir/mail-settings"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -addext basicConstraints=critical,CA:FALSE \
    -keyout "$MAIL_HOME/key.pem" -out "$MAIL_HOME/cert.pem" 2>/dev/null ||
    die "openssl made no certificate for the mail servers"
  # Who signs with the one key is let in by XOAUTH2; Dovecot looks for the other by algorithm and name.
  mkdir -p "$MAIL_HOME/tokens/default/ES256"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$MAIL_HOME/token-key.pem" 2>/dev/null &&
    openssl pkey -in "$MAIL_HOME/token-key.pem" -pubout -out "$MAIL_HOME/tokens/default/ES256/default" ||
    die "openssl made no key for the mail servers' tokens"
  configure_dovecot
  configure_postfix
  detach "$dir" dovecot "$MAIL_HOME" "$(command -v dovecot)" -F -c "$MAIL_HOME/dovecot.conf"
  await dovecot "$dir" || return 1
  # Makes the folders of the queue. The master itself is started here, so that its id is known.
  postfix -c "$MAIL_HOME/postfix" check || return 1
  detach "$dir" postfix "$MAIL_HOME" /usr/lib/postfix/sbin/master -c "$MAIL_HOME/postfix" -s
  await postfix "$dir" || return 1
  cat >>"$dir/env" <<END
export INTERDESK_TEST_MAIL_SMTP=127.0.0.1:$SMTP_PORT
export INTERDESK_TEST_MAIL_SUBMISSION=smtp://localhost:$SUBMISSION_PORT
export INTERDESK_TEST_MAIL_IMAP=127.0.0.1:$IMAP_PORT
export INTERDESK_TEST_MAIL_IMAPS=imaps://localhost:$IMAPS_PORT
export INTERDESK_TEST_MAIL_DESKS=$DESK_A_PORT,$DESK_B_PORT
export INTERDESK_TEST_MAIL_CA=$MAIL_HOME/cert.pem
export INTERDESK_TEST_MAIL_TOKEN_KEY=$MAIL_HOME/token-key.pem
END
}

# Stops both servers and removes what they wrote.
mail_stop() {
  [ -f "$1/mail-settings" ] || return 0
  local MAIL_HOME=''
  MAIL_HOME=$(. "$1/mail-settings" && printf '%s' "$MAIL_HOME")
  stop_process "$1" postfix TERM
  stop_process "$1" dovecot TERM
  case $MAIL_HOME in
    /var/tmp/interdesk-*) rm -rf "$MAIL_HOME" ;;
  esac
  rm -f "$1/mail-settings"
}

answers_postfix() {
  (: 3<>"/dev/tcp/127.0.0.1/$SMTP_PORT" 4<>"/dev/tcp/127.0.0.1/$SUBMISSION_PORT") 2>/dev/null
}

answers_dovecot() {
  [ -S "$MAIL_HOME/auth" ] && [ -S "$MAIL_HOME/lmtp" ] &&
    (: 3<>"/dev/tcp/127.0.0.1/$IMAP_PORT" 4<>"/dev/tcp/127.0.0.1/$IMAPS_PORT") 2>/dev/null
}

# Everybody has a mailbox and one password, or a signed token: it holds nothing real and listens on
# loopback.
configure_dovecot() {
  local user
  user=$(id -u nobody)
  cat >"$MAIL_HOME/tokens.conf" <<END
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$MAIL_HOME/tokens/
username_attribute = sub
END
  mkdir -p "$MAIL_HOME/run" "$MAIL_HOME/mail"
  chown nobody "$MAIL_HOME/mail"
  cat >"$MAIL_HOME/dovecot.conf" <<END
base_dir = $MAIL_HOME/run
state_dir = $MAIL_HOME/run
log_path = /dev/stderr
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$MAIL_HOME/cert.pem
ssl_key = <$MAIL_HOME/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
mail_location = maildir:~/mail
mail_uid = $user
mail_gid = $(id -g nobody)
first_valid_uid = 1
last_valid_uid = 0
first_valid_gid = 1
last_valid_gid = 0
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {
  driver = static
  mechanisms = plain login
  args = password=test-password
}
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = $MAIL_HOME/tokens.conf
}
userdb {
  driver = static
  args = uid=$user gid=$(id -g nobody) home=$MAIL_HOME/mail/%u allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = $IMAP_PORT
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = $IMAPS_PORT
    ssl = yes
  }
}
service lmtp {
  unix_listener $MAIL_HOME/lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener $MAIL_HOME/auth {
    mode = 0666
  }
}
END
}

configure_postfix() {
  local etc=$MAIL_HOME/postfix service
  mkdir -p "$etc" "$MAIL_HOME/queue" "$MAIL_HOME/data"
  chown postfix "$MAIL_HOME/data"
  cp /etc/postfix/postfix-files "$etc/" 2>/dev/null || cp /usr/lib/postfix/postfix-files "$etc/" 2>/dev/null || true
  cat >"$etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $MAIL_HOME/queue
data_directory = $MAIL_HOME/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.customers.test
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
recipient_delimiter = +
message_size_limit = 52428800
mailbox_size_limit = 0
relay_domains = desk-a.test, desk-b.test
virtual_mailbox_domains = customers.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:$MAIL_HOME/lmtp
transport_maps = inline:{{desk-a.test = lmtp:inet:127.0.0.1:$DESK_A_PORT}, {desk-b.test = lmtp:inet:127.0.0.1:$DESK_B_PORT}, {bouncing.test = smtp:[127.0.0.1]:$BOUNCE_PORT}}
default_transport = error:5.7.1 nothing leaves this machine
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = $MAIL_HOME/auth
smtpd_tls_cert_file = $MAIL_HOME/cert.pem
smtpd_tls_key_file = $MAIL_HOME/key.pem
minimal_backoff_time = 1s
queue_run_delay = 1s
maillog_file = /dev/stdout
END
  {
    echo "127.0.0.1:$SMTP_PORT inet n - n - - smtpd"
    echo "127.0.0.1:$SUBMISSION_PORT inet n - n - - smtpd"
    echo "  -o smtpd_tls_security_level=encrypt"
    echo "  -o smtpd_sasl_auth_enable=yes"
    echo "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
    # Another server, which knows nobody: what was taken for it comes back.
    echo "127.0.0.1:$BOUNCE_PORT inet n - n - - smtpd"
    echo "  -o myhostname=mx.bouncing.test"
    echo "  -o { smtpd_relay_restrictions = check_recipient_access static:{550 5.1.1 nobody has this address}, reject }"
    echo "pickup unix n - n 1 1 pickup"
    echo "cleanup unix n - n - 0 cleanup"
    echo "qmgr unix n - n 1 1 qmgr"
    echo "tlsmgr unix - - n 1000? 1 tlsmgr"
    echo "rewrite unix - - n - - trivial-rewrite"
    for service in bounce defer trace; do
      echo "$service unix - - n - 0 bounce"
    done
    echo "verify unix - - n - 1 verify"
    echo "flush unix n - n 1000? 0 flush"
    echo "proxymap unix - - n - - proxymap"
    echo "smtp unix - - n - - smtp"
    echo "relay unix - - n - - smtp"
    echo "error unix - - n - - error"
    echo "retry unix - - n - - error"
    echo "lmtp unix - - n - - lmtp"
    echo "anvil unix - - n - 1 anvil"
    echo "scache unix - - n - 1 scache"
    echo "postlog unix-dgram n - n - 1 postlogd"
  } >"$etc/master.cf"
}

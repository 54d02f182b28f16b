//! Mail through real servers: Postfix carries it, Dovecot keeps it.

use super::dkim;
use super::post::workspace;
use crate::harness::{Agent, Column, Desk, Live, Plan, until};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use interdesk_channels::email::dkim::Signer;
use interdesk_simulator::mail::{Caught, Draft, submit};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Everybody's password at the test servers.
const PASSWORD: &str = "test-password";

/// The servers that `./dev test` started.
struct Servers {
    smtp: SocketAddr,
    imap: SocketAddr,
    submission: String,
    imaps: String,
    ca: String,
    /// The domain whose mail comes to this desk, and the port where the desk takes it.
    domain: &'static str,
    port: String,
}

impl Servers {
    /// Finds them; `None` where there are none, which is said.
    fn find(column: Column) -> Option<Self> {
        let set = |name: &str| std::env::var(format!("INTERDESK_TEST_MAIL_{name}")).ok();
        let Some(smtp) = set("SMTP") else {
            println!("left out: no mail servers; ./dev test starts them where it may");
            return None;
        };
        let ports = set("DESKS")?;
        let (a, b) = ports.split_once(',')?;
        let (domain, port) = match column {
            Column::Local => ("desk-a.test", a),
            Column::Services => ("desk-b.test", b),
        };
        Some(Self {
            smtp: smtp.parse().expect("an address"),
            imap: set("IMAP")?.parse().expect("an address"),
            submission: set("SUBMISSION")?,
            imaps: set("IMAPS")?,
            ca: std::fs::read_to_string(set("CA")?).expect("a certificate"),
            domain,
            port: port.to_owned(),
        })
    }

    /// Names a mailbox of this run's own.
    fn customer(&self, number: u32) -> String {
        let run = std::process::id();
        format!(
            "customer{number}.{run}.{}@customers.test",
            self.domain.replace('.', "-")
        )
    }

    /// A customer sends a mail through Postfix.
    async fn send(&self, from: &str, to: &str, subject: &str, text: &str) -> Draft {
        let draft = Draft {
            from: from.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            message_id: format!("{}.{from}", subject.replace(' ', "-")),
            ..Draft::default()
        };
        let taken = submit(self.smtp, from, to, &draft.bytes()).await;
        let taken = taken.expect("an answer");
        assert!(taken.is_taken(), "{taken:?}");
        draft
    }

    /// Reads the only mail of a mailbox in Dovecot, as soon as it is there.
    async fn only_mail(&self, user: &str) -> Caught {
        until("a mail in the mailbox", async || {
            self.fetch(user).await.is_some()
        })
        .await;
        let mail = self.fetch(user).await.expect("a mail");
        Caught {
            from: String::new(),
            to: vec![user.to_owned()],
            mail,
        }
    }

    /// Returns what reading a mailbox takes, and more.
    fn imap(&self, mut own: Value) -> Value {
        own["imap_url"] = json!(self.imaps);
        if own["imap_password"].is_null() {
            own["imap_password"] = json!(PASSWORD);
        }
        own
    }

    /// Makes a user's folder anew, which numbers it anew, and puts mails into it.
    async fn fill(&self, user: &str, mails: &[&Draft]) {
        self.command(user, &["DELETE Desk", "CREATE Desk"]).await;
        self.append(user, mails).await;
    }

    async fn append(&self, user: &str, mails: &[&Draft]) {
        for mail in mails {
            let bytes = String::from_utf8(mail.bytes()).expect("UTF-8");
            let line = format!("APPEND Desk {{{}+}}\r\n{bytes}", bytes.len());
            self.command(user, &[&line]).await;
        }
    }

    async fn command(&self, user: &str, lines: &[&str]) {
        let stream = TcpStream::connect(self.imap).await.expect("Dovecot");
        let mut stream = BufReader::new(stream);
        let mut commands = format!("a0 LOGIN \"{user}\" {PASSWORD}\r\n");
        for line in lines {
            commands.push_str(&format!("a1 {line}\r\n"));
        }
        commands.push_str("a2 LOGOUT\r\n");
        let written = stream.get_mut().write_all(commands.as_bytes()).await;
        written.expect("it reads");
        let mut said = String::new();
        stream.read_to_string(&mut said).await.expect("an end");
        let last = lines.last().expect("a command").split(' ').next();
        assert!(said.contains("a1 OK"), "{last:?}: {said}");
    }

    async fn fetch(&self, user: &str) -> Option<String> {
        let stream = TcpStream::connect(self.imap).await.expect("Dovecot");
        let mut stream = BufReader::new(stream);
        let login = format!("a1 LOGIN \"{user}\" {PASSWORD}\r\na2 SELECT INBOX\r\n");
        let fetch = "a3 FETCH 1 BODY.PEEK[]\r\na4 LOGOUT\r\n";
        let commands = format!("{login}{fetch}");
        stream
            .get_mut()
            .write_all(commands.as_bytes())
            .await
            .expect("it reads");
        let mut mail = None;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.expect("a line") == 0 {
                return mail;
            }
            if let Some((_, length)) = line.trim_end().rsplit_once("BODY[] {") {
                let length = length.trim_end_matches('}').parse().expect("a length");
                let mut bytes = vec![0; length];
                stream.read_exact(&mut bytes).await.expect("the mail");
                mail = Some(String::from_utf8(bytes).expect("UTF-8"));
            }
        }
    }
}

/// A desk whose mailboxes are at the real servers.
struct Real {
    servers: Servers,
    desk: Desk,
    agent: Agent,
    live: Live,
    support: String,
    signer: Signer,
}

impl Real {
    /// Starts it; a mailbox has credentials of its own beside those of all inboxes.
    async fn start(column: Column, test: &str, mailbox: Option<(&str, Value)>) -> Option<Self> {
        let servers = Servers::find(column)?;
        let plan = Plan::default()
            .set("INTERDESK_MAIL_LMTP_PORT", &servers.port)
            .set("INTERDESK_MAIL_IMAP_POLL_SECONDS", "2");
        let desk = Desk::start(column, test, plan).await;
        let support = format!("support@{}", servers.domain);
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let key = STANDARD.encode(key.as_ref());
        let key = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        let signer = Signer::new(servers.domain, "s1", &key).expect("a signer");
        let inbox = |address: &str, own: &Value| {
            let mut others = json!({
                "name": "Desk",
                "smtp_password": PASSWORD,
                "tls_ca": servers.ca,
                "dkim_domain": servers.domain,
                "dkim_selector": "s1",
                "dkim_key": key,
            });
            for (name, value) in own.as_object().into_iter().flatten() {
                others[name] = value.clone();
            }
            json!({
                "channel": "email", "name": address, "account_id": address,
                "endpoint": servers.submission, "queue": "Mail",
                "credentials": { "others": others },
            })
        };
        let mut inboxes = vec![inbox(&support, &json!({}))];
        inboxes.extend(mailbox.map(|(address, own)| inbox(address, &own)));
        let agent = workspace(&desk, column, test, json!(inboxes)).await;
        let live = agent.watch().await;
        agent.online().await;
        Some(Self {
            servers,
            desk,
            agent,
            live,
            support,
            signer,
        })
    }
}

/// A customer writes by SMTP, Postfix hands it to the desk, the answer lands in Dovecot.
pub(super) async fn servers_carry_mails_both_ways(column: Column) {
    let Some(mut real) = Real::start(column, "mail-real", None).await else {
        return;
    };
    let customer = real.servers.customer(1);
    let question = "Where is it?";
    let first = real
        .servers
        .send(&customer, &real.support, "Order 7", question)
        .await;
    let conversation = real.agent.take_next(&mut real.live).await;
    let reply = real
        .agent
        .reply(&conversation, "On its way.\n.\nGrüße")
        .await;
    real.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;

    let mail = real.servers.only_mail(&customer).await;
    let answered = Some(format!("<{}>", first.message_id));
    assert_eq!(mail.header("in-reply-to"), answered, "{}", mail.mail);
    assert_eq!(mail.header("references"), answered);
    assert_eq!(mail.header("subject").as_deref(), Some("Re: Order 7"));
    let from = mail.header("from").expect("an author");
    assert!(from.contains(&real.support), "{from}");
    dkim::verify(&mail.mail, &real.signer);
    let forged = mail
        .mail
        .replacen("Subject: Re: Order 7", "Subject: Re: Order 8", 1);
    assert!(std::panic::catch_unwind(|| dkim::verify(&forged, &real.signer)).is_err());

    // The answer goes to the address with the token, through Postfix again.
    let reply_to = mail.header("reply-to").expect("an address");
    let reply_to = reply_to.rsplit_once('<').map_or(&*reply_to, |(_, it)| it);
    let reply_to = reply_to.trim_end_matches('>');
    real.servers
        .send(&customer, reply_to, "Thanks", "It came!")
        .await;
    let came = real
        .live
        .until("the answer", |event| event["message"]["text"] == "It came!");
    let came = came.await;
    assert_eq!(came["conversation"]["id"], conversation, "{came}");
}

/// A mail that is put into a mailbox comes to the desk, which waits for it by IDLE.
pub(super) async fn a_mailbox_is_read(column: Column) {
    let Some(servers) = Servers::find(column) else {
        return;
    };
    let mailbox = servers.customer(100);
    let own = servers.imap(json!({}));
    let Some(mut real) = Real::start(column, "mail-imap", Some((&mailbox, own))).await else {
        return;
    };
    let customer = real.servers.customer(2);
    real.servers
        .send(&customer, &mailbox, "First", "Is anybody there?")
        .await;
    let conversation = real.agent.take_next(&mut real.live).await;
    let first = text_of(&real, "Is anybody there?");
    assert_eq!(first, conversation);
    real.servers
        .send(&customer, &mailbox, "Second", "I am still here.")
        .await;
    let second = |event: &Value| event["message"]["text"] == "I am still here.";
    real.live.until("the second mail", second).await;
    // The server told of it; nobody had to look.
    let page = reqwest::get(format!("{}/metrics", real.desk.url("ingestion"))).await;
    let told = page.expect("metrics").text().await.expect("a text");
    let told = told
        .lines()
        .find(|line| line.starts_with("interdesk_mailbox_looks_total{by=\"server\"}"));
    assert!(told.is_some_and(|line| !line.ends_with(" 0")), "{told:?}");
    let reply = real.agent.reply(&conversation, "So are we.").await;
    real.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let mail = real.servers.only_mail(&customer).await;
    assert!(mail.mail.contains("So are we."), "{}", mail.mail);
}

/// A folder that its server numbers anew is read again, and what is known already stays as it is.
pub(super) async fn a_folder_numbered_anew_is_read_without_doubles(column: Column) {
    let Some(servers) = Servers::find(column) else {
        return;
    };
    let mailbox = servers.customer(101);
    let draft = |number: u32, text: &str| Draft {
        from: servers.customer(4),
        to: mailbox.clone(),
        subject: format!("Letter {number}"),
        text: text.to_owned(),
        message_id: format!("letter-{number}.{mailbox}"),
        ..Draft::default()
    };
    let (first, second, third) = (draft(1, "one"), draft(2, "two"), draft(3, "three"));
    servers.fill(&mailbox, &[&first, &second]).await;
    let own = servers.imap(json!({ "imap_folder": "Desk" }));
    let Some(mut real) = Real::start(column, "mail-anew", Some((&mailbox, own))).await else {
        return;
    };
    let says = |text: &'static str| move |event: &Value| event["message"]["text"] == text;
    real.live.until("the first mails", says("two")).await;
    // A mailbox that was restored: new numbers, in another order.
    servers.fill(&mailbox, &[&third, &second, &first]).await;
    real.live.until("the new mail", says("three")).await;
    let fourth = draft(4, "four");
    servers.append(&mailbox, &[&fourth]).await;
    real.live.until("the last mail", says("four")).await;
    let said = "SELECT string_agg(text, ' ' ORDER BY text) FROM messages WHERE direction = 'in'";
    assert_eq!(real.desk.database.texts(said).await, ["four one three two"]);
}

/// A mail provider without passwords: the desk renews its token, reads and sends by it.
pub(super) async fn a_token_that_ends_is_renewed(column: Column) {
    let Some(servers) = Servers::find(column) else {
        return;
    };
    let mailbox = servers.customer(102);
    let provider = Tokens::start(&mailbox).await;
    let own = servers.imap(json!({
        "imap_password": "",
        "smtp_password": "",
        "oauth_token_url": provider.url,
        "oauth_client_id": "desk",
        "oauth_client_secret": "s3cret & more",
        "oauth_refresh_token": "refresh-1",
    }));
    let Some(mut real) = Real::start(column, "mail-token", Some((&mailbox, own))).await else {
        return;
    };
    let customer = real.servers.customer(5);
    real.servers
        .send(&customer, &mailbox, "Token", "By token alone.")
        .await;
    let conversation = real.agent.take_next(&mut real.live).await;
    let reply = real.agent.reply(&conversation, "Likewise.").await;
    real.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let mail = real.servers.only_mail(&customer).await;
    assert!(mail.mail.contains("Likewise."), "{}", mail.mail);
    let asked = provider.asked.lock().expect("no panic").clone();
    assert_eq!(
        asked,
        [
            "grant_type=refresh_token&refresh_token=refresh-1&client_id=desk&client_secret=s3cret+%26+more"
        ]
    );
    let health = "SELECT c.subject || ' ' || c.state FROM inbox_conditions c
        JOIN inboxes i ON i.id = c.inbox_id WHERE i.account_id LIKE 'customer102.%' ORDER BY 1";
    let told = real.desk.database.texts(health).await;
    for healthy in ["mailbox healthy", "token healthy"] {
        assert!(told.iter().any(|one| one == healthy), "{told:?}");
    }
}

/// Gives tokens that Dovecot believes, as a provider does (RFC 6749 §6).
struct Tokens {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tokens {
    async fn start(user: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!(
            "http://{}/token",
            listener.local_addr().expect("an address")
        );
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (user, heard) = (user.to_owned(), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    let read = stream.read_line(&mut line).await.unwrap_or_default();
                    let header = line.trim().to_ascii_lowercase();
                    if let Some(told) = header.strip_prefix("content-length:") {
                        length = told.trim().parse().expect("a length");
                    }
                    if read == 0 || header.is_empty() {
                        break;
                    }
                }
                let mut form = vec![0; length];
                stream.read_exact(&mut form).await.expect("a form");
                let form = String::from_utf8(form).expect("UTF-8");
                heard.lock().expect("no panic").push(form);
                let answer = json!({
                    "access_token": signed_token(&user),
                    "token_type": "Bearer",
                    "expires_in": 3_600,
                    "refresh_token": "refresh-2",
                });
                let answer = answer.to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                );
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
            }
        });
        Self { url, asked }
    }
}

fn signed_token(user: &str) -> String {
    let key = std::env::var("INTERDESK_TEST_MAIL_TOKEN_KEY").expect("a key");
    let key = std::fs::read(key).expect("a key");
    let key = EncodingKey::from_ec_pem(&key).expect("a key");
    let now = chrono::Utc::now().timestamp();
    let claims = json!({ "sub": user, "iat": now - 1, "exp": now + 3_600 });
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).expect("a token")
}

fn text_of(real: &Real, text: &str) -> Value {
    let mut events = real.live.events.iter();
    let event = events.find(|event| event["message"]["text"] == text);
    event.expect("the message")["conversation"]["id"].clone()
}

/// A server takes the answer and finds nobody: its report makes the reply a failed one.
pub(super) async fn a_bounce_is_a_failed_reply(column: Column) {
    let Some(mut real) = Real::start(column, "mail-real-bounce", None).await else {
        return;
    };
    let gone = "customer3@bouncing.test";
    real.servers
        .send(gone, &real.support, "Hello", "Hello?")
        .await;
    let conversation = real.agent.take_next(&mut real.live).await;
    let reply = real.agent.reply(&conversation, "Hello!").await;
    let message = &reply["message"]["id"];
    until("the reply to fail", async || {
        real.agent.delivery(message).await["state"] == "FAILED"
    })
    .await;
    let delivery = real.agent.delivery(message).await;
    assert_eq!(
        delivery["failure"]["reason"], "RECIPIENT_UNKNOWN",
        "{delivery}"
    );
}

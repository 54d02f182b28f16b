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
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

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
    // Ends with the test.
    _desk: Desk,
    agent: Agent,
    live: Live,
    support: String,
    signer: Signer,
}

impl Real {
    async fn start(column: Column, test: &str, mailbox: Option<&str>) -> Option<Self> {
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
        let inbox = |address: &str, imap: bool| {
            let mut others = json!({
                "name": "Desk",
                "smtp_password": PASSWORD,
                "tls_ca": servers.ca,
                "dkim_domain": servers.domain,
                "dkim_selector": "s1",
                "dkim_key": key,
            });
            if imap {
                others["imap_url"] = json!(servers.imaps);
                others["imap_password"] = json!(PASSWORD);
            }
            json!({
                "channel": "email", "name": address, "account_id": address,
                "endpoint": servers.submission, "queue": "Mail",
                "credentials": { "others": others },
            })
        };
        let mut inboxes = vec![inbox(&support, false)];
        inboxes.extend(mailbox.map(|address| inbox(address, true)));
        let agent = workspace(&desk, column, test, json!(inboxes)).await;
        let live = agent.watch().await;
        agent.online().await;
        Some(Self {
            servers,
            _desk: desk,
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
    let Some(mut real) = Real::start(column, "mail-imap", Some(&mailbox)).await else {
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
    let reply = real.agent.reply(&conversation, "So are we.").await;
    real.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let mail = real.servers.only_mail(&customer).await;
    assert!(mail.mail.contains("So are we."), "{}", mail.mail);
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

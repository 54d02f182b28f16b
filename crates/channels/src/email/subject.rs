//! Mail for the conformance kit, with a server in a few lines.

use super::token::Tokens;
use super::{Email, address};
use crate::kit::provider::{Asked, Reaction};
use crate::kit::{Answers, CONVERSATION, FileAnswers, MESSAGE, Refusal, Subject, fixtures};
use crate::{Credentials, OwnedRequest};
use interdesk_domain::delivery::FailureReason;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const ADDRESS: &str = "support@desk.example";
const CUSTOMER: &str = "customer12@example.org";
const SECRET: &str = "a secret of at least thirty-two bytes";

/// The id that our mail has, made by our own secret.
static SENT: LazyLock<String> = LazyLock::new(|| {
    let id = tokens().message_id(MESSAGE, CONVERSATION, Some(CUSTOMER), "desk.example");
    id.unwrap_or_default()
});

fn tokens() -> Tokens {
    Tokens::of_address(ADDRESS, &[SECRET])
}

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let others = [
        ("address", ADDRESS),
        ("name", "Desk"),
        ("smtp_user", ADDRESS),
        ("smtp_password", "a-very-secret-password"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Subject {
        channel: &Email,
        credentials: Credentials {
            webhook_secrets: vec![SECRET.to_owned()],
            others: BTreeMap::from(others),
            ..Credentials::default()
        },
        secrets: [SECRET.to_owned(), "an older one".to_owned()],
        sign: |_, _, body| OwnedRequest {
            body: body.to_vec().into(),
            ..OwnedRequest::default()
        },
        fixtures: mails(),
        texts,
        account_id: ADDRESS,
        to: vec![address(CUSTOMER)],
        group: "",
        target: "text-1@example.org",
        answers: answers(),
        files: FileAnswers::default(),
        start: |reactions| Box::pin(start(reactions)),
        nowhere: "smtp://127.0.0.1:1",
    }
}

/// Complaints count only where they return an id that we made, so theirs is put in here.
fn mails() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/email");
    let mut mails = fixtures(&folder).unwrap_or_default();
    for (name, mail) in &mut mails {
        if name.starts_with("complaint") {
            let text = String::from_utf8_lossy(mail).replace("sent-2@desk.example", &SENT);
            *mail = text.into_bytes();
        }
    }
    mails
}

/// One mail is one message.
fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let (id, text) = texts.first().cloned().unwrap_or_default();
    let date = Subject::moment().to_rfc2822();
    let head = format!(
        "From: Customer 12 <customer12@example.org>\r\nTo: {ADDRESS}\r\nSubject: Lamp\r\n\
         Date: {date}\r\nMessage-ID: <{id}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    );
    let text = text.replace('\n', "\r\n");
    [head.as_bytes(), text.as_bytes(), b"\r\n"].concat()
}

fn answers() -> Answers {
    let refusal = |which, code, words: &str, reason| (which, code, words.to_owned(), reason);
    Answers {
        accepted: "2.0.0 Ok: queued",
        accepted_id: &SENT,
        busy_until: (450, "", "4.7.1 Greylisted, try again in 14 seconds", 14),
        busy: (450, "4.7.1 Come again later"),
        unwell: (451, "4.3.0 Local error in processing"),
        refusals: vec![
            // Who blocks us has their server say that they are not there.
            refusal(
                Refusal::Blocked,
                550,
                "5.2.1 Mailbox disabled, not accepting messages",
                FailureReason::RecipientUnknown,
            ),
            refusal(
                Refusal::NotOptedIn,
                550,
                "5.7.124 Sender not in allowed-senders list",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::RecipientUnknown,
                550,
                "5.1.1 User unknown",
                FailureReason::RecipientUnknown,
            ),
            refusal(
                Refusal::Content,
                554,
                "5.7.1 Message refused as spam",
                FailureReason::RefusedContent,
            ),
            refusal(
                Refusal::Account,
                535,
                "5.7.8 Authentication failed",
                FailureReason::AccountRefused,
            ),
        ],
    }
}

async fn start(reactions: Vec<Reaction>) -> (String, tokio::task::JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serve = async move {
        let mut asked = Vec::new();
        for reaction in reactions {
            let (stream, _) = listener.accept().await.expect("a connection");
            asked.extend(converse(stream, reaction).await);
        }
        asked
    };
    (format!("smtp://{address}"), tokio::spawn(serve))
}

/// Takes one mail and reacts where a mail server would: to the login, to a recipient, or to the mail.
async fn converse(stream: TcpStream, reaction: Reaction) -> Option<Asked> {
    let mut stream = BufReader::new(stream);
    let refused_at = match &reaction {
        Reaction::Answer(535, ..) => "AUTH",
        Reaction::Answer(code, _, words)
            if *code >= 400
                && ["5.1.", "5.2.", "5.7.124"]
                    .iter()
                    .any(|it| words.starts_with(it)) =>
        {
            "RCPT"
        }
        _ => "",
    };
    say(&mut stream, "220 mx.example ESMTP\r\n").await?;
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        head.push_str(&line);
        let verb = line.split([' ', '\r']).next().unwrap_or_default();
        if verb == refused_at {
            react(&mut stream, reaction).await;
            return Some(Asked {
                head,
                body: String::new(),
            });
        }
        let answer = match verb {
            "EHLO" => "250-mx.example\r\n250-SIZE 99999999\r\n250-DSN\r\n250 AUTH PLAIN LOGIN\r\n",
            "AUTH" => "235 2.7.0 Welcome\r\n",
            "DATA" => "354 Go on\r\n",
            _ => "250 2.0.0 Ok\r\n",
        };
        say(&mut stream, answer).await?;
        if verb == "DATA" {
            break;
        }
    }
    let body = message(&mut stream).await?;
    react(&mut stream, reaction).await;
    Some(Asked { head, body })
}

/// Reads a mail to its final dot; returns it raw, and what a person reads in it.
async fn message(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut raw = Vec::new();
    loop {
        let start = raw.len();
        if stream.read_until(b'\n', &mut raw).await.ok()? == 0 {
            return None;
        }
        if &raw[start..] == b".\r\n" {
            raw.truncate(start);
            break;
        }
        if raw[start] == b'.' {
            raw.remove(start);
        }
    }
    let mail = super::read(&raw, Default::default(), &[], "", &Default::default());
    Some(format!("{}\n{}", String::from_utf8_lossy(&raw), mail.text))
}

async fn react(stream: &mut BufReader<TcpStream>, reaction: Reaction) {
    let words = match reaction {
        // What stands between us and a server has no answers of its own: it cuts, or is silent.
        Reaction::Answer(502, ..) | Reaction::Cut => return,
        Reaction::Answer(504, ..) | Reaction::Silence => {
            return tokio::time::sleep(Duration::from_secs(2)).await;
        }
        // Another server is named in words.
        Reaction::Answer(307, ..) => "551 5.7.1 Please try <customer12@mx.example>\r\n".to_owned(),
        Reaction::Answer(200, _, words) => format!("250 {words}\r\n"),
        Reaction::Answer(code, _, words) => format!("{code} {words}\r\n"),
        Reaction::CutHead => "25".to_owned(),
        Reaction::CutBody => "250-2.0.0 Ok\r\n".to_owned(),
    };
    // The client may have gone already, which is its good right.
    let _ = say(stream, &words).await;
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> Option<()> {
    stream.get_mut().write_all(words.as_bytes()).await.ok()
}

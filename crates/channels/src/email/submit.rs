//! Handing a mail to the server that sends it (RFC 5321, RFC 6409).
//!
//! Written here and not with a library, because what counts is at which word a connection was lost:
//! before the final dot the server certainly does not have the mail and it is tried again; from then
//! on nobody knows. Answers are bounded, and every refusal keeps the stage that it came at.

mod tls;
mod wire;

use super::compose::Composed;
use super::smtp::{Reply, Stage};
use crate::SendError;
use crate::refusal::{permanent, retryable};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use interdesk_domain::delivery::FailureReason;
use std::io::ErrorKind;
pub use tls::{Wire, connect, secure};
use wire::Lines;

/// How long everything before the message may take; then the server certainly does not have it.
const BEFORE_MESSAGE: std::time::Duration = std::time::Duration::from_secs(12);

/// Tells whether a URL leads where nobody may be called.
pub type Forbids = fn(&str) -> bool;

/// A mail server's address: `smtps://host` or `smtp://host`, with the port where it is another one
/// than 465 and 587; `imaps://` and `imap://` with 993 and 143 likewise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The name, which its certificate has to prove.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS before anything is told; a server without it is not used.
    Upgrade,
    /// The server is on this machine: STARTTLS is not needed.
    Loopback,
}

impl Server {
    /// Reads an address.
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let (tls, port) = match url.scheme() {
            "smtps" => (true, 465),
            "smtp" => (false, 587),
            "imaps" => (true, 993),
            "imap" => (false, 143),
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
        let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        Some(Self {
            port: url.port().unwrap_or(port),
            security: match (tls, here) {
                (true, _) => Security::Tls,
                (false, true) => Security::Loopback,
                (false, false) => Security::Upgrade,
            },
            host,
        })
    }
}

impl Server {
    /// Returns it as it is used where certificates are named: then also a server on this machine
    /// has to prove itself.
    pub fn proven_by(self, ca: Option<&str>) -> Self {
        let security = match (self.security, ca) {
            (Security::Loopback, Some(_)) => Security::Upgrade,
            (security, _) => security,
        };
        Self { security, ..self }
    }
}

/// How we sign in.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// With a password.
    Password {
        /// Who.
        user: String,
        /// The password.
        password: String,
    },
    /// With an OAuth 2 token, by XOAUTH2.
    Token {
        /// Who.
        user: String,
        /// The token.
        token: String,
    },
}

impl Login {
    /// Returns what PLAIN says, in base64.
    pub fn plain(user: &str, password: &str) -> String {
        STANDARD.encode(format!("\0{user}\0{password}"))
    }

    /// Returns what XOAUTH2 says, in base64.
    pub fn bearer(user: &str, token: &str) -> String {
        STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(redacted)")
    }
}

/// What a server has to know beside the mail.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The server.
    pub server: &'a Server,
    /// How we sign in; `None` where it wants no login.
    pub login: Option<&'a Login>,
    /// Certificates that are believed instead of the public ones.
    pub ca: Option<&'a str>,
    /// The name that we give ourselves.
    pub helo: &'a str,
    /// Tells addresses that nobody may call.
    pub forbids: Forbids,
}

/// Hands a mail over; returns the recipients that were refused for good while others were taken.
///
/// The first recipient is the one that the mail is for: where the server refuses that one, or any
/// for now, nothing is handed over.
pub async fn submit(way: &Way<'_>, mail: &Composed) -> Result<Vec<String>, SendError> {
    let prepared = tokio::time::timeout(BEFORE_MESSAGE, prepare(way, mail)).await;
    let (mut lines, refused) = prepared.map_err(|_| away("it took too long"))??;
    let bytes = stuffed(&mail.bytes);
    // Without the final dot a server must not take a mail.
    lines.say(&bytes).await.map_err(|error| lost(&error))?;
    let open = |error: std::io::Error| SendError::NoAnswer(words(&error).to_owned());
    lines.say(b".\r\n").await.map_err(open)?;
    let (reply, _) = lines.hear().await.map_err(open)?;
    match failure(&reply, Stage::Message) {
        Some(error) => Err(error),
        None if reply.code < 300 => {
            // A server that does not hear it has the mail all the same.
            let _ = lines.say(b"QUIT\r\n").await;
            Ok(refused)
        }
        None => Err(SendError::NoAnswer(
            "the server's answer is none".to_owned(),
        )),
    }
}

/// Signs in and leaves again, which tells whether mails could be handed over.
pub async fn knock(way: &Way<'_>) -> Result<(), SendError> {
    let knocked = tokio::time::timeout(BEFORE_MESSAGE, async {
        let (mut lines, offers) = greet(way).await?;
        if let Some(login) = way.login {
            sign_in(&mut lines, &offers, login).await?;
        }
        let _ = lines.say(b"QUIT\r\n").await;
        Ok(())
    });
    knocked.await.map_err(|_| away("it took too long"))?
}

async fn prepare(way: &Way<'_>, mail: &Composed) -> Result<(Lines, Vec<String>), SendError> {
    let (mut lines, offers) = greet(way).await?;
    if let Some(login) = way.login {
        sign_in(&mut lines, &offers, login).await?;
    }
    offers.fit(mail)?;
    let mut from = format!("MAIL FROM:<{}>", mail.sender);
    if offers.size.is_some() {
        from.push_str(&format!(" SIZE={}", mail.bytes.len()));
    }
    if mail.international {
        from.push_str(" SMTPUTF8 BODY=8BITMIME");
    }
    expect(&mut lines, &from, Stage::Sender).await?;
    let mut refused = Vec::new();
    for (index, recipient) in mail.recipients.iter().enumerate() {
        let mut to = format!("RCPT TO:<{recipient}>");
        if offers.dsn && !mail.sender.is_empty() {
            // What becomes of a copy says nothing about the one whom the message is for.
            to.push_str(match index {
                0 => " NOTIFY=FAILURE,DELAY",
                _ => " NOTIFY=NEVER",
            });
        }
        match expect(&mut lines, &to, Stage::Recipient).await {
            Ok(()) => {}
            // Whoever is copied in may be gone; the one who is answered may not.
            Err(SendError::Refused { failure, .. }) if index > 0 && !failure.retryable => {
                refused.push(recipient.clone());
            }
            Err(error) => return Err(error),
        }
    }
    let (reply, _) = ask(&mut lines, "DATA").await?;
    match failure(&reply, Stage::Message) {
        Some(error) => Err(error),
        None if reply.code == 354 => Ok((lines, refused)),
        None => Err(away("it does not want to be given the message")),
    }
}

/// Connects, and protects the connection as its address wants it.
async fn greet(way: &Way<'_>) -> Result<(Lines, Offers), SendError> {
    let stream = connect(way.server, way.ca, way.forbids).await;
    let mut lines = Lines::new(stream.map_err(|error| unreachable(&error))?);
    let (reply, _) = lines.hear().await.map_err(|error| lost(&error))?;
    if let Some(error) = failure(&reply, Stage::Greeting) {
        return Err(error);
    }
    let mut offers = introduce(&mut lines, way.helo).await?;
    if way.server.security == Security::Upgrade {
        if !offers.starttls {
            let why = "the mail server offers no TLS: an administrator has to name another";
            return Err(permanent(FailureReason::AccountRefused, why));
        }
        expect(&mut lines, "STARTTLS", Stage::Greeting).await?;
        let open = lines.into_inner().map_err(|error| lost(&error))?;
        let stream = secure(open, &way.server.host, way.ca).await;
        lines = Lines::new(stream.map_err(|error| unreachable(&error))?);
        offers = introduce(&mut lines, way.helo).await?;
    }
    Ok((lines, offers))
}

async fn introduce(lines: &mut Lines, helo: &str) -> Result<Offers, SendError> {
    let (reply, said) = ask(lines, &format!("EHLO {helo}")).await?;
    match failure(&reply, Stage::Greeting) {
        Some(error) => Err(error),
        None => Ok(Offers::read(&said)),
    }
}

async fn sign_in(lines: &mut Lines, offers: &Offers, login: &Login) -> Result<(), SendError> {
    let base64 = |text: &str| STANDARD.encode(text);
    match login {
        Login::Token { user, token } if offers.knows("XOAUTH2") => {
            let bearer = Login::bearer(user, token);
            let (reply, _) = ask(lines, &format!("AUTH XOAUTH2 {bearer}")).await?;
            // What is wrong comes as a question, to be answered by nothing.
            match reply.code {
                334 => expect(lines, "", Stage::Login).await,
                _ => failure(&reply, Stage::Login).map_or(Ok(()), Err),
            }
        }
        Login::Password { user, password } if offers.knows("PLAIN") => {
            let words = Login::plain(user, password);
            expect(lines, &format!("AUTH PLAIN {words}"), Stage::Login).await
        }
        Login::Password { user, password } if offers.knows("LOGIN") => {
            expect(lines, "AUTH LOGIN", Stage::Login).await?;
            expect(lines, &base64(user), Stage::Login).await?;
            expect(lines, &base64(password), Stage::Login).await
        }
        _ => Err(permanent(
            FailureReason::AccountRefused,
            "the mail server offers no login that we have the secrets for",
        )),
    }
}

/// What a server can do.
#[derive(Debug, Default)]
struct Offers {
    starttls: bool,
    dsn: bool,
    international: bool,
    /// The most bytes of a mail; zero where it names none.
    size: Option<usize>,
    logins: Vec<String>,
}

impl Offers {
    fn read(lines: &str) -> Self {
        let mut offers = Self::default();
        for line in lines.lines().skip(1) {
            let line = line.get(4..).unwrap_or_default().to_ascii_uppercase();
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next().unwrap_or_default() {
                "STARTTLS" => offers.starttls = true,
                "DSN" => offers.dsn = true,
                "SMTPUTF8" => offers.international = true,
                "SIZE" => offers.size = words.next().map_or(Some(0), |size| size.parse().ok()),
                "AUTH" => offers.logins.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offers
    }

    fn knows(&self, login: &str) -> bool {
        self.logins.iter().any(|known| known == login)
    }

    /// Refuses a mail that the server would not take anyway.
    fn fit(&self, mail: &Composed) -> Result<(), SendError> {
        let most = self.size.filter(|most| *most > 0);
        if most.is_some_and(|most| mail.bytes.len() > most) {
            let why = "the message is too large for the mail server: send large files as links";
            return Err(permanent(FailureReason::UnsupportedContent, why));
        }
        if mail.international && !self.international {
            let why = "the mail server takes no international addresses";
            return Err(permanent(FailureReason::UnsupportedContent, why));
        }
        Ok(())
    }
}

async fn ask(lines: &mut Lines, line: &str) -> Result<(Reply, String), SendError> {
    lines.ask(line).await.map_err(|error| lost(&error))
}

async fn expect(lines: &mut Lines, line: &str, stage: Stage) -> Result<(), SendError> {
    let (reply, _) = ask(lines, line).await?;
    failure(&reply, stage).map_or(Ok(()), Err)
}

fn failure(reply: &Reply, stage: Stage) -> Option<SendError> {
    let failure = reply.failure(stage)?;
    let wait = super::smtp::wait(&reply.words).filter(|_| failure.retryable);
    Some(SendError::Refused {
        failure,
        retry_after: wait.map(Duration::seconds),
    })
}

/// Tells that the server certainly does not have the mail.
fn away(why: &str) -> SendError {
    let detail = format!("the mail server cannot be spoken to: {why}");
    retryable(FailureReason::ProviderUnavailable, detail, None)
}

fn lost(error: &std::io::Error) -> SendError {
    away(words(error))
}

/// Tells why a connection does not stand; a certificate that proves nothing is no passing trouble,
/// but its replacement may be on the way, so it is tried again too.
fn unreachable(error: &std::io::Error) -> SendError {
    away(words(error))
}

// What errors say may hold names and addresses; agents are told the kind.
fn words(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => "nobody listens there",
        ErrorKind::NotFound => "its name leads to no address that may be called",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => "the connection was cut",
        ErrorKind::InvalidData | ErrorKind::InvalidInput => "it does not speak as it should",
        _ => "the connection failed",
    }
}

/// Doubles the dot at the beginning of a line, and ends the last line.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    let mut at_start = true;
    for byte in message {
        if at_start && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        at_start = *byte == b'\n';
    }
    if !out.ends_with(b"\r\n") {
        out.extend(b"\r\n");
    }
    out
}

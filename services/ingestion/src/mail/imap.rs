//! Speaks with a mailbox (RFC 9051, RFC 3501), as little as reading new mails needs.
//!
//! Written here and not with a library, because the server is the tenant's choice: nothing that it
//! says is held beyond a bound that we set.

mod response;

use interdesk_channels::email::submit::{Forbids, Login, Security, Server, Wire, connect, secure};
use response::{Response, Responses};
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    /// Which numbering of mails counts.
    pub(super) uid_validity: i64,
}

/// A mail of a folder.
pub(super) enum Fetched {
    /// The whole mail.
    Whole(Vec<u8>),
    /// The beginning of one that is too large.
    Beginning(Vec<u8>),
    /// It is gone.
    Gone,
}

/// What connecting takes.
pub(super) struct Door<'a> {
    pub(super) server: &'a Server,
    pub(super) login: &'a Login,
    pub(super) ca: Option<&'a str>,
    pub(super) forbids: Forbids,
    /// The largest mail that is read whole.
    pub(super) most: usize,
}

/// A connection that is signed in.
pub(super) struct Client {
    wire: Responses<Box<dyn Wire>>,
    tag: u32,
    most: usize,
    idles: bool,
}

impl Client {
    /// Connects and signs in.
    pub(super) async fn sign_in(door: &Door<'_>) -> Result<Self> {
        let entering = Self::enter(door);
        tokio::time::timeout(PATIENCE, entering)
            .await
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }

    async fn enter(door: &Door<'_>) -> Result<Self> {
        let stream = connect(door.server, door.ca, door.forbids).await?;
        let mut client = Self {
            // A mail, and what stands around it.
            wire: Responses::new(stream, door.most + 64 * 1024),
            tag: 0,
            most: door.most,
            idles: false,
        };
        let greeting = client.wire.next().await?;
        if !greeting.text.to_ascii_uppercase().starts_with("* OK") {
            return Err(refused("the server does not let us in"));
        }
        if door.server.security == Security::Upgrade {
            client.command("STARTTLS").await?;
            let open = client.wire.into_inner()?;
            let stream = secure(open, &door.server.host, door.ca).await?;
            client.wire = Responses::new(stream, door.most + 64 * 1024);
        }
        let offers = client.capabilities().await?;
        let proven = client.prove(door.login, &offers).await;
        proven.map_err(login_refused)?;
        // Some tell more to whom they know.
        let offers = client.capabilities().await?;
        client.idles = offers.iter().any(|offer| offer == "IDLE");
        Ok(client)
    }

    async fn capabilities(&mut self) -> Result<Vec<String>> {
        let said = self.command("CAPABILITY").await?;
        let words = said.iter().flat_map(|it| it.text.split(' '));
        Ok(words.map(str::to_ascii_uppercase).collect())
    }

    async fn prove(&mut self, login: &Login, offers: &[String]) -> Result<()> {
        let knows = |name: &str| offers.iter().any(|offer| offer == name);
        match login {
            Login::Token { user, token } if knows("AUTH=XOAUTH2") => {
                let bearer = Login::bearer(user, token);
                self.authenticate("XOAUTH2", &bearer).await
            }
            Login::Password { user, password } if knows("AUTH=PLAIN") => {
                let words = Login::plain(user, password);
                self.authenticate("PLAIN", &words).await
            }
            Login::Password { user, password } if !knows("LOGINDISABLED") => {
                let (user, password) = (quoted(user)?, quoted(password)?);
                let line = format!("LOGIN {user} {password}");
                self.command(&line).await.map(drop)
            }
            _ => Err(refused(
                "the server offers no login that we have the secrets for",
            )),
        }
    }

    async fn authenticate(&mut self, mechanism: &str, words: &str) -> Result<()> {
        let tag = self.begin(&format!("AUTHENTICATE {mechanism}")).await?;
        loop {
            let said = self.wire.next().await?;
            if said.text.starts_with('+') {
                // The second question tells what is wrong, to be answered by nothing.
                let first = said.text.trim() == "+";
                let line = if first { words } else { "" };
                self.wire.say(&format!("{line}\r\n")).await?;
            } else if let Some(ended) = said.ended(&tag) {
                return ended;
            }
        }
    }

    /// Opens a folder for reading alone.
    pub(super) async fn open(&mut self, folder: &str) -> Result<Opened> {
        let line = format!("EXAMINE {}", quoted(folder)?);
        let said = self.command(&line).await?;
        let mut codes = said
            .iter()
            .filter_map(|it| it.number_after("[UIDVALIDITY "));
        let uid_validity = codes.next();
        let uid_validity = uid_validity.ok_or_else(|| refused("the folder has no numbering"))?;
        Ok(Opened { uid_validity })
    }

    /// Lists the numbers of mails by what is searched for, in order.
    pub(super) async fn search(&mut self, what: &str) -> Result<Vec<i64>> {
        let said = self.command(&format!("UID SEARCH {what}")).await?;
        let mut found: Vec<i64> = Vec::new();
        for line in said {
            let Some(numbers) = line.text.strip_prefix("* SEARCH") else {
                continue;
            };
            found.extend(numbers.split(' ').filter_map(|it| it.parse::<i64>().ok()));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Reads a mail and leaves it unread.
    pub(super) async fn fetch(&mut self, uid: i64) -> Result<Fetched> {
        let said = self
            .command(&format!("UID FETCH {uid} (UID RFC822.SIZE)"))
            .await?;
        let of = |it: &&Response| it.number_after("UID ") == Some(uid);
        let Some(size) = said
            .iter()
            .find(of)
            .and_then(|it| it.number_after("RFC822.SIZE "))
        else {
            return Ok(Fetched::Gone);
        };
        let whole = usize::try_from(size).is_ok_and(|size| size <= self.most);
        let part = match whole {
            true => "",
            false => "<0.65536>",
        };
        let said = self
            .command(&format!("UID FETCH {uid} (UID BODY.PEEK[]{part})"))
            .await?;
        let body = said
            .into_iter()
            .find(|it| of(&it))
            .and_then(Response::into_body);
        Ok(match body {
            Some(mail) if whole => Fetched::Whole(mail),
            Some(mail) => Fetched::Beginning(mail),
            None => Fetched::Gone,
        })
    }

    /// Waits until the server tells of something new, or for so long; returns whether it told.
    pub(super) async fn wait(&mut self, most: Duration) -> Result<bool> {
        if !self.idles {
            tokio::time::sleep(most).await;
            return self.command("NOOP").await.map(|_| false);
        }
        let mut told = false;
        let tag = self.begin("IDLE").await?;
        let end = tokio::time::Instant::now() + most;
        while let Ok(said) = tokio::time::timeout_at(end, self.wire.next()).await {
            let said = said?;
            if let Some(ended) = said.ended(&tag) {
                return ended.map(|()| told);
            }
            if said.text.ends_with(" EXISTS") {
                told = true;
                break;
            }
        }
        self.wire.say("DONE\r\n").await?;
        self.end(&tag).await.map(|_| told)
    }

    /// Says goodbye.
    pub(super) async fn leave(mut self) {
        let _ = self.command("LOGOUT").await;
    }

    /// Says a command and returns what came before its end.
    async fn command(&mut self, line: &str) -> Result<Vec<Response>> {
        let tag = self.begin(line).await?;
        self.end(&tag).await
    }

    async fn begin(&mut self, line: &str) -> Result<String> {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        self.wire.say(&format!("{tag} {line}\r\n")).await?;
        Ok(tag)
    }

    async fn end(&mut self, tag: &str) -> Result<Vec<Response>> {
        let reading = async {
            let mut said = Vec::new();
            loop {
                let next = self.wire.next().await?;
                if let Some(ended) = next.ended(tag) {
                    return ended.map(|()| said);
                }
                if said.len() > 10_000 {
                    return Err(refused("the server says too much"));
                }
                said.push(next);
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }
}

/// Quotes a text; what cannot stand in quotes is refused.
fn quoted(text: &str) -> Result<String> {
    if text.chars().any(|letter| letter.is_control()) {
        return Err(refused(
            "a name or password holds signs that cannot be sent",
        ));
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{text}\""))
}

/// Tells a server that says no from one that says nothing.
fn login_refused(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Other => Error::new(ErrorKind::PermissionDenied, "the server refused our login"),
        _ => error,
    }
}

fn refused(why: &'static str) -> Error {
    Error::other(why)
}

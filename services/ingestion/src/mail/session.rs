//! A conversation with one server that hands mails over.
//!
//! A mail is answered 250 only after it is committed; where the database is away the answer is 451,
//! and the server comes again for days.

use super::MailIntake;
use super::command::Command;
use super::listen::{Dialect, ListenLimits};
use crate::directory::OpenInbox;
use interdesk_channels::Mail;
use std::io::{Error, ErrorKind, Result};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf,
    WriteHalf,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// The longest command; extensions and international addresses need more than the 512 of RFC 5321.
const MAX_COMMAND: u64 = 4096;

/// Recipients of one mail; RFC 5321 asks for 100.
const MAX_RECIPIENTS: usize = 100;

/// Commands that are none, after which a server is let go.
const MAX_MISTAKES: usize = 20;

/// How long a whole mail may take.
const WHOLE_MAIL: Duration = Duration::from_secs(600);

const BUSY: &str = "451 4.3.0 cannot be stored now, come again";

pub(super) struct Session {
    dialect: Dialect,
    intake: MailIntake,
    limits: Arc<ListenLimits>,
    peer: IpAddr,
    greeted: bool,
    mistakes: usize,
    mail: Option<Envelope>,
}

/// A mail that is on its way.
#[derive(Default)]
struct Envelope {
    from: String,
    recipients: Vec<(String, Arc<OpenInbox>)>,
}

struct Wire<S> {
    reader: BufReader<ReadHalf<S>>,
    writer: WriteHalf<S>,
    patience: Duration,
}

impl Session {
    pub(super) fn new(
        dialect: Dialect,
        intake: MailIntake,
        limits: Arc<ListenLimits>,
        peer: IpAddr,
    ) -> Self {
        Self {
            dialect,
            intake,
            limits,
            peer,
            greeted: false,
            mistakes: 0,
            mail: None,
        }
    }

    pub(super) async fn serve<S>(mut self, stream: S, soft: CancellationToken) -> Result<()>
    where
        S: AsyncRead + AsyncWrite,
    {
        let (reader, writer) = tokio::io::split(stream);
        let mut wire = Wire {
            reader: BufReader::new(reader),
            writer,
            patience: self.limits.patience,
        };
        let protocol = match self.dialect {
            Dialect::Lmtp => "LMTP",
            Dialect::Smtp => "ESMTP",
        };
        wire.say(&format!("220 {} {protocol} Interdesk", self.limits.name))
            .await?;
        loop {
            let line = tokio::select! {
                () = soft.cancelled() => None,
                line = wire.command() => Some(line?),
            };
            let Some(line) = line else {
                return wire.say("421 4.3.2 shutting down, come again").await;
            };
            let Some(line) = line else {
                wire.say("500 5.5.2 the line is too long").await?;
                self.mistakes += 1;
                continue;
            };
            match Command::parse(&line) {
                Command::Quit => return wire.say("221 2.0.0 bye").await,
                Command::Data => self.data(&mut wire).await?,
                command => {
                    let answer = self.answer(command).await;
                    wire.say(&answer).await?;
                }
            }
            if self.mistakes >= MAX_MISTAKES {
                return wire.say("421 4.7.0 too many mistakes").await;
            }
        }
    }

    async fn answer(&mut self, command: Command) -> String {
        match command {
            Command::Hello(word) => self.hello(word),
            Command::Mail { .. } | Command::Recipient(_) if !self.greeted => {
                self.mistake("503 5.5.1 say hello first")
            }
            Command::Mail { .. } if self.mail.is_some() => {
                self.mistake("503 5.5.1 one mail after the other")
            }
            Command::Mail { size, .. } if size.is_some_and(|it| it > self.limits.max_bytes) => {
                "552 5.3.4 the mail is too large".to_owned()
            }
            Command::Mail { from, .. } => {
                self.mail = Some(Envelope {
                    from,
                    recipients: Vec::new(),
                });
                "250 2.1.0 ok".to_owned()
            }
            Command::Recipient(to) => self.recipient(to).await,
            Command::Reset => {
                self.mail = None;
                "250 2.0.0 ok".to_owned()
            }
            Command::Nothing => "250 2.0.0 ok".to_owned(),
            Command::Verify => "252 2.5.0 send a mail and see".to_owned(),
            Command::BadPath => self.mistake("501 5.5.4 that is no address"),
            Command::Unknown | Command::Data | Command::Quit => {
                self.mistake("500 5.5.2 not understood")
            }
        }
    }

    fn mistake(&mut self, answer: &str) -> String {
        self.mistakes += 1;
        answer.to_owned()
    }

    fn hello(&mut self, word: &str) -> String {
        let fits = match self.dialect {
            Dialect::Lmtp => word == "LHLO",
            Dialect::Smtp => word != "LHLO",
        };
        if !fits {
            return self.mistake("500 5.5.1 that is another protocol");
        }
        (self.greeted, self.mail) = (true, None);
        let (name, size) = (&self.limits.name, self.limits.max_bytes);
        match word {
            "HELO" => format!("250 {name}"),
            _ => format!(
                "250-{name}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                 250-ENHANCEDSTATUSCODES\r\n250 SIZE {size}"
            ),
        }
    }

    async fn recipient(&mut self, to: String) -> String {
        let Some(mail) = &mut self.mail else {
            return self.mistake("503 5.5.1 MAIL comes first");
        };
        if mail.recipients.len() >= MAX_RECIPIENTS {
            return "452 4.5.3 too many recipients".to_owned();
        }
        match self.intake.directory.find(&to).await {
            Ok(Some(inbox)) => {
                mail.recipients.push((to, inbox));
                "250 2.1.5 ok".to_owned()
            }
            Ok(None) => self.mistake("550 5.1.1 nobody has this address"),
            Err(error) => {
                tracing::warn!(%error, "an inbox cannot be looked up");
                BUSY.to_owned()
            }
        }
    }

    async fn data<S: AsyncRead + AsyncWrite>(&mut self, wire: &mut Wire<S>) -> Result<()> {
        let Some(mail) = self.mail.take().filter(|mail| !mail.recipients.is_empty()) else {
            self.mistakes += 1;
            return wire.say("503 5.5.1 RCPT comes first").await;
        };
        wire.say("354 go on, end with a dot").await?;
        let reading = wire.message(self.limits.max_bytes);
        let body = tokio::time::timeout(WHOLE_MAIL, reading).await;
        let body = body.map_err(|_| Error::from(ErrorKind::TimedOut))??;
        let span = tracing::info_span!("mail", otel.kind = "server");
        let answers = self.store(&mail, body.as_deref()).instrument(span).await;
        wire.say(&answers.join("\r\n")).await
    }

    /// Stores a mail for each inbox once; returns an answer for each recipient, or one for all.
    async fn store(&self, mail: &Envelope, body: Option<&[u8]>) -> Vec<String> {
        let Some(body) = body else {
            let answer = "552 5.3.4 the mail is too large".to_owned();
            let number = match self.dialect {
                Dialect::Lmtp => mail.recipients.len(),
                Dialect::Smtp => 1,
            };
            return vec![answer; number];
        };
        let mut done: Vec<(Arc<OpenInbox>, bool)> = Vec::new();
        for (_, inbox) in &mail.recipients {
            let id = inbox.mailbox.id;
            if done.iter().any(|(known, _)| known.mailbox.id == id) {
                continue;
            }
            let own = mail.recipients.iter();
            let own = own.filter(|(_, other)| other.mailbox.id == id);
            let to: Vec<String> = own.map(|(to, _)| to.clone()).collect();
            let envelope = Mail {
                from: Some(&mail.from),
                to: &to,
                peer: Some(self.peer),
            };
            let storing = Box::pin(self.intake.store(inbox, envelope, body));
            let stored = storing.await.is_ok();
            done.push((inbox.clone(), stored));
        }
        let answer = |stored: bool| match stored {
            true => "250 2.0.0 stored".to_owned(),
            false => BUSY.to_owned(),
        };
        match self.dialect {
            // Whoever has it already is not given it twice: repeats have no effect.
            Dialect::Smtp => vec![answer(done.iter().all(|(_, stored)| *stored))],
            Dialect::Lmtp => {
                let of = |inbox: &OpenInbox| {
                    let id = inbox.mailbox.id;
                    let mut known = done.iter();
                    known.any(|(other, stored)| other.mailbox.id == id && *stored)
                };
                let recipients = mail.recipients.iter();
                recipients.map(|(_, inbox)| answer(of(inbox))).collect()
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite> Wire<S> {
    async fn say(&mut self, words: &str) -> Result<()> {
        let words = format!("{words}\r\n");
        let saying = async {
            self.writer.write_all(words.as_bytes()).await?;
            self.writer.flush().await
        };
        timed(self.patience, saying).await
    }

    /// Reads a command without its end; `None` where it was too long, which is read over.
    async fn command(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let mut fits = true;
        loop {
            let ended = self.piece(&mut line, MAX_COMMAND).await?;
            if ended {
                break;
            }
            fits = false;
            line.clear();
        }
        while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            line.pop();
        }
        Ok(fits.then(|| String::from_utf8_lossy(&line).into_owned()))
    }

    /// Reads a mail up to its dot; `None` where it was too large, which is read over.
    ///
    /// Only CR LF ends a line here: a dot between bare line feeds is part of the mail, so that
    /// nobody smuggles a second one.
    async fn message(&mut self, most: usize) -> Result<Option<Vec<u8>>> {
        let mut mail = Vec::new();
        let (mut fits, mut at_start) = (true, true);
        loop {
            let mut line = Vec::new();
            self.piece(&mut line, 64 * 1024).await?;
            if at_start && line == b".\r\n" {
                return Ok(fits.then_some(mail));
            }
            let doubled = at_start && line.first() == Some(&b'.');
            at_start = line.ends_with(b"\r\n");
            let text = &line[usize::from(doubled)..];
            fits = fits && mail.len() + text.len() <= most;
            if fits {
                mail.extend_from_slice(text);
            } else {
                mail = Vec::new();
            }
        }
    }

    /// Reads to the end of the line, or `most` bytes of it; returns whether it ended.
    async fn piece(&mut self, line: &mut Vec<u8>, most: u64) -> Result<bool> {
        let reader = &mut self.reader;
        let reading = async {
            let count = reader.take(most).read_until(b'\n', line).await?;
            match count {
                0 => Err(ErrorKind::UnexpectedEof.into()),
                _ => Ok(line.ends_with(b"\n")),
            }
        };
        timed(self.patience, reading).await
    }
}

async fn timed<T>(patience: Duration, act: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout(patience, act).await;
    done.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

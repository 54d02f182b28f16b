//! The contract of a channel over mail.

use super::Mailbox;
use super::account::{Account, login, signer};
use super::adapter::{self, CAPABILITIES, Error};
use super::compose::{Composed, File};
use super::oauth;
use super::submit::{Server, Way, knock, submit};
use super::update::ThreadState;
use crate::refusal::{self, permanent, retryable, unsupported};
use crate::{
    Action, Capabilities, Channel, Credentials, Download, Envelope, FetchError, FileWay, Incoming,
    Outgoing, ParseError, SendContext, SendError, Sent, VerifyError,
};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::MessageId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{
    Address, Condition, Content, Disposition, Examined, HealthState, Media, MediaSource, Part,
    PartBody, Update,
};

/// The most bytes that the files of a mail may have together; many servers refuse more.
const MAX_FILES: usize = 15 * 1024 * 1024;

/// Mailboxes: mails come by a listener or from a mailbox, and leave through a server.
pub(crate) struct Email;

#[async_trait::async_trait]
impl Channel for Email {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    /// Mails do not come by HTTP.
    fn serves(&self, _path: &str) -> bool {
        false
    }

    fn file_way(&self) -> FileWay {
        FileWay::Inline
    }

    async fn examine(
        &self,
        context: &SendContext<'_>,
        _business_account: Option<&str>,
    ) -> Result<Option<Examined>, SendError> {
        let account = Account::read(context.account_id, context.credentials);
        let account = account.ok_or_else(|| account_refused("the inbox's address is none"))?;
        let server = Server::parse(context.endpoint)
            .ok_or_else(|| account_refused("the inbox's mail server is no address"))?;
        let answer = with_way(context, &account.address, server, async |way| {
            knock(way).await
        });
        let (state, reason, detail) = match answer.await {
            Ok(()) => (
                HealthState::Healthy,
                "answered",
                "the mail server takes mails".to_owned(),
            ),
            Err(SendError::Refused { failure, .. })
                if failure.reason == FailureReason::AccountRefused =>
            {
                (HealthState::Blocked, "refused", failure.detail)
            }
            // It may pass: what waits is tried again by itself.
            Err(error) => return Err(error),
        };
        Ok(Some(Examined {
            conditions: vec![Condition::new("access", state, reason, &detail)],
            ..Examined::default()
        }))
    }

    fn renewal_due(&self, credentials: &Credentials) -> Option<DateTime<Utc>> {
        oauth::due(credentials)
    }

    async fn renew(&self, context: &SendContext<'_>) -> Result<Credentials, SendError> {
        oauth::renew(context).await
    }

    fn admits(&self, state: &str, who: &Address) -> bool {
        let known = serde_json::from_str::<ThreadState>(state).unwrap_or_default();
        let copied = |address: &String| super::address(address) == *who;
        known.cc.iter().any(copied)
    }

    fn verify(
        &self,
        incoming: &Incoming<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        match incoming.envelope {
            Envelope::Mail(_) => Ok(()),
            Envelope::Http(_) | Envelope::Kept => Err(VerifyError::NotConfigured("webhook")),
        }
    }

    fn parse(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Update>, ParseError> {
        // A mail that was kept is read again without credentials: its tokens prove nothing then.
        let account = Account::read("nobody@invalid", credentials);
        let account = account.ok_or_else(|| {
            ParseError::Unreadable("the inbox's address is no mail address".to_owned())
        })?;
        Ok(adapter::parse(incoming, &account.room()))
    }

    /// A mail brings its files along: one that was not kept then is in the mail alone.
    async fn fetch(
        &self,
        _context: &SendContext<'_>,
        media: &Media,
    ) -> Result<Download, FetchError> {
        match media.source {
            MediaSource::ProviderId(_) => Err(FetchError::never(
                "the file may not be kept here; the mail was kept with it as it came",
            )),
            _ => Download::of_link(media),
        }
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        let content = match &outgoing.action {
            Action::Write(content) => content,
            _ => {
                return Err(unsupported(
                    "a mail cannot be changed, marked or reacted to",
                ));
            }
        };
        let account = Account::read(context.account_id, context.credentials);
        let account = account.ok_or_else(|| account_refused("the inbox's address is none"))?;
        check(content)?;
        let server = Server::parse(context.endpoint)
            .ok_or_else(|| account_refused("the inbox's mail server is no address"))?;
        let room = account.room();
        let written_at = written_at(outgoing).unwrap_or(context.now);
        let files = files(context, content).await?;
        let composed = adapter::write(&room, outgoing, content, &files, context.state, written_at);
        let written = composed.map_err(refused)?;
        let gone = hand_over(context, &room.address, server, written.mail, written_at).await?;
        let state = remember(written.state, &gone);
        Ok(Sent {
            provider_ids: vec![written.message_id, written.reply_id],
            state: serde_json::to_string(&state).ok(),
            ..Sent::default()
        })
    }
}

/// Signs a mail where the inbox does, and hands it to the inbox's server; returns the recipients that
/// were refused for good.
pub(super) async fn hand_over(
    context: &SendContext<'_>,
    from: &Mailbox,
    server: Server,
    mut mail: Composed,
    written_at: DateTime<Utc>,
) -> Result<Vec<String>, SendError> {
    if let Some(signer) = signer(context.credentials) {
        let signed = signer.and_then(|it| it.sign(&mail.bytes, written_at));
        mail.bytes = signed.map_err(|error| account_refused(&error.to_string()))?;
    }
    with_way(context, from, server, async |way| submit(way, &mail).await).await
}

/// Does something with the inbox's server, as the inbox is known there.
async fn with_way<T>(
    context: &SendContext<'_>,
    from: &Mailbox,
    server: Server,
    act: impl AsyncFnOnce(&Way<'_>) -> T,
) -> T {
    let ca = context.credentials.other("tls_ca");
    let login = login("smtp", context.account_id, context.credentials);
    let way = Way {
        server: &server.proven_by(ca),
        login: login.as_ref(),
        ca,
        helo: from.domain(),
        forbids: context.forbids,
    };
    act(&way).await
}

/// Whom the server does not know is not copied in again.
fn remember(mut state: ThreadState, gone: &[String]) -> ThreadState {
    state.cc.retain(|known| {
        let known = known.to_lowercase();
        !gone.iter().any(|gone| gone.to_lowercase() == known)
    });
    state
}

fn check(content: &Content) -> Result<(), SendError> {
    refusal::check(content, &CAPABILITIES)?;
    let kept = |source: &MediaSource| matches!(source, MediaSource::ProviderId(_));
    match content.files().iter().any(|file| kept(&file.source)) {
        true => Err(unsupported("a mail carries files by their link")),
        false => Ok(()),
    }
}

/// Reads the files that the desk keeps: a mail carries them within.
async fn files(context: &SendContext<'_>, content: &Content) -> Result<Vec<File>, SendError> {
    let (mut files, mut room) = (Vec::new(), MAX_FILES);
    for media in content.files() {
        let MediaSource::Stored(file) = media.source else {
            continue;
        };
        let read = async {
            let mut open = context.files.open(file).await?;
            let mut bytes = Vec::new();
            while let Some(chunk) = open.bytes.next().await {
                bytes.extend_from_slice(&chunk?);
                if bytes.len() > room {
                    return Ok(None);
                }
            }
            std::io::Result::Ok(Some((open.mime_type, bytes)))
        };
        let read = read.await.map_err(|_| {
            let why = "a file of the message cannot be read at the moment";
            retryable(FailureReason::Other, why, None)
        })?;
        let (media_type, bytes) = read.ok_or_else(|| {
            unsupported("the files of the message are together larger than a mail may be: send them as links")
        })?;
        room -= bytes.len();
        let name = media.file_name.as_deref().unwrap_or(media.kind.as_str());
        files.push(File {
            name: name.to_owned(),
            media_type,
            bytes,
            content_id: content_id(content, media).map(str::to_owned),
        });
    }
    Ok(files)
}

/// Returns the id by which the HTML of a message shows a file of it in place.
fn content_id<'a>(content: &'a Content, media: &Media) -> Option<&'a str> {
    let Content::Composite(composite) = content else {
        return None;
    };
    let shows = |part: &&Part| {
        part.disposition == Disposition::Inline
            && matches!(&part.body, PartBody::File { media: own } if own == media)
    };
    composite.parts.iter().find(shows)?.id.as_deref()
}

/// Returns when a message was written: its id says so, the same at every try.
fn written_at(outgoing: &Outgoing) -> Option<DateTime<Utc>> {
    let id: MessageId = outgoing.message.parse().ok()?;
    let (seconds, nanos) = id.0.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

pub(super) fn account_refused(why: &str) -> SendError {
    permanent(
        FailureReason::AccountRefused,
        format!("{why}: an administrator has to act"),
    )
}

fn refused(error: Error) -> SendError {
    let words = error.to_string();
    match error {
        Error::Nobody => permanent(FailureReason::RecipientUnknown, words),
        Error::Content(_) => unsupported(words),
        Error::Secret => account_refused(&words),
        Error::Id(_) | Error::Compose(_) => permanent(FailureReason::Other, words),
    }
}

//! Fetching what a customer sent: claimed, read outside any transaction, and recorded.
//!
//! A claim is a lease with a number. Whoever dies with it is followed by another after the lease,
//! and whoever comes back late finds that the number is another's and changes nothing.

use super::download::{self, Opened};
use super::{FileSettings, Kept, Refusal, Rules, Unkept, keep, rules};
use crate::deliver::{self, Adapters, Courier};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Download, FetchError, NoFiles, SendContext, channel};
use interdesk_domain::event::Event;
use interdesk_domain::id::AttachmentId;
use interdesk_domain::message::{Media, MediaKind, MediaSource};
use interdesk_domain::scope::TenantScope;
use interdesk_store::attachments::{self, Claim};
use interdesk_store::{conversations, inboxes, outbox};

/// How much longer a claim holds than its work may take.
const MARGIN: Duration = Duration::seconds(30);

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes are here.
    Stored,
    /// They are asked for again later.
    Later,
    /// They cannot be had.
    Failed,
    /// Somebody else has it, or took over.
    Elsewhere,
}

impl Fetched {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Later => "later",
            Self::Failed => "failed",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Why a try failed.
struct Failure {
    word: &'static str,
    detail: String,
    retryable: bool,
    retry_after: Option<Duration>,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self {
            word: if error.retryable {
                "unavailable"
            } else {
                "unreachable"
            },
            detail: error.detail,
            retryable: error.retryable,
            retry_after: error.retry_after,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            word: refusal.word(),
            detail: refusal.to_string(),
            retryable: false,
            retry_after: None,
        }
    }
}

/// Lists what is to be fetched, of all tenants, the longest due first.
///
/// # Errors
///
/// Fails when the database does.
pub async fn list_due(desk: &Desk, limit: i32) -> Result<Vec<(TenantScope, AttachmentId)>, Error> {
    let transaction = desk.database.begin_system().await?;
    let due = attachments::list_due(&transaction, desk.now(), limit).await?;
    transaction.commit().await?;
    let due = due.into_iter();
    Ok(due
        .map(|due| (TenantScope::new(due.tenant_id), AttachmentId(due.id)))
        .collect())
}

/// Fetches one attachment, unless somebody else does.
///
/// # Errors
///
/// Fails when the database or the file store does: then it is due again after its claim.
pub async fn fetch(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    id: AttachmentId,
) -> Result<Fetched, Error> {
    fetch_by(desk, courier, scope, id, channel).await
}

/// Fetches as [`fetch`] does, by other adapters than the built-in ones.
///
/// # Errors
///
/// Fails as [`fetch`] does.
pub async fn fetch_by(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    id: AttachmentId,
    adapters: Adapters,
) -> Result<Fetched, Error> {
    let settings = &desk.settings.files;
    let transaction = desk.database.begin(scope).await?;
    let (now, lost_at) = (desk.now(), desk.now() + settings.timeout + MARGIN);
    let claim = attachments::claim(&transaction, scope, id, now, lost_at).await?;
    transaction.commit().await?;
    let Some(claim) = claim else {
        return Ok(Fetched::Elsewhere);
    };
    let began = std::time::Instant::now();
    let patience = settings.timeout.to_std().unwrap_or_default();
    let outcome = tokio::time::timeout(patience, read(desk, courier, scope, &claim, adapters));
    let outcome = match outcome.await {
        Ok(outcome) => outcome?,
        Err(_) => Err(FetchError::later("the file took too long to come").into()),
    };
    let fetched = conflict::retry(|| record(desk, scope, &claim, &outcome)).await?;
    metrics::histogram!("interdesk_attachment_seconds").record(began.elapsed().as_secs_f64());
    metrics::counter!("interdesk_attachments_total", "outcome" => fetched.as_str()).increment(1);
    Ok(fetched)
}

/// Reads the bytes into the store.
async fn read(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    claim: &Claim,
    adapters: Adapters,
) -> Result<Result<Kept, Failure>, Error> {
    let rules = rules(desk, scope, claim.inbox_id).await?;
    let told = claim.size.and_then(|size| u64::try_from(size).ok());
    if let Err(failure) = fits(&rules, told) {
        return Ok(Err(failure));
    }
    let download = match ask(desk, courier, scope, claim, adapters).await? {
        Ok(download) => download,
        Err(error) => return Ok(Err(error.into())),
    };
    let opened = match fits(&rules, download.size) {
        Ok(()) => download::open(courier, &download, desk.settings.files.timeout).await,
        Err(failure) => return Ok(Err(failure)),
    };
    let opened: Opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error.into())),
    };
    if let Err(failure) = fits(&rules, opened.size) {
        return Ok(Err(failure));
    }
    let kept = match keep(desk, scope, &rules, opened.bytes()).await {
        Ok(kept) => kept,
        Err(Unkept::Refused(refusal)) => return Ok(Err(refusal.into())),
        Err(Unkept::Broken(error)) => return Ok(Err(error.into())),
        Err(Unkept::Failed(error)) => return Err(error),
    };
    let same = |told: &String| told.eq_ignore_ascii_case(&kept.sha256);
    if !download.sha256.as_ref().is_none_or(same) {
        let error = FetchError::later("other bytes came than the provider announced");
        return Ok(Err(error.into()));
    }
    Ok(Ok(kept))
}

fn fits(rules: &Rules, size: Option<u64>) -> Result<(), Failure> {
    match size {
        Some(size) if size > rules.most => Err(Refusal::TooLarge { most: rules.most }.into()),
        _ => Ok(()),
    }
}

/// Asks the provider where the bytes are.
async fn ask(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    claim: &Claim,
    adapters: Adapters,
) -> Result<Result<Download, FetchError>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let inbox = inboxes::find(&transaction, scope, claim.inbox_id).await?;
    transaction.commit().await?;
    let Some(inbox) = inbox else {
        return Ok(Err(FetchError::never("the inbox is gone")));
    };
    let Some(media) = media(claim) else {
        return Ok(Err(FetchError::never(
            "the file's reference cannot be read",
        )));
    };
    let account = match deliver::account(courier, &inbox) {
        Ok(account) => account,
        // A callback is not needed to read a link.
        Err(_) if matches!(media.source, MediaSource::Url(_)) => deliver::Account::default(),
        Err(error) => return Ok(Err(error.into())),
    };
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: None,
        files: &NoFiles,
        forbids: courier.forbids,
    };
    Ok(adapters(inbox.channel).fetch(&context, &media).await)
}

fn media(claim: &Claim) -> Option<Media> {
    Some(Media {
        kind: MediaKind::parse(&claim.kind)?,
        source: serde_json::from_value(claim.source.clone()).ok()?,
        mime_type: claim.mime_type.clone(),
        file_name: claim.file_name.clone(),
        size: claim.size.and_then(|size| size.try_into().ok()),
        sha256: claim.sha256.clone(),
    })
}

/// Writes what came of a try.
async fn record(
    desk: &Desk,
    scope: TenantScope,
    claim: &Claim,
    outcome: &Result<Kept, Failure>,
) -> Result<Fetched, Error> {
    let transaction = desk.database.begin(scope).await?;
    // The conversation is locked first, as everywhere.
    let conversation = claim.conversation_id;
    let Some(locked) = conversations::lock(&transaction, scope, conversation).await? else {
        transaction.rollback().await?;
        return Ok(Fetched::Elsewhere);
    };
    let (fetched, written) = match outcome {
        Ok(kept) => {
            let stored = attachments::mark_stored(&transaction, scope, claim, kept.file).await?;
            (Fetched::Stored, stored)
        }
        Err(failure) => {
            let next = next_try(&desk.settings.files, desk.now(), claim, failure);
            let (word, detail) = (failure.word, failure.detail.as_str());
            let written =
                attachments::mark_failed(&transaction, scope, claim, word, detail, next).await?;
            let fetched = if next.is_some() {
                Fetched::Later
            } else {
                Fetched::Failed
            };
            (fetched, written)
        }
    };
    if !written {
        transaction.rollback().await?;
        return Ok(Fetched::Elsewhere);
    }
    let (message, attachment) = (claim.message_id, claim.id);
    let event = match (fetched, outcome) {
        (Fetched::Stored, _) => Event::AttachmentStored {
            conversation,
            message,
            attachment,
        },
        (Fetched::Failed, Err(failure)) => Event::AttachmentFailed {
            conversation,
            message,
            attachment,
            reason: failure.word.to_owned(),
        },
        _ => {
            transaction.commit().await?;
            return Ok(fetched);
        }
    };
    let context = Context::system(None, None);
    let mut events = Events::of_conversation(desk, scope, conversation, locked.version, &context);
    events.push(event);
    conversations::set_version(&transaction, scope, conversation, events.version()).await?;
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(fetched)
}

/// Returns when to try again: after 5, 20, 80… seconds, an hour at most, or when the provider says.
fn next_try(
    settings: &FileSettings,
    now: DateTime<Utc>,
    claim: &Claim,
    failure: &Failure,
) -> Option<DateTime<Utc>> {
    if !failure.retryable || claim.tries >= settings.tries {
        return None;
    }
    let own = Duration::seconds(5 * 4_i64.pow((claim.tries - 1).clamp(0, 6) as u32));
    let pause = failure.retry_after.unwrap_or(own);
    Some(now + pause.clamp(Duration::seconds(1), Duration::hours(1)))
}

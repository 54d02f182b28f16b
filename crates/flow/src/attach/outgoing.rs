//! Files on their way out: chosen when a reply is written, handed to the provider once when it is
//! sent.

use super::object_key;
use super::upload::kind_of;
use crate::deliver::Courier;
use crate::{Desk, Error};
use chrono::Duration;
use futures::TryStreamExt;
use interdesk_channels::{
    Capabilities, Channel, FileBytes, FileWay, SendContext, SendError, Sent, Upload, Uploaded,
};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::id::*;
use interdesk_domain::message::{Composite, Content, Media, MediaKind, MediaSource};
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::attachments::{self, Attachment, ProviderFile};
use std::io;

/// The most files that one reply carries.
const MOST_FILES: usize = 10;

/// A reply with its files, as the app shows it: one message or several.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried(pub Vec<Content>);

/// Why a reply cannot carry its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCarried {
    /// One of them is not there for this agent.
    NotFound,
    /// The app does not carry one of them.
    Unsupported(String),
}

/// Puts words and files together as the app carries them.
///
/// # Errors
///
/// Fails when the database does.
pub async fn carry(
    conn: &Conn,
    viewer: &Viewer,
    capabilities: &Capabilities,
    content: &Content,
    files: &[AttachmentId],
) -> Result<Result<Carried, NotCarried>, Error> {
    let Content::Text { text } = content else {
        let detail = format!("files go with words alone, not with a {}", content.kind());
        return Ok(Err(NotCarried::Unsupported(detail)));
    };
    if files.len() > MOST_FILES {
        let detail = format!("a reply carries at most {MOST_FILES} files");
        return Ok(Err(NotCarried::Unsupported(detail)));
    }
    let mut media = Vec::with_capacity(files.len());
    for id in files {
        let found = attachments::find(conn, viewer.scope(), *id).await?;
        // An upload is its agent's alone until a message carries it.
        let own = |it: &Attachment| it.message_id.is_some() || it.agent_id == Some(viewer.agent);
        let Some(found) = found.filter(|it| own(it) && !it.withdrawn) else {
            return Ok(Err(NotCarried::NotFound));
        };
        match choose(capabilities, &found) {
            Ok(chosen) => media.push(chosen),
            Err(detail) => return Ok(Err(NotCarried::Unsupported(detail))),
        }
    }
    Ok(Ok(Carried(arrange(capabilities, text, media))))
}

/// Chooses what the app shows a file as: by what it is, or as a document where that is all it takes.
fn choose(capabilities: &Capabilities, file: &Attachment) -> Result<Media, String> {
    let (Some(id), Some(mime_type), Some(size)) =
        (file.file_id, &file.stored_type, file.stored_size)
    else {
        return Err("the file is not here; ask for it again or choose another".to_owned());
    };
    let size = u64::try_from(size).unwrap_or_default();
    let kinds = [kind_of(mime_type), MediaKind::Document];
    let fits = |kind: &MediaKind| {
        let limit = capabilities.file(*kind)?;
        let small = limit.max_bytes.is_none_or(|most| size <= most);
        (small && limit.takes(Some(mime_type))).then_some(*kind)
    };
    let Some(kind) = kinds.iter().find_map(fits) else {
        return Err(format!(
            "this app does not carry a file of type {mime_type} with {size} bytes; it carries {}",
            offered(capabilities)
        ));
    };
    Ok(Media {
        kind,
        source: MediaSource::Stored(id),
        mime_type: Some(mime_type.clone()),
        file_name: file.file_name.clone(),
        size: Some(size),
        sha256: file.stored_sha256.clone(),
    })
}

/// Says which files an app carries.
fn offered(capabilities: &Capabilities) -> String {
    let limits = capabilities.media.iter().map(|limit| {
        let types = match limit.types {
            [] => "any type".to_owned(),
            types => types.join(", "),
        };
        match limit.max_bytes {
            Some(most) => format!("{} ({types}, at most {most} bytes)", limit.kind.as_str()),
            None => format!("{} ({types})", limit.kind.as_str()),
        }
    });
    let limits: Vec<_> = limits.collect();
    match limits.is_empty() {
        true => "no files".to_owned(),
        false => limits.join("; "),
    }
}

fn arrange(capabilities: &Capabilities, text: &str, mut media: Vec<Media>) -> Vec<Content> {
    let words = (!text.trim().is_empty()).then(|| text.to_owned());
    if capabilities.content.contains(&"composite") {
        return vec![Content::Composite(Composite::of(None, words, None, media))];
    }
    let captioned = |media: &Media| {
        !matches!(
            media.kind,
            MediaKind::Audio | MediaKind::Voice | MediaKind::Sticker
        )
    };
    let fits = words
        .as_ref()
        .is_none_or(|words| capabilities.max_caption.holds(words));
    if media.len() == 1 && fits && (words.is_none() || captioned(&media[0])) {
        let media = media.remove(0);
        return vec![Content::Media {
            media,
            caption: words,
        }];
    }
    let mut parts: Vec<_> = words
        .into_iter()
        .flat_map(|text| capabilities.parts(Content::Text { text }))
        .collect();
    parts.extend(media.into_iter().map(|media| Content::Media {
        media,
        caption: None,
    }));
    parts
}

/// Opens the files that a tenant keeps, for adapters.
pub struct StoredFiles<'a> {
    desk: &'a Desk,
    scope: TenantScope,
}

impl<'a> StoredFiles<'a> {
    /// Opens files of one tenant.
    pub fn new(desk: &'a Desk, scope: TenantScope) -> Self {
        Self { desk, scope }
    }
}

impl std::fmt::Debug for StoredFiles<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredFiles({})", self.scope.tenant())
    }
}

#[async_trait::async_trait]
impl interdesk_channels::Files for StoredFiles<'_> {
    async fn open(&self, file: FileId) -> io::Result<FileBytes> {
        let found = async {
            let transaction = self.desk.database.begin(self.scope).await?;
            let found = attachments::find_file(&transaction, self.scope, file).await?;
            transaction.commit().await?;
            Ok::<_, interdesk_store::Error>(found)
        };
        let found = found.await.map_err(io::Error::other)?;
        let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let key = object_key(self.scope, file);
        let reading = self.desk.files.store.read(&key, None).await;
        let reading = reading.map_err(io::Error::other)?;
        Ok(FileBytes {
            size: reading.size,
            mime_type: found.mime_type,
            bytes: Box::pin(reading.bytes.map_err(io::Error::other)),
        })
    }
}

/// What was done with a message's files before the message itself is sent.
pub(crate) struct HandedOver {
    /// Files that the provider was believed to keep already.
    pub(crate) reused: Vec<FileId>,
}

/// Puts what the provider understands in the place of our files: its own ids where it keeps them,
/// links where it reads them itself.
pub(crate) async fn hand_over(
    desk: &Desk,
    courier: &Courier,
    adapter: &dyn Channel,
    context: &SendContext<'_>,
    place: (TenantScope, InboxId, MessageId),
    content: &mut Content,
) -> Result<HandedOver, SendError> {
    let (scope, inbox, message) = place;
    let mut handed = HandedOver { reused: Vec::new() };
    for media in content.files_mut() {
        let MediaSource::Stored(file) = media.source else {
            continue;
        };
        let known = find_kept(desk, scope, inbox, file, media.kind).await;
        if let Some(kept) = known.map_err(failed)? {
            handed.reused.push(file);
            media.source = MediaSource::ProviderId(kept.provider_id);
            continue;
        }
        match adapter.file_way() {
            FileWay::Inline => {}
            FileWay::Link => {
                let link = link(desk, scope, message, file).await.map_err(failed)?;
                media.source = MediaSource::Url(link.ok_or_else(gone)?);
            }
            FileWay::Upload => {
                let uploaded = upload(desk, courier, adapter, context, file, media).await?;
                let provider_id = uploaded.provider_id.clone();
                let saved = save(desk, scope, inbox, file, media.kind, uploaded).await;
                saved.map_err(failed)?;
                media.source = MediaSource::ProviderId(provider_id);
            }
        }
    }
    Ok(handed)
}

/// Keeps the ids under which a provider keeps files that went with a message.
pub(crate) async fn remember(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    content: &Content,
    sent: &Sent,
) -> Result<(), Error> {
    for (file, uploaded) in &sent.files {
        let files = content.files();
        let named = files
            .iter()
            .find(|it| it.source == MediaSource::Stored(*file));
        if let Some(media) = named {
            save(desk, scope, inbox, *file, media.kind, uploaded.clone()).await?;
        }
    }
    Ok(())
}

/// Forgets ids that a provider was wrongly believed to know.
pub(crate) async fn forget(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    files: &[FileId],
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    for file in files {
        attachments::forget_provider_file(&transaction, scope, inbox, *file).await?;
    }
    Ok(transaction.commit().await?)
}

async fn upload(
    desk: &Desk,
    courier: &Courier,
    adapter: &dyn Channel,
    context: &SendContext<'_>,
    file: FileId,
    media: &Media,
) -> Result<Uploaded, SendError> {
    // The try must not outlive the time after which it counts as unknown.
    let spare = desk.settings.delivery_unknown_after
        - Duration::from_std(courier.timeout).unwrap_or_default();
    let patience = spare.clamp(Duration::seconds(1), desk.settings.files.timeout);
    let upload = Upload { file, media };
    let uploading = adapter.upload(context, &upload);
    match tokio::time::timeout(patience.to_std().unwrap_or_default(), uploading).await {
        Ok(uploaded) => uploaded,
        Err(_) => Err(refused("the provider took too long to take the file", true)),
    }
}

async fn find_kept(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    file: FileId,
    kind: MediaKind,
) -> Result<Option<ProviderFile>, Error> {
    let (transaction, now) = (desk.database.begin(scope).await?, desk.now());
    let kind = kind.as_str();
    let kept = attachments::find_provider_file(&transaction, scope, inbox, file, kind, now).await?;
    transaction.commit().await?;
    Ok(kept)
}

async fn save(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    file: FileId,
    kind: MediaKind,
    uploaded: Uploaded,
) -> Result<(), Error> {
    let kept = ProviderFile {
        provider_id: uploaded.provider_id,
        expires_at: uploaded.expires_at,
    };
    let transaction = desk.database.begin(scope).await?;
    let kind = kind.as_str();
    attachments::save_provider_file(&transaction, scope, inbox, file, kind, &kept).await?;
    Ok(transaction.commit().await?)
}

async fn link(
    desk: &Desk,
    scope: TenantScope,
    message: MessageId,
    file: FileId,
) -> Result<Option<String>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let of_message = attachments::list_of_messages(&transaction, scope, &[message]).await?;
    transaction.commit().await?;
    let found = of_message.into_iter().find(|it| it.file_id == Some(file));
    let links = &desk.files.links;
    Ok(found.map(|found| links.make_for_provider(scope, found.id, desk.now())))
}

fn failed(error: Error) -> SendError {
    tracing::warn!(%error, "a message's file could not be prepared");
    refused("the desk could not prepare the file", true)
}

fn gone() -> SendError {
    refused("the file that belongs to the message is gone", false)
}

fn refused(detail: &str, retryable: bool) -> SendError {
    SendError::Refused {
        failure: Failure {
            reason: FailureReason::Other,
            retryable,
            provider_code: None,
            detail: detail.to_owned(),
        },
        retry_after: None,
    }
}

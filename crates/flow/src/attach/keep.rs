//! Keeping bytes: counted, hashed and looked at as they pass, and once for a tenant.

use super::{Refusal, Rules, object_key};
use crate::{Desk, Error, conflict};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use interdesk_domain::id::FileId;
use interdesk_domain::scope::TenantScope;
use interdesk_files::{Kept as Written, Writing};
use interdesk_store::attachments::{self, StoredFile};
use std::convert::Infallible;

/// Bytes that were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Names them; what was kept before has its former name.
    pub file: FileId,
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256 in lower-case hex.
    pub sha256: String,
    /// What they are, by looking at them.
    pub mime_type: String,
}

/// Why bytes were not kept.
#[derive(Debug)]
pub enum Unkept<E> {
    /// They may not be.
    Refused(Refusal),
    /// They stopped coming.
    Broken(E),
    /// The desk failed.
    Failed(Error),
}

impl<E> From<Error> for Unkept<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<E> From<interdesk_files::Error> for Unkept<E> {
    fn from(error: interdesk_files::Error) -> Self {
        match error {
            interdesk_files::Error::TooLarge { most } => Self::Refused(Refusal::TooLarge { most }),
            other => Self::Failed(other.into()),
        }
    }
}

/// Keeps bytes that are at hand. Nothing refers to them yet: unless a message does within
/// [`FileSettings::idle`](super::FileSettings::idle), they are deleted.
///
/// # Errors
///
/// Fails when they may not be kept, or cannot be.
pub async fn keep_bytes(
    desk: &Desk,
    scope: TenantScope,
    rules: &Rules,
    bytes: Bytes,
) -> Result<Kept, Unkept<Infallible>> {
    keep(desk, scope, rules, futures::stream::iter([Ok(bytes)])).await
}

/// Keeps bytes as they come, as [`keep_bytes`] does.
///
/// # Errors
///
/// Fails when they may not be kept, cannot be, or stop coming.
pub async fn keep<E>(
    desk: &Desk,
    scope: TenantScope,
    rules: &Rules,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Kept, Unkept<E>> {
    let file: FileId = desk.id();
    let key = object_key(scope, file);
    let writing = desk.files.store.write(&key, rules.most)?;
    begin(desk, scope, file).await?;
    let written = match take(writing, rules, bytes).await {
        Ok(written) => written,
        Err(unkept) => {
            // Where this fails as well, the sweep finds what began and never ended.
            let _ = forget(desk, scope, file).await;
            return Err(unkept);
        }
    };
    let settled = conflict::retry(|| settle(desk, scope, file, &written)).await?;
    if settled != file {
        // What was kept before is as good; ours is one too many.
        let _ = forget(desk, scope, file).await;
    }
    Ok(Kept {
        file: settled,
        size: written.size,
        sha256: written.sha256,
        mime_type: written.mime_type.to_owned(),
    })
}

/// Notes the object before its first byte, so that one whose writer dies is found and deleted.
async fn begin(desk: &Desk, scope: TenantScope, file: FileId) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    attachments::insert_file(&transaction, scope, file, desk.now()).await?;
    Ok(transaction.commit().await?)
}

async fn take<E>(
    mut writing: Writing,
    rules: &Rules,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Written, Unkept<E>> {
    let poured = pour(&mut writing, rules, bytes).await;
    let judged = poured.and_then(|()| rules.judge(writing.mime_type()).map_err(Unkept::Refused));
    match judged {
        Ok(()) => Ok(writing.finish().await?),
        Err(unkept) => {
            writing.abort().await;
            Err(unkept)
        }
    }
}

async fn pour<E>(
    writing: &mut Writing,
    rules: &Rules,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(), Unkept<E>> {
    let mut bytes = std::pin::pin!(bytes);
    let mut judged = false;
    while let Some(chunk) = bytes.next().await {
        writing.push(chunk.map_err(Unkept::Broken)?).await?;
        // What may not be kept need not come whole.
        if !judged && writing.is_recognisable() {
            rules.judge(writing.mime_type()).map_err(Unkept::Refused)?;
            judged = true;
        }
    }
    Ok(())
}

/// Settles under which name the bytes are kept.
async fn settle(
    desk: &Desk,
    scope: TenantScope,
    file: FileId,
    written: &Written,
) -> Result<FileId, Error> {
    let transaction = desk.database.begin(scope).await?;
    let same = attachments::find_same(&transaction, scope, &written.sha256, desk.now()).await?;
    let settled = match same {
        Some(same) => {
            attachments::give_up(&transaction, scope, file).await?;
            same
        }
        None => {
            let stored = StoredFile {
                id: file,
                size: written.size.try_into().unwrap_or(i64::MAX),
                sha256: written.sha256.clone(),
                mime_type: written.mime_type.to_owned(),
            };
            let now = desk.now();
            if !attachments::mark_written(&transaction, scope, &stored, now).await? {
                return Err(interdesk_files::Error::NotFound.into());
            }
            file
        }
    };
    transaction.commit().await?;
    Ok(settled)
}

/// Deletes what was not kept.
async fn forget(desk: &Desk, scope: TenantScope, file: FileId) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    attachments::give_up(&transaction, scope, file).await?;
    transaction.commit().await?;
    delete_doomed(desk, scope, file).await
}

/// Deletes the object of a doomed file, and then the file: one whose deletion is interrupted stays
/// doomed and is found again.
pub(super) async fn delete_doomed(
    desk: &Desk,
    scope: TenantScope,
    file: FileId,
) -> Result<(), Error> {
    desk.files.store.delete(&object_key(scope, file)).await?;
    let transaction = desk.database.begin(scope).await?;
    attachments::delete_file(&transaction, scope, file).await?;
    Ok(transaction.commit().await?)
}

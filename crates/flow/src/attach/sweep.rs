//! Deletes what nobody refers to: uploads that no message took, bytes of interrupted writers.

use super::keep::delete_doomed;
use crate::{Desk, Error};
use interdesk_domain::id::{AttachmentId, FileId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::attachments::{self, Due};

/// How much one sweep looks after at most.
const PAGE: i32 = 1_000;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads that no message took.
    pub uploads: u32,
    /// Files that nothing referred to.
    pub files: u32,
}

/// Deletes what nobody referred to for as long as the settings say, and measures what tenants keep.
///
/// # Errors
///
/// Fails when the database does; a file that fails alone is left to the next sweep.
pub async fn sweep(desk: &Desk) -> Result<Swept, Error> {
    let idle_before = desk.now() - desk.settings.files.idle;
    let transaction = desk.database.begin_system().await?;
    let unused = attachments::list_unused(&transaction, idle_before, PAGE).await?;
    transaction.commit().await?;
    let mut swept = Swept::default();
    for upload in unused {
        let scope = TenantScope::new(upload.tenant_id);
        let transaction = desk.database.begin(scope).await?;
        let id = AttachmentId(upload.id);
        // Their bytes have been idle for as long as they were unused.
        attachments::delete_upload(&transaction, scope, id, idle_before).await?;
        transaction.commit().await?;
        swept.uploads += 1;
    }
    let transaction = desk.database.begin_system().await?;
    let idle = attachments::list_idle(&transaction, desk.now() - desk.settings.files.idle, PAGE);
    let (idle, totals) = (idle.await?, attachments::list_totals(&transaction).await?);
    transaction.commit().await?;
    for total in totals {
        let tenant = total.tenant_id.to_string();
        metrics::gauge!("interdesk_files_bytes", "tenant" => tenant.clone())
            .set(total.bytes as f64);
        metrics::gauge!("interdesk_files", "tenant" => tenant).set(total.files as f64);
    }
    for file in idle {
        match delete(desk, &file).await {
            Ok(deleted) => swept.files += u32::from(deleted),
            Err(error) => {
                tracing::warn!(tenant.id = %file.tenant_id, %error, "a file could not be deleted");
            }
        }
    }
    Ok(swept)
}

async fn delete(desk: &Desk, idle: &Due) -> Result<bool, Error> {
    let (scope, file) = (TenantScope::new(idle.tenant_id), FileId(idle.id));
    let before = desk.now() - desk.settings.files.idle;
    let transaction = desk.database.begin(scope).await?;
    let doomed = attachments::doom(&transaction, scope, file, before).await?;
    transaction.commit().await?;
    if doomed {
        delete_doomed(desk, scope, file).await?;
    }
    Ok(doomed)
}

//! A customer says that an address is theirs.
//!
//! Nobody has checked it, so it finds nobody and links nobody: it stands beside the contact for agents
//! to see, with where it came from.

use crate::key::stored_address;
use crate::{Context, Desk, Error, Events, conflict};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{ContactId, IdentityId};
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;
use interdesk_store::{contacts, outbox, persons};

/// Keeps an address that a contact claims; `true` when it was not known of them.
pub async fn claim(
    desk: &Desk,
    scope: TenantScope,
    contact: ContactId,
    address: &Address,
    context: &Context,
) -> Result<bool, Error> {
    let address = stored_address(address);
    conflict::retry(|| keep(desk, scope, contact, &address, context)).await
}

async fn keep(
    desk: &Desk,
    scope: TenantScope,
    contact: ContactId,
    address: &Address,
    context: &Context,
) -> Result<bool, Error> {
    let transaction = desk.database.begin(scope).await?;
    let locked = persons::lock(&transaction, scope, &[contact]).await?;
    let Some(own) = locked.iter().find(|member| member.id == contact) else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let identity: IdentityId = desk.id();
    let now = desk.now();
    if !contacts::insert_claim(&transaction, scope, identity, contact, address, now).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    let aggregate = (AggregateKind::Contact, contact.0);
    let mut events = Events::of(desk, scope, aggregate, own.version, context);
    let version = events.push(Event::IdentityLinked { contact, identity });
    contacts::set_version(&transaction, scope, contact, version).await?;
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(true)
}

//! What customers do becomes events, and events become transactions.

use std::sync::Arc;

use actix_web::web::Bytes;

use super::{
    event::{self, transaction},
    room::{Way, of_customer},
};
use crate::{
    Content, Customer, Draft, Error,
    account::Matrix,
    clock::now,
    courier::{self, Parcel},
    journal::Mark,
    world::World,
};

/// Lets a customer act in their room with the bot; gives the event as `room/event`.
pub(crate) fn act(
    world: &Arc<World>,
    account: &Matrix,
    customer: &Customer,
    draft: Draft,
) -> Result<String, Error> {
    let end = format!(":{}", account.server_name);
    if !customer.id.starts_with('@') || !customer.id.ends_with(&end) {
        return Err(Error::CustomerId(customer.id.clone()));
    }
    let (room, at) = (of_customer(account, &customer.id), now());
    let id = world.ids.prefixed("$");
    let provider_id = format!("{room}/{id}");
    let event = match draft.content {
        Content::Block => event::block(account, customer, &id, at),
        Content::Unblock => event::invitation(account, customer, &id, at),
        _ => said(world, account, customer, &draft, &id)?,
    };
    // A change brings no message of its own: the journal names what it touches.
    let touched = match &draft.content {
        Content::Reaction { message_id, .. }
        | Content::Edit { message_id, .. }
        | Content::Delete { message_id } => format!("{room}/{}", local(message_id)),
        _ => provider_id.clone(),
    };
    let mark = world.wrote(&account.user_id, customer, &id, &touched, &draft.content);
    let parcel = parcel(world, account, transaction(&[event]), vec![mark]);
    match world.rooms.way(&room, parcel) {
        Way::Tell(parcel) => courier::post(world, parcel),
        Way::Invite => {
            let id = world.ids.prefixed("$");
            let event = event::invitation(account, customer, &id, at);
            let parcel = self::parcel(world, account, transaction(&[event]), Vec::new());
            courier::post(world, parcel);
        }
        Way::Wait => {}
    }
    Ok(provider_id)
}

fn said(
    world: &World,
    account: &Matrix,
    customer: &Customer,
    draft: &Draft,
    id: &str,
) -> Result<serde_json::Value, Error> {
    let file = world.sample(&draft.content);
    let mut content = draft.content.clone();
    // Events name each other without their room.
    match &mut content {
        Content::Reaction { message_id, .. }
        | Content::Edit { message_id, .. }
        | Content::Delete { message_id } => *message_id = local(message_id).to_owned(),
        _ => {}
    }
    if let Content::Reaction { message_id, emoji } = &content
        && emoji.is_empty()
    {
        return withdrawal(world, account, customer, message_id, id);
    }
    let written = event::content(&content, file.as_ref(), &account.server_name);
    let (kind, mut body) = written.ok_or(Error::NotOffered {
        channel: "matrix",
        what: draft.content.kind(),
    })?;
    if let Some(reply_to) = &draft.reply_to {
        body["m.relates_to"] =
            serde_json::json!({ "m.in_reply_to": { "event_id": local(reply_to) } });
    }
    if let Content::Reaction { message_id, emoji } = &content {
        let reaction = super::room::Reaction {
            target: message_id.clone(),
            sender: customer.id.clone(),
            key: emoji.clone(),
        };
        world.rooms.react(id, reaction);
    }
    Ok(event::event(account, customer, kind, id, now(), body))
}

/// A reaction is withdrawn by taking its event back.
fn withdrawal(
    world: &World,
    account: &Matrix,
    customer: &Customer,
    target: &str,
    id: &str,
) -> Result<serde_json::Value, Error> {
    let standing = world.rooms.reactions(target).into_iter();
    let mut own = standing.filter(|(_, reaction)| reaction.sender == customer.id);
    let (reaction, _) = own.next().ok_or(Error::NotOffered {
        channel: "matrix",
        what: "withdrawal of a reaction that does not stand",
    })?;
    world.rooms.take_back(&reaction);
    let content = Content::Delete {
        message_id: reaction,
    };
    let written = event::content(&content, None, &account.server_name);
    let (kind, body) = written.unwrap_or_default();
    Ok(event::event(account, customer, kind, id, now(), body))
}

/// Makes one transaction; all of an account go one after the other.
pub(super) fn parcel(world: &World, account: &Matrix, body: Vec<u8>, marks: Vec<Mark>) -> Parcel {
    Parcel {
        account: account.user_id.clone(),
        lane: Some(account.user_id.clone()),
        id: world.ids.prefixed("txn"),
        body: Bytes::from(body),
        marks,
    }
}

/// Strips the room from an event as the journal names it.
pub(super) fn local(message_id: &str) -> &str {
    message_id
        .split_once('/')
        .map_or(message_id, |(_, event)| event)
}

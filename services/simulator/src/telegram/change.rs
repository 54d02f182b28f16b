//! The methods that change a message: edit, delete, react.

use serde_json::{Value, json};

use super::{
    bot::{accept, customer},
    entities,
    refusal::Refusal,
    send::text_between,
    update::{bot_user, message},
};
use crate::{Customer, account::Telegram, clock::now, form::Form, world::World};

fn own_message(world: &World, bot: &Telegram, form: &Form) -> Result<(Customer, String), Refusal> {
    let customer = customer(world, bot, form)?;
    let id = form
        .json("message_id")
        .and_then(|id| id.as_u64())
        .unwrap_or_default();
    Ok((customer, id.to_string()))
}

/// Takes `editMessageText`.
pub(super) fn edit(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let text = entities::plain(
        form.text("text").unwrap_or_default(),
        form.text("parse_mode"),
    )?;
    let text = text_between(text.trim(), 1, 4096, "message")?;
    let edited = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        let line = memory.line(&id)?;
        let ours = line.from_desk;
        if ours {
            line.text.clone_from(&text);
        }
        Some((ours, line.at))
    });
    let written = match edited.flatten() {
        Some((true, at)) => at,
        Some((false, _)) => return Err(Refusal::bad("message can't be edited")),
        None => return Err(Refusal::bad("message to edit not found")),
    };
    accept(world, bot, &customer, "edit", Some(&text), &id, false);
    let number = id.parse().unwrap_or_default();
    let mut message = message(&customer, number, written, json!({ "text": text }));
    message["from"] = bot_user(bot);
    message["edit_date"] = now().timestamp().into();
    Ok(message)
}

/// Takes `deleteMessage`.
pub(super) fn delete(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let found = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        let known = memory.knows(&id);
        memory.forget(&id);
        known
    });
    if found != Some(true) {
        return Err(Refusal::bad("message to delete not found"));
    }
    accept(world, bot, &customer, "delete", None, &id, false);
    Ok(true.into())
}

/// Takes `setMessageReaction`.
pub(super) fn react(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let found = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        memory.knows(&id)
    });
    if found != Some(true) {
        return Err(Refusal::bad("message to react not found"));
    }
    let list = form.json("reaction").unwrap_or_else(|| json!([]));
    let reactions = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if reactions.len() > 1 {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    let emoji = reactions
        .first()
        .and_then(|reaction| reaction["emoji"].as_str());
    accept(world, bot, &customer, "reaction", emoji, &id, false);
    Ok(true.into())
}

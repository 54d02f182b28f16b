//! Carries what agents changed to the providers, in the order in which it was changed.
//!
//! To say the same twice has the effect of once, so a try without an answer is made again. What the
//! provider took is written to the message, with everything that it held before.

use super::{Adapters, Courier, account, recipients, refused};
use crate::receive::stored_content;
use crate::{Context, Desk, Error, Events, conflict, consent};
use chrono::Duration;
use interdesk_channels::{Action, Channel, NoFiles, Outgoing, SendContext, SendError};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::event::{Actor, Event};
use interdesk_domain::id::ConversationId;
use interdesk_domain::message::{Address, Content};
use interdesk_domain::scope::TenantScope;
use interdesk_store::message_changes::{self as rows, Claim, Ended};
use interdesk_store::messages::{self, NewReaction};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, conversations, inboxes, outbox};

/// Who a reaction of ours stands by: the account is one, whoever of us reacted. No customer has it.
pub const OURS: &str = "desk";

/// How long whoever carries a change may take beyond the call itself.
const GRACE: Duration = Duration::seconds(30);

/// A change that this process has claimed.
struct Claimed {
    change: Claim,
    inbox: inboxes::Inbox,
    to: Vec<Address>,
    opted_out: bool,
}

/// Carries the changes of a conversation until none is left or one has to wait; returns how many
/// calls were made.
pub(super) async fn carry(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    conversation: ConversationId,
    context: &Context,
    adapters: Adapters,
) -> Result<u32, Error> {
    let mut calls = 0;
    loop {
        let claim = || claim(desk, courier, scope, conversation);
        let Some(claimed) = conflict::retry(claim).await? else {
            return Ok(calls);
        };
        let adapter = adapters(claimed.inbox.channel);
        let answer = call(desk, courier, adapter, &claimed).await;
        calls += 1;
        let outcome = if answer.is_ok() { "sent" } else { "refused" };
        let channel = claimed.inbox.channel.as_str();
        metrics::counter!("interdesk_changes_total", "channel" => channel, "outcome" => outcome)
            .increment(1);
        let record = || record(desk, scope, &claimed, &answer, context);
        conflict::retry(record).await?;
    }
}

async fn claim(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Claimed>, Error> {
    let transaction = desk.database.begin(scope).await?;
    conversations::lock(&transaction, scope, conversation).await?;
    let patience = Duration::from_std(courier.timeout).unwrap_or(GRACE) + GRACE;
    let (now, lost_at) = (desk.now(), desk.now() + patience);
    let claimed = rows::claim_next(&transaction, scope, conversation, now, lost_at).await?;
    let Some(change) = claimed else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let Some(inbox) = inboxes::find(&transaction, scope, change.inbox_id).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let (contact, channel) = (change.contact_id, inbox.channel);
    let (said, addresses) =
        consent::of_person(&transaction, scope, contact, channel, inbox.id).await?;
    transaction.commit().await?;
    // To take something back is no message to anybody.
    let opted_out = change.group_id.is_none() && change.kind != "delete" && said.forbids();
    let to = recipients(&inbox, addresses);
    Ok(Some(Claimed {
        change,
        inbox,
        to,
        opted_out,
    }))
}

async fn call(
    desk: &Desk,
    courier: &Courier,
    adapter: &dyn Channel,
    claimed: &Claimed,
) -> Result<(), SendError> {
    let Claimed { change, inbox, .. } = claimed;
    if change.gone {
        let detail = "the message was taken back, or its time was over, before the change left";
        return Err(refused(FailureReason::Other, detail));
    }
    if !inbox.enabled {
        let detail = "the inbox is switched off";
        return Err(refused(FailureReason::AccountRefused, detail));
    }
    if !change.is_theirs {
        let detail = "the contact was found to be somebody else before the change left";
        return Err(refused(FailureReason::RecipientUnknown, detail));
    }
    if claimed.opted_out {
        let detail = "the customer opted out of this app; wait until they opt in again";
        return Err(refused(FailureReason::NotOptedIn, detail));
    }
    let account = account(courier, inbox)?;
    if !adapter.capabilities().fetched && (courier.forbids)(&account.endpoint) {
        let detail = "the inbox's address leads into a private network";
        return Err(refused(FailureReason::AccountRefused, detail));
    }
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: change.state.as_deref(),
        files: &NoFiles,
        forbids: courier.forbids,
    };
    let outgoing = Outgoing {
        // The same over all tries: the provider takes each change once.
        attempt: change.id.to_string(),
        message: change.id.to_string(),
        conversation: change.conversation_id.to_string(),
        to: claimed.to.clone(),
        group: change.group_id.clone(),
        writer: super::writer(Some(change.agent_id), change.agent_name.clone()),
        action: action(change),
        reply_to: None,
        expires_at: None,
    };
    match tokio::time::timeout(courier.timeout, adapter.send(&context, &outgoing)).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(SendError::NoAnswer("none in time".to_owned())),
    }
}

fn action(change: &Claim) -> Action {
    let target = change.target.clone();
    match (&change.text, &change.emoji) {
        (Some(text), _) => Action::Replace {
            target,
            content: Content::Text { text: text.clone() },
        },
        (None, Some(emoji)) => Action::React {
            target,
            emoji: emoji.clone(),
        },
        (None, None) => Action::Delete { target },
    }
}

async fn record(
    desk: &Desk,
    scope: TenantScope,
    claimed: &Claimed,
    answer: &Result<(), SendError>,
    context: &Context,
) -> Result<(), Error> {
    let change = &claimed.change;
    let transaction = desk.database.begin(scope).await?;
    let locked = conversations::lock(&transaction, scope, change.conversation_id).await?;
    let Some(conversation) = locked else {
        return Ok(transaction.rollback().await?);
    };
    let (stored, again);
    let ended = match answer {
        Ok(()) => Ended::Sent,
        Err(error) => {
            let (failure, pause) = judge(desk, change, error);
            stored = serde_json::to_value(&failure).unwrap_or_default();
            again = pause.map(|pause| desk.now() + pause);
            match again {
                Some(at) => Ended::Again(&stored, at),
                None => Ended::Failed(&stored),
            }
        }
    };
    let next = match &ended {
        Ended::Again(_, at) => Some(*at),
        _ => None,
    };
    let failed = match (&ended, answer) {
        (Ended::Failed(_), Err(error)) => Some(judge(desk, change, error).0.reason),
        _ => None,
    };
    if !rows::end(&transaction, scope, change, ended, desk.now()).await? {
        return Ok(transaction.rollback().await?);
    }
    let context = Context {
        actor: Actor::Agent(change.agent_id),
        ..context.clone()
    };
    let (id, version) = (conversation.id, conversation.version);
    let mut events = Events::of_conversation(desk, scope, id, version, &context);
    if answer.is_ok()
        && let Some(event) = apply(desk, &transaction, scope, claimed).await?
    {
        events.push(event);
    }
    if let Some(reason) = failed {
        events.push(Event::MessageChangeFailed {
            conversation: id,
            message: change.message_id,
            change: change.id,
            reason,
        });
    }
    if let Some(due_at) = next {
        let timer = Timer {
            id: desk.id(),
            tenant_id: scope.tenant(),
            kind: TimerKind::DeliveryRetry,
            subject_id: change.id.0,
            due_at,
        };
        timers::insert(&transaction, &timer).await?;
    }
    conversations::set_version(&transaction, scope, id, events.version()).await?;
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(())
}

/// Returns why it did not go through, and after what pause it is tried again.
fn judge(desk: &Desk, change: &Claim, error: &SendError) -> (Failure, Option<Duration>) {
    let (mut failure, asked) = match error {
        SendError::Refused {
            failure,
            retry_after,
        } => (failure.clone(), *retry_after),
        SendError::NoAnswer(detail) => {
            let failure = Failure {
                reason: FailureReason::NoAnswer,
                retryable: true,
                provider_code: None,
                detail: format!("no answer from the provider: {detail}"),
            };
            (failure, None)
        }
    };
    if !failure.retryable || change.tries >= desk.settings.delivery_attempts {
        failure.retryable = false;
        return (failure, None);
    }
    // 1, 4, 16, 64… seconds, or what the provider asks for, an hour at most.
    let own = Duration::seconds(4_i64.pow((change.tries - 1).clamp(0, 5) as u32));
    let pause = asked.unwrap_or(own);
    let pause = pause.clamp(Duration::milliseconds(100), Duration::hours(1));
    (failure, Some(pause))
}

/// Writes to the message what the provider took; the message is as it was where it is gone.
async fn apply(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    claimed: &Claimed,
) -> Result<Option<Event>, Error> {
    let change = &claimed.change;
    let (conversation, message) = (change.conversation_id, change.message_id);
    if let Some(emoji) = &change.emoji {
        let standing = NewReaction {
            inbox_id: claimed.inbox.id,
            target: &change.target,
            author: OURS,
            emojis: (!emoji.is_empty())
                .then(|| emoji.clone())
                .into_iter()
                .collect(),
            changed_at: desk.now(),
        };
        let changed = messages::set_reaction(conn, scope, &standing).await?;
        let withdrawn = emoji.is_empty();
        return Ok(changed.then_some(Event::ReactionChanged {
            conversation,
            message,
            withdrawn,
        }));
    }
    let found = messages::lock(conn, scope, message).await?;
    let is_here = |it: &messages::MessageState| it.deleted_at.is_none() && it.expired_at.is_none();
    let Some(present) = found.filter(is_here) else {
        return Ok(None);
    };
    let Some(text) = &change.text else {
        messages::mark_deleted(conn, scope, message, desk.now()).await?;
        return Ok(Some(Event::MessageDeleted {
            conversation,
            message,
        }));
    };
    let content = stored_content(&Content::Text { text: text.clone() })?;
    if present.content == content {
        return Ok(None);
    }
    messages::replace_content(conn, scope, &present, content, text, desk.now()).await?;
    Ok(Some(Event::MessageEdited {
        conversation,
        message,
        revision: present.revision + 1,
    }))
}

//! Delivery: a reply is claimed, handed to the provider outside any transaction, and recorded.
//!
//! The claim is committed before the call and carries an attempt id that the provider is told, so
//! that whatever happens in between leaves a trace: a receipt that names the attempt settles it, and
//! a try without an answer ends as `Unknown`, never as a silent second message.

mod change;
mod pace;
mod record;
mod sweep;

pub use change::OURS;
pub use sweep::sweep;

use crate::attach::{self, StoredFiles};
use crate::{Context, Desk, Error, Events, conflict, consent, inbox_health};
use interdesk_channels::{
    Action, Channel, Credentials, Outgoing, SendContext, SendError, Sent, Writer, channel,
};
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Content, Media, MediaSource};
use interdesk_domain::scope::TenantScope;
use interdesk_store::messages::Pending;
use interdesk_store::timers::{Timer, TimerKind};
use interdesk_store::vault::Vault;
use interdesk_store::{
    contacts, conversations, handled, inboxes, message_changes, messages, outbox, timers,
};
use std::sync::Arc;
use std::time::Duration;

/// What it takes to call providers.
#[derive(Clone)]
pub struct Courier {
    /// The HTTP client.
    pub client: reqwest::Client,
    /// Opens the inboxes' credentials.
    pub vault: Arc<Vault>,
    /// The Graph API with its version, for inboxes without an endpoint of their own.
    pub whatsapp_url: String,
    /// The Bot API, likewise.
    pub telegram_url: String,
    /// How long a call may take.
    pub timeout: Duration,
    /// Tells whether an address is one that must not be called.
    pub forbids: fn(&str) -> bool,
}

/// A reply that this process has claimed.
struct Claimed {
    message: Pending,
    attempt: AttemptId,
    attempts: i32,
    inbox: inboxes::Inbox,
    to: Vec<Address>,
    opted_out: bool,
}

/// Delivers what waits in a conversation, oldest first, until nothing is left or something waits.
///
/// Returns how many calls were made.
pub async fn deliver(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    conversation: ConversationId,
    context: &Context,
) -> Result<u32, Error> {
    deliver_by(desk, courier, scope, conversation, context, channel).await
}

/// Returns the adapter of a kind of app.
pub type Adapters = fn(ChannelKind) -> &'static dyn Channel;

/// Delivers as [`deliver`] does, by other adapters than the built-in ones.
pub async fn deliver_by(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    conversation: ConversationId,
    context: &Context,
    adapters: Adapters,
) -> Result<u32, Error> {
    let replies = deliver_replies(desk, courier, scope, conversation, context, adapters).await?;
    let changes = change::carry(desk, courier, scope, conversation, context, adapters).await?;
    Ok(replies + changes)
}

async fn deliver_replies(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    conversation: ConversationId,
    context: &Context,
    adapters: Adapters,
) -> Result<u32, Error> {
    let mut calls = 0;
    loop {
        let turn = pace::turn(desk, scope, conversation, adapters).await?;
        let pace::Leave::Now(buckets) = turn else {
            return Ok(calls);
        };
        // What this event asks for is begun once; what else waits in the conversation may follow.
        let cause = context.cause.filter(|_| calls == 0);
        let claim = || claim(desk, scope, conversation, cause, context);
        let Some(claimed) = conflict::retry(claim).await? else {
            return Ok(calls);
        };
        let began = std::time::Instant::now();
        let adapter = adapters(claimed.inbox.channel);
        let answer = call(desk, courier, &claimed, adapter).await;
        metrics::histogram!("interdesk_delivery_seconds").record(began.elapsed().as_secs_f64());
        calls += 1;
        let outcome = match &answer {
            Ok(_) => "sent",
            Err(SendError::Refused { failure, .. }) if failure.retryable => "retry",
            Err(SendError::Refused { .. }) => "refused",
            Err(SendError::NoAnswer(_)) => "no_answer",
        };
        let channel = claimed.inbox.channel.as_str();
        metrics::counter!("interdesk_deliveries_total", "channel" => channel, "outcome" => outcome)
            .increment(1);
        let record = || record::record(desk, scope, &claimed, &answer, context);
        conflict::retry(record).await?;
        if let Err(error) = &answer {
            let in_group = claimed.message.group_id.is_some();
            pace::slow_down(desk, adapter, &buckets, in_group, error).await;
            inbox_health::note_refusal(desk, scope, &claimed.inbox, error).await;
        }
    }
}

async fn claim(
    desk: &Desk,
    scope: TenantScope,
    conversation: ConversationId,
    cause: Option<EventId>,
    context: &Context,
) -> Result<Option<Claimed>, Error> {
    let transaction = desk.database.begin(scope).await?;
    // The conversation is locked first, as everywhere.
    let Some(locked) = conversations::lock(&transaction, scope, conversation).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let pending = messages::lock_next_pending(&transaction, scope, conversation).await?;
    let Some(message) = pending.filter(|it| it.delivery == DeliveryState::Queued && !it.waits)
    else {
        transaction.rollback().await?;
        return Ok(None);
    };
    if let Some(event) = cause
        && !handled::insert_if_missing(&transaction, scope, "delivery", event).await?
    {
        transaction.rollback().await?;
        return Ok(None);
    }
    let Some(inbox) = inboxes::find(&transaction, scope, message.inbox_id).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let (channel, contact) = (inbox.channel, message.contact_id);
    let (consent, addresses) =
        consent::of_person(&transaction, scope, contact, channel, inbox.id).await?;
    let opted_out = message.group_id.is_none() && consent.forbids();
    let attempt: AttemptId = desk.id();
    messages::mark_sending(&transaction, scope, message.id, attempt).await?;
    let timer = Timer {
        id: desk.id(),
        tenant_id: scope.tenant(),
        kind: TimerKind::DeliveryUnknown,
        subject_id: message.id.0,
        due_at: desk.now() + desk.settings.delivery_unknown_after,
    };
    timers::insert(&transaction, &timer).await?;
    let mut events = Events::of_conversation(desk, scope, conversation, locked.version, context);
    events.push(changed(
        &message,
        DeliveryState::Queued,
        DeliveryState::Sending,
        None,
    ));
    conversations::set_version(&transaction, scope, conversation, events.version()).await?;
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    let attempts = message.attempts + 1;
    let to = recipients(&inbox, addresses);
    Ok(Some(Claimed {
        message,
        attempt,
        attempts,
        inbox,
        to,
        opted_out,
    }))
}

/// Returns the addresses that the inbox can write to, in the provider's own form.
pub(crate) fn recipients(
    inbox: &inboxes::Inbox,
    addresses: Vec<contacts::ReplyAddress>,
) -> Vec<Address> {
    let own = format!("@{}", inbox.id);
    let mut to = Vec::new();
    for address in addresses {
        let contacts::ReplyAddress {
            network,
            namespace,
            value,
            ..
        } = address;
        match (inbox.channel, namespace.strip_suffix(&own)) {
            (ChannelKind::Webhook | ChannelKind::Webchat, Some(namespace)) => {
                to.push(Address {
                    network,
                    namespace: namespace.to_owned(),
                    value,
                });
            }
            (ChannelKind::Webhook | ChannelKind::Webchat, None) => {}
            (kind, _) if network == kind.as_str() => to.push(Address {
                network,
                namespace,
                value,
            }),
            _ => {}
        }
    }
    // The business-scoped id outlives a phone number.
    to.sort_by_key(|address| address.namespace != "bsuid");
    to
}

async fn call(
    desk: &Desk,
    courier: &Courier,
    claimed: &Claimed,
    adapter: &dyn Channel,
) -> Result<Sent, SendError> {
    let inbox = &claimed.inbox;
    if !inbox.enabled {
        return Err(refused(
            FailureReason::AccountRefused,
            "the inbox is switched off",
        ));
    }
    if !claimed.message.is_theirs {
        let detail = "the contact was found to be somebody else before the message left";
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
    let Ok(content) = serde_json::from_value::<Content>(claimed.message.content.clone()) else {
        return Err(refused(
            FailureReason::Other,
            "the stored content is not readable",
        ));
    };
    let scope = TenantScope::new(inbox.tenant_id);
    let files = StoredFiles::new(desk, scope);
    let sending = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: claimed.message.state.as_deref(),
        files: &files,
        forbids: courier.forbids,
    };
    let (answer, reused) = send(desk, courier, claimed, adapter, &sending, &content).await;
    // Providers forget files at times. One that was refused was certainly not sent, so it goes once
    // more with its files handed over anew.
    match &answer {
        Err(SendError::Refused { failure, .. })
            if !reused.is_empty() && !failure.retryable && is_about_content(failure.reason) => {}
        _ => return answer,
    }
    if attach::forget(desk, scope, inbox.id, &reused)
        .await
        .is_err()
    {
        return answer;
    }
    send(desk, courier, claimed, adapter, &sending, &content)
        .await
        .0
}

fn is_about_content(reason: FailureReason) -> bool {
    use FailureReason::{Other, RefusedContent, UnsupportedContent};
    matches!(reason, RefusedContent | UnsupportedContent | Other)
}

/// Hands a message over, its files before it; returns also which files the provider was believed
/// to keep.
async fn send(
    desk: &Desk,
    courier: &Courier,
    claimed: &Claimed,
    adapter: &dyn Channel,
    sending: &SendContext<'_>,
    content: &Content,
) -> (Result<Sent, SendError>, Vec<FileId>) {
    let (scope, inbox) = (TenantScope::new(claimed.inbox.tenant_id), claimed.inbox.id);
    let place = (scope, inbox, claimed.message.id);
    let mut written = content.clone();
    let handed = attach::hand_over(desk, courier, adapter, sending, place, &mut written).await;
    let reused = match handed {
        Ok(handed) => handed.reused,
        Err(error) => return (Err(error), Vec::new()),
    };
    let carries = |media: &&Media| matches!(media.source, MediaSource::Stored(_));
    let patience = match written.files().iter().any(carries) {
        // Bytes take longer than words, yet not longer than a try counts as under way.
        true => (desk.settings.delivery_unknown_after / 2)
            .to_std()
            .unwrap_or_default()
            .max(courier.timeout),
        false => courier.timeout,
    };
    let outgoing = Outgoing {
        attempt: claimed.attempt.to_string(),
        message: claimed.message.id.to_string(),
        conversation: claimed.message.conversation_id.to_string(),
        to: claimed.to.clone(),
        group: claimed.message.group_id.clone(),
        writer: writer(claimed.message.agent_id, claimed.message.agent_name.clone()),
        action: Action::Write(written),
        reply_to: claimed.message.reply_to.clone(),
        expires_at: claimed.message.expires_at,
    };
    let answer = match tokio::time::timeout(patience, adapter.send(sending, &outgoing)).await {
        Ok(answer) => answer,
        Err(_) => Err(SendError::NoAnswer(format!("none within {patience:?}"))),
    };
    if let Ok(sent) = &answer
        && let Err(error) = attach::remember(desk, scope, inbox, content, sent).await
    {
        tracing::warn!(%error, "the id under which a provider keeps a file was not kept");
    }
    (answer, reused)
}

/// Returns in whose name something goes out.
fn writer(agent: Option<AgentId>, name: Option<String>) -> Option<Writer> {
    let id = agent?.0.simple().to_string();
    Some(Writer { id, name: name? })
}

/// What it takes to speak for an inbox.
#[derive(Default)]
pub(crate) struct Account {
    /// Its secrets.
    pub(crate) credentials: Credentials,
    /// Where to call.
    pub(crate) endpoint: String,
}

/// Opens an inbox's account with its provider.
pub(crate) fn account(courier: &Courier, inbox: &inboxes::Inbox) -> Result<Account, SendError> {
    let sealed = courier
        .vault
        .open(&inbox.id.to_string(), &inbox.credentials);
    let credentials = sealed
        .ok()
        .and_then(|opened| serde_json::from_slice(opened.expose()).ok());
    let Some(credentials): Option<Credentials> = credentials else {
        let detail = "the inbox's credentials cannot be opened with the present secret key";
        return Err(refused(FailureReason::AccountRefused, detail));
    };
    let endpoint = match (&inbox.endpoint, inbox.channel) {
        (Some(own), _) => own.as_str(),
        (None, ChannelKind::Whatsapp) => courier.whatsapp_url.as_str(),
        (None, ChannelKind::Telegram) => courier.telegram_url.as_str(),
        (None, ChannelKind::Webhook) => {
            return Err(refused(
                FailureReason::AccountRefused,
                "the inbox has no callback to send to",
            ));
        }
        (None, ChannelKind::Email) => {
            return Err(refused(
                FailureReason::AccountRefused,
                "the inbox has no mail server to send through",
            ));
        }
        // It is fetched: nobody is called.
        (None, ChannelKind::Webchat) => "",
        (None, ChannelKind::Matrix) => {
            return Err(refused(
                FailureReason::AccountRefused,
                "the inbox has no homeserver to send through",
            ));
        }
    };
    Ok(Account {
        credentials,
        endpoint: endpoint.to_owned(),
    })
}

fn refused(reason: FailureReason, detail: &str) -> SendError {
    let detail = detail.to_owned();
    let failure = Failure {
        reason,
        retryable: false,
        provider_code: None,
        detail,
    };
    SendError::Refused {
        failure,
        retry_after: None,
    }
}

fn changed(
    message: &Pending,
    from: DeliveryState,
    to: DeliveryState,
    reason: Option<FailureReason>,
) -> Event {
    let (conversation, message) = (message.conversation_id, message.id);
    Event::DeliveryChanged {
        conversation,
        message,
        from,
        to,
        reason,
    }
}

/// Ends the wait of a message whose time of the next try has come: the timer's events.
pub async fn retry_due(
    desk: &Desk,
    conn: &interdesk_store::Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let mut id = MessageId(timer.subject_id);
    let (conversation, inbox) = match messages::find_place(conn, scope, id).await? {
        Some(message) => (message.conversation_id, message.inbox_id),
        None => {
            // What waits may be a change of a message too.
            let change = ChangeId(timer.subject_id);
            let Some(waiting) = message_changes::find_waiting(conn, scope, change).await? else {
                return Ok(Vec::new());
            };
            id = waiting.message_id;
            (waiting.conversation_id, waiting.inbox_id)
        }
    };
    let version = conversations::next_version(conn, scope, conversation).await?;
    let mut events = Events::of_conversation(desk, scope, conversation, version - 1, context);
    events.push(Event::MessageRetryDue {
        conversation,
        message: id,
        inbox,
    });
    Ok(events.into_list())
}

/// Ends a try that has been without an answer for too long, after a crash of whoever made it.
///
/// Where the provider knows our key a second try is safe, elsewhere the outcome is unknown.
pub async fn unknown_due(
    desk: &Desk,
    conn: &interdesk_store::Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let mut events =
        record::give_up(desk, conn, scope, MessageId(timer.subject_id), context).await?;
    if !events.is_empty() {
        // What was written after it may go now.
        events.extend(retry_due(desk, conn, scope, timer, context).await?);
    }
    Ok(events)
}

//! Messages that are to be gone: until their time they are shown, then nothing of them stays but
//! that they were there.
//!
//! The time is a durable timer. What is withdrawn is everything that tells what was said: content,
//! words, earlier versions, the provider's JSON, files and the line that lists show.

use crate::receive::stored_content;
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::{ConversationId, MessageId};
use interdesk_domain::message::{Content, Expiry};
use interdesk_domain::scope::TenantScope;
use interdesk_store::messages::{self, Progress};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, conversations, expiry as rows};

/// Notes when a message that was just stored is to be gone.
pub(crate) async fn note(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    message: MessageId,
    expiry: Expiry,
) -> Result<(), Error> {
    match expiry {
        Expiry::At(at) => {
            rows::set(conn, scope, message, Some(at), None).await?;
            wind(desk, conn, scope, message, at).await
        }
        Expiry::SecondsAfterReading(seconds) => {
            let after = i32::try_from(seconds).unwrap_or(i32::MAX);
            Ok(rows::set(conn, scope, message, None, Some(after)).await?)
        }
    }
}

/// Begins the time of what an agent has read now.
pub async fn begin_reading(
    desk: &Desk,
    scope: TenantScope,
    conversation: ConversationId,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    conversations::lock(&transaction, scope, conversation).await?;
    let begun = begin(desk, &transaction, scope, conversation).await?;
    match begun {
        0 => transaction.rollback().await?,
        _ => transaction.commit().await?,
    }
    Ok(())
}

/// Begins the time of what was read, where the conversation is locked; returns how many these are.
pub(crate) async fn begin(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
) -> Result<usize, Error> {
    let running = rows::begin(conn, scope, conversation, desk.now()).await?;
    for message in &running {
        wind(desk, conn, scope, message.id, message.expires_at).await?;
    }
    Ok(running.len())
}

async fn wind(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    message: MessageId,
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let timer = Timer {
        id: desk.id(),
        tenant_id: scope.tenant(),
        kind: TimerKind::MessageExpires,
        subject_id: message.0,
        due_at,
    };
    Ok(timers::insert(conn, &timer).await?)
}

/// Withdraws the message of a claimed timer, unless it is gone already.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that
/// the caller appends to the outbox there.
///
/// # Errors
///
/// Fails when the database does.
pub async fn due(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = MessageId(timer.subject_id);
    let Some(place) = messages::find_place(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    let conversation = place.conversation_id;
    let Some(locked) = conversations::lock(conn, scope, conversation).await? else {
        return Ok(Vec::new());
    };
    let Some(message) = rows::lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if message.expired_at.is_some() || message.expires_at.is_none_or(|at| at > desk.now()) {
        return Ok(Vec::new());
    }
    let mut events = Events::of_conversation(desk, scope, conversation, locked.version, context);
    if message.delivery == Some(DeliveryState::Queued) {
        events.push(keep_back(conn, scope, conversation, id).await?);
    }
    let marker = stored_content(&Content::Notice {
        kind: "expired".to_owned(),
        text: String::new(),
    })?;
    rows::withdraw(conn, scope, id, &marker, desk.now()).await?;
    // Idle for so long that the next sweep takes it.
    let idle_since = desk.now() - desk.settings.files.idle - Duration::seconds(1);
    rows::withdraw_files(conn, scope, id, idle_since).await?;
    events.push(Event::MessageExpired {
        conversation,
        message: id,
    });
    conversations::set_version(conn, scope, conversation, events.version()).await?;
    metrics::counter!("interdesk_messages_expired_total").increment(1);
    Ok(events.into_list())
}

/// Ends the delivery of a reply whose time was over before it left.
async fn keep_back(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Event, Error> {
    timers::cancel(conn, scope, TimerKind::DeliveryRetry, message.0).await?;
    let failure = Failure {
        reason: FailureReason::Other,
        retryable: false,
        provider_code: None,
        detail: "its time was over before it could leave".to_owned(),
    };
    let progress = Progress {
        delivery: DeliveryState::Failed,
        provider_id: None,
        failure: serde_json::to_value(&failure).ok(),
    };
    messages::mark_progress(conn, scope, message, &progress).await?;
    Ok(Event::DeliveryChanged {
        conversation,
        message,
        from: DeliveryState::Queued,
        to: DeliveryState::Failed,
        reason: Some(failure.reason),
    })
}

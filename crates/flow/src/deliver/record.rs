//! What a provider's answer changes.

use super::Claimed;
use crate::consent;
use crate::key::stored_id;
use crate::receive::stored_state;
use crate::update::{Change, Source};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{SendError, Sent, channel};
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::{AttemptId, InboxId, MessageId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::messages::{self, MessageState, Progress};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, Transaction, conversations, early, inboxes, outbox, window_touches};
use std::borrow::Cow;

/// What becomes of a message.
struct Verdict {
    to: DeliveryState,
    provider_id: Option<String>,
    failure: Option<Failure>,
    retry_at: Option<DateTime<Utc>>,
}

impl Verdict {
    /// Tells whether it failed for good because the customer blocks us or opted out.
    fn is_block(&self) -> bool {
        self.failed_for(FailureReason::NotOptedIn)
    }

    fn failed_for(&self, reason: FailureReason) -> bool {
        let failure = self.failure.as_ref();
        self.to == DeliveryState::Failed && failure.is_some_and(|it| it.reason == reason)
    }
}

/// Writes what the provider answered, unless a receipt has settled the message meanwhile.
pub(super) async fn record(
    desk: &Desk,
    scope: TenantScope,
    claimed: &Claimed,
    answer: &Result<Sent, SendError>,
    context: &Context,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    let conversation = claimed.message.conversation_id;
    let mut verdict = verdict(desk, claimed, answer);
    let ids = told_ids(answer);
    let targets: Vec<_> = ids
        .iter()
        .map(|id| (claimed.inbox.id, id.as_ref()))
        .collect();
    // A receipt under one of these ids that comes now comes before or after.
    early::lock(&transaction, scope, &targets).await?;
    conversations::lock(&transaction, scope, conversation).await?;
    let found = messages::lock(&transaction, scope, claimed.message.id).await?;
    // A later try has its own answer.
    let Some(message) = found.filter(|message| message.attempt_id == Some(claimed.attempt)) else {
        return Ok(transaction.rollback().await?);
    };
    if let Some(id) = verdict.provider_id.as_deref() {
        // The provider's own echo of this message may be stored under its id already.
        let holder =
            messages::lock_by_provider_id(&transaction, scope, claimed.inbox.id, id).await?;
        if holder.is_some_and(|holder| holder.id != message.id) {
            verdict.provider_id = None;
        }
    }
    if !may_record(message.delivery, &verdict) {
        verdict.to = message.delivery.unwrap_or(verdict.to);
        (verdict.failure, verdict.retry_at) = (None, None);
    }
    if message.delivery == Some(DeliveryState::Sent) {
        // A receipt tells that it went out meanwhile, whatever held it back.
        verdict.failure = None;
    }
    let mut events = write(desk, &transaction, scope, &message, &verdict, context).await?;
    if verdict.is_block() {
        let id = message.id;
        events.extend(consent::note_block(desk, scope, &transaction, id, context).await?);
    }
    if verdict.failed_for(FailureReason::WindowClosed) {
        window_touches::shut(&transaction, scope, message.id, desk.now()).await?;
    }
    if let Ok(sent) = answer {
        let main = message.provider_id.as_deref();
        let main = main.or(verdict.provider_id.as_deref());
        remember(desk, &transaction, scope, claimed, sent, &ids, main).await?;
        if let Some((known, also)) = &sent.same {
            let change = Change {
                desk,
                scope,
                transaction: &transaction,
            };
            let source = Source {
                inbox: claimed.inbox.id,
                at: desk.now(),
                received_at: desk.now(),
                trace: context.trace.clone(),
            };
            events.extend(change.add_address(&source, known, also).await?);
        }
    }
    if !targets.is_empty() {
        events.extend(take_early(desk, &transaction, scope, &targets).await?);
    }
    outbox::append(&transaction, &events).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(())
}

/// Returns the ids that the provider gave, as they are stored.
fn told_ids(answer: &Result<Sent, SendError>) -> Vec<Cow<'_, str>> {
    let ids = answer.as_ref().map(|sent| sent.provider_ids.as_slice());
    ids.unwrap_or_default()
        .iter()
        .map(|id| stored_id(id))
        .collect()
}

/// Keeps what the provider's answer tells beside the main id: further ids, and the adapter's state.
async fn remember(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    claimed: &Claimed,
    sent: &Sent,
    ids: &[Cow<'_, str>],
    main: Option<&str>,
) -> Result<(), Error> {
    let inbox = claimed.inbox.id;
    let ids = ids.iter().map(AsRef::as_ref);
    let further: Vec<_> = ids
        .filter(|id| Some(*id) != main && !id.is_empty())
        .collect();
    if !further.is_empty() {
        messages::insert_ids(conn, scope, inbox, claimed.message.id, &further).await?;
    }
    if let Some(state) = sent.state.as_deref().and_then(stored_state) {
        let known = claimed.message.state.as_deref();
        let place = (claimed.message.conversation_id, inbox);
        let contact = claimed.message.contact_id;
        conversations::save_state(conn, scope, place, contact, known, state, desk.now()).await?;
    }
    Ok(())
}

/// Ends a try without an answer.
pub(super) async fn give_up(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    id: MessageId,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let Some(place) = messages::find_place(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    conversations::lock(conn, scope, place.conversation_id).await?;
    let Some(message) = messages::lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if message.delivery != Some(DeliveryState::Sending) {
        return Ok(Vec::new());
    }
    let inbox = inboxes::find(conn, scope, message.inbox_id).await?;
    let repeats_are_safe =
        inbox.is_some_and(|it| channel(it.channel).capabilities().idempotency_key);
    let failure = no_answer("the try was interrupted", repeats_are_safe);
    let verdict = match repeats_are_safe {
        true => Verdict {
            to: DeliveryState::Queued,
            provider_id: None,
            failure: Some(failure),
            retry_at: Some(desk.now()),
        },
        false => Verdict {
            to: DeliveryState::Unknown,
            provider_id: None,
            failure: Some(failure),
            retry_at: None,
        },
    };
    write(desk, conn, scope, &message, &verdict, context).await
}

// Receipts that came before the answer rank above it; a message that waits for its next try or
// whose outcome is unknown may only be there because nobody has told yet.
fn may_record(present: Option<DeliveryState>, verdict: &Verdict) -> bool {
    match present {
        Some(DeliveryState::Sending | DeliveryState::Unknown) => true,
        Some(present) => present.after_receipt(verdict.to) == verdict.to,
        None => false,
    }
}

fn verdict(desk: &Desk, claimed: &Claimed, answer: &Result<Sent, SendError>) -> Verdict {
    let repeats_are_safe = channel(claimed.inbox.channel)
        .capabilities()
        .idempotency_key;
    match answer {
        Ok(sent) => Verdict {
            to: DeliveryState::Sent,
            provider_id: sent
                .provider_ids
                .first()
                .map(|id| stored_id(id).into_owned()),
            failure: sent.held.clone(),
            retry_at: None,
        },
        Err(SendError::Refused {
            failure,
            retry_after,
        }) if failure.retryable => again(desk, claimed, failure.clone(), *retry_after),
        Err(SendError::Refused { failure, .. }) => Verdict {
            to: DeliveryState::Failed,
            provider_id: None,
            failure: Some(failure.clone()),
            retry_at: None,
        },
        Err(SendError::NoAnswer(detail)) if repeats_are_safe => {
            again(desk, claimed, no_answer(detail, true), None)
        }
        Err(SendError::NoAnswer(detail)) => Verdict {
            to: DeliveryState::Unknown,
            provider_id: None,
            failure: Some(no_answer(detail, false)),
            retry_at: None,
        },
    }
}

fn again(
    desk: &Desk,
    claimed: &Claimed,
    mut failure: Failure,
    retry_after: Option<Duration>,
) -> Verdict {
    if claimed.attempts >= desk.settings.delivery_attempts {
        failure.retryable = false;
        failure.detail = format!("{} ({} tries)", failure.detail, claimed.attempts);
        let to = DeliveryState::Failed;
        return Verdict {
            to,
            provider_id: None,
            failure: Some(failure),
            retry_at: None,
        };
    }
    let pause = pause(claimed.attempt, claimed.attempts, retry_after);
    Verdict {
        to: DeliveryState::Queued,
        provider_id: None,
        failure: Some(failure),
        retry_at: Some(desk.now() + pause),
    }
}

/// Returns how long to wait before the next try: 1, 4, 16, 64… seconds, or what the provider asks for, an
/// hour at most, and up to a quarter longer. Many that failed at once do not come back at once; the id of
/// the try decides, which is as good as dice.
fn pause(attempt: AttemptId, attempts: i32, retry_after: Option<Duration>) -> Duration {
    let own = Duration::seconds(4_i64.pow((attempts - 1).clamp(0, 5) as u32));
    let pause = retry_after
        .unwrap_or(own)
        .clamp(Duration::milliseconds(100), Duration::hours(1));
    let die = attempt.0.as_bytes()[15];
    pause + pause * i32::from(die) / (4 * 256)
}

fn no_answer(detail: &str, retryable: bool) -> Failure {
    let detail = match retryable {
        true => format!("no answer from the provider: {detail}; it is tried again"),
        false => format!(
            "no answer from the provider: {detail}; the customer may or may not have it, so it is \
             not sent again by itself"
        ),
    };
    Failure {
        reason: FailureReason::NoAnswer,
        retryable,
        provider_code: None,
        detail,
    }
}

async fn write(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    message: &MessageState,
    verdict: &Verdict,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    timers::cancel(conn, scope, TimerKind::DeliveryUnknown, message.id.0).await?;
    let failure = verdict.failure.as_ref();
    let progress = Progress {
        delivery: verdict.to,
        provider_id: verdict.provider_id.clone(),
        failure: failure.and_then(|failure| serde_json::to_value(failure).ok()),
    };
    messages::mark_progress(conn, scope, message.id, &progress).await?;
    if let Some(due_at) = verdict.retry_at {
        let timer = Timer {
            id: desk.id(),
            tenant_id: scope.tenant(),
            kind: TimerKind::DeliveryRetry,
            subject_id: message.id.0,
            due_at,
        };
        timers::insert(conn, &timer).await?;
    }
    let from = message.delivery.unwrap_or(DeliveryState::Sending);
    if from == verdict.to {
        return Ok(Vec::new());
    }
    let conversation = message.conversation_id;
    let version = conversations::next_version(conn, scope, conversation).await?;
    let mut events = Events::of_conversation(desk, scope, conversation, version - 1, context);
    let reason = failure.map(|failure| failure.reason);
    events.push(Event::DeliveryChanged {
        conversation,
        message: message.id,
        from,
        to: verdict.to,
        reason,
    });
    Ok(events.into_list())
}

/// Applies the receipts that overtook the provider's answer.
async fn take_early(
    desk: &Desk,
    transaction: &Transaction,
    scope: TenantScope,
    targets: &[(InboxId, &str)],
) -> Result<Vec<Envelope>, Error> {
    let waiting = early::list(transaction, scope, targets).await?;
    let change = Change {
        desk,
        scope,
        transaction,
    };
    let mut events = Vec::new();
    let mut done = Vec::new();
    for early in waiting {
        done.push(early.id);
        events.extend(change.settle(&early).await?);
    }
    if !done.is_empty() {
        early::delete(transaction, scope, done).await?;
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_wait_longer_each_time_and_not_all_alike() {
        let attempt = |die: u8| AttemptId(uuid::Uuid::from_bytes([die; 16]));
        let seconds = |die, attempts, asked: Option<i64>| {
            let wait = pause(attempt(die), attempts, asked.map(Duration::seconds));
            wait.num_milliseconds() as f64 / 1_000.0
        };
        for (attempts, asked, least) in [
            (1, None, 1.0),
            (2, None, 4.0),
            (4, None, 64.0),
            (9, None, 1_024.0),
            (1, Some(14), 14.0),
            (1, Some(0), 0.1),
            (1, Some(86_400), 3_600.0),
        ] {
            let (first, last) = (seconds(0, attempts, asked), seconds(255, attempts, asked));
            assert_eq!(first, least, "{attempts} {asked:?}");
            assert!(last > least * 1.2 && last < least * 1.25, "{last}");
        }
    }
}

//! How fast replies leave: what the provider would refuse waits here and goes later, in order.
//!
//! The buckets are in the cache, so all processes share them. A cache that is away holds nobody up:
//! then the provider's own refusals slow us down.

use super::Adapters;
use crate::{Desk, Error, conflict};
use chrono::Duration;
use interdesk_cache::Bucket;
use interdesk_channels::{Channel, Pace, PaceOf, SendError};
use interdesk_domain::id::ConversationId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::conversations;
use interdesk_store::messages::{self, Turn};
use interdesk_store::timers::{self, Timer, TimerKind};

/// How long one waits on the spot; who has to wait longer is woken by a timer.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(250);

/// How long the others wait where the provider does not say.
const REST: Duration = Duration::seconds(1);

/// How often one asks on the spot.
const ASKS: u32 = 8;

/// Whether the next reply of a conversation may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// What it took from.
    Now(Vec<(PaceOf, Bucket)>),
    /// There is none, or a timer has it.
    NotNow,
}

/// Waits for the turn of a conversation's next reply; a long wait is left to a timer.
pub(super) async fn turn(
    desk: &Desk,
    scope: TenantScope,
    conversation: ConversationId,
    adapters: Adapters,
) -> Result<Leave, Error> {
    let find = async |conn: &_| messages::find_turn(conn, scope, conversation).await;
    let (transaction, turn) = desk.database.begin_with(scope, find).await?;
    transaction.rollback().await?;
    let Some(turn) = turn else {
        return Ok(Leave::NotNow);
    };
    let channel = turn.channel.as_str();
    let own = buckets(&turn, adapters(turn.channel).capabilities().paces);
    let buckets: Vec<Bucket> = own.iter().map(|(_, bucket)| bucket.clone()).collect();
    let began = desk.clock.now();
    for _ in 0..ASKS {
        let wait = match desk.cache.take(&buckets).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "nobody knows how fast replies leave");
                return Ok(Leave::Now(own));
            }
        };
        if wait.is_zero() {
            let waited = (desk.clock.now() - began).to_std().unwrap_or_default();
            metrics::histogram!("interdesk_delivery_turn_seconds", "channel" => channel)
                .record(waited.as_secs_f64());
            return Ok(Leave::Now(own));
        }
        if wait > PATIENCE {
            return later(desk, scope, conversation, &turn, wait).await;
        }
        tokio::time::sleep(wait).await;
    }
    later(desk, scope, conversation, &turn, PATIENCE).await
}

/// Returns what has to be taken from before a reply leaves.
fn buckets(turn: &Turn, paces: &[Pace]) -> Vec<(PaceOf, Bucket)> {
    let own = turn.per_second.and_then(|it| u32::try_from(it).ok());
    let inbox = turn.inbox_id;
    let bucket = |pace: &Pace| {
        let key = match (pace.of, &turn.group_id) {
            (PaceOf::Account, _) => format!("{inbox}"),
            (PaceOf::Person, None) => format!("{inbox}:{}", turn.contact_id),
            (PaceOf::Group, Some(group)) => format!("{inbox}:{group}"),
            (PaceOf::Person, Some(_)) | (PaceOf::Group, None) => return None,
        };
        let of = pace.of;
        let pace = match (of, own) {
            (PaceOf::Account, Some(own)) => Pace::account(own),
            _ => *pace,
        };
        let bucket = Bucket {
            key: format!("leave:{}:{key}", of.as_str()),
            every: pace.every,
            burst: pace.burst,
        };
        Some((of, bucket))
    };
    paces.iter().filter_map(bucket).collect()
}

/// Lets wait what a refusal as one too many is about, for as long as the provider asks, so that what is
/// behind it is not refused as well.
pub(super) async fn slow_down(
    desk: &Desk,
    adapter: &dyn Channel,
    buckets: &[(PaceOf, Bucket)],
    in_group: bool,
    error: &SendError,
) {
    let SendError::Refused {
        failure,
        retry_after,
    } = error
    else {
        return;
    };
    let of = adapter.slows(failure, in_group);
    let Some((_, bucket)) = buckets.iter().find(|(own, _)| Some(*own) == of) else {
        return;
    };
    let wait = retry_after.unwrap_or(REST).clamp(REST, Duration::hours(1));
    let wait = wait.to_std().unwrap_or_default();
    if let Err(error) = desk.cache.hold(bucket, wait).await {
        tracing::warn!(%error, "others are not held back");
    }
}

/// Lets a timer wake the conversation; the reply stays as it is, so this is no try.
async fn later(
    desk: &Desk,
    scope: TenantScope,
    conversation: ConversationId,
    turn: &Turn,
    wait: std::time::Duration,
) -> Result<Leave, Error> {
    metrics::counter!("interdesk_deliveries_paced_total", "channel" => turn.channel.as_str())
        .increment(1);
    let wait = Duration::from_std(wait).unwrap_or(Duration::hours(1));
    let due_at = desk.now() + wait.clamp(Duration::milliseconds(1), Duration::hours(1));
    conflict::retry(async || {
        let transaction = desk.database.begin(scope).await?;
        conversations::lock(&transaction, scope, conversation).await?;
        let present = messages::find_turn(&transaction, scope, conversation).await?;
        if present.is_some_and(|present| present.id == turn.id) {
            let timer = Timer {
                id: desk.id(),
                tenant_id: scope.tenant(),
                kind: TimerKind::DeliveryRetry,
                subject_id: turn.id.0,
                due_at,
            };
            timers::insert(&transaction, &timer).await?;
        }
        transaction.commit().await?;
        Ok(Leave::NotNow)
    })
    .await
}

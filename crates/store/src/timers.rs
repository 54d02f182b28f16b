//! Deadlines that outlive a restart.

use crate::sql::{Bind, Column, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::sql_types as ty;
use diesel::{OptionalExtension, deserialize};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{TenantId, TimerId};
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

/// What happens when a timer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimerKind {
    /// An offer's deadline: the subject is the offer.
    OfferExpires,
    /// A delivery is worth another try: the subject is the message.
    DeliveryRetry,
    /// A try has been without an answer for too long: the subject is the message.
    DeliveryUnknown,
    /// A message is to be gone: the subject is the message.
    MessageExpires,
    /// A snooze is over: the subject is the conversation.
    SnoozeEnds,
    /// The time for the paperwork is over: the subject is the work item.
    WrapUpEnds,
    /// A colleague did not answer whether they take work over: the subject is the transfer.
    TransferExpires,
    /// An owner has been away for the grace that they have: the subject is the work item.
    OwnerAbsent,
    /// An agent went offline: the subject is the agent.
    AgentGone,
    /// What a limit made of work is told to its customer: the subject is the work item.
    LimitTold,
    /// A clock of service levels comes due: the subject is the episode, or the tenant where the time
    /// of its service levels comes.
    SlaWake,
}

impl TimerKind {
    const ALL: [Self; 11] = [
        Self::OfferExpires,
        Self::DeliveryRetry,
        Self::DeliveryUnknown,
        Self::MessageExpires,
        Self::SnoozeEnds,
        Self::WrapUpEnds,
        Self::TransferExpires,
        Self::OwnerAbsent,
        Self::AgentGone,
        Self::LimitTold,
        Self::SlaWake,
    ];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OfferExpires => "offer_expires",
            Self::DeliveryRetry => "delivery_retry",
            Self::DeliveryUnknown => "delivery_unknown",
            Self::MessageExpires => "message_expires",
            Self::SnoozeEnds => "snooze_ends",
            Self::WrapUpEnds => "wrap_up_ends",
            Self::TransferExpires => "transfer_expires",
            Self::OwnerAbsent => "owner_absent",
            Self::AgentGone => "agent_gone",
            Self::LimitTold => "limit_told",
            Self::SlaWake => "sla_wake",
        }
    }
}

impl Bind for TimerKind {
    type Sql = ty::Text;
    type Raw = &'static str;
    fn encode(self) -> &'static str {
        self.as_str()
    }
}

impl Column for TimerKind {
    type Sql = ty::Text;
    type Raw = String;
    fn decode(raw: String) -> deserialize::Result<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == raw)
            .ok_or_else(|| format!("{raw:?} is no timer").into())
    }
}

row! {
    /// A deadline.
    pub struct Timer {
        /// Which timer.
        pub id: TimerId,
        /// Whose.
        pub tenant_id: TenantId,
        /// What happens.
        pub kind: TimerKind,
        /// To what.
        pub subject_id: Uuid,
        /// When.
        pub due_at: DateTime<Utc>,
    }
}

/// Sets a timer.
pub async fn insert(conn: &Conn, timer: &Timer) -> Result<(), Error> {
    sql("INSERT INTO timers (id, tenant_id, kind, subject_id, due_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(timer.id)
        .bind(timer.tenant_id)
        .bind(timer.kind)
        .bind(timer.subject_id)
        .bind(timer.due_at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists timers of all tenants that are due, earliest first, but for those that rest after a
/// failure; for the system's role.
pub async fn list_due(
    conn: &Conn,
    now: DateTime<Utc>,
    resting: &[TimerId],
    limit: i64,
) -> Result<Vec<Timer>, Error> {
    let due = sql("SELECT id, tenant_id, kind, subject_id, due_at FROM timers
         WHERE due_at <= $1 AND id <> ALL ($2) ORDER BY due_at LIMIT $3")
    .bind(now)
    .bind(many(resting, |id| *id))
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(due)
}

/// Returns when the next timer of any tenant will be due; for the system's role.
pub async fn find_next(conn: &Conn, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    row! {
        /// When the next timer is due.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Next {
            /// When.
            pub due_at: DateTime<Utc>,
        }
    }
    let next: Option<Next> =
        sql("SELECT due_at FROM timers WHERE due_at > $1 ORDER BY due_at LIMIT 1")
            .bind(now)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(next.map(|next| next.due_at))
}

/// Takes a timer off the table, unless somebody else holds or took it: then the answer is `false`.
///
/// The effect happens in the same transaction, so a crash brings the timer back.
pub async fn claim(conn: &Conn, _scope: TenantScope, id: TimerId) -> Result<bool, Error> {
    let deleted = sql("DELETE FROM timers WHERE id IN
         (SELECT id FROM timers WHERE id = $1 FOR UPDATE SKIP LOCKED)")
    .bind(id)
    .execute(&mut &*conn)
    .await?;
    Ok(deleted == 1)
}

/// Removes the timers of one kind for a subject, where they are no longer needed.
///
/// One that is going off at this moment is left to whoever holds it: waiting for it under a lock
/// that it needs itself would be a deadlock, and it finds nothing to do.
pub async fn cancel(
    conn: &Conn,
    _scope: TenantScope,
    kind: TimerKind,
    subject: Uuid,
) -> Result<(), Error> {
    sql("DELETE FROM timers WHERE id IN
         (SELECT id FROM timers WHERE subject_id = $1 AND kind = $2 FOR UPDATE SKIP LOCKED)")
    .bind(subject)
    .bind(kind)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

//! What people and programs are told beside their work.

use crate::sql::{Bind, Column, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::sql_types as ty;
use diesel::{OptionalExtension, deserialize};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Clock, Medium};

/// What somebody is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// The deadline of a clock is near.
    SlaWarning,
    /// The target of a clock was used up.
    SlaBreach,
    /// A step at or after that came.
    SlaStep,
}

impl NotificationKind {
    const ALL: [Self; 3] = [Self::SlaWarning, Self::SlaBreach, Self::SlaStep];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlaWarning => "sla_warning",
            Self::SlaBreach => "sla_breach",
            Self::SlaStep => "sla_step",
        }
    }
}

impl Bind for NotificationKind {
    type Sql = ty::Text;
    type Raw = &'static str;
    fn encode(self) -> &'static str {
        self.as_str()
    }
}

impl Column for NotificationKind {
    type Sql = ty::Text;
    type Raw = String;
    fn decode(raw: String) -> deserialize::Result<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == raw)
            .ok_or_else(|| format!("{raw:?} is no notification").into())
    }
}

row! {
    /// Something that somebody is told.
    pub struct Notification {
        /// Which.
        pub id: NotificationId,
        /// How.
        pub medium: Medium,
        /// Whom; none is the tenant's own address.
        pub recipient_id: Option<AgentId>,
        /// What about.
        pub kind: NotificationKind,
        /// About which conversation.
        pub conversation_id: ConversationId,
        /// About which episode.
        pub episode_id: EpisodeId,
        /// About which clock.
        pub clock: Clock,
        /// About which run of it.
        pub started_by: EventId,
        /// The name of the step; empty for the breach itself.
        pub step: String,
        /// When it came, as computed.
        pub at: DateTime<Utc>,
        /// When the target is, or was, used up.
        pub deadline: Option<DateTime<Utc>>,
        /// When it was written down.
        pub made_at: DateTime<Utc>,
        /// When it is told.
        pub due_at: DateTime<Utc>,
        /// When the recipient read it.
        pub read_at: Option<DateTime<Utc>>,
        /// When it was sent.
        pub sent_at: Option<DateTime<Utc>>,
        /// How often that was tried.
        pub attempts: i32,
        /// When to try next.
        pub try_at: Option<DateTime<Utc>>,
        /// Why it could not be told.
        pub failure: Option<String>,
    }
}

macro_rules! columns {
    () => {
        "id, medium, recipient_id, kind, conversation_id, episode_id, clock, started_by, step, at,
         deadline, made_at, due_at, read_at, sent_at, attempts, try_at, failure"
    };
}

/// Writes down what somebody is told; `false` if it was written down before.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    notification: &Notification,
) -> Result<bool, Error> {
    let inserted = sql(
        "INSERT INTO notifications (tenant_id, id, medium, recipient_id, kind, conversation_id,
            episode_id, clock, started_by, step, at, deadline, made_at, due_at, try_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant())
    .bind(notification.id)
    .bind(notification.medium)
    .bind(notification.recipient_id)
    .bind(notification.kind)
    .bind(notification.conversation_id)
    .bind(notification.episode_id)
    .bind(notification.clock)
    .bind(notification.started_by)
    .bind(notification.step.as_str())
    .bind(notification.at)
    .bind(notification.deadline)
    .bind(notification.made_at)
    .bind(notification.due_at)
    .bind(notification.try_at)
    .execute(&mut &*conn)
    .await?;
    Ok(inserted == 1)
}

/// Lists what an agent is told in the desk, the latest first, beyond a place.
pub async fn list_of_agent(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
    only_unread: bool,
    before: Option<(DateTime<Utc>, NotificationId)>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    let (at, id) = before.unzip();
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications
         WHERE recipient_id = $1 AND medium = 'in_app' AND due_at <= $2
            AND (NOT $3 OR read_at IS NULL)
            AND ($4::timestamptz IS NULL OR (due_at, id) < ($4, $5))
         ORDER BY due_at DESC, id DESC LIMIT $6"
    ))
    .bind(agent)
    .bind(now)
    .bind(only_unread)
    .bind(at)
    .bind(id)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Marks what an agent is told as read: one thing, or all that is due. Returns how many were not.
pub async fn mark_read(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    only: Option<NotificationId>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let changed = sql("UPDATE notifications SET read_at = $2
         WHERE recipient_id = $1 AND medium = 'in_app' AND read_at IS NULL AND due_at <= $2
            AND ($3::uuid IS NULL OR id = $3)")
    .bind(agent)
    .bind(now)
    .bind(only)
    .execute(&mut &*conn)
    .await?;
    Ok(changed)
}

row! {
    /// Something that waits to be sent.
    pub struct Unsent {
        /// Whose.
        pub tenant_id: TenantId,
        /// Which.
        pub id: NotificationId,
    }
}

/// Lists what waits to be sent, of all tenants; for the system's role.
pub async fn list_unsent(
    conn: &Conn,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Unsent>, Error> {
    let found = sql("SELECT tenant_id, id FROM notifications
         WHERE try_at <= $1 ORDER BY try_at LIMIT $2")
    .bind(now)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Claims a try: until `lease` nobody else makes one. None if somebody else has it or it is settled.
pub async fn claim(
    conn: &Conn,
    _scope: TenantScope,
    id: NotificationId,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
) -> Result<Option<Notification>, Error> {
    let claimed = sql(concat!(
        "UPDATE notifications SET attempts = attempts + 1, try_at = $3
         WHERE id IN (SELECT id FROM notifications WHERE id = $1 AND try_at <= $2
            FOR NO KEY UPDATE SKIP LOCKED)
         RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(now)
    .bind(lease)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(claimed)
}

/// Writes down what came of a try: sent, to be tried again, or given up.
pub async fn settle(
    conn: &Conn,
    _scope: TenantScope,
    id: NotificationId,
    sent_at: Option<DateTime<Utc>>,
    try_at: Option<DateTime<Utc>>,
    failure: Option<&str>,
) -> Result<(), Error> {
    sql("UPDATE notifications SET sent_at = $2, try_at = $3, failure = $4 WHERE id = $1")
        .bind(id)
        .bind(sent_at)
        .bind(try_at)
        .bind(failure)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// Somebody who may be told.
    pub struct Recipient {
        /// Who.
        pub agent_id: AgentId,
        /// Their address.
        pub email: String,
        /// Their hours.
        pub schedule_id: Option<ScheduleId>,
        /// Until when they are off, if they are.
        pub absent_until: Option<DateTime<Utc>>,
    }
}

macro_rules! recipients {
    ($now:literal, $from:literal) => {
        concat!(
            "SELECT DISTINCT a.id AS agent_id, a.email, a.schedule_id, (
                SELECT max(o.ends_at) FROM agent_absences o WHERE o.agent_id = a.id
                    AND o.removed_at IS NULL AND o.starts_at <= ",
            $now,
            " AND o.ends_at > ",
            $now,
            ") AS absent_until ",
            $from,
            " AND a.disabled_at IS NULL AND a.kind = 'person' ORDER BY a.id"
        )
    };
}

/// Lists agents by their ids, and who of them is off now.
pub async fn list_agents(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
    now: DateTime<Utc>,
) -> Result<Vec<Recipient>, Error> {
    let found = sql(recipients!("$2", "FROM agents a WHERE a.id = ANY ($1)"))
        .bind(many(agents, |id| *id))
        .bind(now)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Lists the members of the teams that serve a queue, or those of them who steer others.
pub async fn list_team(
    conn: &Conn,
    _scope: TenantScope,
    queue: QueueId,
    only_supervisors: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Recipient>, Error> {
    let found = sql(recipients!(
        "$3",
        "FROM queue_teams q JOIN team_members m ON m.team_id = q.team_id
         JOIN agents a ON a.id = m.agent_id
         WHERE q.queue_id = $1 AND (NOT $2 OR a.role = 'supervisor' OR a.role_id IN (
            SELECT id FROM roles WHERE 'conversations_steer' = ANY (permissions)))"
    ))
    .bind(queue)
    .bind(only_supervisors)
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists everybody who steers others.
pub async fn list_supervisors(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
) -> Result<Vec<Recipient>, Error> {
    let found = sql(recipients!(
        "$2",
        "FROM agents a WHERE a.tenant_id = $1 AND (a.role IN ('supervisor', 'admin')
            OR a.role_id IN (SELECT id FROM roles WHERE 'conversations_steer' = ANY (permissions)))"
    ))
    .bind(scope.tenant())
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// An inbox.
    pub struct MailInbox {
        /// Which.
        pub id: InboxId,
    }
}

/// Finds the inbox through which mails leave: the first of the workspace.
pub async fn find_mail_inbox(conn: &Conn, scope: TenantScope) -> Result<Option<InboxId>, Error> {
    let found: Option<MailInbox> = sql("SELECT id FROM inboxes
         WHERE tenant_id = $1 AND channel = 'email' AND enabled ORDER BY created_at, id LIMIT 1")
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(|found| found.id))
}

row! {
    /// The tenant's own address.
    pub struct Hook {
        /// The address.
        pub url: String,
        /// What signs the calls, sealed.
        pub secret: Vec<u8>,
    }
}

/// Finds the tenant's own address.
pub async fn find_hook(conn: &Conn, scope: TenantScope) -> Result<Option<Hook>, Error> {
    let found = sql("SELECT url, secret FROM notification_hooks WHERE tenant_id = $1")
        .bind(scope.tenant())
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Sets the tenant's own address, or takes it away.
pub async fn set_hook(
    conn: &Conn,
    scope: TenantScope,
    hook: Option<&Hook>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    match hook {
        Some(hook) => {
            sql(
                "INSERT INTO notification_hooks (tenant_id, url, secret, changed_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id) DO UPDATE SET
                    url = EXCLUDED.url, secret = EXCLUDED.secret, changed_at = EXCLUDED.changed_at",
            )
            .bind(scope.tenant())
            .bind(hook.url.as_str())
            .bind(hook.secret.as_slice())
            .bind(now)
            .execute(&mut &*conn)
            .await?
        }
        None => {
            sql("DELETE FROM notification_hooks WHERE tenant_id = $1")
                .bind(scope.tenant())
                .execute(&mut &*conn)
                .await?
        }
    };
    Ok(())
}

/// Tells whether an agent is told something.
pub async fn is_told(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    id: NotificationId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM notifications
         WHERE id = $1 AND recipient_id = $2 AND medium = 'in_app' AND due_at <= $3")
    .bind(id)
    .bind(agent)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(found == 1)
}

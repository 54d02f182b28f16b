//! How queues stand.

use crate::access::{Audience, requires};
use crate::live::{Logged, View, Watch, patiently};
use crate::types::{self, Queue, QueueStats};
use crate::viewer::parse;
use crate::{Cursor, Error};
use async_graphql::{Context, ID, Interface, Object, Subscription};
use chrono::{DateTime, Utc};
use futures::Stream;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::QueueId;
use interdesk_domain::permission::Permission;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_store::read::queue_stats::{self, QueueStats as Stats};
use interdesk_store::read::queues;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long changes are gathered.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is looked without a reason: promises come near their end by time alone.
const LOOK: Duration = Duration::from_secs(15);
/// How many queues may be named.
const QUEUES: usize = 100;

/// How queues stand.
#[derive(Default)]
pub(super) struct QueueStatsSubscription;

#[Subscription]
impl QueueStatsSubscription {
    /// How queues stand: all of them, and then each that stands otherwise, twice a second at most.
    #[graphql(directive = requires::apply(Some(types::Permission::WorkspaceRead)))]
    async fn queue_stats(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which queues, 100 at most; all unless told.")] queue_ids: Option<Vec<ID>>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<QueueStatsChange, Error>> + use<>, Error> {
        if queue_ids.as_ref().is_some_and(|ids| ids.len() > QUEUES) {
            let text = format!("queueIds must be at most {QUEUES}");
            return Err(Error::BadInput(text));
        }
        let wanted = queue_ids.map(|ids| ids.iter().filter_map(parse).collect());
        let queues = Queues {
            wanted,
            told: HashMap::new(),
            last: 0,
            due: None,
        };
        Watch::begin(context, after, queues).await
    }
}

/// What changed about how queues stand.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
pub(crate) enum QueueStatsChange {
    /// How all of them stand.
    QueueStatsSnapshot(QueueStatsSnapshot),
    /// How one of them stands.
    QueueStanding(QueueStanding),
}

/// How queues stand.
#[derive(Debug, Clone)]
pub(crate) struct QueueStatsSnapshot {
    cursor: Cursor,
    queues: Vec<QueueStanding>,
}

/// How queues stand, by name.
#[Object]
impl QueueStatsSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The queues.
    #[graphql(directive = crate::cost::list_size::apply(10, None, None))]
    async fn queues(&self) -> &[QueueStanding] {
        &self.queues
    }
}

/// How a queue stands.
#[derive(Debug, Clone)]
pub(crate) struct QueueStanding {
    cursor: Cursor,
    queue: Queue,
    stats: Stats,
    at: DateTime<Utc>,
}

/// How a queue stands now.
#[Object]
impl QueueStanding {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The queue.
    async fn queue(&self) -> &Queue {
        &self.queue
    }

    /// How it stands.
    async fn stats(&self) -> QueueStats {
        QueueStats::of(self.stats.clone(), self.at)
    }
}

/// Queues and how they stand at a moment.
type Loaded = (Vec<queues::Queue>, HashMap<QueueId, Stats>, DateTime<Utc>);

/// Queues, and what was told of them.
struct Queues {
    wanted: Option<Vec<QueueId>>,
    told: HashMap<QueueId, Stats>,
    /// The last event that was heard.
    last: u64,
    due: Option<Instant>,
}

impl Queues {
    /// Gives the queues that stand otherwise than was told.
    async fn changed(&mut self, audience: &Audience) -> Vec<QueueStanding> {
        let (desk, scope) = (audience.desk(), audience.viewer().scope());
        let (queues, mut stats, at) = patiently!(self.load(desk, scope).await);
        let cursor = Cursor::of_event(scope.tenant(), self.last);
        let mut changed = Vec::new();
        for queue in queues {
            let now = stats.remove(&queue.id).unwrap_or_default();
            if self.told.get(&queue.id) != Some(&now) {
                self.told.insert(queue.id, now.clone());
                changed.push(QueueStanding {
                    cursor: cursor.clone(),
                    queue: Queue(queue),
                    stats: now,
                    at,
                });
            }
        }
        self.due = Some(Instant::now() + LOOK);
        changed
    }

    async fn load(
        &self,
        desk: &Desk,
        scope: TenantScope,
    ) -> Result<Loaded, interdesk_store::Error> {
        let now = desk.now();
        let conn = desk.database.begin(scope).await?;
        let mut queues = queues::list(&conn, scope).await?;
        if let Some(wanted) = &self.wanted {
            queues.retain(|queue| wanted.contains(&queue.id));
        }
        let ids: Vec<QueueId> = queues.iter().map(|queue| queue.id).collect();
        let stats = queue_stats::list(&conn, scope, &ids, now).await?;
        conn.commit().await?;
        Ok((queues, stats, now))
    }
}

impl View for Queues {
    type Change = QueueStatsChange;
    const NEEDS: Permission = Permission::WorkspaceRead;

    async fn begin(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> Result<Vec<QueueStatsChange>, Error> {
        self.last = seq;
        let queues = self.changed(audience).await;
        let cursor = Cursor::of_event(audience.viewer().tenant, seq);
        let snapshot = QueueStatsSnapshot { cursor, queues };
        Ok(vec![QueueStatsChange::QueueStatsSnapshot(snapshot)])
    }

    // What was told before is not known any more, so all of them are told.
    async fn resume(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> Result<Vec<QueueStatsChange>, Error> {
        self.last = seq;
        self.catch_up(audience).await
    }

    async fn follow(
        &mut self,
        _: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<QueueStatsChange>, Error> {
        self.last = logged.seq;
        let Some(envelope) = &logged.envelope else {
            return Ok(Vec::new());
        };
        if concerns_queues(envelope.aggregate.kind, &envelope.event) {
            let soon = Instant::now() + PAUSE;
            self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
        }
        Ok(Vec::new())
    }

    fn is_due(&self) -> Option<Instant> {
        self.due
    }

    async fn catch_up(&mut self, audience: &Audience) -> Result<Vec<QueueStatsChange>, Error> {
        let changed = self.changed(audience).await.into_iter();
        Ok(changed.map(QueueStatsChange::QueueStanding).collect())
    }
}

/// Tells whether a queue may stand otherwise after an event.
fn concerns_queues(kind: AggregateKind, event: &Event) -> bool {
    match kind {
        AggregateKind::Contact | AggregateKind::Inbox => false,
        AggregateKind::Agent | AggregateKind::Tenant | AggregateKind::Episode => true,
        AggregateKind::Conversation => !matches!(
            event,
            Event::MessageEdited { .. }
                | Event::MessageDeleted { .. }
                | Event::ReactionChanged { .. }
                | Event::DeliveryChanged { .. }
                | Event::NoteWritten { .. }
                | Event::NoteDeleted { .. }
                | Event::ConversationTagged { .. }
                | Event::ConversationUntagged { .. }
        ),
    }
}

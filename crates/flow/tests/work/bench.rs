//! A desk over a world of its own, with the moves that most tests make.

use chrono::Duration;
use interdesk_cache::MemoryCache;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::accept::{AcceptOutcome, accept};
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::hold::{self, Hold};
use interdesk_flow::release::{self, Release};
use interdesk_flow::route::{self, Passed};
use interdesk_flow::snooze::{self, Snooze};
use interdesk_flow::transfer::{self, To, Transfer};
use interdesk_flow::transfer_answer::{self, Say};
use interdesk_flow::{Context, Desk, Settings, absence, expire, presence, resolve, take, wrap_up};
use interdesk_store::timers::{self, TimerKind};
use interdesk_store::{offers, outbox};
use interdesk_testkit::World;
use std::sync::Arc;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) tenant: TenantId,
}

impl Bench {
    pub(crate) async fn fresh() -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        let tenant = world.tenant().await;
        Self {
            world,
            desk,
            tenant,
        }
    }

    pub(crate) fn scope(&self) -> TenantScope {
        TenantScope::new(self.tenant)
    }

    /// Adds an agent who is online and was heard from.
    pub(crate) async fn agent(&self, capacity: i32) -> Viewer {
        let viewer = self.world.agent(self.tenant, capacity).await;
        presence::seen(&self.desk, viewer.agent).await;
        viewer
    }

    pub(crate) async fn queue(&self, agents: &[&Viewer]) -> QueueId {
        let agents: Vec<AgentId> = agents.iter().map(|agent| agent.agent).collect();
        self.world.queue(self.tenant, &agents).await
    }

    /// Gives a new conversation of a queue to an agent.
    pub(crate) async fn work(
        &self,
        queue: QueueId,
        agent: &Viewer,
    ) -> (ConversationId, WorkItemId) {
        let waiting = self.world.waiting(self.tenant, queue).await;
        done(&self.claim(agent, waiting.work_item).await);
        (waiting.conversation, waiting.work_item)
    }

    /// Says how a queue is served.
    pub(crate) async fn policy(&self, queue: QueueId, body: serde_json::Value) {
        let (tenant, queue) = (self.tenant.0, queue.0);
        let statement = format!(
            "INSERT INTO policies (tenant_id, kind, id, name, latest, version, created_at)
             VALUES ('{tenant}', 'queue', '{queue}', 'Queue', 1, 1, '2000-01-01');
             INSERT INTO policy_versions (tenant_id, kind, id, version, body, note, made_at,
                effective_from)
             VALUES ('{tenant}', 'queue', '{queue}', 1, '{body}', '', '2000-01-01', '2000-01-01');"
        );
        self.world.test.execute_as_owner(&statement).await;
    }

    pub(crate) async fn pass(&self) -> Passed {
        let reasons = Context::system(None, None).into();
        route::pass(&self.desk, self.scope(), &reasons)
            .await
            .unwrap()
    }

    pub(crate) async fn offers(&self, viewer: &Viewer) -> Vec<OfferId> {
        let transaction = self.desk.database.begin(viewer.scope()).await.unwrap();
        let pending = offers::list_pending(&transaction, viewer.scope(), viewer.agent).await;
        transaction.rollback().await.unwrap();
        pending.unwrap().into_iter().map(|offer| offer.id).collect()
    }

    pub(crate) async fn accept(&self, viewer: &Viewer, offer: OfferId) -> AcceptOutcome {
        let context = Context::agent(viewer.agent, None);
        accept(&self.desk, viewer, offer, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn claim(&self, viewer: &Viewer, item: WorkItemId) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        take::claim(&self.desk, viewer, item, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn pull(&self, viewer: &Viewer, queue: QueueId) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        take::pull(&self.desk, viewer, queue, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn release(&self, viewer: &Viewer, work_item: WorkItemId) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        let release = Release {
            work_item,
            reason: "not mine".to_owned(),
        };
        release::release(&self.desk, viewer, &release, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn transfer(
        &self,
        viewer: &Viewer,
        work_item: WorkItemId,
        to: To,
    ) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        let transfer = Transfer {
            work_item,
            to,
            reason: "knows more".to_owned(),
        };
        transfer::transfer(&self.desk, viewer, &transfer, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn answer(&self, viewer: &Viewer, id: TransferId, say: Say) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        transfer_answer::answer(&self.desk, viewer, (id, say), None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn hold(&self, viewer: &Viewer, id: ConversationId) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        let hold = Hold {
            conversation: id,
            reason: "the bank".to_owned(),
            last_seen_version: None,
        };
        hold::hold(&self.desk, viewer, &hold, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn snooze(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        seconds: i64,
        keep: bool,
    ) -> WorkOutcome {
        let context = Context::agent(viewer.agent, None);
        let snooze = Snooze {
            conversation: id,
            until: self.desk.now() + Duration::seconds(seconds),
            keep,
            last_seen_version: None,
        };
        snooze::snooze(&self.desk, viewer, &snooze, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn resolve(&self, viewer: &Viewer, id: ConversationId) {
        let context = Context::agent(viewer.agent, None);
        let outcome = resolve::resolve(&self.desk, viewer, id, None, &context)
            .await
            .unwrap();
        assert!(
            matches!(outcome, resolve::ResolveOutcome::Resolved { .. }),
            "{outcome:?}"
        );
    }

    pub(crate) async fn become_(&self, viewer: &Viewer, to: Presence) {
        let context = Context::agent(viewer.agent, None);
        presence::set(&self.desk, viewer, to, None, &context)
            .await
            .unwrap();
    }

    pub(crate) async fn forget(&self, viewer: &Viewer) {
        self.desk.cache.forget(viewer.agent).await.unwrap();
    }

    /// Moves the clock and lets everything go off that is due, as the runner of timers does.
    pub(crate) async fn advance(&self, seconds: i64) -> Vec<TimerKind> {
        self.world.clock.advance(Duration::seconds(seconds));
        let now = self.desk.now();
        let transaction = self.desk.database.begin_system().await.unwrap();
        let due = timers::list_due(&transaction, now, &[], 1000)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
        let (desk, scope, context) = (&self.desk, self.scope(), Context::system(None, None));
        let mut fired = Vec::new();
        for timer in due {
            let transaction = desk.database.begin(scope).await.unwrap();
            if !timers::claim(&transaction, scope, timer.id).await.unwrap() {
                continue;
            }
            let conn = &transaction;
            let events = match timer.kind {
                TimerKind::OfferExpires => {
                    expire::expire(desk, conn, scope, &timer, &context).await
                }
                TimerKind::SnoozeEnds => {
                    snooze::snooze_ends(desk, conn, scope, &timer, &context).await
                }
                TimerKind::WrapUpEnds => {
                    wrap_up::wrap_up_ends(desk, conn, scope, &timer, &context).await
                }
                TimerKind::TransferExpires => {
                    transfer_answer::transfer_expires(desk, conn, scope, &timer, &context).await
                }
                TimerKind::OwnerAbsent => {
                    absence::owner_absent(desk, conn, scope, &timer, &context).await
                }
                TimerKind::AgentGone => {
                    absence::agent_gone(desk, conn, scope, &timer, &context).await
                }
                _ => Ok(Vec::new()),
            };
            outbox::append(conn, &events.unwrap()).await.unwrap();
            transaction.commit().await.unwrap();
            fired.push(timer.kind);
        }
        fired
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        self.world.test.count_as_owner(query).await
    }

    /// Proves what holds after everything: loads are what is held, nobody holds more than they may,
    /// versions count events, who has work has its conversation.
    pub(crate) async fn prove(&self) {
        let wrong_loads = self.count(
            "SELECT count(*) AS count FROM agent_loads l WHERE load > capacity OR load <> (
                SELECT COALESCE(sum(w.units), 0) FROM work_items w
                WHERE w.agent_id = l.agent_id AND w.state IN ('offered', 'active', 'wrap_up'))",
        );
        assert_eq!(wrong_loads.await, 0, "loads are what is held");
        let wrong_versions = self.count(
            "SELECT count(*) AS count FROM conversations c WHERE version <> 1 + (
                SELECT count(DISTINCT body::jsonb #>> '{aggregate,version}') FROM outbox
                WHERE body::jsonb #>> '{aggregate,id}' = c.id::text)",
        );
        assert_eq!(wrong_versions.await, 0, "versions count events");
        let wrong_owners = self.count(
            "SELECT count(*) AS count FROM work_items w JOIN conversations c
                ON c.id = w.conversation_id
             WHERE w.state IN ('queued', 'active') AND w.agent_id IS DISTINCT FROM c.assignee_id",
        );
        assert_eq!(
            wrong_owners.await,
            0,
            "who has the work has the conversation"
        );
        let wrong_questions = self.count(
            "SELECT count(*) AS count FROM transfers t JOIN work_items w ON w.id = t.work_item_id
             WHERE t.state = 'asked' AND (w.state <> 'active' OR w.agent_id <> t.from_agent_id)",
        );
        assert_eq!(
            wrong_questions.await,
            0,
            "only who has work asks whether somebody takes it"
        );
    }
}

/// Expects that it was done, and returns the transfer.
#[track_caller]
pub(crate) fn done(outcome: &WorkOutcome) -> Option<TransferId> {
    match outcome {
        WorkOutcome::Done { transfer, .. } => *transfer,
        other => panic!("it should have been done: {other:?}"),
    }
}

pub(crate) fn refused(reason: WorkRefusal) -> WorkOutcome {
    WorkOutcome::Refused { reason }
}

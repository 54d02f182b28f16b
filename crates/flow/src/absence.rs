//! An agent is away: what they are offered is taken back, and in time their work goes back to its
//! queues.
//!
//! Offers end as soon as their agent goes offline. Work that they have stays theirs for the grace that
//! its queue gives them; a timer for each piece waits for its end, and is taken away when they return.
//! A sweep sets and takes away the same timers for those of whom nothing is heard.

use crate::hands::{GiveBack, absence_policy, give_back, lock};
use crate::{Context, Desk, Error, Events, conflict, resolve};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::Envelope;
use interdesk_domain::handover::{HandoverKind, ReleaseReason};
use interdesk_domain::id::*;
use interdesk_domain::policy::AbsenceOutcome;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::hands::{self, Held, Owned, Requeue};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, offers, outbox, work_items};
use std::collections::BTreeMap;

/// How often it is looked whether the customer of an absent owner wrote, where that is what counts.
const LOOK: Duration = Duration::seconds(10);

/// Notes, in the transaction in which an agent chose what they are, what follows for their work.
pub(crate) async fn note(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    presence: Presence,
) -> Result<(), Error> {
    match presence {
        Presence::Online | Presence::Busy => hands::unwatch(conn, scope, &[agent]).await?,
        Presence::Away | Presence::Offline => {
            let owned = hands::list_unwatched(conn, scope, &[agent]).await?;
            watch(desk, conn, scope, &owned).await?;
        }
    }
    if presence == Presence::Offline {
        // Whoever does it at once may die before it does; then this does it.
        let timer = Timer {
            id: desk.id(),
            tenant_id: scope.tenant(),
            kind: TimerKind::AgentGone,
            subject_id: agent.0,
            due_at: desk.now(),
        };
        timers::insert(conn, &timer).await?;
    }
    Ok(())
}

/// Sets the timers of work whose owners are away.
async fn watch(desk: &Desk, conn: &Conn, scope: TenantScope, owned: &[Owned]) -> Result<(), Error> {
    let now = desk.now();
    for work in owned {
        let policy = absence_policy(desk, conn, scope, (work.queue_id, work.id), now).await?;
        let grace = Duration::seconds(policy.grace_seconds.into());
        let due_at = match policy.then {
            AbsenceOutcome::Keep => continue,
            AbsenceOutcome::Requeue => now + grace,
            AbsenceOutcome::RequeueOnMessage => now + grace.max(LOOK),
        };
        insert(desk, conn, scope, work.id, due_at).await?;
    }
    Ok(())
}

async fn insert(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    work_item: WorkItemId,
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let timer = Timer {
        id: desk.id(),
        tenant_id: scope.tenant(),
        kind: TimerKind::OwnerAbsent,
        subject_id: work_item.0,
        due_at,
    };
    Ok(timers::insert(conn, &timer).await?)
}

/// Takes back whatever an agent who is offline is offered; returns how much that was.
pub async fn leave(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    context: &Context,
) -> Result<usize, Error> {
    conflict::retry(|| async {
        let transaction = desk.database.begin(scope).await?;
        let events = rescind_all(desk, &transaction, scope, agent, context).await?;
        outbox::append(&transaction, &events).await?;
        transaction.commit().await?;
        if !events.is_empty() {
            desk.committed.notify_one();
        }
        Ok(events.len())
    })
    .await
}

/// Takes back what the agent of a claimed timer is offered, if they are still offline.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there.
pub async fn agent_gone(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    rescind_all(desk, conn, scope, AgentId(timer.subject_id), context).await
}

async fn rescind_all(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let worker = hands::find_worker(conn, scope, agent).await?;
    if worker.is_some_and(|worker| worker.presence != Presence::Offline) {
        return Ok(Vec::new());
    }
    let pending = offers::list_pending(conn, scope, agent).await?;
    // Conversations before anything else and in one order, like everywhere.
    let mut locked: BTreeMap<ConversationId, Conversation> = BTreeMap::new();
    let ids: std::collections::BTreeSet<_> =
        pending.iter().map(|offer| offer.conversation_id).collect();
    for id in ids {
        if let Some(conversation) = conversations::lock(conn, scope, id).await? {
            locked.insert(id, conversation);
        }
    }
    let mut events = Vec::new();
    for (id, conversation) in &locked {
        let Some(item) = hands::lock_live(conn, scope, *id).await? else {
            continue;
        };
        if item.state != WorkItemState::Offered || item.agent_id != Some(agent) {
            continue;
        }
        events.extend(take_back(desk, conn, scope, conversation, &item, context).await?);
    }
    Ok(events)
}

async fn take_back(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
    item: &Held,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let (id, version) = (conversation.id, conversation.version);
    let mut events = Events::of_conversation(desk, scope, id, version, context);
    resolve::rescind(conn, scope, item, desk.now(), &mut events).await?;
    work_items::mark_queued_again(conn, scope, item.id, item.epoch).await?;
    conversations::set_version(conn, scope, id, events.version()).await?;
    Ok(events.into_list())
}

/// Gives the work of a claimed timer back to its queue, if its owner is still away.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there.
pub async fn owner_absent(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = WorkItemId(timer.subject_id);
    let Some(owner) = hands::find_owner(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if !is_away(desk, conn, scope, owner).await? {
        return Ok(Vec::new());
    }
    let Some((conversation, item)) = lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if item.state != WorkItemState::Active || item.agent_id != Some(owner) {
        return Ok(Vec::new());
    }
    let work = (item.queue_id, item.id);
    let policy = absence_policy(desk, conn, scope, work, desk.now()).await?;
    match policy.then {
        AbsenceOutcome::Keep => return Ok(Vec::new()),
        AbsenceOutcome::Requeue => {}
        AbsenceOutcome::RequeueOnMessage => {
            let grace = Duration::seconds(policy.grace_seconds.into()).max(LOOK);
            let since = timer.due_at - grace;
            let wrote = conversation.last_customer_message_at;
            if wrote.is_none_or(|at| at <= since) {
                insert(desk, conn, scope, id, desk.now() + LOOK).await?;
                return Ok(Vec::new());
            }
        }
    }
    requeue(desk, conn, scope, (&conversation, &item, owner), context).await
}

async fn requeue(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (conversation, item, owner): (&Conversation, &Held, AgentId),
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let (id, version) = (conversation.id, conversation.version);
    let mut events = Events::of_conversation(desk, scope, id, version, context);
    let back = GiveBack {
        kind: HandoverKind::Absence,
        why: Some(ReleaseReason::OwnerAbsent),
        words: "",
        by: None,
        to: Requeue {
            queue: item.queue_id,
            entered_at: None,
            not_before: conversation.asleep_until(),
            preferred: None,
        },
        rest: None,
        at: desk.now(),
    };
    give_back(desk, conn, scope, (item, owner), &back, &mut events).await?;
    let change = Change {
        status: conversation.status,
        assignee_id: None,
        version: events.version(),
    };
    conversations::update(conn, scope, id, &change).await?;
    metrics::counter!("interdesk_work_released_total", "reason" => "owner_absent").increment(1);
    Ok(events.into_list())
}

/// Tells whether an agent is away: by their own word, or because nothing is heard of them.
async fn is_away(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
) -> Result<bool, Error> {
    let Some(worker) = hands::find_worker(conn, scope, agent).await? else {
        return Ok(true);
    };
    Ok(match worker.presence {
        Presence::Away | Presence::Offline => true,
        Presence::Online | Presence::Busy => {
            let alive = alive(desk, &[agent]).await;
            !alive.first().copied().unwrap_or(true)
        }
    })
}

/// Asks the cache who gave a sign of life; while it does not answer, nobody counts as lost.
async fn alive(desk: &Desk, agents: &[AgentId]) -> Vec<bool> {
    match desk.cache.alive(agents).await {
        Ok(alive) => alive,
        Err(error) => {
            tracing::warn!(error = %error, "no signs of life to be had, nobody counts as lost");
            vec![true; agents.len()]
        }
    }
}

/// Looks after everybody who has work or is offered some: sets the timers of those who are away, takes
/// away those of who is back, and takes offers back from who is offline.
pub async fn sweep(desk: &Desk) -> Result<(), Error> {
    let transaction = desk.database.begin_system().await?;
    let owners = hands::list_owners(&transaction).await?;
    transaction.rollback().await?;
    let agents: Vec<AgentId> = owners.iter().map(|owner| owner.agent_id).collect();
    let alive = alive(desk, &agents).await;
    let mut tenants: BTreeMap<TenantId, Vec<(AgentId, bool)>> = BTreeMap::new();
    for (owner, alive) in owners.iter().zip(alive) {
        let of_tenant = tenants.entry(owner.tenant_id).or_default();
        of_tenant.push((owner.agent_id, alive));
    }
    for (tenant, agents) in tenants {
        let scope = TenantScope::new(tenant);
        let gone = conflict::retry(|| sweep_tenant(desk, scope, &agents)).await?;
        for agent in gone {
            leave(desk, scope, agent, &Context::system(None, None)).await?;
        }
    }
    Ok(())
}

/// Sets and takes away timers within one tenant; returns who is offline.
async fn sweep_tenant(
    desk: &Desk,
    scope: TenantScope,
    agents: &[(AgentId, bool)],
) -> Result<Vec<AgentId>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let ids: Vec<AgentId> = agents.iter().map(|agent| agent.0).collect();
    let presences = hands::list_presences(&transaction, scope, &ids).await?;
    let presences: BTreeMap<AgentId, Presence> = presences
        .into_iter()
        .map(|one| (one.id, one.presence))
        .collect();
    let (mut here, mut away, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (agent, alive) in agents {
        match presences.get(agent) {
            // Who may not sign in any more is gone.
            None | Some(Presence::Offline) => {
                gone.push(*agent);
                away.push(*agent);
            }
            Some(Presence::Away) => away.push(*agent),
            Some(Presence::Online | Presence::Busy) if !alive => away.push(*agent),
            Some(Presence::Online | Presence::Busy) => here.push(*agent),
        }
    }
    hands::unwatch(&transaction, scope, &here).await?;
    let owned = hands::list_unwatched(&transaction, scope, &away).await?;
    watch(desk, &transaction, scope, &owned).await?;
    transaction.commit().await?;
    Ok(gone)
}

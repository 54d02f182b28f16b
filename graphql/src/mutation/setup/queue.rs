//! Queues and which teams serve them.

use super::{Told, change, payload, schedule};
use crate::Error;
use crate::access::requires;
use crate::types::Permission;
use crate::types::Queue;
use crate::viewer::parse;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use interdesk_domain::id::{QueueId, TeamId};
use interdesk_flow::setup::{Missing, QueueChange, QueueTeam, SetupWish};

#[derive(Default)]
pub(in crate::mutation) struct QueueMutation;

#[Object]
impl QueueMutation {
    /// Creates a queue. How it is served says its policy; without one, work is offered to whoever is
    /// idle longest. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn queue_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The queue.")] input: QueueCreateInput,
    ) -> Option<Result<QueuePayload, Error>> {
        let (name, seconds) = (Some(input.name), input.offer_seconds);
        Some(set(context, None, name, &input.schedule_id, seconds).await)
    }

    /// Changes a queue; what is left out stays. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn queue_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which queue, and what changes.")] input: QueueUpdateInput,
    ) -> Option<Result<QueuePayload, Error>> {
        let (id, seconds) = (Some(&input.queue_id), input.offer_seconds);
        Some(set(context, id, input.name, &input.schedule_id, seconds).await)
    }

    /// Lets a team serve a queue, or changes in which line and with which limit. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn queue_team_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which team, and how.")] input: QueueTeamSetInput,
    ) -> Option<Result<QueuePayload, Error>> {
        let rank = Some(i16::try_from(input.rank).unwrap_or(i16::MAX));
        let (queue, team) = (&input.queue_id, &input.team_id);
        Some(set_team(context, queue, team, rank, input.most).await)
    }

    /// Lets a team serve a queue no more; what its members hold stays theirs. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn queue_team_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which team.")] input: QueueTeamRemoveInput,
    ) -> Option<Result<QueuePayload, Error>> {
        Some(set_team(context, &input.queue_id, &input.team_id, None, None).await)
    }
}

/// A new queue.
#[derive(InputObject)]
struct QueueCreateInput {
    /// What it is called.
    name: String,
    /// When it is open; null for always.
    schedule_id: MaybeUndefined<ID>,
    /// How long an offer waits where the queue's policy does not say; 30 seconds without it.
    offer_seconds: Option<i32>,
}

/// What changes about a queue.
#[derive(InputObject)]
struct QueueUpdateInput {
    /// Which.
    queue_id: ID,
    /// What it is called.
    name: Option<String>,
    /// When it is open; null for always.
    schedule_id: MaybeUndefined<ID>,
    /// How long an offer waits where the queue's policy does not say, in seconds.
    offer_seconds: Option<i32>,
}

/// A team that serves a queue.
#[derive(InputObject)]
struct QueueTeamSetInput {
    /// Which queue.
    queue_id: ID,
    /// Which team.
    team_id: ID,
    /// Which line of the queue it is, from 0 to 9: lower is asked first.
    #[graphql(default)]
    rank: i32,
    /// How many units each member may hold by this queue; null for no limit.
    most: Option<i32>,
}

/// A team that serves a queue no more.
#[derive(InputObject)]
struct QueueTeamRemoveInput {
    /// Which queue.
    queue_id: ID,
    /// Which team.
    team_id: ID,
}

payload! {
    /// What became of a change of a queue.
    QueuePayload {
        /// The queue as it is now; null where there is no such queue.
        queue: Queue as QueueId
    }
}

async fn set(
    context: &Context<'_>,
    id: Option<&ID>,
    name: Option<String>,
    hours: &MaybeUndefined<ID>,
    offer_seconds: Option<i32>,
) -> Result<QueuePayload, Error> {
    let queue: Option<QueueId> = id.and_then(parse);
    let told = match (id, queue, schedule(hours)) {
        (Some(_), None, _) => Told::not_found(context, Missing::Queue)?,
        (_, _, Err(missing)) => Told::not_found(context, missing)?,
        (_, queue, Ok(schedule)) => {
            let wish = QueueChange {
                queue,
                name,
                schedule,
                offer_seconds,
            };
            change(context, &SetupWish::Queue(wish)).await?
        }
    };
    Ok(QueuePayload::of(context, told, queue).await)
}

async fn set_team(
    context: &Context<'_>,
    queue: &ID,
    team: &ID,
    rank: Option<i16>,
    most: Option<i32>,
) -> Result<QueuePayload, Error> {
    let (queue, team): (Option<QueueId>, Option<TeamId>) = (parse(queue), parse(team));
    let told = match (queue, team) {
        (None, _) => Told::not_found(context, Missing::Queue)?,
        (_, None) => Told::not_found(context, Missing::Team)?,
        (Some(queue), Some(team)) => {
            let served = QueueTeam {
                queue,
                team,
                rank,
                most,
            };
            change(context, &SetupWish::QueueTeam(served)).await?
        }
    };
    Ok(QueuePayload::of(context, told, queue).await)
}

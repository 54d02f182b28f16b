//! Customers who take part in a conversation.

use super::contact::NameSource;
use super::{Contact, Nullable, object};
use crate::Long;
use crate::loaders;
use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::message as domain;
use interdesk_store::read::participants as rows;

object! {
    /// A customer who wrote in a conversation, or is or was in its group.
    Participant(rows::Participant)
}

/// A customer who wrote in a conversation, or is or was in its group.
#[Object]
impl Participant {
    /// Who, as they were met: not the contact that they may be linked into.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, self.0.contact_id).await
    }

    /// What they are called here: by an agent, or as the group shows them.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Who says that this is the name.
    async fn name_source(&self) -> NameSource {
        NameSource::of(&self.0.name_source)
    }

    /// How many messages they wrote here.
    async fn messages(&self) -> Long {
        self.0.messages.into()
    }

    /// When they wrote here last; null where they never did.
    async fn last_wrote_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_wrote_at
    }

    /// How they stand to the group; null where there is none, or its app did not tell.
    async fn standing(&self) -> Option<GroupStanding> {
        self.0.standing.map(GroupStanding::from)
    }

    /// What they may do in the group; null where there is none, or its app did not tell.
    async fn role(&self) -> Option<GroupRole> {
        self.0.role.map(GroupRole::from)
    }

    /// When they were last asked into the group, or asked to come in.
    async fn invited_at(&self) -> Option<DateTime<Utc>> {
        self.0.invited_at
    }

    /// When they last came into the group; null where that is not known.
    async fn joined_at(&self) -> Option<DateTime<Utc>> {
        self.0.joined_at
    }

    /// When they last left the group or were sent away; null while they are in.
    async fn left_at(&self) -> Option<DateTime<Utc>> {
        self.0.left_at
    }
}

/// How somebody stands to a group.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Standing")]
pub(crate) enum GroupStanding {
    /// They were asked in.
    Invited,
    /// They ask to come in.
    Asking,
    /// They are in.
    Joined,
    /// They went, or no longer want to come.
    Left,
    /// They were sent away.
    Removed,
}

/// What somebody may do in a group.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::GroupRole")]
pub(crate) enum GroupRole {
    /// Write.
    Member,
    /// Look after it.
    Admin,
    /// Decide about it.
    Owner,
}

//! A workspace's own words for what agents are.

use super::{Answer, Hand, Missing, SetupOutcome, missing, name_faults, none, refuse};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::Event;
use interdesk_domain::id::PresenceReasonId;
use interdesk_domain::permission::Permission;
use interdesk_store::presence_reasons;
use serde::Serialize;

/// A word and what it stands for; a word that there is stands for it from now on.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonSet {
    /// The word.
    pub name: String,
    /// What it stands for.
    pub presence: Presence,
}

/// Which word is not offered any more.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonRetire {
    /// Which.
    pub reason: PresenceReasonId,
}

impl ReasonSet {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        none(name_faults("name", &self.name))?;
        let (scope, name) = (hand.wish.scope(), self.name.trim());
        let known = presence_reasons::list(hand.conn, scope).await?;
        let same = known.iter().find(|one| {
            one.name == name && one.presence == self.presence && one.retired_at.is_none()
        });
        if let Some(same) = same {
            return refuse(SetupOutcome::Unchanged { id: same.id.0 });
        }
        let (id, now) = (hand.wish.desk.id(), hand.wish.now());
        let id = presence_reasons::set(hand.conn, scope, id, name, self.presence, now).await?;
        hand.tell(Event::PresenceReasonChanged { reason: id })
            .await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl ReasonRetire {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (scope, id) = (hand.wish.scope(), self.reason);
        let found = presence_reasons::find(hand.conn, scope, id).await?;
        let found = found.ok_or(missing(Missing::Reason))?;
        if found.retired_at.is_some() {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        presence_reasons::retire(hand.conn, scope, id, hand.wish.now()).await?;
        hand.tell(Event::PresenceReasonChanged { reason: id })
            .await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

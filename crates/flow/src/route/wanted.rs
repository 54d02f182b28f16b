//! What an event makes worth reading again.

use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::routing::Engine;
use std::collections::BTreeSet;

/// What is to be read again.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// These work items.
    pub(super) items: BTreeSet<WorkItemId>,
    /// The work items of these conversations.
    pub(super) conversations: BTreeSet<ConversationId>,
    /// What these agents hold and chose to be.
    pub(super) working: BTreeSet<AgentId>,
    /// How these agents are set up, too.
    pub(super) agents: BTreeSet<AgentId>,
    /// Everything: a policy, a queue, a team or hours changed.
    pub(super) everything: bool,
}

impl Wanted {
    /// Gathers what events make worth reading, and tells the engine at once what it can know.
    pub(super) fn of(events: &[Envelope], engine: &mut Engine) -> Self {
        let mut wanted = Self::default();
        for envelope in events {
            wanted.add(&envelope.event, engine);
        }
        wanted
    }

    /// Tells whether nothing has to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
            && self.conversations.is_empty()
            && self.working.is_empty()
            && self.agents.is_empty()
            && !self.everything
    }

    fn add(&mut self, event: &Event, engine: &mut Engine) {
        match event {
            Event::WorkItemQueued { work_item, .. }
            | Event::WorkItemCancelled { work_item, .. } => {
                self.items.insert(*work_item);
            }
            Event::OfferAccepted {
                work_item, agent, ..
            } => match holds(engine, *agent, *work_item) {
                true => engine.accept(*agent, *work_item),
                false => self.both(*work_item, *agent),
            },
            // What this router handed out itself, it knows.
            Event::WorkItemTaken {
                work_item, agent, ..
            } if holds(engine, *agent, *work_item) => {}
            Event::WorkItemTaken {
                work_item, agent, ..
            }
            | Event::OfferDeclined {
                work_item, agent, ..
            }
            | Event::OfferExpired {
                work_item, agent, ..
            }
            | Event::OfferRescinded {
                work_item, agent, ..
            }
            | Event::WorkItemReleased {
                work_item, agent, ..
            } => self.both(*work_item, *agent),
            Event::WorkItemTransferred {
                work_item,
                from,
                to,
                ..
            } => {
                self.both(*work_item, *from);
                self.working.extend(*to);
            }
            Event::WorkItemDone { agent, .. }
            | Event::WrapUpBegun { agent, .. }
            | Event::WrapUpEnded { agent, .. }
            | Event::AgentPresenceChanged { agent, .. } => {
                self.working.insert(*agent);
            }
            Event::AgentAdded { agent } | Event::AgentUpdated { agent, .. } => {
                self.agents.insert(*agent);
            }
            Event::PriorityChanged { conversation, .. }
            | Event::DeadlineChanged { conversation, .. }
            | Event::LadderWidened { conversation, .. }
            | Event::ConversationSnoozed { conversation, .. }
            | Event::ConversationWoken { conversation, .. } => {
                self.conversations.insert(*conversation);
            }
            Event::PolicyChanged { policy_kind, .. } => {
                self.everything |= matches!(
                    policy_kind,
                    PolicyKind::Queue | PolicyKind::Order | PolicyKind::Schedule
                );
            }
            Event::QueueChanged { .. }
            | Event::TeamChanged { .. }
            | Event::ScheduleChanged { .. }
            | Event::AssistantsStopped { .. } => self.everything = true,
            _ => {}
        }
    }

    fn both(&mut self, item: WorkItemId, agent: AgentId) {
        self.items.insert(item);
        self.working.insert(agent);
    }
}

fn holds(engine: &Engine, agent: AgentId, item: WorkItemId) -> bool {
    let agent = engine.state().agents.get(&agent);
    agent.is_some_and(|agent| agent.held.iter().any(|held| held.item == item))
}

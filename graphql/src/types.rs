//! GraphQL objects: newtypes over rows, one file each.

mod actor;
mod agent;
mod api_key;
mod aside;
mod attachment;
mod audit_entry;
mod authenticity;
mod capabilities;
mod contact;
mod content;
mod conversation;
mod delivery;
mod desk_event;
mod episode;
mod identity_provider;
mod inbox;
mod inbox_health;
mod message;
mod message_change;
mod message_origin;
mod message_recipient;
mod node;
mod notification;
mod offer;
mod participant;
mod permission;
mod policy;
mod queue;
mod queue_stats;
mod rate_limit;
mod reply_route;
mod reply_state;
mod role;
mod schedule;
mod search;
mod second_factor;
mod session;
mod setup;
mod sla_behind;
mod sla_change;
mod sla_clock;
mod sla_explanation;
mod sla_report;
mod transfer;
mod view;
mod why;
mod work_item;
mod workspace;

pub(crate) use actor::Actor;
pub(crate) use agent::{Agent, Presence, Role};
pub(crate) use api_key::{ApiKey, api_keys};
pub(crate) use aside::{Draft, Note, NoteConnection, Tag, drafts, tag, tags};
pub(crate) use attachment::Attachment;
pub(crate) use audit_entry::{AuditEntryConnection, audit_entries};
pub(crate) use authenticity::Authenticity;
pub(crate) use capabilities::Capabilities;
pub(crate) use contact::{Contact, Identity};
pub(crate) use content::MessageContent;
pub(crate) use conversation::{Conversation, ConversationConnection, ConversationFilter, page};
pub(crate) use delivery::Delivery;
pub(crate) use desk_event::DeskEvent;
pub(crate) use episode::Episode;
pub(crate) use identity_provider::{
    IdentityProvider, SignInProvider, identity_providers, sign_in_providers,
};
pub(crate) use inbox::Inbox;
pub(crate) use inbox_health::TemplatePlace;
pub(crate) use message::{Message, MessageConnection};
pub(crate) use message_change::MessageChange;
pub(crate) use message_origin::MessageOrigin;
pub(crate) use message_recipient::MessageRecipient;
pub(crate) use node::{Node, find};
pub(crate) use notification::Notification;
pub(crate) use offer::Offer;
pub(crate) use participant::Participant;
pub(crate) use permission::{Permission, Visibility};
pub(crate) use policy::{InputFault, Policy, PolicyKind, policies, policy, read_subject};
pub(crate) use queue::Queue;
pub(crate) use queue_stats::QueueStats;
pub(crate) use rate_limit::RateLimit;
pub(crate) use reply_route::{ReplyRoute, Ways};
pub(crate) use reply_state::ReplyState;
pub(crate) use role::{CustomRole, ViewerAccess, custom_roles, viewer_access};
pub(crate) use schedule::{Schedule, schedules};
pub(crate) use search::{SearchConnection, SearchFilter, search};
pub(crate) use second_factor::{SecondFactor, second_factor};
pub(crate) use session::{Session, sessions};
pub(crate) use setup::{
    AgentCapacity, AgentKind, AgentSkill, PresenceReason, QueueMembership, QueueServer, Skill,
    Team, TeamMember, TimeOff, WorkClass, presence_reasons, skills, teams,
};
pub(crate) use sla_behind::{SlaClockConnection, SlaReportNumber};
pub(crate) use sla_change::SlaChange;
pub(crate) use sla_clock::{ClockName, SlaClock};
pub(crate) use sla_explanation::{SlaExplanation, WaitLedger};
pub(crate) use sla_report::{Asked, SlaReport, SlaReportBy, SlaReportFilter};
pub(crate) use transfer::Transfer;
pub(crate) use view::{
    ConditionExplanation, View, page_of_condition, page_of_view, view, views, why_in_view,
};
pub(crate) use why::{Waits, WhyNot, WorkExplanation};
pub(crate) use work_item::WorkItem;
pub(crate) use workspace::{ThirdPartyInbox, Workspace, workspace};

/// Declares a GraphQL object over a row.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident($row:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) $row);

        impl From<$row> for $name {
            fn from(row: $row) -> Self {
                Self(row)
            }
        }
    };
}

pub(crate) use object;

/// What a nullable field returns: an error of one field never nulls its parent.
pub(crate) type Nullable<T> = Option<Result<T, crate::Error>>;

//! A workspace is set up while it works: agents, teams, queues, and what is known of contacts.
//!
//! Administrators change everything; supervisors what people of their teams can and are. Each change
//! is an event by which routing reads anew. To lower what somebody may hold takes nothing from them:
//! they get nothing new until they hold less.

mod agent;
mod contact;
mod identity_provider;
mod inbox;
mod presence;
mod queue;
mod role;
mod team;
mod time_off;
mod zone;

pub use agent::{AgentAdd, AgentUpdate};
pub use contact::ContactUpdate;
pub use identity_provider::{ProviderChange, ProviderRetire, set_provider};
pub use inbox::InboxFiles;
pub use presence::{ReasonRetire, ReasonSet};
pub use queue::{QueueChange, QueueTeam};
pub use role::{RoleChange, RoleGive, RoleRetire};
pub use team::{TeamChange, TeamMember};
pub use time_off::{TimeOffAdd, TimeOffRemove};
pub use zone::ZoneChange;

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, tenant};
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::{AgentId, ScheduleId};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_store::{Conn, setup, workspace};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What may be wished for about how a workspace is set up.
#[derive(Debug, Clone, Serialize)]
pub enum SetupWish {
    /// To add an agent.
    AgentAdd(AgentAdd),
    /// To change an agent.
    AgentUpdate(AgentUpdate),
    /// To give an agent time off.
    TimeOffAdd(TimeOffAdd),
    /// To take a time off back.
    TimeOffRemove(TimeOffRemove),
    /// To let the days of reports begin by another zone.
    Zone(ZoneChange),
    /// To stop all assistants, or to let them work again.
    AssistantsStop(bool),
    /// To have a word of one's own for a presence.
    ReasonSet(ReasonSet),
    /// To offer such a word no more.
    ReasonRetire(ReasonRetire),
    /// To make or change a role of the tenant's own.
    Role(RoleChange),
    /// To give a role up.
    RoleRetire(RoleRetire),
    /// To give an agent a role.
    RoleGive(RoleGive),
    /// To take an identity provider away.
    ProviderRetire(ProviderRetire),
    /// To create or change a team.
    Team(TeamChange),
    /// To change who is in a team.
    TeamMember(TeamMember),
    /// To create or change a queue.
    Queue(QueueChange),
    /// To change which teams serve a queue.
    QueueTeam(QueueTeam),
    /// To say which files an inbox keeps.
    InboxFiles(InboxFiles),
    /// To change what is known of a contact.
    ContactUpdate(ContactUpdate),
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SetupOutcome {
    /// It is so now.
    Changed {
        /// What was changed or created.
        id: Uuid,
    },
    /// It was so already.
    Unchanged {
        /// What would have been changed.
        id: Uuid,
    },
    /// Something that is named does not exist.
    NotFound {
        /// What kind of thing.
        what: Missing,
    },
    /// The role does not allow it, or they are not of one's teams.
    NotAllowed,
    /// It cannot be so; every fault has its mend.
    Invalid {
        /// What is wrong, never empty.
        faults: Vec<Fault>,
    },
    /// Another one has the name.
    NameTaken,
    /// Nobody would be left who may change how the workspace is set up.
    LastAdmin,
    /// The tenant has as many agents who may sign in as it may.
    QuotaExceeded,
    /// The key was used for something else.
    KeyReused,
}

/// What does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// An agent.
    Agent,
    /// A team.
    Team,
    /// A queue.
    Queue,
    /// A schedule with a version in force.
    Schedule,
    /// A contact.
    Contact,
    /// An inbox.
    Inbox,
    /// A time off.
    TimeOff,
    /// A word for a presence.
    Reason,
    /// A role of the tenant's own that may be given.
    Role,
    /// An identity provider at which people sign in.
    IdentityProvider,
}

/// Changes how the workspace is set up, as somebody wishes who may.
pub async fn change(
    desk: &Desk,
    viewer: &Viewer,
    wish: &SetupWish,
    key: Option<&str>,
    context: &Context,
) -> Result<SetupOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(wish).await
}

pub(crate) type Answer = Result<SetupOutcome, Halt<SetupOutcome>>;

impl Verb for SetupWish {
    type Outcome = SetupOutcome;
    const OPERATION: &'static str = "setup";
    const KEY_REUSED: SetupOutcome = SetupOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let hand = Hand { wish, conn };
        match self {
            Self::AgentAdd(add) => add.apply(&hand).await,
            Self::AgentUpdate(update) => update.apply(&hand).await,
            Self::TimeOffAdd(add) => add.apply(&hand).await,
            Self::TimeOffRemove(remove) => remove.apply(&hand).await,
            Self::Zone(change) => change.apply(&hand).await,
            Self::AssistantsStop(stopped) => stop_assistants(&hand, *stopped).await,
            Self::ReasonSet(set) => set.apply(&hand).await,
            Self::ReasonRetire(retire) => retire.apply(&hand).await,
            Self::Role(change) => change.apply(&hand).await,
            Self::RoleRetire(retire) => retire.apply(&hand).await,
            Self::RoleGive(give) => give.apply(&hand).await,
            Self::ProviderRetire(retire) => retire.apply(&hand).await,
            Self::Team(change) => change.apply(&hand).await,
            Self::TeamMember(member) => member.apply(&hand).await,
            Self::Queue(change) => change.apply(&hand).await,
            Self::QueueTeam(team) => team.apply(&hand).await,
            Self::InboxFiles(files) => files.apply(&hand).await,
            Self::ContactUpdate(update) => update.apply(&hand).await,
        }
    }
}

async fn stop_assistants(hand: &Hand<'_>, stopped: bool) -> Answer {
    // What goes wrong with assistants goes wrong fast: whoever steers may stop them.
    if !hand.wish.viewer.steers_others() {
        return refuse(SetupOutcome::NotAllowed);
    }
    let id = hand.wish.scope().tenant().0;
    match workspace::stop_assistants(hand.conn, hand.wish.scope(), stopped).await? {
        false => refuse(SetupOutcome::Unchanged { id }),
        true => {
            hand.tell(Event::AssistantsStopped { stopped }).await?;
            Ok(SetupOutcome::Changed { id })
        }
    }
}

/// Who changes something, in which transaction.
pub(crate) struct Hand<'a> {
    wish: &'a Wish<'a>,
    conn: &'a Conn,
}

impl Hand<'_> {
    /// Refuses everybody who may not do something.
    fn needs(&self, permission: Permission) -> Result<(), Halt<SetupOutcome>> {
        match self.wish.viewer.may(permission) {
            true => Ok(()),
            false => Err(Halt::Refused(SetupOutcome::NotAllowed)),
        }
    }

    /// Refuses everybody but who manages agents and who leads one of the agent's teams.
    async fn only_above(&self, agent: AgentId) -> Result<(), Halt<SetupOutcome>> {
        let viewer = self.wish.viewer;
        if viewer.may(Permission::AgentsManage) {
            return Ok(());
        }
        let (scope, own) = (self.wish.scope(), viewer.agent);
        let may = viewer.may(Permission::AgentsLead)
            && setup::share_a_team(self.conn, scope, own, agent).await?;
        match may {
            true => Ok(()),
            false => Err(Halt::Refused(SetupOutcome::NotAllowed)),
        }
    }

    /// Refuses a schedule that may not be used.
    async fn check_schedule(&self, id: Option<ScheduleId>) -> Result<(), Halt<SetupOutcome>> {
        let Some(id) = id else { return Ok(()) };
        match setup::is_schedule(self.conn, self.wish.scope(), id).await? {
            true => Ok(()),
            false => Err(missing(Missing::Schedule)),
        }
    }

    /// Adds an event to the tenant.
    async fn tell(&self, event: Event) -> Result<(), Error> {
        let wish = self.wish;
        let scope = wish.scope();
        tenant::tell(wish.desk, scope, self.conn, wish.context, vec![event]).await
    }
}

fn refuse<T>(outcome: SetupOutcome) -> Result<T, Halt<SetupOutcome>> {
    Err(Halt::Refused(outcome))
}

fn missing(what: Missing) -> Halt<SetupOutcome> {
    Halt::Refused(SetupOutcome::NotFound { what })
}

fn fault(path: &str, problem: Problem, mend: impl Into<String>) -> Fault {
    Fault {
        path: path.to_owned(),
        problem,
        mend: mend.into(),
    }
}

/// Refuses faults, where there are any.
fn none(faults: Vec<Fault>) -> Result<(), Halt<SetupOutcome>> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Halt::Refused(SetupOutcome::Invalid { faults })),
    }
}

/// Says what is wrong with a name.
fn name_faults(path: &str, name: &str) -> Vec<Fault> {
    match name.trim().chars().count() {
        0 => vec![fault(path, Problem::Empty, "give it a name")],
        1..=120 => Vec::new(),
        _ => vec![fault(path, Problem::TooLarge, "use at most 120 characters")],
    }
}

/// Says what is wrong with a list of words, such as segments.
fn word_faults<'a>(path: &str, words: impl IntoIterator<Item = &'a String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (place, word) in words.into_iter().enumerate() {
        faults.extend(name_faults(&format!("{path}[{place}]"), word));
        if place == 100 {
            faults.push(fault(path, Problem::TooLarge, "use at most 100"));
            break;
        }
    }
    faults
}

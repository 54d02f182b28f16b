//! Somebody chooses where third-party apps are shown: with everything else, or in a list of their
//! own. It is a view: no conversation changes.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::inbox::ThirdPartyInbox;
use interdesk_domain::permission::Viewer;
use interdesk_store::{Conn, agents, outbox, third_party};
use serde::{Deserialize, Serialize};

/// For whom, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// For the viewer; `None` is the workspace's choice again.
    Own(Option<ThirdPartyInbox>),
    /// For everybody who made no choice of their own.
    Workspace(ThirdPartyInbox),
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ChoiceOutcome {
    /// It is that now.
    Changed,
    /// It was that already.
    Unchanged,
    /// The viewer may not choose for the workspace.
    NotAllowed,
    /// The key was used for something else.
    KeyReused,
}

/// Chooses where third-party apps are shown.
pub async fn choose(
    desk: &Desk,
    viewer: &Viewer,
    choice: Choice,
    key: Option<&str>,
    context: &Context,
) -> Result<ChoiceOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Choose(choice)).await
}

/// To see third-party apps elsewhere.
#[derive(Serialize)]
struct Choose(Choice);

type Answer = Result<ChoiceOutcome, Halt<ChoiceOutcome>>;

impl Verb for Choose {
    type Outcome = ChoiceOutcome;
    const OPERATION: &'static str = "third_party_inbox_choose";
    const KEY_REUSED: ChoiceOutcome = ChoiceOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        match self.0 {
            Choice::Own(choice) => own(wish, conn, choice).await,
            Choice::Workspace(choice) => workspace(wish, conn, choice).await,
        }
    }
}

async fn own(wish: &Wish<'_>, conn: &Conn, choice: Option<ThirdPartyInbox>) -> Answer {
    let (scope, id) = (wish.scope(), wish.viewer.agent);
    let Some(agent) = agents::lock(conn, scope, id).await? else {
        return Err(Halt::Failed(Error::Disabled));
    };
    if third_party::find_of_agent(conn, scope, id).await? == choice {
        return Err(Halt::Refused(ChoiceOutcome::Unchanged));
    }
    let aggregate = (AggregateKind::Agent, id.0);
    let mut events = Events::of(wish.desk, scope, aggregate, agent.version, wish.context);
    let agent = Some(id);
    let version = events.push(Event::ThirdPartyInboxChosen { agent, choice });
    third_party::save_of_agent(conn, scope, id, choice, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(ChoiceOutcome::Changed)
}

async fn workspace(wish: &Wish<'_>, conn: &Conn, choice: ThirdPartyInbox) -> Answer {
    if !wish.viewer.steers_others() {
        return Err(Halt::Refused(ChoiceOutcome::NotAllowed));
    }
    let scope = wish.scope();
    let Some(version) = third_party::save_of_workspace(conn, scope, choice).await? else {
        return Err(Halt::Refused(ChoiceOutcome::Unchanged));
    };
    let aggregate = (AggregateKind::Tenant, scope.tenant().0);
    let mut events = Events::of(wish.desk, scope, aggregate, version - 1, wish.context);
    let choice = Some(choice);
    events.push(Event::ThirdPartyInboxChosen {
        agent: None,
        choice,
    });
    outbox::append(conn, events.list()).await?;
    Ok(ChoiceOutcome::Changed)
}

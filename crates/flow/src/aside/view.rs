//! Lists of conversations are kept by a condition, for oneself or for everybody.

use super::{Answer, AsideOutcome, AsideRefusal, done, none, refuse};
use crate::tenant;
use crate::wish::{Halt, Wish};
use interdesk_domain::condition::{Condition, Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::ViewId;
use interdesk_domain::permission::Permission;
use interdesk_domain::policy::Names;
use interdesk_store::aside::{self, View};
use interdesk_store::{Conn, references};
use serde::Serialize;
use serde_json::Value;

/// To keep a view, or to change it.
#[derive(Debug, Clone, Serialize)]
pub struct ViewSave {
    /// Which; a new one without it.
    pub view: Option<ViewId>,
    /// What it is called.
    pub name: String,
    /// What its conversations have in common, as JSON.
    pub condition: Value,
    /// Whether everybody has it.
    pub shared: bool,
    /// The version that is changed; without it whatever is there.
    pub expected: Option<i32>,
}

/// To give a view up.
#[derive(Debug, Clone, Serialize)]
pub struct ViewRetire {
    /// Which.
    pub view: ViewId,
}

impl ViewSave {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let scope = wish.scope();
        none(self.faults(wish, conn).await?)?;
        let before = match self.view {
            Some(id) => Some(own(wish, conn, id).await?),
            None => None,
        };
        let version = before.as_ref().map_or(0, |view| view.version);
        if self.expected.is_some_and(|expected| expected != version) {
            return refuse(AsideRefusal::Stale);
        }
        let after = View {
            id: self.view.unwrap_or_else(|| wish.desk.id()),
            agent_id: (!self.shared).then_some(wish.viewer.agent),
            name: self.name.trim().to_owned(),
            condition: self.condition.clone(),
            version: version + 1,
            changed_at: wish.now(),
            changed_by: wish.viewer.agent,
        };
        let was_shared = before.as_ref().is_some_and(|view| view.agent_id.is_none());
        if (self.shared || was_shared) && !wish.viewer.may(Permission::ViewsShare) {
            return refuse(AsideRefusal::NotAllowed);
        }
        match before {
            None => aside::insert_view(conn, scope, &after).await?,
            Some(_) => aside::update_view(conn, scope, &after, false).await?,
        }
        finish(wish, conn, &after, self.shared || was_shared).await
    }

    async fn faults(&self, wish: &Wish<'_>, conn: &Conn) -> Result<Vec<Fault>, Halt<AsideOutcome>> {
        let mut faults = Vec::new();
        match self.name.trim().chars().count() {
            0 => faults.push(fault("name", Problem::Empty, "give it a name")),
            1..=120 => {}
            _ => faults.push(fault(
                "name",
                Problem::TooLarge,
                "use at most 120 characters",
            )),
        }
        let condition: Condition = match serde_json::from_value(self.condition.clone()) {
            Ok(condition) => condition,
            Err(error) => {
                let mend = format!("write it as the schema of conditions says: {error}");
                faults.push(fault("condition", Problem::Unknown, mend));
                return Ok(faults);
            }
        };
        if let Err(invalid) = condition.validate() {
            faults.extend(invalid.faults.into_iter().map(below));
        }
        faults.extend(unfit(&condition));
        if faults.is_empty() {
            let names = names(&condition);
            let missing = references::list_missing(conn, wish.scope(), &names).await?;
            faults.extend(missing.iter().map(|one| {
                let mend = format!("there is no such {}; name one that exists", one.kind);
                fault("condition", Problem::Unknown, mend)
            }));
        }
        Ok(faults)
    }
}

impl ViewRetire {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let mut view = own(wish, conn, self.view).await?;
        let is_shared = view.agent_id.is_none();
        if is_shared && !wish.viewer.may(Permission::ViewsShare) {
            return refuse(AsideRefusal::NotAllowed);
        }
        view.version += 1;
        (view.changed_at, view.changed_by) = (wish.now(), wish.viewer.agent);
        aside::update_view(conn, wish.scope(), &view, true).await?;
        finish(wish, conn, &view, is_shared).await
    }
}

async fn own(wish: &Wish<'_>, conn: &Conn, id: ViewId) -> Result<View, Halt<AsideOutcome>> {
    let found = aside::lock_view(conn, wish.scope(), wish.viewer.agent, id).await?;
    match found {
        Some(found) => Ok(found),
        None => refuse(AsideRefusal::NotFound),
    }
}

/// What is shared is told of; what somebody keeps for themselves is nobody's business.
async fn finish(wish: &Wish<'_>, conn: &Conn, view: &View, is_told: bool) -> Answer {
    if is_told {
        let events = vec![Event::ViewChanged { view: view.id }];
        tenant::tell(wish.desk, wish.scope(), conn, wish.context, events).await?;
    }
    done(view.id.0, view.version.into())
}

fn fault(path: &str, problem: Problem, mend: impl Into<String>) -> Fault {
    Fault {
        path: path.to_owned(),
        problem,
        mend: mend.into(),
    }
}

/// Puts a fault of the condition where it is in the input.
fn below(mut fault: Fault) -> Fault {
    fault.path = match fault.path.as_str() {
        "" => "condition".to_owned(),
        path => format!("condition.{path}"),
    };
    fault
}

/// Says what a list cannot ask for: which hours and whose team are questions of the work at a moment,
/// not of a conversation that lies there.
fn unfit(condition: &Condition) -> Vec<Fault> {
    let mend = match condition {
        Condition::BusinessHours(_) => "a view knows no hours; ask for a time of the week instead",
        Condition::Team(_) => "a view knows no teams; name their queues or people instead",
        _ => return condition.parts().iter().flat_map(unfit).collect(),
    };
    vec![fault("condition", Problem::Unknown, mend)]
}

fn names(condition: &Condition) -> Names {
    let found = condition.references();
    let path = || "condition".to_owned();
    Names {
        queues: found.queues.into_iter().map(|id| (id, path())).collect(),
        agents: found.agents.into_iter().map(|id| (id, path())).collect(),
        inboxes: found.inboxes.into_iter().map(|id| (id, path())).collect(),
        ..Names::default()
    }
}

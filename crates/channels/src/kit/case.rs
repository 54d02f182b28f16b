//! One case and what may become of it.

use super::Subject;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// Why a case did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// A declared capability says that it does not apply.
    NotApplicable(String),
    /// The adapter is wrong.
    Failed(String),
}

/// What became of a case.
pub type Verdict = Result<(), Miss>;

/// What a case does while it runs.
pub(super) type Pending<'a> = Pin<Box<dyn Future<Output = Verdict> + 'a>>;

type Act = Box<dyn for<'a> Fn(&'a Subject) -> Pending<'a>>;

/// One thing that every adapter must do.
pub struct Case {
    /// What it is about.
    pub group: &'static str,
    /// What must hold, as a sentence.
    pub name: String,
    act: Act,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.group, self.name)
    }
}

impl Case {
    /// Asks first whether it applies at all.
    pub(super) fn where_it_holds(self, applies: fn(&Subject) -> Verdict) -> Self {
        let act = self.act;
        Self {
            act: Box::new(move |subject| match applies(subject) {
                Ok(()) => act(subject),
                excused => Box::pin(async move { excused }),
            }),
            ..self
        }
    }

    /// Runs it.
    pub async fn run(&self, subject: &Subject) -> Verdict {
        (self.act)(subject).await
    }
}

/// Makes a case that needs no provider.
pub(super) fn pure(
    group: &'static str,
    name: impl Into<String>,
    act: impl Fn(&Subject) -> Verdict + 'static,
) -> Case {
    Case {
        group,
        name: name.into(),
        act: Box::new(move |subject| {
            let verdict = act(subject);
            Box::pin(async move { verdict })
        }),
    }
}

/// Makes a case that calls a provider.
pub(super) fn calls(
    group: &'static str,
    name: impl Into<String>,
    act: impl for<'a> Fn(&'a Subject) -> Pending<'a> + 'static,
) -> Case {
    Case {
        group,
        name: name.into(),
        act: Box::new(act),
    }
}

/// Goes on where something holds.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(Miss::Failed(otherwise())),
    }
}

/// Goes on where a capability is declared; `what` names it for the table.
pub(super) fn declared(has: bool, what: &str) -> Verdict {
    match has {
        true => Ok(()),
        false => Err(Miss::NotApplicable(what.to_owned())),
    }
}

/// Says what is wrong.
pub(super) fn failed(why: impl Into<String>) -> Miss {
    Miss::Failed(why.into())
}

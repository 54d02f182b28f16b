//! What the desk relies on beside messages: limits, who takes part, in whose name, secrets that end.

use super::case::{Case, calls, declared, ensure, failed, pure};
use super::provider::Reaction;
use super::text;
use super::writing::{NOTHING_CALLED, exchange, outgoing, send};
use crate::{Action, PaceOf, SendError, Start, Writer};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::message::Address;

const GROUP: &str = "contract";

/// What an agent is called who is shown to nobody.
const NAME: &str = "Agent 7 of nobody";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = limits();
    cases.extend(people());
    cases
}

fn limits() -> Vec<Case> {
    vec![
        pure(GROUP, "declared limits can be kept", |it| {
            let paces = it.channel.capabilities().paces;
            declared(!paces.is_empty(), "no limits")?;
            for (index, pace) in paces.iter().enumerate() {
                let sound = pace.burst > 0 && !pace.every.is_zero();
                ensure(sound, || {
                    format!("{pace:?} lets nothing through, or everything")
                })?;
                let twice = paces[..index].iter().any(|other| other.of == pace.of);
                ensure(!twice, || format!("{:?} has two limits", pace.of))?;
                let meant = pace.of != PaceOf::Group || it.channel.capabilities().groups;
                ensure(meant, || {
                    "a limit for groups, and there are none".to_owned()
                })?;
            }
            Ok(())
        }),
        calls(
            GROUP,
            "what was one too many holds back what its limit is about",
            |it| {
                Box::pin(async move {
                    declared(!it.channel.capabilities().fetched, NOTHING_CALLED)?;
                    let (status, body) = it.answers.busy;
                    let reaction = Reaction::Answer(status, "", body.to_owned());
                    let message = outgoing(it, Action::Write(text("Hello")));
                    let (outcome, _) = exchange(it, &message, reaction).await;
                    let Err(SendError::Refused { failure, .. }) = outcome else {
                        return Err(failed(format!("{outcome:?}")));
                    };
                    let alone = it.channel.slows(&failure, false);
                    let right = matches!(alone, Some(PaceOf::Account | PaceOf::Person));
                    ensure(right, || format!("between two it slows {alone:?}"))?;
                    declared(it.channel.capabilities().groups, "no groups")?;
                    let grouped = it.channel.slows(&failure, true);
                    let right = matches!(grouped, Some(PaceOf::Account | PaceOf::Group));
                    ensure(right, || format!("in a group it slows {grouped:?}"))
                })
            },
        ),
        pure(GROUP, "no other refusal holds anything back", |it| {
            for (which, _, _, reason) in &it.answers.refusals {
                let failure = Failure {
                    reason: *reason,
                    retryable: false,
                    provider_code: None,
                    detail: String::new(),
                };
                for in_group in [false, true] {
                    let slowed = it.channel.slows(&failure, in_group);
                    let right = slowed.is_none() || *reason == FailureReason::RateLimited;
                    ensure(right, || format!("{which:?} slows {slowed:?}"))?;
                }
            }
            Ok(())
        }),
        calls(GROUP, "secrets without an end are not renewed", |it| {
            Box::pin(async move {
                let due = it.channel.renewal_due(&it.credentials);
                ensure(due.is_none(), || format!("they are due at {due:?}"))
            })
        }),
    ]
}

fn people() -> Vec<Case> {
    vec![
        pure(
            GROUP,
            "who may write first is what can be written first",
            |it| {
                let capabilities = it.channel.capabilities();
                let templates = capabilities.content.contains(&"template");
                match capabilities.start {
                    Start::Template => {
                        ensure(templates, || "no templates to begin with".to_owned())
                    }
                    Start::Customer | Start::Anybody => Ok(()),
                }
            },
        ),
        calls(
            GROUP,
            "a first message needs nothing that is remembered",
            |it| {
                Box::pin(async move {
                    let capabilities = it.channel.capabilities();
                    declared(
                        capabilities.start == Start::Anybody,
                        "customers write first",
                    )?;
                    let message = outgoing(it, Action::Write(text("Hello")));
                    let outcome = match capabilities.fetched {
                        true => send(it, &it.credentials, it.nowhere, &message).await,
                        false => {
                            let reaction =
                                Reaction::Answer(200, "", it.answers.accepted.to_owned());
                            exchange(it, &message, reaction).await.0
                        }
                    };
                    ensure(outcome.is_ok(), || format!("{outcome:?}"))
                })
            },
        ),
        pure(GROUP, "nobody takes part by what is not remembered", |it| {
            let stranger = Address {
                network: it
                    .to
                    .first()
                    .map(|to| to.network.clone())
                    .unwrap_or_default(),
                namespace: it
                    .to
                    .first()
                    .map(|to| to.namespace.clone())
                    .unwrap_or_default(),
                value: "stranger@example.org".to_owned(),
            };
            for state in ["", "{}", "null", "stranger@example.org", "{\"cc\":7}", "\0"] {
                let admitted = it.channel.admits(state, &stranger);
                ensure(!admitted, || format!("{state:?} lets a stranger in"))?;
            }
            Ok(())
        }),
        calls(GROUP, "nobody learns the agent's name by default", |it| {
            Box::pin(async move {
                declared(!it.channel.capabilities().fetched, NOTHING_CALLED)?;
                let mut message = outgoing(it, Action::Write(text("Hello")));
                message.writer = Some(Writer {
                    id: "a7".to_owned(),
                    name: NAME.to_owned(),
                });
                let reaction = Reaction::Answer(200, "", it.answers.accepted.to_owned());
                let (outcome, asked) = exchange(it, &message, reaction).await;
                ensure(outcome.is_ok(), || format!("{outcome:?}"))?;
                let told = asked.iter().find(|one| one.body.contains(NAME));
                ensure(told.is_none(), || format!("{told:?}"))
            })
        }),
    ]
}

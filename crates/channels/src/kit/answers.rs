//! What each answer, and the lack of one, means for a message.

use super::case::{Case, Verdict, calls, declared, ensure, failed};
use super::provider::Reaction;
use super::writing::{NOTHING_CALLED, exchange, outgoing, send};
use super::{Refusal, Subject, text};
use crate::{Action, SendError, Sent};
use interdesk_domain::delivery::FailureReason;

const GROUP: &str = "answers";

/// A reaction that several cases share their rest with.
type Named = (&'static str, fn() -> Reaction);

pub(super) fn cases() -> Vec<Case> {
    let answer = |status, headers, body: &str| Reaction::Answer(status, headers, body.to_owned());
    let mut cases = vec![
        calls(
            GROUP,
            "too much at once is tried again when the provider says",
            move |it| {
                let (status, headers, body, seconds) = it.answers.busy_until;
                let reaction = answer(status, headers, body);
                Box::pin(async move { busy(write(it, reaction).await, Some(seconds)) })
            },
        ),
        calls(
            GROUP,
            "too much at once without a time is tried again",
            move |it| {
                let (status, body) = it.answers.busy;
                let reaction = answer(status, "", body);
                Box::pin(async move { busy(write(it, reaction).await, None) })
            },
        ),
        calls(
            GROUP,
            "a provider that says it is unwell is tried again",
            move |it| {
                let (status, body) = it.answers.unwell;
                let reaction = answer(status, "", body);
                Box::pin(async move {
                    let refused = refusal(write(it, reaction).await)?;
                    let right = refused.0 == FailureReason::ProviderUnavailable && refused.1;
                    ensure(right, || format!("{refused:?}"))
                })
            },
        ),
    ];
    let doubts: [Named; 5] = [
        ("a gateway's answer leaves the outcome open", || {
            Reaction::Answer(502, "", "<html>Bad Gateway</html>".to_owned())
        }),
        ("a gateway's time-out leaves the outcome open", || {
            Reaction::Answer(504, "", String::new())
        }),
        (
            "silence after the message was taken leaves the outcome open",
            || Reaction::Silence,
        ),
        ("a cut connection leaves the outcome open", || Reaction::Cut),
        (
            "an answer cut off in its head leaves the outcome open",
            || Reaction::CutHead,
        ),
    ];
    for (name, reaction) in doubts {
        cases.push(calls(GROUP, name, move |it| {
            Box::pin(async move { open(write(it, reaction()).await) })
        }));
    }
    let success: [Named; 3] = [
        ("a success that cannot be read is never a refusal", || {
            Reaction::Answer(200, "", "<html>".to_owned())
        }),
        ("a success that breaks off is never a refusal", || {
            Reaction::CutBody
        }),
        ("an endless answer is not read to its end", || {
            Reaction::Answer(200, "", format!("{{\"a\":\"{}\"}}", "x".repeat(2_000_000)))
        }),
    ];
    for (name, reaction) in success {
        cases.push(calls(GROUP, name, move |it| {
            Box::pin(async move {
                let outcome = write(it, reaction()).await;
                let refused = matches!(outcome, Err(SendError::Refused { .. }));
                ensure(!refused, || format!("{outcome:?}"))
            })
        }));
    }
    cases.extend([
        calls(GROUP, "where nobody listens it is tried again", |it| {
            Box::pin(async move {
                let message = outgoing(it, Action::Write(text("Hello")));
                let outcome = send(it, &it.credentials, it.nowhere, &message).await;
                let refused = refusal(outcome)?;
                let right = refused.0 == FailureReason::ProviderUnavailable && refused.1;
                ensure(right, || format!("{refused:?}"))
            })
        }),
        calls(
            GROUP,
            "an address that is none is the account's fault",
            |it| {
                Box::pin(async move {
                    let message = outgoing(it, Action::Write(text("Hello")));
                    let outcome = send(it, &it.credentials, "no address", &message).await;
                    let refused = refusal(outcome)?;
                    let right = refused.0 == FailureReason::AccountRefused && !refused.1;
                    ensure(right, || format!("{refused:?}"))
                })
            },
        ),
        calls(GROUP, "a redirect is not followed", move |it| {
            let to = "location: http://127.0.0.1:1/\r\n";
            let reaction = answer(307, to, "");
            Box::pin(async move {
                let refused = refusal(write(it, reaction).await)?;
                ensure(!refused.1, || format!("{refused:?}"))
            })
        }),
        calls(GROUP, "no error tells a token", |it| {
            Box::pin(async move {
                let message = outgoing(it, Action::Write(text("Hello")));
                for endpoint in [it.nowhere, "no address"] {
                    let outcome = send(it, &it.credentials, endpoint, &message).await;
                    let words = format!("{outcome:?}");
                    let credentials = &it.credentials;
                    let secrets = [&credentials.access_token, &credentials.signing_secret];
                    let mut secrets = secrets.into_iter().flatten();
                    let told = secrets.any(|secret| words.contains(secret.as_str()));
                    ensure(!told, || "a token is told".to_owned())?;
                }
                Ok(())
            })
        }),
    ]);
    cases.extend(refusals());
    let called = |it: &Subject| declared(!it.channel.capabilities().fetched, NOTHING_CALLED);
    cases
        .into_iter()
        .map(|case| case.where_it_holds(called))
        .collect()
}

fn refusals() -> Vec<Case> {
    let all = [
        ("a customer who blocked us", Refusal::Blocked),
        ("a customer who did not opt in", Refusal::NotOptedIn),
        ("an unknown recipient", Refusal::RecipientUnknown),
        ("a closed window", Refusal::WindowClosed),
        ("content that the provider does not want", Refusal::Content),
        ("an account that is refused", Refusal::Account),
    ];
    let cases = all.into_iter().map(|(name, which)| {
        calls(
            GROUP,
            format!("{name} is a reason for the agent"),
            move |it| {
                Box::pin(async move {
                    let window = it.channel.capabilities().reply_window.is_some();
                    declared(window || which != Refusal::WindowClosed, "no window")?;
                    let mut known = it.answers.refusals.iter();
                    let found = known.find(|(refusal, ..)| *refusal == which);
                    let (_, status, body, expected) = found.ok_or_else(|| failed("no sample"))?;
                    let reaction = Reaction::Answer(*status, "", body.clone());
                    let refused = refusal(write(it, reaction).await)?;
                    let allowed = allowed(which).contains(expected);
                    let right = allowed && refused.0 == *expected && !refused.1 && refused.2;
                    ensure(right, || format!("{refused:?}"))
                })
            },
        )
    });
    cases.collect()
}

/// Returns the reasons that mean a refusal; some providers do not tell a block from a wrong number.
fn allowed(refusal: Refusal) -> &'static [FailureReason] {
    match refusal {
        Refusal::Blocked => &[FailureReason::NotOptedIn, FailureReason::RecipientUnknown],
        Refusal::NotOptedIn => &[FailureReason::NotOptedIn],
        Refusal::RecipientUnknown => &[FailureReason::RecipientUnknown],
        Refusal::WindowClosed => &[FailureReason::WindowClosed],
        Refusal::Content => &[FailureReason::RefusedContent],
        Refusal::Account => &[FailureReason::AccountRefused],
    }
}

async fn write(it: &Subject, reaction: Reaction) -> Result<Sent, SendError> {
    let message = outgoing(it, Action::Write(text("Hello")));
    exchange(it, &message, reaction).await.0
}

/// Returns reason, whether it may pass by itself, and whether there are words for the agent.
fn refusal(
    outcome: Result<Sent, SendError>,
) -> Result<(FailureReason, bool, bool, Option<i64>), super::Miss> {
    match outcome {
        Err(SendError::Refused {
            failure,
            retry_after,
        }) => {
            let seconds = retry_after.map(|wait| wait.num_seconds());
            let words = !failure.detail.trim().is_empty();
            Ok((failure.reason, failure.retryable, words, seconds))
        }
        other => Err(failed(format!("{other:?}"))),
    }
}

fn busy(outcome: Result<Sent, SendError>, wait: Option<i64>) -> Verdict {
    let refused = refusal(outcome)?;
    let right = refused.0 == FailureReason::RateLimited && refused.1 && refused.3 == wait;
    ensure(right, || format!("{refused:?}"))
}

fn open(outcome: Result<Sent, SendError>) -> Verdict {
    let open = matches!(outcome, Err(SendError::NoAnswer(_)));
    ensure(open, || format!("{outcome:?}"))
}

//! Who may speak in the provider's name.

use super::Subject;
use super::case::{Case, Verdict, declared, ensure, pure};
use crate::{OwnedRequest, Proof, VerifyError};
use chrono::Duration;

const GROUP: &str = "proof";

pub(super) fn cases() -> Vec<Case> {
    let proven = |name: &str, act: fn(&Subject) -> Verdict| {
        pure(GROUP, name, move |subject: &Subject| {
            let proof = subject.channel.capabilities().inbound.proof;
            declared(proof != Proof::Transport, "the transport proves")?;
            act(subject)
        })
    };
    vec![
        proven("a good one is taken", |it| {
            taken(it, &good(it), &it.secrets)
        }),
        proven("one by the older of two secrets is taken", |it| {
            let request = signed(it, &it.secrets[1]);
            taken(it, &request, &it.secrets)
        }),
        proven("one by a foreign secret is refused", |it| {
            let request = signed(it, &it.secrets[1]);
            refused(it, &request, &it.secrets[..1], VerifyError::Mismatch)
        }),
        proven("a missing one is refused", |it| {
            let mut request = good(it);
            request.headers.clear();
            let outcome = verify(it, &request, &it.secrets);
            let missing = matches!(outcome, Err(VerifyError::Missing(_)));
            ensure(missing, || format!("{outcome:?}"))
        }),
        proven("an empty one is refused", |it| {
            each_header(it, |_| String::new())
        }),
        proven("one that was cut is refused", |it| {
            each_header(it, |value| {
                // The very last sign may be padding, which is not needed.
                let end = value.len().saturating_sub(2);
                value.get(..end).unwrap_or_default().to_owned()
            })
        }),
        proven("one with something behind it is refused", |it| {
            each_header(it, |value| format!("{value}0"))
        }),
        proven("one over another body is refused", |it| {
            let proof = it.channel.capabilities().inbound.proof;
            declared(proof != Proof::Word, "a word does not cover the body")?;
            let mut request = good(it);
            request.body = [&request.body[..], b" "].concat().into();
            refused(it, &request, &it.secrets, VerifyError::Mismatch)
        }),
        proven("one that is replayed later is refused", |it| stale(it, -1)),
        proven("one from the future is refused", |it| stale(it, 1)),
        proven("without a secret nobody gets in", |it| nobody(it, &[])),
        proven("an empty secret lets nobody in", |it| {
            nobody(it, &[String::new()])
        }),
        proven("a refusal does not tell the secret", |it| {
            let request = signed(it, &it.secrets[1]);
            let outcome = verify(it, &request, &it.secrets[..1]);
            let words = match &outcome {
                Ok(()) => String::new(),
                Err(error) => format!("{error} {error:?}"),
            };
            let told = it.secrets.iter().any(|secret| words.contains(secret));
            ensure(!words.is_empty() && !told, || format!("{outcome:?}"))
        }),
    ]
}

fn body(it: &Subject) -> Vec<u8> {
    (it.texts)(&[("kit-1".to_owned(), "Hello".to_owned())])
}

fn signed(it: &Subject, secret: &str) -> OwnedRequest {
    (it.sign)(secret, Subject::moment(), &body(it))
}

fn good(it: &Subject) -> OwnedRequest {
    signed(it, &it.secrets[0])
}

fn verify(it: &Subject, request: &OwnedRequest, secrets: &[String]) -> Result<(), VerifyError> {
    let credentials = it.proven_by(secrets);
    it.channel
        .verify(&request.as_incoming(), &credentials, Subject::moment())
}

fn taken(it: &Subject, request: &OwnedRequest, secrets: &[String]) -> Verdict {
    let outcome = verify(it, request, secrets);
    ensure(outcome.is_ok(), || format!("{outcome:?}"))
}

fn refused(
    it: &Subject,
    request: &OwnedRequest,
    secrets: &[String],
    expected: VerifyError,
) -> Verdict {
    let outcome = verify(it, request, secrets);
    ensure(outcome == Err(expected), || format!("{outcome:?}"))
}

/// Changes one header after the other that the proof brought.
fn each_header(it: &Subject, change: impl Fn(&str) -> String) -> Verdict {
    let good = good(it);
    for index in 0..good.headers.len() {
        let mut request = good.clone();
        request.headers[index].1 = change(&good.headers[index].1);
        let outcome = verify(it, &request, &it.secrets);
        let name = &good.headers[index].0;
        ensure(outcome.is_err(), || format!("changed {name} is taken"))?;
    }
    Ok(())
}

fn stale(it: &Subject, direction: i32) -> Verdict {
    let proof = it.channel.capabilities().inbound.proof;
    declared(proof == Proof::BodyAndTime, "the proof has no time")?;
    let at = Subject::moment() + Duration::hours(1) * direction;
    let request = (it.sign)(&it.secrets[0], at, &body(it));
    let outcome = verify(it, &request, &it.secrets);
    let stale = matches!(outcome, Err(VerifyError::Stale(_)));
    ensure(stale, || format!("{outcome:?}"))
}

fn nobody(it: &Subject, secrets: &[String]) -> Verdict {
    let outcome = verify(it, &good(it), secrets);
    let unset = matches!(outcome, Err(VerifyError::NotConfigured(_)));
    ensure(unset, || format!("{outcome:?}"))
}

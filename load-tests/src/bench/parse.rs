//! What it costs to prove and read one message of each channel, in time of the processor.
//!
//! The bodies are those of the conformance kit: a short text as the provider would send it, signed as it
//! would sign it. Nothing is stored and nobody is called.

use crate::summary::{Summary, median};
use interdesk_channels::kit::{Subject, subjects};
use interdesk_channels::{Credentials, OwnedRequest, Proof};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// How many messages a round reads.
const MESSAGES: u32 = 20_000;
/// Rounds; the median counts.
const ROUNDS: usize = 5;
/// What the customer writes.
const TEXT: &str = "Where is my parcel 48213? It was to come on Tuesday already.";

/// Measures every channel.
pub(super) fn measure(summary: &mut Summary) {
    println!("\nProving and reading messages: {ROUNDS} rounds of {MESSAGES} for each channel …");
    for subject in subjects() {
        let channel = subject.channel.kind().as_str();
        let what = format!("a text by {channel} proven and read, µs of one processor");
        summary.add(&format!("parse.{channel}_us"), cost(&subject), &what);
    }
}

/// Returns the microseconds of one message.
fn cost(subject: &Subject) -> f64 {
    let now = Subject::moment();
    let body = (subject.texts)(&[("m-1".to_owned(), TEXT.to_owned())]);
    let request = (subject.sign)(&subject.secrets[0], now, &body);
    let credentials = Credentials {
        webhook_secrets: subject.secrets.to_vec(),
        ..subject.credentials.clone()
    };
    let rounds = (0..ROUNDS).map(|_| {
        let before = spent();
        for _ in 0..MESSAGES {
            read(subject, &request, &credentials);
        }
        (spent() - before).as_secs_f64() * 1_000_000.0 / f64::from(MESSAGES)
    });
    median(rounds.collect())
}

fn read(subject: &Subject, request: &OwnedRequest, credentials: &Credentials) {
    let incoming = request.as_incoming();
    // Whoever took a mail has proven it.
    if subject.channel.capabilities().inbound.proof != Proof::Transport {
        let proven = (subject.channel).verify(&incoming, credentials, Subject::moment());
        assert!(proven.is_ok(), "{proven:?}");
    }
    let updates = subject.channel.parse(&incoming, credentials);
    assert!(
        updates.as_ref().is_ok_and(|all| !all.is_empty()),
        "{updates:?}"
    );
    let _ = black_box(updates);
}

/// Returns the processor's time that this thread has had.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

//! What it costs to prove and read one message of each channel, in time of the processor.
//!
//! The bodies are those of the conformance kit: a short text as the provider would send it, signed as it
//! would sign it. Nothing is stored and nobody is called. Criterion decides how often each is read and keeps
//! its samples under `target/bench/criterion`, so that a further run is told beside the one before.

use crate::summary::Summary;
use anyhow::{Context, Result};
use criterion::Criterion;
use interdesk_channels::kit::{Subject, subjects};
use interdesk_channels::{Credentials, OwnedRequest, Proof};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// Where criterion keeps its samples.
const SAMPLES: &str = "target/bench/criterion";
/// What the customer writes.
const TEXT: &str = "Where is my parcel 48213? It was to come on Tuesday already.";

/// Measures every channel.
pub(super) fn measure(summary: &mut Summary) -> Result<()> {
    println!("\nProving and reading messages of each channel …");
    let mut criterion = Criterion::default()
        .without_plots()
        .output_directory(Path::new(SAMPLES))
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    for subject in subjects() {
        let channel = subject.channel.kind().as_str();
        sample(&mut criterion, channel, &subject);
        let what = format!("a text by {channel} proven and read, µs of one processor");
        summary.add(
            &format!("parse.{channel}_us"),
            microseconds(channel)?,
            &what,
        );
    }
    Ok(())
}

/// Reads a message again and again, and takes the processor's time of this thread alone.
fn sample(criterion: &mut Criterion, channel: &str, subject: &Subject) {
    let now = Subject::moment();
    let body = (subject.texts)(&[("m-1".to_owned(), TEXT.to_owned())]);
    let request = (subject.sign)(&subject.secrets[0], now, &body);
    let credentials = Credentials {
        webhook_secrets: subject.secrets.to_vec(),
        ..subject.credentials.clone()
    };
    criterion.bench_function(&name(channel), |bencher| {
        bencher.iter_custom(|times| {
            let before = spent();
            for _ in 0..times {
                read(subject, &request, &credentials);
            }
            spent() - before
        });
    });
}

fn name(channel: &str) -> String {
    format!("parse_{channel}")
}

/// Reads what criterion takes for the median, in microseconds.
fn microseconds(channel: &str) -> Result<f64> {
    let file = Path::new(SAMPLES)
        .join(name(channel))
        .join("new/estimates.json");
    let told =
        std::fs::read(&file).with_context(|| format!("criterion left no {}", file.display()))?;
    let told: serde_json::Value = serde_json::from_slice(&told)?;
    let median = told["median"]["point_estimate"].as_f64();
    Ok(median.context("criterion tells no median")? / 1_000.0)
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

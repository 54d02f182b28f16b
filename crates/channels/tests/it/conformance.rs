//! Every adapter passes the conformance kit.

use interdesk_channels::channel;
use interdesk_channels::kit::{self, Miss};
use interdesk_domain::inbox::ChannelKind;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

#[tokio::test]
async fn every_adapter_passes_every_case_or_says_which_capability_excuses_it() {
    let mut failures = Vec::new();
    for subject in kit::subjects() {
        let report = kit::run(&subject).await;
        failures.extend(report.failures());
        if !failures.is_empty() {
            continue;
        }
        let held = report.verdicts.iter().filter(|(_, it)| it.is_ok()).count();
        let excused =
            |(_, it): &&(_, _)| matches!(it, Err(Miss::NotApplicable(why)) if !why.is_empty());
        let excused = report.verdicts.iter().filter(excused).count();
        assert_eq!(held + excused, report.verdicts.len());
        assert!(held >= 60, "{} holds only {held}", report.channel);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn there_are_many_cases_and_no_two_have_one_name() {
    let cases = kit::cases();
    let names: HashSet<_> = cases.iter().map(|case| format!("{case:?}")).collect();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() >= 60);
}

#[test]
fn every_registered_channel_is_a_subject() {
    let subjects: HashSet<_> = kit::subjects().iter().map(|it| it.channel.kind()).collect();
    for kind in ChannelKind::ALL {
        assert!(subjects.contains(&kind), "{kind:?}");
        assert_eq!(channel(kind).kind(), kind);
    }
}

/// A fuzz loop without coverage: blind changes of the fixtures for two seconds per channel, others at
/// each run. The seed is printed; `INTERDESK_FUZZ_SEED` repeats a run, `INTERDESK_FUZZ_SECONDS`
/// makes it longer.
#[test]
fn changed_fixtures_cause_no_panic_however_long_one_tries() {
    let setting = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seed = setting("INTERDESK_FUZZ_SEED");
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let seconds = Duration::from_secs(setting("INTERDESK_FUZZ_SECONDS").unwrap_or(2));
    for subject in kit::subjects() {
        let read = kit::mutate(&subject, usize::MAX, seed, seconds);
        let name = subject.channel.kind().as_str();
        println!("{name}: seed {seed}: {read:?} bodies");
        assert!(read.is_ok(), "{name}: seed {seed}: {read:?}");
    }
}

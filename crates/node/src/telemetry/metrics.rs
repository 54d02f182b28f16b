//! The metrics of the desk, described in one table.

use std::sync::{Mutex, PoisonError};

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Webhooks by `channel` and `outcome`.
pub const WEBHOOKS: &str = "interdesk_webhooks_total";
/// Webhooks that one commit served.
pub const RECEIVE_BATCH_SIZE: &str = "interdesk_receive_batch_size";
/// Seconds from a webhook's arrival to its commit.
pub const RECEIVE_SECONDS: &str = "interdesk_receive_seconds";
/// Events that the relay published.
pub const EVENTS_PUBLISHED: &str = "interdesk_events_published_total";
/// Events that are committed and not yet published.
pub const RELAY_LAG: &str = "interdesk_relay_lag_events";
/// Routing decisions by `outcome`.
pub const ROUTE_DECISIONS: &str = "interdesk_route_decisions_total";
/// Seconds that one routing pass took.
pub const ROUTE_SECONDS: &str = "interdesk_route_seconds";
/// Offers by the `state` they came to.
pub const OFFERS: &str = "interdesk_offers_total";
/// Sending attempts by `channel` and `outcome`.
pub const DELIVERIES: &str = "interdesk_deliveries_total";
/// Seconds that a provider took to answer, by `channel`.
pub const DELIVERY_SECONDS: &str = "interdesk_delivery_seconds";
/// Handled events by `consumer` and `outcome`.
pub const CONSUMER_EVENTS: &str = "interdesk_consumer_events_total";
/// Leaves appended to audit logs.
pub const AUDIT_LEAVES: &str = "interdesk_audit_leaves_total";
/// Checkpoints signed for audit logs.
pub const AUDIT_CHECKPOINTS: &str = "interdesk_audit_checkpoints_total";
/// GraphQL requests by `operation` kind and `outcome`.
pub const GRAPHQL_REQUESTS: &str = "interdesk_graphql_requests_total";
/// Seconds that GraphQL requests took, by `operation` kind.
pub const GRAPHQL_SECONDS: &str = "interdesk_graphql_seconds";
/// Subscriptions that are open now.
pub const GRAPHQL_SUBSCRIPTIONS: &str = "interdesk_graphql_subscriptions";
/// Events and bodies that went to the dead letters, by `kind`.
pub const DEAD_LETTERS: &str = "interdesk_dead_letters_total";
/// Durable timers that fired, by `kind`.
pub const TIMERS_FIRED: &str = "interdesk_timers_fired_total";

#[derive(Clone, Copy)]
enum Shape {
    Counter,
    Gauge,
    /// A histogram of seconds.
    Seconds,
    /// A histogram of how many things one batch held.
    Sizes,
}

/// Every metric: name, shape and what `/metrics` says about it.
const TABLE: &[(&str, Shape, &str)] = &[
    (WEBHOOKS, Shape::Counter, "webhooks by channel and outcome"),
    (
        RECEIVE_BATCH_SIZE,
        Shape::Sizes,
        "webhooks that one commit served",
    ),
    (
        RECEIVE_SECONDS,
        Shape::Seconds,
        "time from a webhook's arrival to its commit",
    ),
    (
        EVENTS_PUBLISHED,
        Shape::Counter,
        "events that the relay published",
    ),
    (
        RELAY_LAG,
        Shape::Gauge,
        "events that are committed and not yet published",
    ),
    (
        ROUTE_DECISIONS,
        Shape::Counter,
        "routing decisions by outcome",
    ),
    (
        ROUTE_SECONDS,
        Shape::Seconds,
        "time that one routing pass took",
    ),
    (OFFERS, Shape::Counter, "offers by the state they came to"),
    (
        DELIVERIES,
        Shape::Counter,
        "sending attempts by channel and outcome",
    ),
    (
        DELIVERY_SECONDS,
        Shape::Seconds,
        "time that a provider took to answer",
    ),
    (
        CONSUMER_EVENTS,
        Shape::Counter,
        "handled events by consumer and outcome",
    ),
    (
        AUDIT_LEAVES,
        Shape::Counter,
        "leaves appended to audit logs",
    ),
    (
        AUDIT_CHECKPOINTS,
        Shape::Counter,
        "checkpoints signed for audit logs",
    ),
    (
        GRAPHQL_REQUESTS,
        Shape::Counter,
        "GraphQL requests by operation kind and outcome",
    ),
    (
        GRAPHQL_SECONDS,
        Shape::Seconds,
        "time that GraphQL requests took",
    ),
    (
        GRAPHQL_SUBSCRIPTIONS,
        Shape::Gauge,
        "subscriptions that are open now",
    ),
    (
        DEAD_LETTERS,
        Shape::Counter,
        "events and bodies that went to the dead letters",
    ),
    (TIMERS_FIRED, Shape::Counter, "durable timers that fired"),
];

const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1_000.0];

/// Another recorder has claimed the metrics of this process.
#[derive(Debug, thiserror::Error)]
#[error("another metrics recorder is installed")]
pub struct AlreadyInstalled;

/// The metrics of this process, ready to be printed.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);

impl Metrics {
    /// Starts counting, once per process; later calls give the same metrics.
    ///
    /// # Errors
    ///
    /// Fails when other code has installed its own recorder.
    pub fn install() -> Result<Self, AlreadyInstalled> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let recorder = builder().build_recorder();
        let metrics = Self(recorder.handle());
        metrics::set_global_recorder(recorder).map_err(|_| AlreadyInstalled)?;
        describe();
        *installed = Some(metrics.clone());
        Ok(metrics)
    }

    /// Prints every metric in the Prometheus text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Takes histogram samples in, so that they cannot pile up when nobody
    /// fetches the metrics.
    pub(super) fn tidy(&self) {
        self.0.run_upkeep();
    }
}

fn builder() -> PrometheusBuilder {
    let mut builder = PrometheusBuilder::new();
    for (name, shape, _) in TABLE {
        let buckets = match shape {
            Shape::Seconds => SECONDS,
            Shape::Sizes => SIZES,
            Shape::Counter | Shape::Gauge => continue,
        };
        builder = builder
            .set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
            .expect("the bucket lists are not empty");
    }
    builder
}

fn describe() {
    for (name, shape, about) in TABLE {
        match shape {
            Shape::Counter => describe_counter!(*name, *about),
            Shape::Gauge => describe_gauge!(*name, *about),
            Shape::Seconds | Shape::Sizes => describe_histogram!(*name, *about),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_thing_is_printed_with_its_description_and_labels() {
        let metrics = Metrics::install().expect("first");
        metrics::counter!(WEBHOOKS, "channel" => "telegram", "outcome" => "accepted").increment(2);
        metrics::histogram!(RECEIVE_SECONDS).record(0.003);
        let page = Metrics::install().expect("again").render();
        assert!(
            page.contains("# HELP interdesk_webhooks_total webhooks by channel and outcome"),
            "{page}"
        );
        assert!(
            page.contains("interdesk_webhooks_total{channel=\"telegram\",outcome=\"accepted\"} 2"),
            "{page}"
        );
        assert!(
            page.contains("interdesk_receive_seconds_bucket{le=\"0.005\"} 1"),
            "{page}"
        );
        metrics.tidy();
    }

    #[test]
    fn every_name_is_ours_and_appears_once() {
        let mut names: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        assert!(names.iter().all(|name| name.starts_with("interdesk_")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}

//! Logs, traces and metrics of a process.
//!
//! Logs go to standard error, as text or JSON. Traces go to an OpenTelemetry
//! collector over OTLP/HTTP when one is named. Metrics wait to be fetched from
//! `/metrics` (see [`crate::health`]).

mod context;
mod export;
pub mod metrics;

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};

pub use context::{consumer_span, current_traceparent, producer_span, set_parent, traceparent_of};
pub use metrics::Metrics;

use crate::{
    config::{self, LogFormat},
    role::Roles,
};

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log filter cannot be read.
    #[error("telemetry.log_filter is malformed, write `level` or `target=level,…`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter refuses its settings.
    #[error("telemetry.otlp_endpoint cannot be used")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Something else has already claimed the logs of this process.
    #[error("telemetry was already started in this process")]
    Started(#[from] tracing_subscriber::util::TryInitError),
    /// The metrics recorder was claimed by something else.
    #[error("metrics were already started in this process")]
    Metrics(#[from] metrics::AlreadyInstalled),
}

/// The running telemetry of a process. Ask it to [`shutdown`](Self::shutdown)
/// before the process ends, so that the last spans leave.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    metrics: Metrics,
}

impl Telemetry {
    /// Starts logs, traces and metrics for the whole process.
    ///
    /// Call it inside the tokio runtime that lives as long as the process.
    ///
    /// # Errors
    ///
    /// Fails on a malformed filter, an unusable endpoint, or a second start.
    pub fn start(config: &config::Telemetry, roles: &Roles) -> Result<Self, Error> {
        let provider = export::provider(config, roles)?;
        subscriber(config, provider.as_ref())?.try_init()?;
        let metrics = Metrics::install()?;
        tokio::spawn(keep_tidy(metrics.clone()));
        Ok(Self { provider, metrics })
    }

    /// The metrics, for `/metrics`.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends what is still waiting and stops.
    pub async fn shutdown(self) {
        let Some(provider) = self.provider else {
            return;
        };
        // The batch thread waits for a request that runs on this runtime, so
        // waiting for it here would block the worker that it needs.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }
}

/// Takes histogram samples in even when nobody fetches the metrics.
async fn keep_tidy(metrics: Metrics) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        metrics.tidy();
    }
}

type Sink = Box<dyn Layer<Registry> + Send + Sync>;

fn subscriber(
    config: &config::Telemetry,
    provider: Option<&SdkTracerProvider>,
) -> Result<impl Subscriber + for<'a> LookupSpan<'a> + Into<tracing::Dispatch>, Error> {
    let filter = EnvFilter::builder().parse(&config.log_filter)?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines: Sink = match config.log_format {
        LogFormat::Text => lines.with_target(true).with_filter(filter).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    };
    let mut layers = vec![lines, spans_for_context()];
    layers.extend(provider.map(spans_for_export));
    Ok(tracing_subscriber::registry().with(layers))
}

/// Keeps our own spans alive whatever the log filter says, because a trace
/// context that came in from outside rides on them.
fn spans_for_context() -> Sink {
    context::Carrier.with_filter(filter_fn(is_own_span)).boxed()
}

fn spans_for_export(provider: &SdkTracerProvider) -> Sink {
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("interdesk"))
        .with_filter(filter_fn(is_own_span).with_max_level_hint(LevelFilter::INFO))
        .boxed()
}

fn is_own_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && *metadata.level() <= Level::INFO
        && metadata.target().starts_with("interdesk")
}

#[cfg(test)]
#[path = "telemetry/tests.rs"]
mod tests;

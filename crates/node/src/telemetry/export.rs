//! Sending traces to a collector.

use std::{sync::Arc, time::Duration};

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter as Otlp, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};

use super::Error;
use crate::{config, role::Roles};

/// Makes the provider of exported spans, or nothing when no collector is named.
pub(super) fn provider(
    config: &config::Telemetry,
    roles: &Roles,
) -> Result<Option<SdkTracerProvider>, Error> {
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(None);
    };
    let protocol = match config.otlp_protocol.as_str() {
        "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpBinary,
    };
    let otlp = Otlp::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_protocol(protocol)
        .with_timeout(Duration::from_secs(5))
        .build()?;
    let on_runtime = OnRuntime {
        exporter: Arc::new(otlp),
        runtime: tokio::runtime::Handle::current(),
    };
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(on_runtime)
        .with_sampler(sampler(config.sample_ratio))
        .with_resource(resource(roles))
        .build();
    Ok(Some(provider))
}

/// A trace that came in keeps its sender's choice; a new one is drawn by ratio.
pub(super) fn sampler(ratio: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)))
}

pub(super) fn resource(roles: &Roles) -> Resource {
    Resource::builder()
        .with_service_name("interdesk")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("interdesk.role", roles.to_string()))
        .build()
}

/// Runs each export on the tokio runtime.
///
/// The batch processor exports from a plain thread, where an asynchronous HTTP
/// client finds no reactor and panics.
#[derive(Debug)]
struct OnRuntime {
    exporter: Arc<Otlp>,
    runtime: tokio::runtime::Handle,
}

impl SpanExporter for OnRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = Arc::clone(&self.exporter);
        let export = self
            .runtime
            .spawn(async move { exporter.export(batch).await });
        export.await.unwrap_or_else(|error| {
            Err(opentelemetry_sdk::error::OTelSdkError::InternalFailure(
                error.to_string(),
            ))
        })
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Called once while the provider is built, before any export can hold a copy.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

use opentelemetry_sdk::trace::InMemorySpanExporter;

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const INCOMING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn settings(log_filter: &str) -> config::Telemetry {
    config::Telemetry {
        log_filter: log_filter.to_owned(),
        ..config::Config::default().telemetry
    }
}

fn exporting(ratio: f64) -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_sampler(export::sampler(ratio))
        .with_resource(export::resource(&Roles::chosen([])))
        .build();
    (provider, exporter)
}

fn with_export<T>(
    ratio: f64,
    story: impl FnOnce() -> T,
) -> (T, Vec<opentelemetry_sdk::trace::SpanData>) {
    let (provider, exporter) = exporting(ratio);
    let subscriber = subscriber(&settings("off"), Some(&provider)).expect("subscriber");
    let result = tracing::subscriber::with_default(subscriber, story);
    (result, exporter.get_finished_spans().expect("spans"))
}

#[test]
fn a_parent_from_outside_keeps_its_trace_id() {
    let (sent, spans) = with_export(1.0, || {
        let span = consumer_span("routing.conversations", Some(INCOMING));
        span.in_scope(|| producer_span("interdesk.events").in_scope(current_traceparent))
    });
    let sent = sent.expect("a context");
    assert!(
        sent.starts_with(&format!("00-{TRACE}-")) && sent.ends_with("-01"),
        "{sent}"
    );
    assert!(
        !sent.contains("b7ad6b7169203331"),
        "the span has an id of its own"
    );
    assert_eq!(spans.len(), 2);
    assert!(
        spans
            .iter()
            .all(|span| span.span_context.trace_id().to_string() == TRACE)
    );
    let consumer = spans
        .iter()
        .find(|span| span.name == "process")
        .expect("consumer");
    assert_eq!(consumer.parent_span_id.to_string(), "b7ad6b7169203331");
    assert!(consumer.parent_span_is_remote);
}

#[test]
fn what_one_process_sends_continues_in_the_next() {
    let (first, _) = with_export(1.0, || producer_span("bus").in_scope(current_traceparent));
    let first = first.expect("a context");
    let ((), spans) = with_export(1.0, || consumer_span("queue", Some(&first)).in_scope(|| ()));
    assert_eq!(spans[0].span_context.trace_id().to_string(), first[3..35]);
    assert_eq!(spans[0].parent_span_id.to_string(), first[36..52]);
}

#[test]
fn a_sender_who_samples_is_followed_even_when_new_traces_are_not() {
    let ((), spans) = with_export(0.0, || {
        consumer_span("queue", None).in_scope(|| ());
        consumer_span("queue", Some(INCOMING)).in_scope(|| ());
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].span_context.trace_id().to_string(), TRACE);
}

#[test]
fn a_malformed_parent_starts_a_trace_of_its_own() {
    for text in [
        "",
        "00-zz",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    ] {
        let (sent, _) = with_export(1.0, || {
            consumer_span("queue", Some(text)).in_scope(current_traceparent)
        });
        assert!(!sent.expect("a context").contains(TRACE));
    }
}

#[test]
fn without_export_a_trace_from_outside_passes_through_unchanged() {
    for filter in ["info", "off"] {
        let subscriber = subscriber(&settings(filter), None).expect("subscriber");
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(current_traceparent(), None);
            let span = consumer_span("queue", Some(INCOMING));
            let inner = span.in_scope(|| producer_span("bus"));
            assert_eq!(
                inner.in_scope(current_traceparent).as_deref(),
                Some(INCOMING)
            );
            assert_eq!(traceparent_of(&span).as_deref(), Some(INCOMING));
            assert_eq!(
                consumer_span("queue", Some("nonsense")).in_scope(current_traceparent),
                None
            );
        });
    }
}

#[test]
fn a_malformed_log_filter_is_refused_with_its_key() {
    let Err(error) = subscriber(&settings("interdesk=loud"), None) else {
        panic!("must be refused");
    };
    assert!(error.to_string().contains("telemetry.log_filter"));
}

#[test]
fn a_log_line_in_json_is_one_object() {
    let json = config::Telemetry {
        log_format: LogFormat::Json,
        ..settings("info")
    };
    assert!(subscriber(&json, None).is_ok());
}

/// A collector that answers one request and hands over its head.
async fn collector() -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("bind");
    let endpoint = format!("http://{}", listener.local_addr().expect("address"));
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("accept");
        let mut head = vec![0; 4096];
        let read = stream.read(&mut head).await.expect("read");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .expect("answer");
        String::from_utf8_lossy(&head[..read]).into_owned()
    });
    (endpoint, request)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn spans_reach_a_collector_over_http_before_the_process_ends() {
    for (protocol, content_type) in [
        ("http/json", "application/json"),
        ("http/protobuf", "application/x-protobuf"),
    ] {
        let (endpoint, request) = collector().await;
        let settings = config::Telemetry {
            otlp_endpoint: Some(endpoint),
            otlp_protocol: protocol.to_owned(),
            ..settings("off")
        };
        let provider = export::provider(&settings, &Roles::chosen([]))
            .expect("provider")
            .expect("on");
        let subscriber = subscriber(&settings, Some(&provider)).expect("subscriber");
        tracing::subscriber::with_default(subscriber, || producer_span("bus").in_scope(|| ()));
        let telemetry = Telemetry {
            provider: Some(provider),
            metrics: Metrics::install().expect("metrics"),
        };
        telemetry.shutdown().await;
        let head = tokio::time::timeout(std::time::Duration::from_secs(5), request)
            .await
            .expect("in time")
            .expect("request")
            .to_lowercase();
        assert!(head.starts_with("post /v1/traces "), "{head}");
        assert!(head.contains(content_type), "{head}");
    }
}

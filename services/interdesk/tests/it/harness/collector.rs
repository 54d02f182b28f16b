//! A collector of traces: OTLP over HTTP, in JSON.

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// One finished span.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// The trace.
    pub(crate) trace: String,
    /// The span.
    pub(crate) id: String,
    /// What it is under; empty at a trace's beginning.
    pub(crate) parent: String,
    /// Its name and, for a consumer, the queue.
    pub(crate) name: String,
    /// The role of the process.
    pub(crate) role: String,
}

/// Takes spans from every process.
pub(crate) struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    handle: ServerHandle,
    /// Where it listens.
    pub(crate) url: String,
}

impl Collector {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let state = web::Data::from(spans.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::PayloadConfig::new(16 << 20))
                .route("/v1/traces", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(1);
        let server = server.bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { spans, handle, url }
    }

    /// Lists the spans of a trace.
    pub(crate) fn of(&self, trace: &str) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        let same = spans.iter().filter(|span| span.trace == trace);
        same.cloned().collect()
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn take(spans: web::Data<Mutex<Vec<Span>>>, body: web::Bytes) -> HttpResponse {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let mut spans = spans.lock().unwrap();
    for resource in list(&body["resourceSpans"]) {
        let role = attribute(&resource["resource"], "interdesk.role");
        for scope in list(&resource["scopeSpans"]) {
            spans.extend(list(&scope["spans"]).iter().map(|span| read(span, &role)));
        }
    }
    HttpResponse::Ok().json(serde_json::json!({}))
}

fn read(span: &Value, role: &str) -> Span {
    let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let destination = attribute(span, "messaging.destination.name");
    Span {
        trace: text("traceId"),
        id: text("spanId"),
        parent: text("parentSpanId"),
        name: format!("{} {destination}", text("name")).trim().to_owned(),
        role: role.to_owned(),
    }
}

fn attribute(holder: &Value, key: &str) -> String {
    let found = list(&holder["attributes"])
        .iter()
        .find(|entry| entry["key"] == key);
    let text = found.and_then(|entry| entry["value"]["stringValue"].as_str());
    text.unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

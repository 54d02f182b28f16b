//! `/livez`, `/readyz` and `/metrics`, the same on every role.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use actix_web::{HttpResponse, Responder, http::header, web};
use serde::Serialize;

use crate::{lifecycle::Shutdown, telemetry::Metrics};

/// How long one check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// What a process tells about itself.
#[derive(Clone)]
pub struct Health {
    shutdown: Shutdown,
    metrics: Metrics,
    checks: Arc<RwLock<Vec<(&'static str, Check)>>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

impl Health {
    /// Makes the health of a process without checks.
    pub fn new(shutdown: Shutdown, metrics: Metrics) -> Self {
        Self {
            shutdown,
            metrics,
            checks: Arc::default(),
        }
    }

    /// Adds a check: the process is ready while every check is `Ok`. The reason
    /// of a failed one is shown to whoever may read `/readyz`, so it holds no
    /// address and no secret.
    pub fn check<F, R>(&self, name: &'static str, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        self.checks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, check));
    }

    /// Runs every check at once and reports.
    pub async fn report(&self) -> Report {
        let checks = self
            .checks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let outcomes = checks.into_iter().map(|(name, check)| async move {
            let outcome = tokio::time::timeout(PATIENCE, check()).await;
            let reason = outcome
                .unwrap_or_else(|_| Err("no answer in time".to_owned()))
                .err();
            CheckReport {
                name,
                ok: reason.is_none(),
                reason,
            }
        });
        let checks = futures::future::join_all(outcomes).await;
        let draining = self.shutdown.is_draining();
        let ready = !draining && checks.iter().all(|check| check.ok);
        Report {
            ready,
            draining,
            checks,
        }
    }
}

/// Whether a process can take work, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it can take work.
    pub ready: bool,
    /// Whether it is finishing its last work.
    pub draining: bool,
    /// Every check.
    pub checks: Vec<CheckReport>,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The check.
    pub name: &'static str,
    /// Whether it is fine.
    pub ok: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Adds the three pages to a server; the server's app data holds [`Health`] as
/// `web::Data<Health>`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/livez", web::get().to(live))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

async fn live() -> impl Responder {
    "alive\n"
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    let report = health.report().await;
    let mut response = if report.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(report)
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(health.metrics.render())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, http::StatusCode, test};
    use serde_json::{Value, json};

    use super::*;

    fn healthy() -> Health {
        Health::new(
            Shutdown::new(Duration::from_secs(1)),
            Metrics::install().expect("metrics"),
        )
    }

    async fn get(health: &Health, path: &str) -> (StatusCode, String) {
        let app = App::new()
            .app_data(web::Data::new(health.clone()))
            .configure(configure);
        let app = test::init_service(app).await;
        let response =
            test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
        let status = response.status();
        let body = test::read_body(response).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn parse(body: &str) -> Value {
        serde_json::from_str(body).expect("json")
    }

    #[actix_web::test]
    async fn a_process_whose_checks_pass_is_ready() {
        let health = healthy();
        health.check("database", || async { Ok(()) });
        let (status, body) = get(&health, "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        let expected =
            json!({"ready": true, "draining": false, "checks": [{"name": "database", "ok": true}]});
        assert_eq!(parse(&body), expected);
    }

    #[actix_web::test]
    async fn one_failed_check_makes_it_not_ready_and_says_why() {
        let health = healthy();
        health.check("database", || async { Ok(()) });
        health.check("broker", || async { Err("no connection".to_owned()) });
        let (status, body) = get(&health, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            parse(&body)["checks"][1],
            json!({"name": "broker", "ok": false, "reason": "no connection"})
        );
        assert_eq!(get(&health, "/livez").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_check_that_hangs_counts_as_failed() {
        let health = healthy();
        health.check("database", std::future::pending);
        let report = health.report().await;
        assert!(!report.ready);
        assert_eq!(
            report.checks[0].reason.as_deref(),
            Some("no answer in time")
        );
    }

    #[actix_web::test]
    async fn a_draining_process_is_alive_but_not_ready() {
        let health = healthy();
        health.shutdown.begin();
        let (status, body) = get(&health, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(parse(&body)["draining"], json!(true));
        assert_eq!(get(&health, "/livez").await.0, StatusCode::OK);
    }

    #[actix_web::test]
    async fn metrics_are_printed_for_prometheus() {
        let health = healthy();
        metrics::counter!(crate::telemetry::metrics::AUDIT_LEAVES).increment(1);
        let (status, body) = get(&health, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            body.contains("# TYPE interdesk_audit_leaves_total counter"),
            "{body}"
        );
    }
}

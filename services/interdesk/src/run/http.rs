//! The HTTP server of a process: health and metrics, and what its roles add.

use actix_web::{App, HttpServer, web};
use interdesk_ingestion::Intake;
use interdesk_ingestion::widget::{self, Widget};
use interdesk_node::config::Config;
use interdesk_node::health::{self, Health};
use interdesk_node::lifecycle::{Importance, TaskSet};
use std::net::SocketAddr;
use std::sync::Arc;

/// Mounts a role's pages.
pub(crate) type Mount = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What is served.
#[derive(Clone)]
pub(crate) struct Pages {
    health: web::Data<Health>,
    /// Webhooks, for the ingestion role.
    pub(crate) intake: Option<Intake>,
    /// The web chat, for the ingestion role.
    pub(crate) widget: Option<Widget>,
    /// GraphQL, for the agent role.
    pub(crate) agent: Option<Mount>,
}

impl Pages {
    /// Serves health and metrics.
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health: web::Data::new(health),
            intake: None,
            widget: None,
            agent: None,
        }
    }

    fn mount(&self, config: &mut web::ServiceConfig) {
        config.app_data(self.health.clone());
        health::configure(config);
        if let Some(intake) = &self.intake {
            interdesk_ingestion::configure(config, intake.clone());
        }
        if let Some(widget) = &self.widget {
            widget::configure(config, widget.clone());
        }
        if let Some(mount) = &self.agent {
            mount(config);
        }
    }
}

/// Starts the server and returns its address; it stops taking requests in the soft stage.
pub(crate) fn spawn(
    config: &Config,
    pages: Pages,
    tasks: &mut TaskSet,
) -> anyhow::Result<SocketAddr> {
    let address = SocketAddr::new(config.http.bind, config.http.port);
    let server = HttpServer::new(move || {
        let pages = pages.clone();
        App::new().configure(move |config| pages.mount(config))
    });
    let server = match config.http.workers {
        0 => server,
        workers => server.workers(workers),
    };
    let server = server
        .disable_signals()
        .shutdown_timeout(config.shutdown.drain_seconds)
        .bind(address)
        .map_err(|error| {
            anyhow::anyhow!("{address} is not free ({error}); set INTERDESK_HTTP_PORT to another")
        })?;
    let address = server.addrs().first().copied().unwrap_or(address);
    let server = server.run();
    let handle = server.handle();
    let (soft, hard) = (
        tasks.shutdown().soft().clone(),
        tasks.shutdown().hard().clone(),
    );
    tasks.spawn("http", Importance::Critical, async move {
        let ends = async {
            soft.cancelled().await;
            tokio::select! {
                () = handle.stop(true) => {}
                () = hard.cancelled() => handle.stop(false).await,
            }
        };
        let (served, ()) = tokio::join!(server, ends);
        Ok(served?)
    });
    Ok(address)
}

//! The web chat's side of the desk: what the widget on a tenant's page asks for.
//!
//! Everything is below `/widget/{inbox}`, so that each answer, also to a preflight, knows which pages may
//! read it. A visitor's token says who they are; no id that they send decides what they may see. What
//! they write goes through the channel's adapter and the batcher like any webhook.

mod address;
mod answer;
mod apps;
mod asked;
mod body;
mod change;
mod demo;
mod email;
mod feed;
mod live;
mod message;
mod presence;
mod receipt;
mod script;
mod session;
mod tell;
mod typing;
mod upload;
mod view;

pub use address::{Networks, UnreadableNetwork};
pub use live::Live;

use crate::webhook::Intake;
use actix_web::web;
use interdesk_store::vault::Vault;
use presence::Presence;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Numbers that an installation may change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose word about a visitor's address is believed.
    pub proxies: Networks,
    /// How long a session runs unless it is renewed.
    pub session: Duration,
    /// Sessions that one address may begin at an inbox in a minute.
    pub sessions_per_minute: u64,
    /// Messages that one visitor may write in a minute.
    pub messages_per_minute: u64,
    /// How long a link into another app is good.
    pub app_links: Duration,
    /// Live feeds that this process serves at once.
    pub feeds: usize,
    /// Whether there is a demo page with the widget of the demo workspace.
    pub demo: bool,
}

/// What the widget's handlers need.
#[derive(Clone)]
pub struct Widget {
    intake: Intake,
    live: Live,
    vault: Arc<Vault>,
    settings: Arc<Settings>,
    presence: Arc<Presence>,
    places: Arc<tokio::sync::Semaphore>,
    stop: CancellationToken,
}

impl Widget {
    /// Prepares the handlers; feeds end when `stop` is cancelled, and widgets come again elsewhere.
    pub fn new(
        intake: Intake,
        vault: Arc<Vault>,
        live: Live,
        settings: Settings,
        stop: CancellationToken,
    ) -> Self {
        Self {
            presence: Arc::new(Presence::new(intake.desk.clone())),
            places: Arc::new(tokio::sync::Semaphore::new(settings.feeds)),
            intake,
            vault,
            live,
            settings: Arc::new(settings),
            stop,
        }
    }
}

/// Mounts the widget's script and what it asks for.
pub fn configure(config: &mut web::ServiceConfig, widget: Widget) {
    let has_demo = widget.settings.demo;
    config.route("/widget.js", web::get().to(script::script));
    let scope = web::scope("/widget/{inbox}")
        .app_data(web::Data::new(widget.clone()))
        .app_data(web::PayloadConfig::new(body::LONGEST))
        .route("/sessions", web::post().to(session::begin))
        .route("/sessions/renew", web::post().to(session::renew))
        .route("/sessions/current", web::delete().to(session::end))
        .route("/messages", web::post().to(message::write))
        .route("/messages", web::get().to(message::list))
        .route("/messages/{message}", web::put().to(change::edit))
        .route("/messages/{message}", web::delete().to(change::take_back))
        .route("/messages/{message}/reaction", web::put().to(change::react))
        .route("/files", web::post().to(upload::upload))
        .route("/receipts", web::post().to(receipt::note))
        .route("/typing", web::post().to(typing::note))
        .route("/email", web::post().to(email::leave))
        .route("/apps", web::post().to(apps::link))
        .route("/events", web::get().to(feed::follow))
        .route("/page", web::get().to(asked::page))
        .default_service(web::to(asked::other));
    config.service(scope);
    if has_demo {
        let page = web::scope("/demo")
            .app_data(web::Data::new(widget))
            .route("", web::get().to(demo::page))
            .route("/page.js", web::get().to(demo::code))
            .route("/identity", web::get().to(demo::identity));
        config.service(page);
    }
}

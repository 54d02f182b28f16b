//! Runs roles: the relay and what each role adds, until a signal ends it.

mod bus;
mod http;
mod mail;
mod timers;

pub(crate) use bus::topology;

use crate::demo;
use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use interdesk_bus::Bus;
use interdesk_flow::deliver::Courier;
use interdesk_flow::watch_sla::Shelf;
use interdesk_ingestion::widget::{self, Widget};
use interdesk_ingestion::{Batcher, Directory, Intake};
use interdesk_node::config::Config;
use interdesk_node::dead;
use interdesk_node::health::Health;
use interdesk_node::lifecycle::{Importance, Shutdown, TaskSet};
use interdesk_node::provider;
use interdesk_node::relay::{self, Relay};
use interdesk_node::role::{Role, Roles};
use interdesk_node::telemetry::Telemetry;
use std::sync::Arc;
use std::time::Duration;

/// Runs the given roles, or all of them, until a signal.
pub(crate) async fn run(config: Config, roles: Vec<Role>, demo: bool) -> anyhow::Result<()> {
    let roles = Roles::chosen(roles);
    bus::check_shape(&config, &roles)?;
    let telemetry = Telemetry::start(&config.telemetry, &roles)?;
    let shutdown = Shutdown::new(Duration::from_secs(config.shutdown.drain_seconds));
    shutdown.follow_signals()?;
    let foundation = Foundation::open(config, Use::Alone).await?;
    let ended = serve(&foundation, &roles, demo, shutdown, &telemetry).await;
    foundation.close().await;
    telemetry.shutdown().await;
    ended
}

async fn serve(
    foundation: &Foundation,
    roles: &Roles,
    demo: bool,
    shutdown: Shutdown,
    telemetry: &Telemetry,
) -> anyhow::Result<()> {
    let bus = bus::open(foundation, roles).await?;
    let health = health(foundation, &bus, &shutdown, telemetry);
    let mut tasks = TaskSet::new(shutdown.clone());
    spawn_relay(foundation, &bus, &mut tasks);
    if foundation.config.bus.url.is_none() {
        spawn_retries(foundation, &bus, &mut tasks);
    }
    let mut pages = http::Pages::new(health);
    let mut mail_door = None;
    if roles.contains(Role::Ingestion) {
        let intake = spawn_ingestion(foundation, &bus, &mut tasks)?;
        mail_door = mail::spawn(foundation, &intake, demo, &mut tasks).await?;
        pages.widget = Some(spawn_widget(foundation, &bus, &intake, &mut tasks)?);
        pages.intake = Some(intake);
    }
    if roles.contains(Role::Routing) {
        spawn_routing(foundation, &bus, &mut tasks);
    }
    if roles.contains(Role::Agent) {
        pages.agent = Some(spawn_agent(foundation, &bus, &mut tasks)?);
    }
    if roles.contains(Role::Audit) {
        spawn_audit(foundation, &bus, &mut tasks);
    }
    let address = http::spawn(&foundation.config, pages, &mut tasks)?;
    say!("ready: http://{address}");
    if demo {
        demo::start(foundation, address, mail_door, &mut tasks).await?;
    }
    let ended = tasks.finish().await;
    bus.close().await;
    Ok(ended?)
}

fn health(
    foundation: &Foundation,
    bus: &Arc<dyn Bus>,
    shutdown: &Shutdown,
    telemetry: &Telemetry,
) -> Health {
    let health = Health::new(shutdown.clone(), telemetry.metrics().clone());
    let (database, carrier) = (foundation.desk.database.clone(), bus.clone());
    // The desk goes on without its cache, so a lost cache keeps nobody from being ready.
    health.check("database", move || {
        let database = database.clone();
        async move { database.check().await.map_err(|error| error.to_string()) }
    });
    health.check("bus", move || {
        let carrier = carrier.clone();
        async move { carrier.check().await.map_err(|error| error.to_string()) }
    });
    health
}

fn spawn_relay(foundation: &Foundation, bus: &Arc<dyn Bus>, tasks: &mut TaskSet) {
    let (config, desk) = (&foundation.config, &foundation.desk);
    let settings = relay::Settings {
        shards: config.bus.shards,
        page: config.relay.page,
        poll: Duration::from_millis(config.relay.poll_ms),
        retention_days: config.relay.retention_days,
        ..relay::Settings::default()
    };
    let relay = Relay::new(
        desk.database.clone(),
        bus.clone(),
        desk.committed.clone(),
        settings,
    );
    // What is committed while the others finish still goes out.
    let stop = tasks.shutdown().hard().clone();
    let soft = tasks.shutdown().soft().clone();
    tasks.spawn("relay", Importance::Critical, async move {
        tokio::select! {
            () = relay.run(stop) => {}
            () = linger(soft) => {}
        }
        Ok(())
    });
}

/// Does what `interdesk dead retry` asks of a desk whose bus is within it.
fn spawn_retries(foundation: &Foundation, bus: &Arc<dyn Bus>, tasks: &mut TaskSet) {
    let database = foundation.desk.database.clone();
    let soft = tasks.shutdown().soft().clone();
    let following = dead::follow_retries(database, bus.clone(), soft);
    tasks.spawn("dead", Importance::Helper, async move {
        following.await;
        Ok(())
    });
}

/// How long the relay goes on after the soft stage began.
const LINGER: Duration = Duration::from_secs(1);

async fn linger(soft: tokio_util::sync::CancellationToken) {
    soft.cancelled().await;
    tokio::time::sleep(LINGER).await;
}

fn spawn_ingestion(
    foundation: &Foundation,
    bus: &Arc<dyn Bus>,
    tasks: &mut TaskSet,
) -> anyhow::Result<Intake> {
    let (config, desk) = (&foundation.config, &foundation.desk);
    let limits = interdesk_ingestion::Limits {
        max_batch: config.receive.max_batch,
        max_wait: Duration::from_micros(config.receive.max_wait_us),
        max_queue: config.receive.max_queue,
        workers: config.receive.workers,
    };
    let providers = &config.providers;
    let timeout = Duration::from_secs(config.delivery.timeout_seconds);
    let courier = Courier {
        client: provider::client(timeout, providers.allow_private_callbacks)?,
        vault: foundation.vault.clone(),
        whatsapp_url: format!(
            "{}/{}",
            providers.whatsapp_base_url, providers.whatsapp_version
        ),
        telegram_url: providers.telegram_base_url.clone(),
        timeout,
        forbids: match providers.allow_private_callbacks {
            true => |_| false,
            false => provider::is_forbidden_url,
        },
    };
    let shards = config.bus.shards;
    let work = interdesk_ingestion::Work {
        concurrency: config.delivery.concurrency,
        prefetch: config.bus.prefetch,
    };
    let (soft, hard) = (
        tasks.shutdown().soft().clone(),
        tasks.shutdown().hard().clone(),
    );
    let sweep = interdesk_ingestion::sweep(
        desk.clone(),
        courier.clone(),
        Duration::from_secs(config.delivery.overdue_after_seconds),
        config.delivery.concurrency,
        soft.clone(),
    );
    tasks.spawn("overdue replies", Importance::Helper, async move {
        sweep.await;
        Ok(())
    });
    let following = interdesk_ingestion::follow(desk.clone(), courier.clone(), soft.clone());
    tasks.spawn("invitations", Importance::Helper, async move {
        following.await;
        Ok(())
    });
    spawn_files(foundation, &courier, tasks);
    spawn_accounts(foundation, &courier, tasks);
    let delivery =
        interdesk_ingestion::deliver(desk.clone(), courier, bus.clone(), shards, work, soft);
    tasks.spawn("delivery", Importance::Critical, async move {
        delivery.await;
        Ok(())
    });
    Ok(Intake {
        desk: desk.clone(),
        directory: Arc::new(Directory::new(
            desk.database.clone(),
            foundation.vault.clone(),
        )),
        batcher: Batcher::start(desk.clone(), limits, hard),
        max_body: config.http.max_body_bytes,
    })
}

/// Shows customers what nobody keeps, and asks providers how accounts are.
fn spawn_accounts(foundation: &Foundation, courier: &Courier, tasks: &mut TaskSet) {
    let (desk, soft) = (&foundation.desk, tasks.shutdown().soft().clone());
    let showing = interdesk_ingestion::signal(desk.clone(), courier.clone(), soft.clone());
    tasks.spawn("signals", Importance::Helper, async move {
        showing.await;
        Ok(())
    });
    let telling = interdesk_ingestion::notify(desk.clone(), courier.clone(), soft.clone());
    tasks.spawn("notifications", Importance::Helper, async move {
        telling.await;
        Ok(())
    });
    let every = Duration::from_secs(foundation.config.providers.check_seconds);
    let asking = interdesk_ingestion::examine(desk.clone(), courier.clone(), every, soft);
    tasks.spawn("inbox health", Importance::Helper, async move {
        asking.await;
        Ok(())
    });
}

/// Fetches what customers send, and sweeps what nobody needs.
fn spawn_files(foundation: &Foundation, courier: &Courier, tasks: &mut TaskSet) {
    let (desk, soft) = (&foundation.desk, tasks.shutdown().soft().clone());
    let at_once = foundation.config.files.fetch_concurrency;
    let fetching = interdesk_ingestion::fetch(desk.clone(), courier.clone(), at_once, soft.clone());
    tasks.spawn("attachments", Importance::Critical, async move {
        fetching.await;
        Ok(())
    });
    let sweeping = interdesk_ingestion::sweep_files(desk.clone(), soft);
    tasks.spawn("unused files", Importance::Helper, async move {
        sweeping.await;
        Ok(())
    });
}

/// Serves the web chat; its demo page on one's own machine only.
fn spawn_widget(
    foundation: &Foundation,
    bus: &Arc<dyn Bus>,
    intake: &Intake,
    tasks: &mut TaskSet,
) -> anyhow::Result<Widget> {
    let config = &foundation.config;
    let settings = widget::Settings {
        proxies: config
            .widget
            .trusted_proxies
            .parse()
            .context("widget.trusted_proxies")?,
        session: Duration::from_secs(config.widget.session_hours * 3_600),
        sessions_per_minute: config.widget.sessions_per_minute,
        messages_per_minute: config.widget.messages_per_minute,
        app_links: Duration::from_secs(config.widget.app_link_minutes * 60),
        feeds: config.widget.max_feeds,
        demo: config.development,
    };
    let soft = tasks.shutdown().soft().clone();
    let live = widget::Live::default();
    let hearing = live
        .clone()
        .run(foundation.desk.clone(), bus.clone(), soft.clone());
    tasks.spawn("widgets", Importance::Helper, async move {
        hearing.await;
        Ok(())
    });
    let vault = foundation.vault.clone();
    Ok(Widget::new(intake.clone(), vault, live, settings, soft))
}

fn spawn_routing(foundation: &Foundation, bus: &Arc<dyn Bus>, tasks: &mut TaskSet) {
    let desk = foundation.desk.clone();
    let soft = tasks.shutdown().soft().clone();
    let shelf = Shelf::default();
    let runner = timers::runner(&desk, &shelf);
    let stop = soft.clone();
    tasks.spawn("timers", Importance::Critical, async move {
        runner.run(stop).await;
        Ok(())
    });
    let shards = foundation.config.bus.shards;
    let clocks =
        interdesk_routing::clocks::run(desk.clone(), bus.clone(), shards, shelf, soft.clone());
    tasks.spawn("clocks", Importance::Critical, clocks);
    let routing = interdesk_routing::start(desk, bus.clone(), shards, soft);
    tasks.spawn("routing", Importance::Critical, routing);
}

fn spawn_audit(foundation: &Foundation, bus: &Arc<dyn Bus>, tasks: &mut TaskSet) {
    let (config, desk) = (&foundation.config, foundation.desk.clone());
    let settings = interdesk_audit::Settings::new(
        foundation.vault.as_ref().clone(),
        config.audit.checkpoint_every,
        config.audit.checkpoint_seconds,
    );
    let soft = tasks.shutdown().soft().clone();
    let audit = interdesk_audit::run(bus.clone(), desk, config.bus.shards, settings, soft);
    tasks.spawn("audit", Importance::Critical, audit);
}

fn spawn_agent(
    foundation: &Foundation,
    bus: &Arc<dyn Bus>,
    tasks: &mut TaskSet,
) -> anyhow::Result<http::Mount> {
    let soft = tasks.shutdown().soft().clone();
    let (desk, config) = (&foundation.desk, &foundation.config);
    let indexing = interdesk_agent::search::follow(desk.clone(), soft.clone());
    tasks.spawn("search", Importance::Helper, async move {
        indexing.await;
        Ok(())
    });
    let service = interdesk_agent::Service::new(desk, config, &foundation.vault, soft)?;
    tasks.spawn(
        "live",
        Importance::Critical,
        service.clone().live(bus.clone()),
    );
    Ok(Arc::new(move |config| service.configure(config)))
}

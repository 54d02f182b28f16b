//! `interdesk doctor`: checks what the desk stands on and says what to do.

use crate::foundation::{Foundation, Use, owner_url};
use crate::run;
use crate::say::say;
use interdesk_bus::{Bus, RabbitBus, RabbitSettings};
use interdesk_node::config::Config;
use interdesk_store::{health, inbox_health, migrate};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

/// How far the clocks of this machine and the database may differ.
const CLOCK_SECONDS: i64 = 5;

/// How many inboxes that are unwell are shown.
const SHOWN: i64 = 20;

/// Checks everything and prints a line for each; fails when something needs doing.
pub(crate) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut report = Report { failed: false };
    report.say("settings", Ok("readable".to_owned()));
    report.say("port", port(&config));
    report.say("broker", broker(&config).await);
    match Foundation::open(config.clone(), Use::Beside).await {
        Err(error) => report.say(
            "database",
            Err(format!(
                "{error:#}; check that PostgreSQL runs and DATABASE_URL names it"
            )),
        ),
        Ok(foundation) => {
            report.say("migrations", migrations(&config).await);
            report.say("database", database(&foundation).await);
            report.say("clock", clock(&foundation).await);
            report.say("cache", cache(&foundation).await);
            report.say("files", files(&foundation).await);
            report.say("inboxes", inboxes(&foundation).await);
            foundation.close().await;
        }
    }
    Ok(if report.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

struct Report {
    failed: bool,
}

impl Report {
    fn say(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(text) => say!("ok    {what}: {text}"),
            Err(text) => {
                self.failed = true;
                say!("FAIL  {what}: {text}");
            }
        }
    }
}

fn port(config: &Config) -> Result<String, String> {
    let address = SocketAddr::new(config.http.bind, config.http.port);
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) => Err(format!(
            "{address}: {error}; the desk runs there already, or set INTERDESK_HTTP_PORT to another"
        )),
    }
}

async fn broker(config: &Config) -> Result<String, String> {
    let Some(url) = &config.bus.url else {
        return Ok("none; events stay within one process".into());
    };
    let advice = "check that RabbitMQ 3.10 or newer runs and AMQP_URL names it";
    let connected = RabbitBus::connect(
        url.expose(),
        run::topology(config),
        RabbitSettings::default(),
    )
    .await;
    let bus = connected.map_err(|error| format!("{error}; {advice}"))?;
    bus.check()
        .await
        .map_err(|error| format!("{error}; {advice}"))?;
    bus.close().await;
    Ok("answers".to_owned())
}

async fn migrations(config: &Config) -> Result<String, String> {
    if config.database.url.is_none() {
        return Ok("the private database is up to date".to_owned());
    }
    let url = owner_url(config).map_err(|error| error.to_string())?;
    match migrate::pending(&url).await {
        Ok(pending) if pending.is_empty() => Ok("up to date".to_owned()),
        Ok(pending) => Err(format!(
            "missing {}; run: interdesk migrate",
            pending.join(", ")
        )),
        Err(error) => Err(format!(
            "{error}; set MIGRATION_DATABASE_URL to the owner's address"
        )),
    }
}

async fn database(foundation: &Foundation) -> Result<String, String> {
    let found = health::inspect(&foundation.desk.database).await;
    let found = found.map_err(|error| format!("{error}; check DATABASE_URL"))?;
    if found.bypasses {
        return Err(
            "this login can bypass row-level security; use one made by deploy/postgres/roles.sql"
                .into(),
        );
    }
    if !found.missing.is_empty() {
        let missing = found.missing.join(" and ");
        return Err(format!(
            "the server lacks {missing}; install PostgreSQL's contrib package and migrate again"
        ));
    }
    Ok(format!("PostgreSQL {}", found.version))
}

async fn files(foundation: &Foundation) -> Result<String, String> {
    let store = &foundation.desk.files.store;
    match store.check().await {
        Ok(()) => Ok(format!("{} is there", store.name())),
        Err(error) => Err(format!(
            "{}: {:#}; check the settings under files",
            store.name(),
            anyhow::Error::from(error)
        )),
    }
}

async fn clock(foundation: &Foundation) -> Result<String, String> {
    let found = health::inspect(&foundation.desk.database).await;
    let there = found.map_err(|error| error.to_string())?.now;
    let apart = (there - foundation.desk.now()).num_seconds().abs();
    match apart <= CLOCK_SECONDS {
        true => Ok(format!("within {CLOCK_SECONDS} s of the database")),
        false => Err(format!(
            "{apart} s from the database; let both keep time by NTP"
        )),
    }
}

async fn inboxes(foundation: &Foundation) -> Result<String, String> {
    let database = &foundation.desk.database;
    let unwell = async {
        let system = database.begin_system().await?;
        let unwell = inbox_health::list_unwell(&system, SHOWN).await?;
        system.commit().await?;
        Ok::<_, interdesk_store::Error>(unwell)
    };
    let unwell = unwell.await.map_err(|error| error.to_string())?;
    let lines: Vec<_> = unwell
        .iter()
        .map(|one| {
            format!(
                "{} is {} ({}): {}",
                one.name, one.state, one.subject, one.detail
            )
        })
        .collect();
    match lines.is_empty() {
        true => Ok("all are well, as far as providers told".to_owned()),
        false => Err(lines.join("; ")),
    }
}

async fn cache(foundation: &Foundation) -> Result<String, String> {
    match foundation.desk.cache.check().await {
        Ok(()) => Ok("answers".to_owned()),
        Err(error) => Err(format!(
            "{error}; check that Redis 7 runs and REDIS_URL names it"
        )),
    }
}

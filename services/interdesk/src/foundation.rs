//! What every command over the desk's data stands on: settings, database, key, clock.

mod files;

use anyhow::Context;
use chrono::Duration;
use interdesk_cache::{Cache, MemoryCache, RedisCache};
use interdesk_domain::clock::Clock;
use interdesk_flow::oidc::ProviderSettings;
use interdesk_flow::quota::Quotas;
use interdesk_flow::sessions::SignInSettings;
use interdesk_flow::{Desk, Settings};
use interdesk_node::clock::SystemClock;
use interdesk_node::config::Config;
use interdesk_node::embedded::Embedded;
use interdesk_node::secrets;
use interdesk_store::vault::Vault;
use interdesk_store::{Database, Limits, migrate};
use std::sync::Arc;
use tokio::sync::Notify;

/// Settings, database, key and clock.
pub(crate) struct Foundation {
    /// The settings.
    pub(crate) config: Config,
    /// What flows need.
    pub(crate) desk: Desk,
    /// Opens and seals secrets.
    pub(crate) vault: Arc<Vault>,
    /// The private PostgreSQL, where no other is named.
    embedded: Option<Embedded>,
}

/// Who may use the private PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The desk itself: nobody else may run on it.
    Alone,
    /// A tool beside the running desk.
    Beside,
}

impl Foundation {
    /// Opens the database of the settings, or starts the private one and brings it up to date.
    pub(crate) async fn open(config: Config, usage: Use) -> anyhow::Result<Self> {
        let embedded = match config.database.url {
            Some(_) => None,
            None => Some(start_private(&config, usage).await?),
        };
        let url = match (&config.database.url, &embedded) {
            (Some(url), _) => url.expose().clone(),
            (None, Some(embedded)) => {
                migrate::run(embedded.owner_url().expose()).await?;
                embedded.url().expose().clone()
            }
            (None, None) => unreachable!("one of the two was just made"),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let vault = Arc::new(secrets::vault(&config)?);
        let desk = Desk {
            files: files::open(&config, &vault)?,
            database: Database::new(&url, &limits(&config)).context("database.url")?,
            cache: cache(&config, clock.clone())?,
            clock,
            committed: Arc::new(Notify::new()),
            settings: settings(&config),
        };
        Ok(Self {
            config,
            desk,
            vault,
            embedded,
        })
    }

    /// Returns the address of the database for whoever runs the installation.
    pub(crate) fn operator_url(&self) -> Option<String> {
        let database = &self.config.database;
        let named = database
            .operator_url
            .as_ref()
            .or(database.migration_url.as_ref());
        let own = self.embedded.as_ref().map(Embedded::owner_url);
        named.or(own).map(|url| url.expose().clone())
    }

    /// Stops the private PostgreSQL where there is one.
    pub(crate) async fn close(self) {
        let Some(embedded) = self.embedded else {
            return;
        };
        // Stopping waits for the server's shutdown checkpoint.
        if tokio::task::spawn_blocking(move || embedded.stop())
            .await
            .is_err()
        {
            tracing::error!("the private database could not be stopped");
        }
    }
}

async fn start_private(config: &Config, usage: Use) -> anyhow::Result<Embedded> {
    let folder = config.data_dir.clone();
    let start = move || match usage {
        Use::Alone => Embedded::start(&folder),
        Use::Beside => Embedded::start_or_attach(&folder),
    };
    let started = tokio::task::spawn_blocking(start).await?;
    started.context("the private PostgreSQL cannot be started; or name another with DATABASE_URL")
}

/// Returns the address of the database's owner, for migrations.
pub(crate) fn owner_url(config: &Config) -> anyhow::Result<String> {
    let url = config
        .database
        .migration_url
        .as_ref()
        .or(config.database.url.as_ref());
    let url =
        url.context("set MIGRATION_DATABASE_URL to the database, as the owner of its tables")?;
    Ok(url.expose().clone())
}

fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.database.pool_size,
        system_connections: config.database.system_pool_size,
        statement_timeout: std::time::Duration::from_millis(config.database.statement_timeout_ms),
        wait: std::time::Duration::from_millis(config.database.pool_wait_ms),
    }
}

fn cache(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<dyn Cache>> {
    Ok(match &config.cache.url {
        Some(url) => Arc::new(RedisCache::connect(url.expose()).context("cache.url")?),
        None => Arc::new(MemoryCache::new(clock)),
    })
}

fn settings(config: &Config) -> Settings {
    Settings {
        decline_cooldown: Duration::seconds(config.routing.decline_cooldown_seconds as i64),
        presence_lease: Duration::seconds(config.presence.lease_seconds as i64),
        routing_pass: config.routing.pass_limit,
        explain_members: config.routing.explain_members,
        routing_idle: Duration::seconds(config.routing.idle_seconds as i64),
        routing_check: Duration::seconds(config.routing.check_seconds as i64),
        delivery_attempts: config.delivery.max_attempts as i32,
        delivery_unknown_after: Duration::seconds(config.delivery.unknown_after_seconds as i64),
        delivery_overdue_after: Duration::seconds(config.delivery.overdue_after_seconds as i64),
        files: files::settings(config),
        sign_in: SignInSettings {
            lock_after: i32::try_from(config.auth.lock_after).unwrap_or(i32::MAX),
            lock_for: Duration::minutes(config.auth.lock_minutes as i64),
            session_for: Duration::days(config.auth.session_days as i64),
            reset_for: Duration::minutes(config.auth.reset_minutes as i64),
            reset_url: config.auth.reset_url.clone(),
            providers: ProviderSettings {
                wait_for: Duration::minutes(config.auth.provider_minutes as i64),
                begins_per_minute: config.auth.provider_begins_per_minute,
                fresh_for: Duration::seconds(config.auth.provider_fresh_seconds as i64),
            },
        },
        quotas: Quotas {
            agents: config.quota.agents,
            messages_per_day: config.quota.messages_per_day,
            storage_bytes: config.quota.storage_bytes,
            points_per_minute: config.quota.points_per_minute,
        },
        ..Settings::default()
    }
}

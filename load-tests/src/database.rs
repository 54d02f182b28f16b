//! A database of our own, and a look into it past row-level security.

use crate::services::Services;
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::{Client, NoTls};
use url::Url;

/// What an installation's administrator runs once per server.
const ROLES: &str = include_str!("../../deploy/postgres/roles.sql");

/// A fresh database of the desk.
#[derive(Clone, Debug)]
pub struct Database {
    /// As the owner of its tables.
    pub owner_url: String,
    /// As the program's login.
    pub login_url: String,
    superuser_url: String,
    name: String,
}

impl Database {
    /// Makes the database anew.
    pub async fn create(services: &Services, name: &str) -> Result<Self> {
        let client = connect(&services.postgres_url).await?;
        client
            .batch_execute(ROLES)
            .await
            .context("make the roles")?;
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        client.batch_execute(&drop).await?;
        let create = format!("CREATE DATABASE {name} OWNER interdesk_owner");
        client.batch_execute(&create).await?;
        Ok(Self {
            owner_url: address(&services.postgres_url, Some("interdesk_owner"), name)?,
            login_url: address(&services.postgres_url, Some("interdesk"), name)?,
            superuser_url: address(&services.postgres_url, None, name)?,
            name: name.to_owned(),
        })
    }

    /// Connects as the superuser, who sees everything.
    pub async fn connect(&self) -> Result<Client> {
        connect(&self.superuser_url).await
    }

    /// Ends every connection of the desk, as a failing network would; gives how many.
    pub async fn cut_clients(&self) -> Result<i64> {
        let client = self.connect().await?;
        let row = client
            .query_one(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = $1 AND usename = 'interdesk'",
                &[&self.name],
            )
            .await?;
        Ok(row.get(0))
    }

    /// Writes what is dirty to disk, so that no measurement pays for the one before.
    pub async fn checkpoint(&self) -> Result<()> {
        Ok(self.connect().await?.batch_execute("CHECKPOINT").await?)
    }

    /// Waits until every event is stamped, published and an audit leaf; gives how long it took.
    pub async fn await_drained(&self, limit: Duration) -> Result<Duration> {
        let began = Instant::now();
        let client = self.connect().await?;
        loop {
            let backlog = backlog(&client).await?;
            if backlog.is_empty() {
                return Ok(began.elapsed());
            }
            if began.elapsed() > limit {
                anyhow::bail!("not drained after {limit:?}: {backlog:?}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// How much of the event log still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Events in the log.
    pub logged: i64,
    /// Of these, stamped with their place.
    pub stamped: i64,
    /// The last stamp that the bus confirmed.
    pub published: i64,
    /// Leaves of the audit log.
    pub leaves: i64,
}

impl Backlog {
    /// Tells whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.stamped == self.logged && self.published == self.logged && self.leaves == self.logged
    }
}

/// Reads how much of the event log still waits.
pub async fn backlog(client: &Client) -> Result<Backlog> {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM event_seqs),
                (SELECT published FROM relay_cursor),
                (SELECT COALESCE(sum(size), 0)::bigint FROM audit_trees)",
            &[],
        )
        .await?;
    Ok(Backlog {
        logged: row.get(0),
        stamped: row.get(1),
        published: row.get(2),
        leaves: row.get(3),
    })
}

/// Connects; the connection is driven by a task of its own.
pub async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("connect to PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Names another user and database of the same server.
pub fn address(url: &str, user: Option<&str>, database: &str) -> Result<String> {
    let mut url = Url::parse(url).context("INTERDESK_TEST_POSTGRES_URL")?;
    if let Some(user) = user {
        // Only URLs without a host refuse a user.
        let _ = url.set_username(user);
        let _ = url.set_password(None);
    }
    url.set_path(database);
    Ok(url.into())
}

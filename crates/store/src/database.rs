//! Connections and transactions, each confined to one tenant or to the system's few tables.

use crate::Error;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::{Object, Pool as Deadpool};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use interdesk_domain::scope::TenantScope;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// A connection to PostgreSQL.
pub type Conn = AsyncPgConnection;

/// How many connections are kept, and how long things may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections for tenants' transactions.
    pub connections: usize,
    /// Connections for relay, timers and directory.
    pub system_connections: usize,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// How long to wait for a free connection.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16,
            system_connections: 4,
            statement_timeout: Duration::from_secs(30),
            wait: Duration::from_secs(10),
        }
    }
}

/// The database: one pool for tenants, one for the system.
///
/// Both sign in as the same login role, which has no right of its own, and take their role at
/// connection time.
#[derive(Clone)]
pub struct Database {
    app: Deadpool<AsyncPgConnection>,
    system: Deadpool<AsyncPgConnection>,
    url: String,
}

impl Database {
    /// Prepares the pools; connections are made when they are needed.
    pub fn new(url: &str, limits: &Limits) -> Result<Self, Error> {
        let app = pool(url, "interdesk_app", limits.connections, limits)?;
        let system = pool(url, "interdesk_system", limits.system_connections, limits)?;
        Ok(Self {
            app,
            system,
            url: url.to_owned(),
        })
    }

    /// Begins a transaction that sees one tenant.
    pub async fn begin(&self, scope: TenantScope) -> Result<Transaction, Error> {
        let begin = format!("BEGIN; SET LOCAL interdesk.tenant = '{}'", scope.tenant().0);
        Transaction::begin(&self.app, &begin).await
    }

    /// Begins a transaction that sees no tenant: for what the installation itself owns.
    pub async fn begin_unscoped(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.app, "BEGIN").await
    }

    /// Begins a transaction over all tenants, in the few tables open to the system.
    pub async fn begin_system(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.system, "BEGIN").await
    }

    /// Opens a connection of its own in the system's role, outside the pools: for advisory locks.
    pub async fn connect_system(&self) -> Result<Conn, Error> {
        let url = with_role(&self.url, "interdesk_system", Duration::ZERO);
        let conn = <Conn as diesel_async::AsyncConnection>::establish(&url).await;
        conn.map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Returns the address that notifications are listened to at.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Proves that the database answers.
    pub async fn check(&self) -> Result<(), Error> {
        let transaction = self.begin_unscoped().await?;
        transaction.commit().await
    }
}

fn pool(
    url: &str,
    role: &str,
    size: usize,
    limits: &Limits,
) -> Result<Deadpool<AsyncPgConnection>, Error> {
    let url = with_role(url, role, limits.statement_timeout);
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
    Deadpool::builder(manager)
        .max_size(size)
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(Some(limits.wait))
        .create_timeout(Some(limits.wait))
        .build()
        .map_err(|error| Error::Unavailable(error.to_string()))
}

/// How statements within one tenant are planned.
const PLANS: &str = "%20-c%20plan_cache_mode%3Dforce_generic_plan%20-c%20enable_seqscan%3Doff\
    %20-c%20enable_hashjoin%3Doff%20-c%20enable_mergejoin%3Doff";

// `idle_in_transaction_session_timeout` ends what a stuck process left open, locks and all.
fn with_role(url: &str, role: &str, statement_timeout: Duration) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    let millis = statement_timeout.as_millis();
    // Tenants' statements look rows up by index, however many there are, so that one plan is good
    // for ever: planning the large ones anew costs more than running them, and a plan that reads
    // all of a table because it was small when the plan was made never is the cheaper way.
    let plans = match role {
        "interdesk_app" => PLANS,
        _ => "",
    };
    format!(
        "{url}{join}options=-c%20role%3D{role}%20-c%20statement_timeout%3D{millis}\
         %20-c%20idle_in_transaction_session_timeout%3D60000%20-c%20jit%3Doff{plans}\
         &application_name=interdesk"
    )
}

/// A transaction; it ends with [`commit`](Self::commit) or [`rollback`](Self::rollback).
///
/// One that is dropped takes its connection with it: PostgreSQL rolls it back.
pub struct Transaction {
    conn: Option<Object<AsyncPgConnection>>,
}

impl Transaction {
    async fn begin(pool: &Deadpool<AsyncPgConnection>, begin: &str) -> Result<Self, Error> {
        let mut conn = pool
            .get()
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        AnsiTransactionManager::begin_transaction_sql(&mut *conn, begin).await?;
        Ok(Self { conn: Some(conn) })
    }

    /// Makes everything durable.
    pub async fn commit(mut self) -> Result<(), Error> {
        AnsiTransactionManager::commit_transaction(self.deref_mut()).await?;
        self.give_back();
        Ok(())
    }

    /// Undoes everything and keeps the connection.
    pub async fn rollback(mut self) -> Result<(), Error> {
        AnsiTransactionManager::rollback_transaction(self.deref_mut()).await?;
        self.give_back();
        Ok(())
    }

    fn give_back(&mut self) {
        drop(self.conn.take());
    }
}

impl Drop for Transaction {
    // The pool would keep the connection with its locks until somebody asks for it; closing it lets
    // PostgreSQL roll back at once.
    fn drop(&mut self) {
        if let Some(unfinished) = self.conn.take() {
            drop(Object::take(unfinished));
        }
    }
}

/// Why a transaction always has its connection.
const HELD: &str = "the connection is held until the transaction ends";

impl Deref for Transaction {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn.as_ref().expect(HELD)
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn.as_mut().expect(HELD)
    }
}

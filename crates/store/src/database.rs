//! Connections and transactions, each confined to one tenant or to the system's few tables.

use crate::Error;
use crate::pool::{Loan, Pool, pool};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
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
    app: Pool,
    system: Pool,
    url: String,
}

impl Database {
    /// Prepares the pools; connections are made when they are needed.
    pub fn new(url: &str, limits: &Limits) -> Result<Self, Error> {
        let role = |role| with_role(url, role, limits.statement_timeout);
        let app = pool(role("interdesk_app"), limits.connections, limits.wait)?;
        let system = limits.system_connections;
        let system = pool(role("interdesk_system"), system, limits.wait)?;
        Ok(Self {
            app,
            system,
            url: url.to_owned(),
        })
    }

    /// Begins a transaction that sees one tenant.
    pub async fn begin(&self, scope: TenantScope) -> Result<Transaction, Error> {
        let (transaction, ()) = Box::pin(self.begin_with(scope, async |_| Ok(()))).await?;
        Ok(transaction)
    }

    /// Begins a transaction that sees one tenant, and sends its first statements along with the
    /// beginning: they cost no round trip of their own.
    pub async fn begin_with<T>(
        &self,
        scope: TenantScope,
        first: impl AsyncFnOnce(&Conn) -> Result<T, Error>,
    ) -> Result<(Transaction, T), Error> {
        let begin = format!("BEGIN; SET LOCAL interdesk.tenant = '{}'", scope.tenant().0);
        Transaction::begin(&self.app, &begin, first).await
    }

    /// Reads within one tenant and without a transaction: each statement sees what is committed when it
    /// runs. The tenant's name is sent along with the first statement and nothing has to be ended, so
    /// one statement costs one round trip.
    ///
    /// The connection keeps the name until the next: whoever has it next gives theirs before anything
    /// else, here and in every beginning.
    pub async fn read<T>(
        &self,
        scope: TenantScope,
        find: impl AsyncFnOnce(&Conn) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let link = lend(&self.app).await?;
        let name = format!("SET interdesk.tenant = '{}'", scope.tenant().0);
        // Both are sent in this order before either is answered.
        let both = async { futures::try_join!(run(&link.conn, &name), find(&link.conn)) };
        let ((), found) = in_order(both).await?;
        Ok(found)
    }

    /// Begins a transaction that sees no tenant: for what the installation itself owns.
    pub async fn begin_unscoped(&self) -> Result<Transaction, Error> {
        let begin = "BEGIN; SET LOCAL interdesk.tenant = ''";
        let (transaction, ()) = Transaction::begin(&self.app, begin, async |_| Ok(())).await?;
        Ok(transaction)
    }

    /// Begins a transaction over all tenants, in the few tables open to the system.
    pub async fn begin_system(&self) -> Result<Transaction, Error> {
        let (transaction, ()) = Transaction::begin(&self.system, "BEGIN", async |_| Ok(())).await?;
        Ok(transaction)
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

/// The database as whoever runs the installation has it: over all tenants, in what
/// [`terms`](crate::terms) writes and counts. No login of the program can become its role.
#[derive(Clone)]
pub struct Operator(Pool);

impl Operator {
    /// Prepares a connection; `url` names a login that may become the operator.
    pub fn new(url: &str, limits: &Limits) -> Result<Self, Error> {
        let url = with_role(url, "interdesk_operator", limits.statement_timeout);
        Ok(Self(pool(url, 1, limits.wait)?))
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let (transaction, ()) = Transaction::begin(&self.0, "BEGIN", async |_| Ok(())).await?;
        Ok(transaction)
    }
}

async fn lend(pool: &Pool) -> Result<Loan, Error> {
    let lent = pool.get().await;
    lent.map_err(|error| Error::Unavailable(error.to_string()))
}

async fn run(mut conn: &Conn, command: &str) -> Result<(), Error> {
    Ok((&mut conn).batch_execute(command).await?)
}

/// Polls what is sent together to its first answer without a pause: one that the scheduler takes
/// between two statements would let the later one go first.
async fn in_order<T>(together: impl Future<Output = T>) -> T {
    tokio::task::unconstrained(together).await
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
    link: Option<Loan>,
}

impl Transaction {
    async fn begin<T>(
        pool: &Pool,
        begin: &str,
        first: impl AsyncFnOnce(&Conn) -> Result<T, Error>,
    ) -> Result<(Self, T), Error> {
        let link = lend(pool).await?;
        let transaction = Self { link: Some(link) };
        // Both are sent in this order before either is answered.
        let both = async { futures::try_join!(transaction.run(begin), first(&transaction)) };
        let (_, first) = in_order(both).await?;
        Ok((transaction, first))
    }

    /// Makes everything durable.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.run("COMMIT").await?;
        self.give_back();
        Ok(())
    }

    /// Runs a last statement and makes everything durable; the commit is sent along with the
    /// statement, so that both cost one round trip.
    ///
    /// A statement that has to be prepared first would arrive behind its commit. So the first time
    /// that a connection runs the one called `name`, the commit waits for it.
    pub(crate) async fn commit_with<T>(
        mut self,
        name: &'static str,
        last: impl AsyncFnOnce(&Conn) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let is_prepared = self.link.as_ref().expect(HELD).prepared.contains(name);
        let done = if is_prepared {
            let both = async { futures::try_join!(last(&self), self.run("COMMIT")) };
            in_order(both).await?.0
        } else {
            let done = last(&self).await?;
            self.run("COMMIT").await?;
            self.link.as_mut().expect(HELD).prepared.insert(name);
            done
        };
        self.give_back();
        Ok(done)
    }

    /// Undoes everything and keeps the connection.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.run("ROLLBACK").await?;
        self.give_back();
        Ok(())
    }

    async fn run(&self, command: &str) -> Result<(), Error> {
        run(self, command).await
    }

    fn give_back(&mut self) {
        drop(self.link.take());
    }
}

impl Drop for Transaction {
    // The pool would keep the connection with its locks until somebody asks for it; closing it lets
    // PostgreSQL roll back at once.
    fn drop(&mut self) {
        if let Some(unfinished) = self.link.take() {
            drop(Loan::take(unfinished));
        }
    }
}

/// Why a transaction always has its connection.
const HELD: &str = "the connection is held until the transaction ends";

impl Deref for Transaction {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.link.as_ref().expect(HELD).conn
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.link.as_mut().expect(HELD).conn
    }
}

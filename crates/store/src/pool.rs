//! The pool of connections.

use crate::{Conn, Error};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel::ConnectionError;
use diesel_async::AsyncConnection;
use diesel_async::pooled_connection::PoolableConnection;
use std::collections::HashSet;
use std::time::Duration;
use tokio::runtime::Handle;

/// Connections of one role.
pub(crate) type Pool = managed::Pool<Opener>;

/// A connection on loan.
pub(crate) type Loan = managed::Object<Opener>;

/// A connection, and which statements it has certainly prepared.
pub(crate) struct Link {
    pub(crate) conn: Conn,
    pub(crate) prepared: HashSet<&'static str>,
}

/// Opens connections.
pub(crate) struct Opener {
    url: String,
    home: Option<Handle>,
}

/// Makes a pool; connections are opened when they are needed.
pub(crate) fn pool(url: String, size: usize, wait: Duration) -> Result<Pool, Error> {
    let opener = Opener {
        url,
        home: Handle::try_current().ok(),
    };
    Pool::builder(opener)
        .max_size(size)
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        .build()
        .map_err(|error| Error::Unavailable(error.to_string()))
}

impl managed::Manager for Opener {
    type Type = Link;
    type Error = ConnectionError;

    // The driver of a connection runs where the pool was made, never on the thread that happened to
    // need it first: an HTTP worker would let everybody's statements wait behind its requests.
    async fn create(&self) -> Result<Link, ConnectionError> {
        let url = self.url.clone();
        // On the heap, as it is rare and large: whatever begins a transaction would hold room for it,
        // three times over, and so would the future of every field that may.
        let opening = Box::pin(async move { Conn::establish(&url).await });
        let conn = match &self.home {
            Some(home) => home
                .spawn(opening)
                .await
                .map_err(|error| ConnectionError::BadConnection(error.to_string()))?,
            None => opening.await,
        }?;
        Ok(Link {
            conn,
            prepared: HashSet::new(),
        })
    }

    // A connection that PostgreSQL closed is known to be closed; asking each before its use would
    // cost every transaction a round trip.
    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<ConnectionError> {
        if link.conn.is_broken() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}

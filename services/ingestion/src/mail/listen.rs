//! The door: takes connections, a bounded number of them, until the desk stops.

use super::MailIntake;
use super::session::Session;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How servers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One answer for each recipient (RFC 2033).
    Lmtp,
    /// One answer for all (RFC 5321).
    Smtp,
}

/// How much is taken.
#[derive(Debug, Clone)]
pub struct ListenLimits {
    /// The name that the desk greets with.
    pub name: String,
    /// The largest mail, in bytes.
    pub max_bytes: usize,
    /// Connections at once; one more is told to come again.
    pub max_connections: usize,
    /// How long a server may be silent.
    pub patience: Duration,
}

/// Listens for servers that hand mails over.
pub struct Listener {
    socket: TcpListener,
    dialect: Dialect,
    limits: ListenLimits,
}

impl Listener {
    /// Takes an address; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// Fails where the address is not free.
    pub async fn bind(
        address: SocketAddr,
        dialect: Dialect,
        limits: ListenLimits,
    ) -> std::io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            dialect,
            limits,
        })
    }

    /// Returns where it listens.
    ///
    /// # Errors
    ///
    /// Fails where the system does not tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes mails until `soft`; what is being handed over then is finished.
    pub async fn run(self, intake: MailIntake, soft: CancellationToken) {
        let room = Arc::new(Semaphore::new(self.limits.max_connections));
        let limits = Arc::new(self.limits);
        let sessions = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = soft.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, mostly: whoever waits is served when others are done.
                    tracing::warn!(%error, "a mail server cannot be let in");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(seat) = room.clone().try_acquire_owned() else {
                sessions.spawn(turn_away(stream));
                continue;
            };
            let session = Session::new(self.dialect, intake.clone(), limits.clone(), peer.ip());
            let soft = soft.clone();
            sessions.spawn(async move {
                if let Err(error) = session.serve(stream, soft).await {
                    tracing::debug!(%error, "a mail server hung up");
                }
                drop(seat);
            });
        }
        sessions.close();
        sessions.wait().await;
    }
}

async fn turn_away(mut stream: TcpStream) {
    let words = b"421 4.3.2 too many connections, come again\r\n";
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(words)).await;
}

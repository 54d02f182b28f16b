//! One connection that comes back.

use std::{future::Future, sync::Arc, time::Duration};

use lapin::{
    Channel, Connection, ConnectionProperties, options::ExchangeDeclareOptions, types::FieldTable,
    uri::AMQPUri,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::{RabbitSettings, declare, frame::short};
use crate::{Error, Topology};

/// Seconds between heartbeats; a broker silent for about twice that is taken for dead.
const HEARTBEAT: u16 = 10;

/// How often to look whether a silent channel still lives.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A first start creates many quorum queues, which takes the broker a while.
const DECLARE_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) struct Link {
    dialer: Arc<Dialer>,
    closed: watch::Receiver<bool>,
    /// Where connections are made: that of who asks may be gone before them.
    runtime: Handle,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    connection: Option<Connection>,
    /// A connection that is being made. It goes on when who asked for it gives up, for who asks next:
    /// otherwise a health check that waits two seconds would end each try of one that takes three.
    dialing: Option<JoinHandle<Result<Connection, Error>>>,
    /// Counts connections.
    turn: u64,
}

/// Makes connections.
struct Dialer {
    uri: AMQPUri,
    purpose: &'static str,
    topology: Arc<Topology>,
    settings: Arc<RabbitSettings>,
}

impl Link {
    pub(super) fn new(
        url: &str,
        purpose: &'static str,
        topology: Arc<Topology>,
        settings: Arc<RabbitSettings>,
        closed: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let mut uri: AMQPUri = url.parse().map_err(Error::Url)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let dialer = Dialer {
            uri,
            purpose,
            topology,
            settings,
        };
        Ok(Self {
            dialer: Arc::new(dialer),
            closed,
            runtime: Handle::current(),
            line: Mutex::default(),
        })
    }

    /// Connects if there is no connection, once.
    pub(super) async fn connect(&self) -> Result<(), Error> {
        self.channel().await.map(|_| ())
    }

    /// Opens a channel and tells which connection it is on, connecting first where need be.
    pub(super) async fn channel(&self) -> Result<(Channel, u64), Error> {
        let mut line = self.line.lock().await;
        if *self.closed.borrow() {
            return Err(Error::Closed);
        }
        if !line
            .connection
            .as_ref()
            .is_some_and(|held| held.status().connected())
        {
            line.connection = None;
            let dialer = self.dialer.clone();
            let dial = || self.runtime.spawn(async move { dialer.dial().await });
            let dialed = line.dialing.get_or_insert_with(dial).await;
            line.dialing = None;
            // Only the end of the program cuts it off.
            let connection = dialed.map_err(|_| Error::Closed)??;
            line.turn += 1;
            if line.turn > 1 {
                let purpose = self.dialer.purpose;
                metrics::counter!("interdesk_bus_reconnects_total", "purpose" => purpose)
                    .increment(1);
                tracing::info!(purpose, "connected to the broker again");
            }
            line.connection = Some(connection);
        }
        let Some(connection) = &line.connection else {
            return Err(Error::Closed);
        };
        let channel = self.answer(connection.create_channel()).await;
        if channel.is_err() {
            // A connection that opens no channel in time is as good as none.
            line.connection = None;
        }
        Ok((channel?, line.turn))
    }

    /// Asks the broker something small.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let (channel, _) = self.channel().await?;
        let exchange = self.dialer.topology.exchange();
        let options = ExchangeDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let name = short(&exchange.name)?;
        let kind = lapin::ExchangeKind::Topic;
        self.answer(channel.exchange_declare(name, kind, options, FieldTable::default()))
            .await
    }

    /// Waits for an answer of the broker, but not for ever.
    pub(super) async fn answer<T, E: Into<Error>>(
        &self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        within(self.dialer.settings.answer_timeout, question).await
    }

    /// Waits for answers on a channel for as long as it lives.
    pub(super) async fn answer_on<T>(
        &self,
        channel: &Channel,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        on(channel, self.dialer.settings.answer_timeout, question).await
    }

    pub(super) async fn close(&self) {
        let mut line = self.line.lock().await;
        if let Some(dialing) = line.dialing.take() {
            dialing.abort();
        }
        let connection = line.connection.take();
        drop(line);
        if let Some(connection) = connection
            && let Err(error) = self.answer(connection.close(200, "closed".into())).await
        {
            tracing::debug!(purpose = self.dialer.purpose, %error, "the broker did not say goodbye");
        }
    }
}

impl Dialer {
    /// Connects and declares the topology.
    async fn dial(&self) -> Result<Connection, Error> {
        let name = format!("interdesk {}", self.purpose);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let limit = self.settings.answer_timeout;
        let connecting = Connection::connect_uri(self.uri.clone(), properties);
        let connection = within(limit, connecting).await?;
        let channel = within(limit, connection.create_channel()).await?;
        on(
            &channel,
            DECLARE_TIMEOUT,
            declare::topology(&channel, &self.topology),
        )
        .await?;
        Ok(connection)
    }
}

/// Notices the end of a channel by itself, should lapin tell nobody.
pub(super) async fn ended(channel: &Channel) {
    while channel.status().connected() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn on<T>(
    channel: &Channel,
    limit: Duration,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        answer = within(limit, question) => answer,
        () = ended(channel) => {
            let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            Err(Error::Broker(cut.into()))
        }
    }
}

/// Waits for an answer: lapin may wait for ever for one that a cut swallowed.
pub(super) async fn within<T, E: Into<Error>>(
    limit: Duration,
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, question).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Error::Timeout(limit)),
    }
}

//! One connection that comes back.

use std::{future::Future, sync::Arc, time::Duration};

use lapin::{
    Channel, Connection, ConnectionProperties, options::ExchangeDeclareOptions, types::FieldTable,
    uri::AMQPUri,
};
use tokio::sync::{Mutex, watch};

use super::{RabbitSettings, declare, frame::short};
use crate::{Error, Topology};

/// Seconds between heartbeats; a broker silent for about twice that is taken for dead.
const HEARTBEAT: u16 = 10;

/// How often to look whether a silent channel still lives.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A first start creates many quorum queues, which takes the broker a while.
const DECLARE_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) struct Link {
    uri: AMQPUri,
    purpose: &'static str,
    topology: Arc<Topology>,
    settings: Arc<RabbitSettings>,
    closed: watch::Receiver<bool>,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    connection: Option<Connection>,
    /// Counts connections.
    turn: u64,
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
        Ok(Self {
            uri,
            purpose,
            topology,
            settings,
            closed,
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
            let connection = self.dial().await?;
            line.turn += 1;
            if line.turn > 1 {
                metrics::counter!("interdesk_bus_reconnects_total", "purpose" => self.purpose)
                    .increment(1);
                tracing::info!(purpose = self.purpose, "connected to the broker again");
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

    async fn dial(&self) -> Result<Connection, Error> {
        let name = format!("interdesk {}", self.purpose);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = self
            .answer(Connection::connect_uri(self.uri.clone(), properties))
            .await?;
        let channel = self.answer(connection.create_channel()).await?;
        on(
            &channel,
            DECLARE_TIMEOUT,
            declare::topology(&channel, &self.topology),
        )
        .await?;
        Ok(connection)
    }

    /// Asks the broker something small.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let (channel, _) = self.channel().await?;
        let exchange = self.topology.exchange();
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
        within(self.settings.answer_timeout, question).await
    }

    /// Waits for answers on a channel for as long as it lives.
    pub(super) async fn answer_on<T>(
        &self,
        channel: &Channel,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        on(channel, self.settings.answer_timeout, question).await
    }

    pub(super) async fn close(&self) {
        let connection = self.line.lock().await.connection.take();
        if let Some(connection) = connection
            && let Err(error) = self.answer(connection.close(200, "closed".into())).await
        {
            tracing::debug!(purpose = self.purpose, %error, "the broker did not say goodbye");
        }
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

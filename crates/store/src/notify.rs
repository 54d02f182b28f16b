//! A tap on the shoulder between processes that share a database.
//!
//! Notifications are hints: one may be lost with its connection, so every reader also looks by
//! itself now and then. They are sent outside the transactions they tell of, because PostgreSQL
//! lets transactions that notify commit one after the other only.

use crate::sql::sql;
use crate::{Conn, Database, Error};
use diesel_async::RunQueryDsl;
use futures::StreamExt;
use futures::stream::{BoxStream, poll_fn};
use std::time::Duration;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// What is being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Events were committed; the relay may look.
    Outbox,
    /// A dead letter is to be tried again: its id, or nothing for all.
    DeadRetry,
}

impl Topic {
    fn channel(self) -> &'static str {
        match self {
            Self::Outbox => "interdesk_outbox",
            Self::DeadRetry => "interdesk_dead_retry",
        }
    }
}

/// Tells everybody who listens.
pub async fn notify(conn: &Conn, topic: Topic, payload: &str) -> Result<(), Error> {
    sql("SELECT pg_notify($1, $2)")
        .bind(topic.channel())
        .bind(payload)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

type Messages = BoxStream<'static, Result<AsyncMessage, tokio_postgres::Error>>;

/// Listens on a connection of its own.
pub struct Listener {
    messages: Messages,
    _client: Client,
}

impl Listener {
    /// Connects and begins to listen.
    pub async fn connect(database: &Database, topic: Topic) -> Result<Self, Error> {
        let mut config: tokio_postgres::Config = database.url().parse().map_err(unavailable)?;
        config
            .application_name("interdesk")
            .keepalives_idle(Duration::from_secs(30));
        let (client, mut connection) = config.connect(NoTls).await.map_err(unavailable)?;
        let mut messages: Messages = poll_fn(move |cx| connection.poll_message(cx)).boxed();
        let listen = format!("LISTEN {}", topic.channel());
        {
            let listening = client.batch_execute(&listen);
            tokio::pin!(listening);
            loop {
                // The statement moves only while the connection is polled.
                tokio::select! {
                    result = &mut listening => break result.map_err(unavailable)?,
                    message = messages.next() => { received(message)?; }
                }
            }
        }
        Ok(Self {
            messages,
            _client: client,
        })
    }

    /// Waits for the next notification and returns its payload; an error ends the connection.
    ///
    /// Dropping the returned future loses nothing.
    pub async fn next(&mut self) -> Result<String, Error> {
        loop {
            if let AsyncMessage::Notification(notification) = received(self.messages.next().await)?
            {
                return Ok(notification.payload().to_owned());
            }
        }
    }
}

fn received(
    message: Option<Result<AsyncMessage, tokio_postgres::Error>>,
) -> Result<AsyncMessage, Error> {
    match message {
        Some(message) => message.map_err(unavailable),
        None => Err(Error::Unavailable(
            "the listening connection was closed".to_owned(),
        )),
    }
}

fn unavailable(error: tokio_postgres::Error) -> Error {
    Error::Unavailable(error.to_string())
}

//! Between publications and AMQP messages.

use std::time::Duration;

use bytes::Bytes;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::{Error, Publication, PublishError, wire};

/// Survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// A message on its way out.
pub(super) struct Parcel {
    pub(super) exchange: String,
    pub(super) key: String,
    pub(super) properties: BasicProperties,
    pub(super) body: Bytes,
}

/// Packs an event for the exchange.
pub(super) fn event(exchange: &str, publication: &Publication) -> Result<Parcel, PublishError> {
    publication.validate()?;
    let headers = wire::write(publication, 1, None);
    let id = publication.id.to_string();
    Ok(Parcel {
        exchange: exchange.to_owned(),
        key: publication.key(),
        properties: properties(headers).with_message_id(id.into()),
        body: publication.body.clone(),
    })
}

/// Packs a publication for one queue by name.
pub(super) fn to_queue(
    queue: String,
    publication: &Publication,
    attempt: u32,
    reason: Option<&str>,
) -> Parcel {
    let headers = wire::write(publication, attempt, reason);
    let id = publication.id.to_string();
    let properties = properties(headers).with_message_id(id.into());
    Parcel {
        exchange: String::new(),
        key: queue,
        properties,
        body: publication.body.clone(),
    }
}

/// Packs a message that cannot be read for one queue by name, with the reason added.
pub(super) fn raw_to_queue(
    queue: String,
    old: &BasicProperties,
    body: Bytes,
    reason: &str,
) -> Parcel {
    let mut headers = old.headers().clone().unwrap_or_default();
    let (name, value) = wire::write_reason(reason);
    headers.insert(name.into(), AMQPValue::LongString(value.into()));
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers)
        .with_message_id("unreadable".into());
    Parcel {
        exchange: String::new(),
        key: queue,
        properties,
        body,
    }
}

impl Parcel {
    /// Lets it wait this long in a rung of the ladder.
    pub(super) fn waiting(mut self, wait: Duration) -> Self {
        self.properties = self
            .properties
            .with_expiration(wait.as_millis().to_string().into());
        self
    }

    pub(super) fn message_id(&self) -> Option<&str> {
        self.properties
            .message_id()
            .as_ref()
            .map(ShortString::as_str)
    }
}

/// Reads a message; the error is the reason that it cannot be read.
pub(super) fn read(properties: &BasicProperties, body: Bytes) -> Result<wire::Letter, String> {
    wire::read(|name| text(properties, name), body).map_err(|unreadable| unreadable.to_string())
}

/// Counts how often a quorum queue handed a message out before.
pub(super) fn redeliveries(properties: &BasicProperties) -> u32 {
    let Some(headers) = properties.headers() else {
        return 0;
    };
    let count = match headers.inner().get("x-delivery-count") {
        Some(AMQPValue::LongLongInt(count)) => *count,
        Some(AMQPValue::LongInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortShortInt(count)) => i64::from(*count),
        Some(AMQPValue::LongUInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortUInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortShortUInt(count)) => i64::from(*count),
        _ => 0,
    };
    u32::try_from(count).unwrap_or(0)
}

/// Tells why a message is among the dead letters, ours or the broker's own reason.
pub(super) fn reason(properties: &BasicProperties) -> String {
    // A message that the broker gave up on may still carry the reason of an earlier retry.
    let broker = text(properties, "x-first-death-reason").filter(|reason| reason != "expired");
    let ours = wire::reason(|name| text(properties, name));
    broker.or(ours).unwrap_or_else(|| "unknown".to_owned())
}

/// Makes a short string, which AMQP limits to 255 bytes.
pub(super) fn short(text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text).map_err(|_| Error::Name(text.to_owned()))
}

fn properties(headers: Vec<(&'static str, String)>) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_headers(table)
}

fn text(properties: &BasicProperties, name: &str) -> Option<String> {
    match properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(text) => String::from_utf8(text.as_bytes().to_vec()).ok(),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

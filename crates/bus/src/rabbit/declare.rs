//! Tells the broker about the topology.

use std::time::Duration;

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::{frame::short, link::within};
use crate::{
    Error,
    topology::{Argument, Binding, Queue, Topology},
};

/// How long one declaration may take: a new quorum queue takes a busy broker seconds, but an answer that
/// a cut swallowed never comes.
const SLOWEST: Duration = Duration::from_secs(15);

/// Declares exchange, queues and bindings; what exists stays as it is.
pub(super) async fn topology(channel: &Channel, topology: &Topology) -> Result<(), Error> {
    let exchange = topology.exchange();
    let options = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let name = short(&exchange.name)?;
    let kind = ExchangeKind::Topic;
    let declared = channel.exchange_declare(name, kind, options, FieldTable::default());
    within(SLOWEST, declared).await?;

    for item in topology.queues() {
        queue(channel, &item).await?;
    }
    for item in topology.bindings() {
        binding(channel, &exchange.name, &item).await?;
    }
    Ok(())
}

pub(super) async fn queue(channel: &Channel, queue: &Queue) -> Result<(), Error> {
    let options = QueueDeclareOptions {
        durable: queue.durable,
        exclusive: queue.exclusive,
        auto_delete: queue.exclusive,
        ..Default::default()
    };
    let mut arguments = FieldTable::default();
    for (name, value) in &queue.arguments {
        arguments.insert((*name).into(), argument(value));
    }
    let declared = channel.queue_declare(short(&queue.name)?, options, arguments);
    within(SLOWEST, declared).await?;
    Ok(())
}

pub(super) async fn binding(
    channel: &Channel,
    exchange: &str,
    binding: &Binding,
) -> Result<(), Error> {
    let (queue, exchange) = (short(&binding.queue)?, short(exchange)?);
    let (key, options) = (short(&binding.key)?, QueueBindOptions::default());
    let bound = channel.queue_bind(queue, exchange, key, options, FieldTable::default());
    within(SLOWEST, bound).await
}

fn argument(value: &Argument) -> AMQPValue {
    match value {
        Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
        Argument::Number(number) => AMQPValue::LongLongInt(*number),
        Argument::Flag(flag) => AMQPValue::Boolean(*flag),
    }
}

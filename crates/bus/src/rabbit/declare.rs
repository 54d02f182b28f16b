//! Tells the broker about the topology.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::frame::short;
use crate::{
    Error,
    topology::{Argument, Binding, Queue, Topology},
};

/// Declares exchange, queues and bindings; what exists stays as it is.
pub(super) async fn topology(channel: &Channel, topology: &Topology) -> Result<(), Error> {
    let exchange = topology.exchange();
    let options = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let name = short(&exchange.name)?;
    let kind = ExchangeKind::Topic;
    channel
        .exchange_declare(name, kind, options, FieldTable::default())
        .await?;

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
    channel
        .queue_declare(short(&queue.name)?, options, arguments)
        .await?;
    Ok(())
}

pub(super) async fn binding(
    channel: &Channel,
    exchange: &str,
    binding: &Binding,
) -> Result<(), Error> {
    let (queue, exchange) = (short(&binding.queue)?, short(exchange)?);
    let (key, options) = (short(&binding.key)?, QueueBindOptions::default());
    Ok(channel
        .queue_bind(queue, exchange, key, options, FieldTable::default())
        .await?)
}

fn argument(value: &Argument) -> AMQPValue {
    match value {
        Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
        Argument::Number(number) => AMQPValue::LongLongInt(*number),
        Argument::Flag(flag) => AMQPValue::Boolean(*flag),
    }
}

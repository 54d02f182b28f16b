//! The topology as RabbitMQ reads it at start or by `rabbitmqctl import_definitions`.

use serde_json::{Map, Value, json};

use super::{Argument, Queue, Topology};

const VHOST: &str = "/";

impl Topology {
    /// Writes the topology in RabbitMQ's definitions format, in a stable order, without users.
    pub fn definitions(&self) -> Value {
        let exchange = self.exchange();
        let queues: Vec<Value> = self.queues().iter().map(queue).collect();
        let bindings: Vec<Value> = self
            .bindings()
            .into_iter()
            .map(|binding| {
                json!({
                    "source": exchange.name,
                    "vhost": VHOST,
                    "destination": binding.queue,
                    "destination_type": "queue",
                    "routing_key": binding.key,
                    "arguments": {},
                })
            })
            .collect();
        json!({
            "vhosts": [{ "name": VHOST }],
            "exchanges": [{
                "name": exchange.name,
                "vhost": VHOST,
                "type": exchange.kind,
                "durable": true,
                "auto_delete": false,
                "internal": false,
                "arguments": {},
            }],
            "queues": queues,
            "bindings": bindings,
        })
    }
}

fn queue(queue: &Queue) -> Value {
    let arguments: Map<String, Value> = queue
        .arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), argument(value)))
        .collect();
    json!({
        "name": queue.name,
        "vhost": VHOST,
        "durable": queue.durable,
        "auto_delete": false,
        "arguments": arguments,
    })
}

fn argument(value: &Argument) -> Value {
    match value {
        Argument::Text(text) => json!(text),
        Argument::Number(number) => json!(number),
        Argument::Flag(flag) => json!(flag),
    }
}

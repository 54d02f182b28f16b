#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;

#[test]
fn every_reader_stands_in_the_table_once() {
    for reader in Reader::ALL {
        assert_eq!(
            READERS.iter().filter(|(other, _)| *other == reader).count(),
            1,
            "{reader:?}"
        );
    }
}

/// The broker matches keys, the local bus asks `wants`; both read the same table.
#[test]
fn bindings_and_wants_agree() {
    let topology = Topology::new(1);
    let named = READERS.iter().flat_map(|(_, wanted)| match wanted {
        Wanted::Events(names) => names.to_vec(),
        Wanted::All => vec!["something_else"],
    });
    for event in named {
        for reader in Reader::ALL {
            let queue = topology.name(&reader.queue(0));
            let bound = topology.bindings().iter().any(|binding| {
                binding.queue == queue
                    && (binding.key == "0.#" || binding.key == format!("0.*.{event}"))
            });
            assert_eq!(bound, reader.wants(event), "{reader:?} {event}");
        }
    }
}

#[test]
fn every_queue_has_its_twin_and_its_ladder() {
    let queues: Vec<String> = Topology::new(1)
        .queues()
        .into_iter()
        .map(|q| q.name)
        .collect();
    let names = [
        "audit.0",
        "audit.0.dead",
        "audit.0.retry.1",
        "audit.0.retry.4",
    ];
    assert!(
        names
            .iter()
            .all(|name| queues.iter().any(|queue| queue == name)),
        "{queues:?}"
    );
    assert_eq!(queues.len(), 4 * 6);
}

#[test]
fn the_ladder_ends_after_the_fifth_try() {
    let topology = Topology::new(1);
    let waits: Vec<Option<u64>> = (0..=5)
        .map(|attempt| topology.rung(&QueueName::Audit(0), attempt))
        .map(|rung| rung.map(|(_, wait)| wait.as_secs()))
        .collect();
    assert_eq!(waits, [None, Some(1), Some(5), Some(30), Some(120), None]);
    assert_eq!(topology.tries(), 5);
}

#[test]
fn every_consumed_queue_is_quorum_limited_and_read_by_one() {
    let definitions = Topology::new(2).definitions();
    for name in ["routing.1", "delivery.0", "audit.1"] {
        let queues = definitions["queues"].as_array().unwrap();
        let queue = queues.iter().find(|queue| queue["name"] == name).unwrap();
        let arguments = &queue["arguments"];
        assert_eq!(arguments["x-queue-type"], "quorum");
        assert_eq!(arguments["x-single-active-consumer"], true);
        assert_eq!(arguments["x-delivery-limit"], DELIVERY_LIMIT);
        assert_eq!(
            arguments["x-dead-letter-routing-key"],
            format!("{name}.dead")
        );
        assert_eq!(arguments["x-dead-letter-strategy"], "at-least-once");
        assert_eq!(arguments["x-overflow"], "reject-publish");
    }
}

#[test]
fn definitions_are_stable_and_name_no_users() {
    let topology = Topology::new(4);
    assert_eq!(topology.definitions(), topology.definitions());
    let Value::Object(definitions) = topology.definitions() else {
        panic!("an object")
    };
    let parts: Vec<&str> = definitions.keys().map(String::as_str).collect();
    assert_eq!(parts, ["bindings", "exchanges", "queues", "vhosts"]);
}

#[test]
fn a_prefix_stands_before_every_name() {
    let topology = Topology::new(1).with_prefix("blue.");
    assert!(
        topology
            .queues()
            .iter()
            .all(|queue| queue.name.starts_with("blue."))
    );
    assert!(
        topology
            .bindings()
            .iter()
            .all(|binding| binding.queue.starts_with("blue."))
    );
    assert_eq!(topology.exchange().name, "blue.interdesk.events");
}

#[test]
fn queue_names_are_read_back() {
    let live = QueueName::Live("desk-1.eu".into());
    for name in [
        QueueName::Routing(3),
        QueueName::Delivery(0),
        QueueName::Audit(9),
        live,
    ] {
        assert_eq!(name.to_string().parse::<QueueName>().unwrap(), name);
    }
    for text in ["", "audit", "audit.x", "live.", "other.1"] {
        assert!(text.parse::<QueueName>().is_err(), "{text}");
    }
}

//! A policy to try: a file that says what is different.

use anyhow::{Context, bail, ensure};
use interdesk_domain::routing::model::{Order, Queue, State};
use interdesk_domain::routing::validate::queue_faults;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What is different: how work is ordered, and parts of the policies of queues.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    order: Option<Order>,
    /// By a queue's id, or `*` for all of them.
    #[serde(default)]
    queues: BTreeMap<String, Map<String, Value>>,
}

/// What of a queue is not its policy.
const FIXED: [&str; 3] = ["id", "version", "open"];

/// Applies a file to the queues of a state.
pub(super) fn apply(file: &Path, state: &mut State) -> anyhow::Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let tried: Tried = serde_json::from_str(&text).with_context(|| format!("in {name}"))?;
    change(tried, state).with_context(|| format!("in {name}"))
}

fn change(tried: Tried, state: &mut State) -> anyhow::Result<()> {
    state.order = tried.order.unwrap_or(state.order);
    for (key, fields) in &tried.queues {
        if let Some(fixed) = FIXED.iter().find(|fixed| fields.contains_key(**fixed)) {
            bail!("queues.{key}.{fixed} is not part of a policy; leave it out");
        }
        let mut found = false;
        for (id, queue) in &mut state.queues {
            if key != "*" && *key != id.to_string() {
                continue;
            }
            found = true;
            *queue = changed(queue, fields).with_context(|| format!("queues.{key}"))?;
        }
        ensure!(
            found,
            "there is no queue {key:?}; name one by its id, or * for all"
        );
    }
    Ok(())
}

fn changed(queue: &Queue, fields: &Map<String, Value>) -> anyhow::Result<Queue> {
    let mut value = serde_json::to_value(queue)?;
    if let Some(known) = value.as_object_mut() {
        let optional = ["length_limit", "wait_limit"];
        for (name, field) in fields {
            let is_known = known.contains_key(name) || optional.contains(&name.as_str());
            ensure!(is_known, "a policy has no {name}");
            known.insert(name.clone(), field.clone());
        }
    }
    let queue: Queue = serde_json::from_value(value)?;
    let faults = queue_faults(&queue);
    if let Some(fault) = faults.first() {
        bail!("{}: {}", fault.path, fault.mend);
    }
    Ok(queue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interdesk_domain::routing::model::Strategy;
    use interdesk_domain::routing::simulate::synthetic::{Kind, Recipe, scenario};

    fn tried(text: &str) -> anyhow::Result<State> {
        let mut state = scenario(Recipe::usual(Kind::Peak, 2, 1)).state;
        change(serde_json::from_str(text)?, &mut state)?;
        Ok(state)
    }

    #[test]
    fn a_policy_changes_what_it_names_and_nothing_else() {
        let before = scenario(Recipe::usual(Kind::Peak, 2, 1)).state;
        let state = tried(r#"{"queues": {"*": {"strategy": "round_robin"}}}"#);
        let state = state.expect("it is a policy");
        for (id, queue) in &state.queues {
            assert_eq!(queue.strategy, Strategy::RoundRobin);
            assert_eq!(queue.target_seconds, before.queues[id].target_seconds);
        }
    }

    #[test]
    fn what_no_policy_has_is_refused_by_name() {
        for (text, word) in [
            (
                r#"{"queues": {"*": {"stratgy": "round_robin"}}}"#,
                "stratgy",
            ),
            (r#"{"queues": {"*": {"open": false}}}"#, "open"),
            (r#"{"queues": {"nowhere": {}}}"#, "nowhere"),
            (r#"{"queues": {"*": {"ranks": 99}}}"#, "ranks"),
        ] {
            let error = format!("{:#}", tried(text).expect_err(text));
            assert!(error.contains(word), "{error}");
        }
    }
}

//! What is different between two versions.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as `ladder[0].after_seconds`; entries of a list that have names are found by them.
    pub path: String,
    /// What was there; `None` where nothing was.
    pub before: Option<Value>,
    /// What is there; `None` where nothing is.
    pub after: Option<Value>,
}

/// Lists what is different between two documents, in the order of their paths.
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut found);
    found
}

/// Says what is different in words, one line each.
pub fn words(differences: &[Difference]) -> Vec<String> {
    let line = |one: &Difference| match (&one.before, &one.after) {
        (None, Some(after)) => format!("adds {}: {}", place(&one.path), short(after)),
        (Some(before), None) => format!("removes {}: {}", place(&one.path), short(before)),
        (Some(before), Some(after)) => {
            format!(
                "{}: {} becomes {}",
                place(&one.path),
                short(before),
                short(after)
            )
        }
        (None, None) => place(&one.path).to_owned(),
    };
    differences.iter().map(line).collect()
}

fn place(path: &str) -> &str {
    match path {
        "" => "the whole",
        path => path,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn compare(
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            fields(&path, before, after, found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            entries(&path, before, after, found);
        }
        _ => found.push(Difference {
            path,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn fields(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        compare(path, before.get(key), after.get(key), found);
    }
}

fn entries(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let (Some(old), Some(new)) = (names(before), names(after)) else {
        for place in 0..before.len().max(after.len()) {
            let path = format!("{path}[{place}]");
            compare(path, before.get(place), after.get(place), found);
        }
        return;
    };
    let stays: Vec<&str> = old
        .iter()
        .copied()
        .filter(|name| new.contains(name))
        .collect();
    let stood: Vec<&str> = new
        .iter()
        .copied()
        .filter(|name| old.contains(name))
        .collect();
    if stays != stood {
        found.push(Difference {
            path: format!("{path}[order]"),
            before: Some(old.clone().into()),
            after: Some(new.clone().into()),
        });
    }
    let own = |list: &'_ [&str], name: &str| list.iter().position(|one| *one == name);
    let added = new.iter().copied().filter(|name| !old.contains(name));
    for name in old.iter().copied().chain(added) {
        let was = own(&old, name).and_then(|place| before.get(place));
        let is = own(&new, name).and_then(|place| after.get(place));
        compare(format!("{path}[{name:?}]"), was, is, found);
    }
}

/// Returns the names of the entries, where every one has its own.
fn names(list: &[Value]) -> Option<Vec<&str>> {
    let names: Option<Vec<&str>> = list.iter().map(|one| one.get("name")?.as_str()).collect();
    let names = names?;
    let different: BTreeSet<&str> = names.iter().copied().collect();
    (different.len() == names.len()).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_different_is_named_by_its_place() {
        let before = json!({"mode": "offer", "ladder": [{"after_seconds": 60}], "ranks": 0});
        let after = json!({"mode": "push", "ladder": [{"after_seconds": 90}, {"after_seconds": 120}],
            "wrap_up_seconds": 20, "ranks": 0});
        let said = words(&diff(&before, &after));
        assert_eq!(
            said,
            [
                "ladder[0].after_seconds: 60 becomes 90",
                "adds ladder[1]: {\"after_seconds\":120}",
                "mode: \"offer\" becomes \"push\"",
                "adds wrap_up_seconds: 20",
            ]
        );
        assert!(diff(&before, &before).is_empty());
    }

    #[test]
    fn entries_with_names_are_followed_when_they_move() {
        let before = json!([{"name": "a", "last": false}, {"name": "b"}, {"name": "c"}]);
        let after = json!([{"name": "c"}, {"name": "a", "last": true}, {"name": "d"}]);
        let said = words(&diff(&before, &after));
        assert_eq!(
            said,
            [
                "[order]: [\"a\",\"b\",\"c\"] becomes [\"c\",\"a\",\"d\"]",
                "[\"a\"].last: false becomes true",
                "removes [\"b\"]: {\"name\":\"b\"}",
                "adds [\"d\"]: {\"name\":\"d\"}",
            ]
        );
    }
}

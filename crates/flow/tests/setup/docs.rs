//! The examples of the documentation are ones that are taken.

use interdesk_domain::policy::PolicyKind;
use interdesk_flow::policy::read;
use serde_json::Value;
use uuid::Uuid;

#[test]
fn every_example_of_a_policy_is_one_that_is_taken() {
    let text = std::fs::read_to_string("../../docs/policies.md").unwrap();
    let mut kind = None;
    let mut example: Option<String> = None;
    let mut taken = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            kind = PolicyKind::parse(heading.trim_matches('`'));
        } else if line == "```json" {
            example = Some(String::new());
        } else if line == "```" {
            let (Some(kind), Some(body)) = (kind, example.take()) else {
                continue;
            };
            let body: Value = serde_json::from_str(&body).unwrap();
            let read = read(kind, Uuid::nil(), &body);
            assert!(read.is_ok(), "{kind:?}: {read:?}");
            taken.push(kind);
        } else if let Some(example) = &mut example {
            example.push_str(line);
            example.push('\n');
        }
    }
    taken.dedup();
    assert_eq!(taken, PolicyKind::ALL);
}

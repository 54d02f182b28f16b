//! A package uses floors below it, never its own floor, never above.

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// The floors from the ground up, and what each package may stand on beside `domain`.
const FLOORS: [(&str, &[&str]); 15] = [
    ("interdesk-domain", &[]),
    ("interdesk-store", &[]),
    ("interdesk-bus", &[]),
    ("interdesk-channels", &[]),
    ("interdesk-cache", &[]),
    ("interdesk-files", &[]),
    ("interdesk-flow", &GROUND),
    ("interdesk-testkit", &GROUND),
    ("interdesk-graphql", &FLOW),
    ("interdesk-node", &FLOW),
    ("interdesk-ingestion", &NODE),
    ("interdesk-routing", &NODE),
    ("interdesk-agent", &NODE),
    ("interdesk-audit", &NODE),
    ("interdesk", &SERVICES),
];
const GROUND: [&str; 4] = [
    "interdesk-store",
    "interdesk-channels",
    "interdesk-cache",
    "interdesk-files",
];
const FLOW: [&str; 6] = [
    "interdesk-store",
    "interdesk-bus",
    "interdesk-channels",
    "interdesk-cache",
    "interdesk-files",
    "interdesk-flow",
];
const NODE: [&str; 8] = [
    "interdesk-store",
    "interdesk-bus",
    "interdesk-channels",
    "interdesk-cache",
    "interdesk-files",
    "interdesk-flow",
    "interdesk-graphql",
    "interdesk-node",
];
const SERVICES: [&str; 13] = [
    "interdesk-store",
    "interdesk-bus",
    "interdesk-channels",
    "interdesk-cache",
    "interdesk-files",
    "interdesk-flow",
    "interdesk-graphql",
    "interdesk-node",
    "interdesk-ingestion",
    "interdesk-routing",
    "interdesk-agent",
    "interdesk-audit",
    "interdesk-simulator",
];

/// Libraries that stay behind one door, and who has the key.
const DOORS: [(&str, &[&str]); 8] = [
    ("diesel", &["interdesk-store"]),
    ("diesel-async", &["interdesk-store"]),
    ("diesel_migrations", &["interdesk-store"]),
    ("lapin", &["interdesk-bus"]),
    ("redis", &["interdesk-cache"]),
    ("object_store", &["interdesk-files"]),
    ("async-graphql", &["interdesk-graphql", "interdesk-agent"]),
    (
        "actix-web",
        &[
            "interdesk-node",
            "interdesk-ingestion",
            "interdesk-routing",
            "interdesk-agent",
            "interdesk-audit",
            "interdesk-simulator",
            "interdesk",
        ],
    ),
];

/// What stands outside the building: the simulator plays the other side and shares no code with the
/// desk; load tests drive both.
const OUTSIDE: [&str; 1] = ["interdesk-load-tests"];

/// Tells why a package may not use another; `None` where it may.
fn forbids(from: &str, to: &str, kind: DependencyKind) -> Option<String> {
    if kind != DependencyKind::Normal || OUTSIDE.contains(&from) {
        return None;
    }
    if let Some((_, keys)) = DOORS.iter().find(|(door, _)| *door == to) {
        let refusal = format!("{from} uses {to}, which belongs to {keys:?} alone");
        return (!keys.contains(&from)).then_some(refusal);
    }
    if !is_ours(to) {
        return None;
    }
    if to == "interdesk-testkit" {
        return Some(format!("{from} uses {to} outside its tests"));
    }
    let floor = FLOORS.iter().find(|(package, _)| *package == from);
    let Some((_, below)) = floor else {
        return Some(format!(
            "{from} uses {to} and has no floor; packages outside use none of ours"
        ));
    };
    let is_below = to == "interdesk-domain" && from != to || below.contains(&to);
    (!is_below).then(|| format!("{from} uses {to}, which is not below it"))
}

fn is_ours(package: &str) -> bool {
    package == "interdesk" || package.starts_with("interdesk-")
}

fn packages() -> Result<Vec<Package>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec();
    Ok(metadata.context("cargo metadata")?.packages)
}

#[test]
fn every_package_stands_on_floors_below_it() -> Result<()> {
    let mut wrong = Vec::new();
    for package in packages()? {
        for dependency in &package.dependencies {
            wrong.extend(forbids(&package.name, &dependency.name, dependency.kind));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_package_of_the_workspace_has_a_place() -> Result<()> {
    for package in packages()? {
        let name = package.name.as_str();
        let known = FLOORS.iter().any(|(floor, _)| *floor == name);
        let outside = OUTSIDE.contains(&name) || name == "interdesk-simulator";
        assert!(
            known || outside,
            "{name} has no floor; add it with a decision record in docs/adr"
        );
    }
    Ok(())
}

#[test]
fn edges_that_lead_up_or_sideways_or_through_a_closed_door_are_found() {
    for (from, to) in [
        ("interdesk-domain", "interdesk-store"),
        ("interdesk-store", "interdesk-bus"),
        ("interdesk-store", "interdesk-flow"),
        ("interdesk-flow", "interdesk-bus"),
        ("interdesk-graphql", "interdesk-node"),
        ("interdesk-node", "interdesk-graphql"),
        ("interdesk-agent", "interdesk-routing"),
        ("interdesk-simulator", "interdesk-domain"),
        ("interdesk-flow", "interdesk-testkit"),
        ("interdesk-flow", "diesel"),
        ("interdesk-node", "lapin"),
        ("interdesk-agent", "redis"),
        ("interdesk-routing", "async-graphql"),
        ("interdesk-flow", "actix-web"),
        ("interdesk-new", "interdesk-domain"),
    ] {
        assert!(
            forbids(from, to, DependencyKind::Normal).is_some(),
            "{from} -> {to}"
        );
    }
    for (from, to, kind) in [
        ("interdesk-flow", "interdesk-store", DependencyKind::Normal),
        (
            "interdesk-flow",
            "interdesk-testkit",
            DependencyKind::Development,
        ),
        ("interdesk-store", "diesel", DependencyKind::Normal),
        ("interdesk", "interdesk-simulator", DependencyKind::Normal),
    ] {
        assert_eq!(forbids(from, to, kind), None, "{from} -> {to}");
    }
}

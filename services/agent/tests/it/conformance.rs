//! The ecosystem's own judges: the `graphql-http` audit, the `graphql-ws` client and the `graphql-sse` client.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::server::TestServer;

const FILES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "audit.mjs",
    "client.mjs",
    "events.mjs",
    "provider.mjs",
];

#[test]
fn the_graphql_http_audit_passes_in_full() -> Result<()> {
    let server = TestServer::start();
    run("audit.mjs", &server)
}

#[test]
fn the_graphql_ws_client_gets_on_with_the_server() -> Result<()> {
    let server = TestServer::start();
    run("client.mjs", &server)
}

#[test]
fn the_graphql_sse_client_gets_on_with_the_server() -> Result<()> {
    let server = TestServer::start();
    run("events.mjs", &server)
}

fn run(script: &str, server: &TestServer) -> Result<()> {
    if !is_possible(script) {
        return Ok(());
    }
    let folder = install()?;
    let status = Command::new("node")
        .current_dir(folder)
        .args([script, &server.address.to_string()])
        .status()?;
    ensure!(status.success(), "{script} failed");
    Ok(())
}

/// Tells whether scripts can be run here, and says so where they cannot.
pub(crate) fn is_possible(script: &str) -> bool {
    let is_there = |program: &&str| Command::new(program).arg("--version").output().is_ok();
    let missing = ["node", "npm"]
        .into_iter()
        .find(|program| !is_there(program));
    if let Some(program) = missing {
        println!("SKIPPED {script}: {program} is not installed");
    }
    missing.is_none()
}

/// Installs the packages under `target`, so that the source tree stays clean.
pub(crate) fn install() -> Result<std::path::PathBuf> {
    static ONCE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ONCE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    fs::create_dir_all(&folder)?;
    let lock = "package-lock.json";
    let installed = folder.join("node_modules/.installed");
    let fresh = fs::read(&installed).ok() == Some(fs::read(source.join(lock))?);
    for file in FILES {
        fs::copy(source.join(file), folder.join(file)).context(file)?;
    }
    if !fresh {
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let status = Command::new("npm")
            .current_dir(&folder)
            .args(npm)
            .status()?;
        ensure!(status.success(), "npm ci failed");
        fs::copy(source.join(lock), installed)?;
    }
    Ok(folder)
}

//! What the README promises to those who build on the API, as it is written there.

use crate::browser::Browser;
use crate::harness::{Column, Desk, Plan, WHATSAPP};
use anyhow::{Context, Result, ensure};
use interdesk_simulator::Content;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PASSWORD: &str = "interdesk-demo";

async fn desk(name: &str) -> Desk {
    let plan = Plan {
        password: Some(PASSWORD),
        ..Plan::default()
    };
    Desk::start(Column::Local, name, plan).await
}

fn graphql(desk: &Desk) -> String {
    format!("{}/graphql", desk.url("agent"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_of_the_readme_shows_a_live_list() {
    let Some(browser) = Browser::start("dashboard").await else {
        return;
    };
    let desk = desk("dashboard").await;
    // Who is there is offered the work, and sees it.
    desk.agent(1).await.online().await;
    desk.write(
        WHATSAPP,
        "15550100081",
        Content::text("Before it was opened"),
    );
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let section = readme
        .split("## Build a dashboard")
        .nth(1)
        .expect("the section");
    let (_, page) = section.split_once("```html\n").expect("the page");
    let (page, _) = page.split_once("```").expect("its end");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dashboard.html");
    std::fs::write(&file, page).unwrap();
    let url = format!(
        "file://{}?desk={}&workspace={}&email=agent1%40example.org&password={PASSWORD}",
        file.display(),
        graphql(&desk).replace("http://", "ws://"),
        desk.slug(),
    );
    let tab = browser.open(&url).await;
    tab.until("document.getElementById('state').textContent === 'live'")
        .await;
    let shows =
        |text: &str| format!("document.getElementById('list').textContent.includes('{text}')");
    tab.until(&shows("Before it was opened")).await;
    desk.write(WHATSAPP, "15550100082", Content::text("While it is open"));
    tab.until(&shows("While it is open")).await;
    tab.until("[...document.querySelectorAll('#list tr')].length === 2")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_typescript_client_compiles_and_its_example_follows_the_desk() -> Result<()> {
    for program in ["node", "npm"] {
        if Command::new(program)
            .arg("--version")
            .output()
            .await
            .is_err()
        {
            eprintln!("skipped: no {program}; ./dev test installs it");
            return Ok(());
        }
    }
    let folder = compile().await?;
    let desk = desk("client").await;
    desk.agent(1).await.online().await;
    // The example signs in to the demo; this desk has a workspace of its own.
    let built = std::fs::read_to_string(folder.join("dist/examples/live.js"))?;
    ensure!(
        built.contains("\"demo\""),
        "the example signs in to the demo"
    );
    let script = folder.join("dist/examples/own.js");
    std::fs::write(
        &script,
        built.replace("\"demo\"", &format!("\"{}\"", desk.slug())),
    )?;
    desk.write(WHATSAPP, "15550100083", Content::text("Before it ran"));
    let mut run = Command::new("node")
        // Node 20 has its WebSocket behind this flag, which later ones pass over.
        .arg("--experimental-websocket")
        .arg(&script)
        .env("DESK_URL", graphql(&desk))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(run.stdout.take().context("its output")?).lines();
    let follow = async {
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().await? {
            if seen.is_empty() {
                desk.write(WHATSAPP, "15550100084", Content::text("While it runs"));
            }
            let is_last = line.contains("While it runs");
            seen.push(line);
            if is_last {
                return Ok(seen);
            }
        }
        anyhow::bail!("it ended after {seen:?}")
    };
    let seen = tokio::time::timeout(crate::harness::PATIENCE, follow).await??;
    ensure!(seen[0].contains("Before it ran"), "{seen:?}");
    Ok(())
}

/// Builds the client under `target`, so that the source tree stays clean.
async fn compile() -> Result<PathBuf> {
    let source = Path::new(ROOT).join("graphql/clients/typescript");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
    for part in ["src", "examples"] {
        let _ = std::fs::remove_dir_all(folder.join(part));
        std::fs::create_dir_all(folder.join(part))?;
        for file in std::fs::read_dir(source.join(part))? {
            let file = file?;
            std::fs::copy(file.path(), folder.join(part).join(file.file_name()))?;
        }
    }
    for file in ["package.json", "package-lock.json", "tsconfig.json"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    run(
        &folder,
        "npm",
        &["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    )
    .await?;
    run(&folder, "node", &["node_modules/typescript/bin/tsc"]).await?;
    Ok(folder)
}

async fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let done = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&done.stdout);
    ensure!(done.status.success(), "{program} {arguments:?}: {said}");
    Ok(())
}

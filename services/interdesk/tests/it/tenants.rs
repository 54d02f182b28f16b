//! Whoever runs the installation: workspaces by commands, over a connection of their own.

use crate::harness::{Agent, Column, Desk, Plan, TELEGRAM, until};
use interdesk_simulator::Content;
use serde_json::{Value, json};

const RESET: &str = "mutation($t: String!, $p: String!) {
    passwordReset(input: { token: $t, newPassword: $p }) { status } }";

/// Returns the last line that a command printed.
fn last(out: &str) -> &str {
    out.lines().last().expect("a line")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_is_added_and_its_administrator_gets_in_by_the_token_that_was_printed() {
    let desk = Desk::start(Column::Local, "tenant-create", Plan::default()).await;
    let create = [
        "tenant",
        "create",
        "second",
        "--name",
        "Second",
        "--admin",
        "a@example.org",
        "--agents",
        "2",
    ];
    let created = desk.run(&create).await;
    assert!(created.success, "{}", created.text());
    let token = last(&created.out);
    assert!(token.starts_with("idp_"), "{}", created.out);
    let stranger = Agent::new(desk.url("agent"), String::new());
    let variables = json!({ "t": token, "p": "correct horse battery" });
    let chosen = stranger.ask(RESET, variables).await;
    assert_eq!(chosen["passwordReset"]["status"], "CHANGED");
    let admin = Agent::sign_in(
        desk.url("agent"),
        "second",
        "a@example.org",
        "correct horse battery",
    )
    .await;
    let me = admin
        .ask("{ me { name role } workspace { slug } }", json!({}))
        .await;
    assert_eq!(me["workspace"]["slug"], "second");
    assert_eq!(me["me"]["role"], "ADMIN");

    let again = desk.run(&create).await;
    assert!(!again.success);
    assert!(again.text().contains("exists already"), "{}", again.text());
    let odd = [
        "tenant",
        "create",
        "Odd_Name",
        "--name",
        "x",
        "--admin",
        "a@example.org",
    ];
    let odd = desk.run(&odd).await;
    assert!(
        !odd.success && odd.text().contains("is no slug"),
        "{}",
        odd.text()
    );
    let listed = desk.run(&["tenant", "list"]).await;
    let line = listed.out.lines().find(|line| line.starts_with("second"));
    let line = line.expect("the workspace is listed");
    assert!(
        line.contains("active") && line.contains("agents 1/2"),
        "{line}"
    );
    let more = desk
        .run(&["tenant", "quota", "second", "--agents", "default"])
        .await;
    assert!(more.success, "{}", more.text());
    let listed = desk.run(&["tenant", "list"]).await;
    assert!(listed.out.contains("agents 1/10000"), "{}", listed.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_of_a_suspended_workspace_write_is_kept_until_it_is_resumed() {
    let desk = Desk::start(Column::Local, "tenant-suspend", Plan::default()).await;
    let agent = desk.agent(1).await;
    agent.online().await;
    let suspended = desk
        .run(&["tenant", "suspend", desk.slug(), "--reason", "unpaid"])
        .await;
    assert!(suspended.success, "{}", suspended.text());
    let ask = async || {
        let answer = agent.send(None, "{ me { id } }", json!({})).send().await;
        let text = answer.expect("an answer").text().await.expect("a body");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["errors"][0]["extensions"]["code"].clone()
    };
    assert_eq!(ask().await, "WORKSPACE_SUSPENDED");
    desk.write(TELEGRAM, "5550000012", Content::text("Is anybody there?"));
    until("the message to be stored", async || {
        let stored = "SELECT count(*) FROM messages WHERE direction = 'in'";
        desk.database.count(stored).await == 1
    })
    .await;
    let resumed = desk.run(&["tenant", "resume", desk.slug()]).await;
    assert!(resumed.success, "{}", resumed.text());
    assert_eq!(ask().await, Value::Null);
    until("the conversation to be offered", async || {
        !agent.offers().await.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_chosen_by_a_token_of_the_command_line() {
    let desk = Desk::start(Column::Local, "reset-password", Plan::default()).await;
    let reset = [
        "agent",
        "reset-password",
        "--workspace",
        desk.slug(),
        "--agent",
        "agent1@example.org",
    ];
    let printed = desk.run(&reset).await;
    assert!(printed.success, "{}", printed.text());
    let stranger = Agent::new(desk.url("agent"), String::new());
    let variables = json!({ "t": last(&printed.out), "p": "correct horse battery" });
    let chosen = stranger.ask(RESET, variables).await;
    assert_eq!(chosen["passwordReset"]["status"], "CHANGED");
    Agent::sign_in(
        desk.url("agent"),
        desk.slug(),
        "agent1@example.org",
        "correct horse battery",
    )
    .await;
}

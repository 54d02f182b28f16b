//! What a provider tells of the account, and what agents may do by it: health, typing, templates.

use crate::harness::{Agent, Column, Desk, Plan, WHATSAPP, until, whatsapp};
use crate::stories;
use interdesk_simulator::Content;
use interdesk_simulator::whatsapp as graph;
use reqwest::StatusCode;
use serde_json::{Value, json};

stories!(
    an_inbox_tells_how_it_is_as_its_provider_does,
    a_customer_sees_that_an_agent_writes,
    a_template_leaves_filled_as_it_wants_and_is_refused_in_words_otherwise,
);

/// How the WhatsApp inbox is.
async fn health(agent: &Agent) -> Value {
    let query = "{ inboxes { id channel health { state reason detail
            conditions { subject state } events { subject state } }
        templates { name status variables { place name kind } } } }";
    let data = agent.ask(query, json!({})).await;
    let all = data["inboxes"].as_array().expect("inboxes");
    let whatsapp = all.iter().find(|one| one["channel"] == "WHATSAPP");
    whatsapp.expect("the number").clone()
}

/// Lets Meta tell something of the account.
async fn tell(desk: &Desk, field: &str, value: Value) {
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let change = json!({ "field": field, "value": value });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": account.waba_id, "time": 1_767_225_600, "changes": [change] }],
    });
    let body = body.to_string().into_bytes();
    let signature = graph::sign(&account.app_secret, &body);
    let client = reqwest::Client::new();
    let asked = client.post(&account.webhook_url).body(body);
    let answer = asked.header("x-hub-signature-256", signature).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
}

async fn an_inbox_tells_how_it_is_as_its_provider_does(column: Column) {
    let desk = Desk::start(column, "inbox-health", Plan::default()).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    let restricted = json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING" }] });
    tell(&desk, "account_update", restricted).await;
    let changed = |event: &Value| event["kind"] == "inbox_health_changed";
    live.until("the restriction", changed).await;
    let shown = health(&agent).await["health"].clone();
    assert_ne!(shown["state"], "HEALTHY", "{shown}");
    assert!(
        shown["conditions"].to_string().contains("account"),
        "{shown}"
    );
    assert!(!shown["detail"].is_null(), "{shown}");

    tell(
        &desk,
        "account_update",
        json!({ "event": "DISABLED_UPDATE",
        "ban_info": { "waba_ban_state": "DISABLE", "waba_ban_date": "January 1, 2026" } }),
    )
    .await;
    live.until("the ban", changed).await;
    let shown = health(&agent).await["health"].clone();
    assert_eq!(shown["state"], "BLOCKED", "{shown}");
    let doctor = desk.run(&["doctor"]).await;
    assert!(doctor.text().contains("whatsapp"), "{}", doctor.text());

    // A template's fate is told beside.
    tell(
        &desk,
        "message_template_status_update",
        json!({
        "event": "REJECTED", "message_template_id": 7, "message_template_name": "parcel_lost",
        "message_template_language": "en_US", "reason": "INVALID_FORMAT" }),
    )
    .await;
    until("the template's state", async || {
        let shown = health(&agent).await["templates"].to_string();
        shown.contains("parcel_lost") && shown.contains("rejected")
    })
    .await;
}

async fn a_customer_sees_that_an_agent_writes(column: Column) {
    let desk = Desk::start(column, "typing", Plan::default()).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    desk.write(WHATSAPP, "15550100061", Content::text("Hello?"));
    let conversation = agent.take_next(&mut live).await;
    let query = "mutation($input: ConversationTypingInput!) {
        conversationTyping(input: $input) { status } }";
    let input = json!({ "input": { "conversationId": conversation } });
    let told = agent.ask(query, input).await;
    assert_eq!(told["conversationTyping"]["status"], "SHOWN", "{told}");
    until("the sign at the provider", async || {
        let all = desk.simulator.journal().accepted();
        all.iter().any(|one| one.kind == "read_mark_and_typing")
    })
    .await;
    let messages = "SELECT count(*) FROM messages";
    assert_eq!(desk.database.count(messages).await, 1, "it is no message");
}

async fn a_template_leaves_filled_as_it_wants_and_is_refused_in_words_otherwise(column: Column) {
    // The shortest pause between two looks at the account.
    let plan = Plan::default().set("INTERDESK_PROVIDERS_CHECK_SECONDS", "10");
    let desk = Desk::start(column, "templates", plan).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    // The first webhook of the account names whose templates these are.
    tell(
        &desk,
        "message_template_status_update",
        json!({
        "event": "APPROVED", "message_template_id": 2, "message_template_name": "order_ready",
        "message_template_language": "en_US", "reason": "NONE" }),
    )
    .await;
    desk.write(WHATSAPP, "15550100062", Content::text("Is it ready?"));
    let conversation = agent.take_next(&mut live).await;
    until("all templates", async || {
        health(&agent).await["templates"]
            .to_string()
            .contains("winter_sale")
    })
    .await;
    let templates = health(&agent).await["templates"].clone();
    let all = templates.as_array().expect("templates");
    let ready = all
        .iter()
        .find(|one| one["name"] == "order_ready")
        .expect("it");
    assert_eq!(ready["variables"][0]["name"], "first_name", "{ready}");

    let send = async |name: &str, variables: Value| {
        let template = json!({ "name": name, "language": "en_US", "variables": variables });
        let input = json!({ "conversationId": conversation, "content": { "template": template } });
        agent.reply_with(None, None, input).await
    };
    let name = |value: Value| json!([{ "place": "BODY", "name": "first_name", "value": value }]);
    for (template, variables, code) in [
        ("no_such", json!([]), "TEMPLATE_UNKNOWN"),
        ("winter_sale", json!([]), "TEMPLATE_NOT_APPROVED"),
        ("order_ready", json!([]), "TEMPLATE_VARIABLES"),
        (
            "order_ready",
            json!([{ "place": "BODY", "name": "surname", "value": { "text": "A" } }]),
            "TEMPLATE_VARIABLES",
        ),
    ] {
        let refused = send(template, variables).await;
        assert_eq!(
            refused["status"], "TEMPLATE_REFUSED",
            "{template}: {refused}"
        );
        assert_eq!(refused["refusal"]["code"], code, "{template}: {refused}");
    }
    let sent = send("order_ready", name(json!({ "text": "Customer 12" }))).await;
    assert_eq!(sent["status"], "QUEUED", "{sent}");
    live.until_delivery(&sent["message"]["id"], "DELIVERED")
        .await;
    let accepted = desk.simulator.journal().accepted();
    let templates: Vec<_> = accepted
        .iter()
        .filter(|one| one.kind == "template")
        .collect();
    assert_eq!(
        templates.len(),
        1,
        "only what was filled left: {accepted:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_are_submitted_and_people_shut_out_from_the_command_line() {
    let desk = Desk::start(Column::Local, "whatsapp-manage", Plan::default()).await;
    let act = async |words: &[&str]| {
        let workspace = ["--workspace", "whatsapp-manage-local"];
        let (what, rest) = words.split_at(1);
        let all = [&["whatsapp"], what, &workspace, rest].concat();
        desk.run(&all).await
    };
    desk.write(WHATSAPP, "15550100031", Content::text("Hello"));
    let texts = "SELECT text FROM messages ORDER BY id";
    until("the first words", async || {
        desk.database.texts(texts).await == ["Hello"]
    })
    .await;

    let early = act(&["template", "delete", "lamp_here"]).await;
    assert!(
        early.text().contains("others.business_account"),
        "{}",
        early.text()
    );
    // The account's first webhook tells which account it is.
    let review = json!({ "decision": "APPROVED" });
    tell(&desk, "account_review_update", review).await;

    let file = std::env::temp_dir().join(format!("template-{}.json", std::process::id()));
    let path = file.to_str().expect("UTF-8");
    let template = |name: &str| {
        let body = json!({ "type": "BODY", "text": "Your lamp is here." });
        json!({ "name": name, "category": "UTILITY", "language": "en_US", "components": [body] })
    };
    for (name, says) in [
        ("Lamp here", "small letters"),
        ("lamp_here", "PENDING"),
        ("lamp_here", "already"),
    ] {
        std::fs::write(&file, template(name).to_string()).expect("a file");
        let done = act(&["template", "create", path]).await;
        assert!(done.text().contains(says), "{name}: {}", done.text());
        assert_eq!(done.success, says == "PENDING", "{}", done.text());
    }
    std::fs::remove_file(&file).expect("the file");
    for (success, says) in [(true, "deleted lamp_here"), (false, "not found")] {
        let done = act(&["template", "delete", "lamp_here"]).await;
        assert_eq!(done.success, success, "{}", done.text());
        assert!(done.text().contains(says), "{}", done.text());
    }

    let done = act(&["block", "+15550100031"]).await;
    assert!(
        done.success && done.out.contains("1 shut out"),
        "{}",
        done.text()
    );
    desk.write(WHATSAPP, "15550100031", Content::text("Nobody hears this"));
    let stranger = act(&["block", "15550100032"]).await;
    assert!(!stranger.success, "{}", stranger.text());
    let done = act(&["unblock", "15550100031"]).await;
    assert!(done.success, "{}", done.text());
    desk.write(WHATSAPP, "15550100031", Content::text("Am I back?"));
    until("the words after", async || {
        desk.database.texts(texts).await == ["Hello", "Am I back?"]
    })
    .await;
}

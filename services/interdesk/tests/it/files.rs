//! Files: a customer's picture reaches the agent, the agent's file reaches the customer, once.

use crate::harness::{Agent, Column, Desk, Live, Plan, SHOP, TELEGRAM, WHATSAPP, until};
use crate::stories;
use interdesk_simulator::customer::Media;
use interdesk_simulator::{Chaos, Content, Odds};
use serde_json::{Value, json};

stories!(
    a_picture_reaches_the_agent_and_a_file_the_customer_once,
    a_file_whose_provider_fails_is_fetched_later_and_shows_why_it_waits,
);

const PDF: &[u8] = b"%PDF-1.4\nterms and conditions\n%%EOF\n";

async fn begin(column: Column, name: &str) -> (Desk, Agent, Live) {
    let plan = Plan {
        password: Some("a-long-password"),
        ..Plan::default()
    };
    let desk = Desk::start(column, name, bucket(plan)).await;
    let agent = desk.sign_in(1, "a-long-password").await;
    let live = agent.watch().await;
    agent.online().await;
    (desk, agent, live)
}

/// Keeps files in the S3-compatible store that `INTERDESK_TEST_S3` names, where it names one
/// (`http://127.0.0.1:5000/bucket`); in a folder otherwise.
fn bucket(plan: Plan) -> Plan {
    let Ok(address) = std::env::var("INTERDESK_TEST_S3") else {
        return plan;
    };
    let (endpoint, bucket) = address.rsplit_once('/').expect("an address and a bucket");
    plan.set("INTERDESK_FILES_S3_ENDPOINT", endpoint)
        .set("INTERDESK_FILES_S3_BUCKET", bucket)
        .set("INTERDESK_FILES_S3_ACCESS_KEY", "test")
        .set("INTERDESK_FILES_S3_SECRET_KEY", "test-secret")
}

fn picture(caption: &str) -> Content {
    Content::Media {
        media: Media::Image,
        caption: Some(caption.to_owned()),
    }
}

/// Reads the file of the conversation's last message of the customer.
async fn file(agent: &Agent, conversation: &Value) -> Value {
    let query = "query($id: ID!) { conversation(id: $id) { messages(last: 1) { nodes {
        attachments { id state mimeType size sha256 link { url expiresAt }
            failure { code message tries nextTryAt } } } } } }";
    let data = agent.ask(query, json!({ "id": conversation })).await;
    data["conversation"]["messages"]["nodes"][0]["attachments"][0].clone()
}

async fn a_picture_reaches_the_agent_and_a_file_the_customer_once(column: Column) {
    let (desk, agent, mut live) = begin(column, "files").await;
    for (account, customer) in [
        (WHATSAPP, "15550100021"),
        (TELEGRAM, "700100022"),
        (SHOP, "visitor-23"),
    ] {
        desk.write(account, customer, picture("is this mine?"));
        let conversation = agent.take_next(&mut live).await;
        until("the picture's bytes", async || {
            file(&agent, &conversation).await["state"] == "STORED"
        })
        .await;
        let picture = file(&agent, &conversation).await;
        assert_eq!(picture["mimeType"], "image/png", "{picture}");
        let link = picture["link"]["url"].as_str().expect("a link");
        shows(&desk, link).await;
        answer(&desk, &agent, &mut live, account, &conversation).await;
    }
    let uploads = desk.simulator.uploads();
    let accounts: Vec<_> = uploads
        .iter()
        .map(|upload| upload.account.as_str())
        .collect();
    assert_eq!(
        accounts,
        [WHATSAPP, TELEGRAM],
        "each once, and the shop reads a link"
    );
    for upload in uploads {
        assert_eq!(
            (upload.bytes.as_slice(), upload.name.as_str()),
            (PDF, "terms.pdf")
        );
    }
    live.assert_gapless();
}

/// The link gives out the customer's bytes, safely, and nobody can change it.
async fn shows(desk: &Desk, link: &str) {
    let path = link.split_once("/files/").expect("a link to a file").1;
    let url = format!("{}/files/{path}", desk.url("agent"));
    let client = reqwest::Client::new();
    let answer = client.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").starts_with("sandbox"));
    assert!(header("content-disposition").starts_with("inline; filename="));
    assert!(header("cache-control").starts_with("private"));
    let bytes = answer.bytes().await.expect("bytes");
    assert_eq!(bytes, Media::Image.bytes());
    let part = client.get(&url).header("range", "bytes=1-3").send().await;
    let part = part.expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("bytes"), &b"PNG"[..]);
    let mut changed = url.clone();
    let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
    let changed = format!("{changed}{last}");
    let changed = client.get(format!("{changed}x")).send().await;
    assert_eq!(changed.expect("an answer").status(), 404);
}

/// The agent sends a file twice.
async fn answer(desk: &Desk, agent: &Agent, live: &mut Live, account: &str, conversation: &Value) {
    for words in ["our terms", "and once more"] {
        let file = upload(desk, agent).await;
        let input = json!({
            "conversationId": conversation, "content": { "text": words }, "attachments": [file],
        });
        let reply = agent.reply_with(None, None, input).await;
        assert_eq!(reply["status"], "QUEUED", "{reply}");
        live.until_delivery(&reply["message"]["id"], "SENT").await;
        let accepted = desk.simulator.journal().accepted();
        let taken = accepted
            .iter()
            .filter(|it| it.account == account && it.text == words);
        let kinds: Vec<_> = taken.map(|it| it.kind.as_str()).collect();
        let expected = if account == SHOP {
            "attachments"
        } else {
            "document"
        };
        assert_eq!(kinds, [expected]);
    }
}

async fn upload(desk: &Desk, agent: &Agent) -> Value {
    let url = format!("{}/files?name=terms.pdf", desk.url("agent"));
    let client = reqwest::Client::new();
    let stranger = client.post(&url).body(PDF).send().await.expect("an answer");
    assert_eq!(stranger.status(), 401);
    let request = client.post(&url).bearer_auth(&agent.token).body(PDF);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer["mimeType"], "application/pdf", "{answer}");
    answer["id"].clone()
}

async fn a_file_whose_provider_fails_is_fetched_later_and_shows_why_it_waits(column: Column) {
    let (desk, agent, mut live) = begin(column, "files-later").await;
    let chaos = Chaos {
        fail_media: Odds::times(1),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(Some(WHATSAPP), chaos);
    desk.write(WHATSAPP, "15550100031", picture("look"));
    let conversation = agent.take_next(&mut live).await;
    until("the first try", async || {
        file(&agent, &conversation).await["failure"]["code"] == "unavailable"
    })
    .await;
    let waiting = file(&agent, &conversation).await;
    assert_eq!(waiting["state"], "WAITING", "{waiting}");
    assert!(waiting["failure"]["nextTryAt"].is_string(), "{waiting}");
    let query = "mutation($input: AttachmentRetryInput!) { attachmentRetry(input: $input) {
        status attachment { state } } }";
    let input = json!({ "input": { "attachmentId": waiting["id"] } });
    let retried = agent.ask(query, input).await;
    assert_eq!(retried["attachmentRetry"]["status"], "WAITING", "{retried}");
    live.until("the bytes", |event| event["kind"] == "attachment_stored")
        .await;
    let stored = file(&agent, &conversation).await;
    assert_eq!(
        (&stored["state"], &stored["failure"]),
        (&json!("STORED"), &Value::Null)
    );
}

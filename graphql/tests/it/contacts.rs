//! Who a contact is, and what it consents to, as agents see and change it.

use crate::support::{Asked, Workspace, operation};
use interdesk_domain::id::ContactId;
use serde_json::{Value, json};

async fn run(asked: &Asked, workspace: &Workspace, name: &str, variables: Value) -> Value {
    asked
        .ask(&workspace.viewer, &operation(name), variables)
        .await
}

/// Adds a contact with one address and a conversation under way in another app.
async fn stranger(asked: &Asked, workspace: &Workspace) -> ContactId {
    let id: ContactId = asked.desk.id();
    let inbox = asked
        .world
        .inbox(workspace.viewer.tenant, workspace.queue)
        .await;
    let rows = format!(
        "UPDATE inboxes SET channel = 'telegram' WHERE id = '{inbox}';
         INSERT INTO contacts (id, tenant_id, name, name_source, created_at)
            VALUES ('{id}', '{of}', 'Customer 13', 'self_asserted', now());
         INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
            VALUES (gen_random_uuid(), '{of}', '{id}', 'telegram', 'user', '7', now());
         INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id, status,
            episode_id, last_message_at, last_customer_message_at, created_at)
            VALUES (gen_random_uuid(), '{of}', 'contact:{id}:{queue}', '{id}', '{inbox}', '{queue}', 'open',
            gen_random_uuid(), now(), now(), now());",
        id = id.0,
        of = workspace.viewer.tenant.0,
        inbox = inbox.0,
        queue = workspace.queue.0,
    );
    asked.world.test.execute_as_owner(&rows).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contacts_are_shown_as_one_person_until_they_are_unlinked() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let one = workspace.contact.to_string();
    let two = stranger(&asked, &workspace).await.to_string();
    let show = json!({"id": workspace.conversation.to_string()});
    let before = run(&asked, &workspace, "Conversation", show.clone()).await;
    assert_eq!(before["conversation"]["contact"]["linked"], json!([]));

    let wish = json!({"contactId": two, "intoContactId": one, "note": "same order number",
        "messageId": workspace.message.to_string()});
    let input = json!({"input": wish, "key": "a"});
    let linked = run(&asked, &workspace, "ContactLink", input.clone()).await;
    assert_eq!(linked["contactLink"]["status"], "CHANGED", "{linked}");
    assert_eq!(linked["contactLink"]["contact"]["linkedInto"]["id"], one);
    let again = run(&asked, &workspace, "ContactLink", input).await;
    assert_eq!(again, linked, "one key, one effect, one answer");
    let input = json!({"input": wish, "key": "b"});
    let refused = run(&asked, &workspace, "ContactLink", input).await;
    assert_eq!(refused["contactLink"]["refusal"]["code"], "SAME_PERSON");

    let shown = run(&asked, &workspace, "Conversation", show.clone()).await;
    let contact = &shown["conversation"]["contact"];
    assert_eq!(contact["id"], one);
    assert_eq!(contact["linked"][0]["id"], two);
    let networks: Vec<_> = contact["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|identity| {
            (
                &identity["network"],
                &identity["contactId"],
                &identity["consent"],
            )
        })
        .collect();
    let expected = json!([["telegram", two, "UNKNOWN"], ["webhook", one, "UNKNOWN"]]);
    let mut networks: Vec<Value> = networks.iter().map(|row| json!(row)).collect();
    networks.sort_by_key(Value::to_string);
    assert_eq!(json!(networks), expected);
    let consents: Vec<_> = contact["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|consent| consent["network"].clone())
        .collect();
    assert_eq!(json!(consents), json!(["telegram", "webhook"]));

    let input = json!({"input": {"contactId": two, "note": "a mistake"}, "key": "c"});
    let undone = run(&asked, &workspace, "ContactUnlink", input).await;
    let undone = &undone["contactUnlink"];
    assert_eq!(undone["status"], "CHANGED", "{undone}");
    assert_eq!(undone["contact"]["linkedInto"], Value::Null);
    assert_eq!(undone["contact"]["notes"][0]["text"], "same order number");
    assert_eq!(undone["contact"]["notes"][1]["kind"], "unlinked");
    let after = run(&asked, &workspace, "Conversation", show).await;
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_refuses_replies_and_the_refusal_names_the_other_app_as_data() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let one = workspace.contact.to_string();
    let two = stranger(&asked, &workspace).await.to_string();
    let accept = json!({"input": {"offerId": workspace.offer.to_string()}, "key": "a"});
    run(&asked, &workspace, "OfferAccept", accept).await;
    let wish = json!({"contactId": two, "intoContactId": one, "note": "same order number"});
    run(
        &asked,
        &workspace,
        "ContactLink",
        json!({"input": wish, "key": "b"}),
    )
    .await;

    let no =
        json!({"contactId": one, "network": "webhook", "said": "OPTED_OUT", "note": "by phone"});
    let changed = run(
        &asked,
        &workspace,
        "ContactConsent",
        json!({"input": no, "key": "c"}),
    )
    .await;
    let changed = &changed["contactConsent"];
    assert_eq!(changed["status"], "CHANGED", "{changed}");
    assert_eq!(changed["contact"]["consents"][1]["state"], "DISABLED");
    let ask = json!({"contactId": one, "network": "webhook", "said": "INVITED", "note": "asked"});
    let asked_again = run(
        &asked,
        &workspace,
        "ContactConsent",
        json!({"input": ask, "key": "d"}),
    )
    .await;
    assert_eq!(
        asked_again["contactConsent"]["refusal"]["code"],
        "NOT_OPTED_IN"
    );

    let reply =
        json!({"conversationId": workspace.conversation.to_string(), "content": {"text": "hi"}});
    let refused = run(
        &asked,
        &workspace,
        "MessageReply",
        json!({"input": reply, "key": "e"}),
    )
    .await;
    let refused = &refused["messageReply"];
    assert_eq!(refused["status"], "NOT_OPTED_IN", "{refused}");
    let ways = &refused["instead"];
    assert_eq!(ways[0]["kind"], "OTHER_APP", "{refused}");
    assert_eq!(ways[0]["inbox"]["channel"], "TELEGRAM");
    assert!(ways[0]["conversation"]["id"].is_string(), "{refused}");
    assert_eq!(ways[1]["kind"], "OPT_IN");
    let shown = json!({"id": workspace.conversation.to_string()});
    let shown = run(&asked, &workspace, "Conversation", shown).await;
    assert_eq!(
        shown["conversation"]["contact"]["identities"][0]["consent"],
        "DISABLED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_tells_who_gave_it_and_a_reason_must_be_given() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let one = workspace.contact.to_string();
    let input = json!({"input": {"contactId": one, "name": " Customer 14 "}, "key": "a"});
    let renamed = run(&asked, &workspace, "ContactRename", input).await;
    let contact = &renamed["contactRename"]["contact"];
    assert_eq!(contact["name"], "Customer 14");
    assert_eq!(contact["nameSource"], "AGENT");
    let input = json!({"contactId": one, "intoContactId": one, "note": "  "});
    let document = operation("ContactLink");
    let request = asked.request(
        &workspace.viewer,
        &document,
        json!({"input": input, "key": "b"}),
    );
    let response = asked.schema.execute(request).await;
    assert!(response.errors[0].message.contains("note"), "{response:?}");
}

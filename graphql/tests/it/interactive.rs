//! Replies that ask the customer to act: given, refused by their place, and shown.

use crate::support::{Asked, Workspace};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use serde_json::{Value, json};

const REPLY: &str = "mutation($input: MessageReplyInput!, $key: String!) {
    messageReply(input: $input) @idempotent(key: $key) { status
        refusal { code message path }
        message { content { __typename
            ... on ChoicesContent { question choices { choiceId title } }
            ... on LinkContent { words button { title url } above { kind } }
            ... on FormRequestContent { words form token title }
            ... on RequestContent { words asksFor }
            ... on CallInvitationContent { words label minutes }
            ... on CarouselContent { words cards { words media { kind } links { url } choices { choiceId } } }
        } } } }";

async fn supervisor(asked: &Asked, workspace: &Workspace, app: &str) -> Viewer {
    let rows = format!(
        "UPDATE inboxes SET channel = '{app}';
         UPDATE identities SET network = '{app}', value = '15550001012',
            namespace = CASE '{app}' WHEN 'whatsapp' THEN 'phone' ELSE 'user' END;
         UPDATE conversations SET status = 'open', last_customer_message_at = now();
         UPDATE messages SET sent_at = now();"
    );
    asked.world.test.execute_as_owner(&rows).await;
    let tenant = workspace.viewer.tenant;
    let (role, presence) = (Role::Supervisor, Presence::Online);
    asked.world.person(tenant, role, presence, 0).await
}

async fn reply(asked: &Asked, workspace: &Workspace, viewer: &Viewer, content: Value) -> Value {
    let id = workspace.conversation.to_string();
    let input = json!({ "conversationId": id, "content": content });
    let variables = json!({ "input": input, "key": asked.desk.clock.new_uuid() });
    asked.ask(viewer, REPLY, variables).await["messageReply"].clone()
}

fn picture() -> Value {
    json!({ "kind": "IMAGE", "url": "https://example.org/plant.jpg" })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_the_customer_to_act_is_taken_and_shown_as_it_was_given() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = supervisor(&asked, &workspace, "whatsapp").await;
    let card =
        |button: Value| json!({ "media": picture(), "text": "A plant", "buttons": [button] });
    let look = json!({ "link": { "title": "Look", "url": "https://example.org/1" } });
    let choice = |id: &str| json!({ "id": id, "title": id });
    for (content, shown) in [
        (
            json!({ "choices": { "text": "Which?", "sections": [{ "choices": [choice("a")] }] } }),
            json!({ "__typename": "ChoicesContent", "question": "Which?",
                "choices": [{ "choiceId": "a", "title": "a" }] }),
        ),
        (
            json!({ "link": { "text": "Look", "title": "Open", "url": "https://example.org",
                "media": picture() } }),
            json!({ "__typename": "LinkContent", "words": "Look", "above": { "kind": "image" },
                "button": { "title": "Open", "url": "https://example.org" } }),
        ),
        (
            json!({ "formRequest": { "text": "Fill", "form": "12", "token": "t", "title": "Open",
                "screen": "A", "data": "{\"a\":1}" } }),
            json!({ "__typename": "FormRequestContent", "words": "Fill", "form": "12",
                "token": "t", "title": "Open" }),
        ),
        (
            json!({ "locationRequest": { "text": "Where?" } }),
            json!({ "__typename": "RequestContent", "words": "Where?", "asksFor": "LOCATION" }),
        ),
        (
            json!({ "contactRequest": { "text": "Who?" } }),
            json!({ "__typename": "RequestContent", "words": "Who?", "asksFor": "CONTACT" }),
        ),
        (
            json!({ "callPermissionRequest": { "text": "May we?" } }),
            json!({ "__typename": "RequestContent", "words": "May we?", "asksFor": "CALL_PERMISSION" }),
        ),
        (
            json!({ "callInvitation": { "text": "Call", "title": "Now", "minutes": 5 } }),
            json!({ "__typename": "CallInvitationContent", "words": "Call", "label": "Now",
                "minutes": 5 }),
        ),
        (
            json!({ "carousel": { "text": "Leaf", "cards": [card(look.clone()), card(look)] } }),
            json!({ "__typename": "CarouselContent", "words": "Leaf", "cards": [
                { "words": "A plant", "media": { "kind": "image" },
                    "links": [{ "url": "https://example.org/1" }], "choices": [] },
                { "words": "A plant", "media": { "kind": "image" },
                    "links": [{ "url": "https://example.org/1" }], "choices": [] },
            ] }),
        ),
    ] {
        let replied = reply(&asked, &workspace, &viewer, content).await;
        assert_eq!(replied["status"], "QUEUED", "{replied}");
        assert_eq!(replied["message"]["content"], shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_that_is_too_long_is_refused_by_the_argument_that_holds_it() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = supervisor(&asked, &workspace, "whatsapp").await;
    let long = "x".repeat(31);
    let pick = json!({ "choice": { "id": "a", "title": long } });
    let card = json!({ "media": picture(), "buttons": [pick] });
    for (content, place) in [
        (
            json!({ "formRequest": { "text": "Fill", "form": "1", "title": long } }),
            vec!["formRequest", "title"],
        ),
        (
            json!({ "carousel": { "text": "Leaf", "cards": [card, card] } }),
            vec!["carousel", "cards", "0", "buttons", "0", "title"],
        ),
        (
            json!({ "link": { "text": "Look", "title": "Open", "url": "javascript:1" } }),
            vec!["link", "url"],
        ),
    ] {
        let refused = reply(&asked, &workspace, &viewer, content).await["refusal"].clone();
        assert_eq!(refused["code"], "UNSUPPORTED_CONTENT", "{refused}");
        let mut path = vec!["input", "content"];
        path.extend(place);
        assert_eq!(refused["path"], json!(path));
        assert!(
            refused["message"].as_str().unwrap().contains(": "),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_a_kind_says_which_kinds_it_carries() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = supervisor(&asked, &workspace, "telegram").await;
    let asking = json!({ "callPermissionRequest": { "text": "May we?" } });
    let refused = reply(&asked, &workspace, &viewer, asking).await["refusal"].clone();
    assert_eq!(refused["code"], "UNSUPPORTED_CONTENT", "{refused}");
    let show =
        "query($id: ID!) { conversation(id: $id) { capabilities { content groupContent } } }";
    let id = json!({ "id": workspace.conversation.to_string() });
    let shown = asked.ask(&viewer, show, id).await;
    let capabilities = &shown["conversation"]["capabilities"];
    let has = |list: &str, kind: &str| {
        let kinds = capabilities[list].as_array().unwrap();
        kinds.iter().any(|one| one == kind)
    };
    assert!(has("content", "contact_request") && has("groupContent", "link"));
    assert!(!has("groupContent", "contact_request") && !has("content", "carousel"));
    let asking = json!({ "contactRequest": { "text": "Who?" } });
    let taken = reply(&asked, &workspace, &viewer, asking).await;
    assert_eq!(taken["status"], "QUEUED", "{taken}");
}

//! Every committed document runs, and the story of one conversation holds.

use crate::support::{Asked, Workspace, operation};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use serde_json::{Value, json};

async fn run(asked: &Asked, workspace: &Workspace, name: &str, variables: Value) -> Value {
    asked
        .ask(&workspace.viewer, &operation(name), variables)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_show_the_workspace() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let me = run(&asked, &workspace, "Me", json!({})).await;
    assert_eq!(me["me"]["id"], workspace.viewer.agent.to_string());

    let inbox = run(&asked, &workspace, "Inbox", json!({"first": 10})).await;
    let list = &inbox["conversations"];
    assert_eq!(list["totalCount"], 1);
    assert_eq!(list["nodes"][0]["id"], workspace.conversation.to_string());
    assert_eq!(list["nodes"][0]["contact"]["name"], "Customer 12");
    assert_eq!(list["nodes"][0]["inbox"]["channel"], "WEBHOOK");

    let variables = json!({"id": workspace.conversation.to_string()});
    let shown = run(&asked, &workspace, "Conversation", variables).await;
    let shown = &shown["conversation"];
    let message = &shown["messages"]["nodes"][0];
    assert_eq!(
        message["content"],
        json!({"__typename": "TextContent", "text": "good morning"})
    );
    assert_eq!(message["author"]["contactName"], "Customer 12");
    assert_eq!(message["reactions"][0]["emojis"], json!(["👍"]));
    assert_eq!(shown["contact"]["identities"][0]["network"], "webhook");
    assert_eq!(
        shown["workItem"]["decision"]["candidates"][0]["agent"]["name"],
        "Agent"
    );

    let offers = run(&asked, &workspace, "Offers", json!({})).await;
    assert_eq!(offers["offers"][0]["id"], workspace.offer.to_string());
    let conversation = &offers["offers"][0]["conversation"];
    assert_eq!(conversation["id"], workspace.conversation.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_accepts_replies_and_resolves() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let conversation = workspace.conversation.to_string();
    let variables = json!({"input": {"offerId": workspace.offer.to_string()}, "key": "a"});
    let accepted = run(&asked, &workspace, "OfferAccept", variables.clone()).await;
    assert_eq!(accepted["offerAccept"]["status"], "ACCEPTED");
    let assignee = &accepted["offerAccept"]["conversation"]["assignee"]["id"];
    assert_eq!(*assignee, workspace.viewer.agent.to_string());
    let again = run(&asked, &workspace, "OfferAccept", variables).await;
    assert_eq!(
        again["offerAccept"], accepted["offerAccept"],
        "one key, one effect, one answer"
    );

    let input = json!({
        "conversationId": conversation, "content": {"text": "hello"},
        "replyTo": workspace.message.to_string(), "lastSeenVersion": 9,
    });
    let replied = run(
        &asked,
        &workspace,
        "MessageReply",
        json!({"input": input, "key": "b"}),
    )
    .await;
    let replied = &replied["messageReply"];
    assert_eq!(replied["status"], "QUEUED", "{replied}");
    assert_eq!(replied["message"]["delivery"]["state"], "QUEUED");
    assert_eq!(
        replied["message"]["replyTo"]["id"],
        workspace.message.to_string()
    );
    assert_eq!(replied["conversation"]["status"], "WAITING_FOR_CUSTOMER");

    let input = json!({"conversationId": conversation});
    let variables = json!({"input": input, "key": "b"});
    let reused = run(&asked, &workspace, "ConversationResolve", variables).await;
    assert_eq!(
        reused["conversationResolve"]["refusal"]["code"],
        "KEY_REUSED"
    );
    let variables = json!({"input": input, "key": "c"});
    let resolved = run(&asked, &workspace, "ConversationResolve", variables).await;
    assert_eq!(resolved["conversationResolve"]["status"], "RESOLVED");
    assert_eq!(
        resolved["conversationResolve"]["conversation"]["status"],
        "RESOLVED"
    );
    let input = json!({"conversationId": conversation, "content": {"text": "late"}});
    let late = run(
        &asked,
        &workspace,
        "MessageReply",
        json!({"input": input, "key": "d"}),
    )
    .await;
    assert_eq!(
        late["messageReply"]["refusal"]["code"],
        "CONVERSATION_RESOLVED"
    );
    assert_eq!(
        late["messageReply"]["refusal"]["path"],
        json!(["input", "conversationId"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_declines_and_goes_away() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let input = json!({"offerId": workspace.offer.to_string()});
    let variables = json!({"input": input, "key": "a"});
    let declined = run(&asked, &workspace, "OfferDecline", variables).await;
    assert_eq!(declined["offerDecline"]["status"], "DECLINED");
    assert_eq!(declined["offerDecline"]["offer"]["state"], "DECLINED");
    let variables = json!({"input": input, "key": "b"});
    let late = run(&asked, &workspace, "OfferAccept", variables).await;
    assert_eq!(late["offerAccept"]["refusal"]["code"], "OFFER_DECLINED");
    let variables = json!({"input": {"presence": "AWAY"}, "key": "c"});
    let away = run(&asked, &workspace, "PresenceSet", variables).await;
    assert_eq!(away["presenceSet"]["status"], "CHANGED");
    assert_eq!(away["presenceSet"]["agent"]["presence"], "AWAY");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_run_through_a_list_from_either_end_without_gap_or_repeat() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, queue) = (workspace.viewer.tenant, workspace.queue);
    asked
        .world
        .waiting_many(tenant, queue, workspace.inbox, 6)
        .await;
    let document = "query($first: Int, $last: Int, $after: Cursor, $before: Cursor) {
        conversations(first: $first, last: $last, after: $after, before: $before) {
            nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let mut forward = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({"first": 3, "after": after});
        let page = asked.ask(&workspace.viewer, document, variables).await["conversations"].clone();
        forward.extend(page["nodes"].as_array().unwrap().clone());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let mut backward = Vec::new();
    let mut before = Value::Null;
    loop {
        let variables = json!({"last": 3, "before": before});
        let page = asked.ask(&workspace.viewer, document, variables).await["conversations"].clone();
        backward.splice(0..0, page["nodes"].as_array().unwrap().clone());
        before = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(forward.len(), 7);
    assert_eq!(forward, backward);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_by_status_queue_and_assignee() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = workspace.viewer;
    let take = format!(
        "UPDATE conversations SET status = 'open', assignee_id = '{}'",
        viewer.agent.0
    );
    asked.world.test.execute_as_owner(&take).await;
    let others = asked.world.queue(viewer.tenant, &[]).await;
    asked.world.waiting(viewer.tenant, others).await;
    let (agent, tenant) = (viewer.agent, viewer.tenant);
    let viewer = asked
        .world
        .person(tenant, Role::Supervisor, Presence::Away, 3)
        .await;
    let document = "query($filter: ConversationFilter) {
        conversations(filter: $filter) { totalCount nodes { id } } }";
    for (filter, count) in [
        (json!({}), 2),
        (json!({"status": ["OPEN"]}), 1),
        (json!({"status": ["OPEN", "NEW"]}), 2),
        (json!({"status": ["CLOSED"]}), 0),
        (json!({"queueId": others.to_string()}), 1),
        (json!({"assigneeId": agent.to_string()}), 1),
        (json!({"unassigned": true}), 1),
        (
            json!({"unassigned": true, "queueId": workspace.queue.to_string()}),
            0,
        ),
        (json!({"assigneeId": "agent_nonsense"}), 0),
        (json!({"queueId": workspace.contact.to_string()}), 0),
    ] {
        let list = asked
            .ask(&viewer, document, json!({"filter": filter}))
            .await;
        let list = &list["conversations"];
        assert_eq!(list["totalCount"], count, "{filter}");
        assert_eq!(list["nodes"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_holds_snoozes_asks_a_colleague_and_gives_the_work_back() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let id = workspace.conversation.to_string();
    let accept = json!({"input": {"offerId": workspace.offer.to_string()}, "key": "a"});
    run(&asked, &workspace, "OfferAccept", accept).await;

    let hold = json!({"input": {"conversationId": id, "reason": "the bank"}, "key": "b"});
    let held = run(&asked, &workspace, "ConversationHold", hold).await;
    let conversation = &held["conversationHold"]["conversation"];
    assert_eq!(held["conversationHold"]["status"], "DONE");
    assert_eq!(conversation["status"], "ON_HOLD");
    assert_eq!(conversation["heldReason"], "the bank");

    let until = "1999-01-01T00:00:00Z";
    let snooze = json!({"input": {"conversationId": id, "until": until}, "key": "c"});
    let past = run(&asked, &workspace, "ConversationSnooze", snooze).await;
    assert_eq!(past["conversationSnooze"]["refusal"]["code"], "BAD_TIME");

    let work = workspace.work_item.to_string();
    let own = workspace.viewer.agent.to_string();
    let input = json!({"workItemId": work, "toAgentId": own, "warm": true});
    let transfer = json!({"input": input, "key": "d"});
    let transferred = run(&asked, &workspace, "WorkTransfer", transfer).await;
    assert_eq!(transferred["workTransfer"]["refusal"]["code"], "UNCHANGED");

    let take = json!({"input": {"conversationId": id}, "key": "e"});
    let taken = run(&asked, &workspace, "SpeakerTake", take).await;
    assert_eq!(taken["speakerTake"]["epoch"], 1);

    let release = json!({"input": {"workItemId": work, "reason": "not mine"}, "key": "f"});
    let released = run(&asked, &workspace, "WorkRelease", release).await;
    assert_eq!(released["workRelease"]["workItem"]["state"], "QUEUED");

    let queue = workspace.queue.to_string();
    let pull = json!({"input": {"queueId": queue}, "key": "g"});
    let pulled = run(&asked, &workspace, "WorkPull", pull).await;
    let code = &pulled["workPull"]["refusal"]["code"];
    assert_eq!(*code, "NOTHING_WAITS", "who gave it back rests from it");
    let answer = json!({"input": {"transferId": work, "answer": "ACCEPT"}, "key": "h"});
    let answered = run(&asked, &workspace, "TransferAnswer", answer).await;
    assert_eq!(answered["transferAnswer"]["refusal"]["code"], "NOT_FOUND");
}

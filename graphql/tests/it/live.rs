//! Views of the event log: what stands, then what changes, for who may see it, from any cursor on.

use crate::events::log_event;
use crate::support::{Asked, Workspace, code, operation};
use async_graphql::Response;
use futures::{Stream, StreamExt};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{Actor, AggregateKind, Event};
use interdesk_domain::id::{AgentId, ConversationId};
use interdesk_domain::permission::{Role, Viewer};
use interdesk_graphql::Cursor;
use serde_json::{Value, json};
use std::time::Duration;

/// One subscription, and what it shows.
struct Live {
    stream: futures::stream::BoxStream<'static, Response>,
    field: &'static str,
}

impl Live {
    fn open(asked: &Asked, viewer: &Viewer, document: &str, variables: Value) -> Self {
        let field = match document {
            "LiveConversation" => "conversation",
            "LiveInbox" => "inbox",
            "LiveOffers" => "offers",
            "LivePresence" => "presence",
            "LiveQueueStats" => "queueStats",
            "LiveSlaClocks" => "slaClocks",
            _ => "viewing",
        };
        let request = asked.request(viewer, &operation(document), variables);
        let stream = asked.schema.clone().execute_stream(request).boxed();
        Self { stream, field }
    }

    async fn response(&mut self) -> Response {
        let response = tokio::time::timeout(Duration::from_secs(10), self.stream.next()).await;
        response.expect("a change in time").expect("it goes on")
    }

    /// Gives what comes next, if something does within a while.
    async fn soon(&mut self) -> Option<Value> {
        let response = tokio::time::timeout(Duration::from_millis(300), self.stream.next()).await;
        let response = response.ok()?.expect("it goes on");
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        Some(response.data.into_json().unwrap()[self.field].clone())
    }

    async fn next(&mut self) -> Value {
        let response = self.response().await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()[self.field].clone()
    }

    /// The next change as its type, and what it is about.
    async fn told(&mut self) -> (String, Value) {
        let change = self.next().await;
        let kind = change["__typename"].as_str().unwrap().to_owned();
        (kind, change)
    }

    async fn is_quiet(&mut self) -> bool {
        is_quiet(&mut self.stream).await
    }
}

async fn is_quiet(stream: &mut (impl Stream<Item = Response> + Unpin)) -> bool {
    let first = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
    first.is_err()
}

/// A workspace whose events are written by hand.
struct Told {
    asked: Asked,
    own: Workspace,
    seq: u64,
}

impl Told {
    async fn fresh() -> Self {
        let asked = Asked::fresh().await;
        let own = asked.workspace().await;
        Self { asked, own, seq: 0 }
    }

    async fn sql(&self, statement: &str) {
        self.asked.world.test.execute_as_owner(statement).await;
    }

    /// Something happens to a conversation.
    async fn happens(&mut self, conversation: ConversationId, event: Event) {
        let kind = AggregateKind::Conversation;
        self.log((kind, conversation.0, Actor::System), event).await;
    }

    async fn log(&mut self, of: (AggregateKind, uuid::Uuid, Actor), event: Event) {
        self.seq += 1;
        let tenant = self.own.viewer.tenant;
        let body = log_event(&self.asked, tenant, self.seq, of, event).await;
        self.asked.hub.publish(tenant, &body);
    }

    /// Another queue that the viewer does not serve, of a colleague.
    async fn elsewhere(&self) -> (interdesk_domain::id::QueueId, AgentId) {
        let tenant = self.own.viewer.tenant;
        let colleague = self.asked.world.agent(tenant, 3).await;
        let queue = self.asked.world.queue(tenant, &[colleague.agent]).await;
        (queue, colleague.agent)
    }

    /// Puts the work back, so that nobody but who serves its queue sees the conversation.
    async fn free(&self) {
        self.sql(
            "UPDATE work_items SET state = 'queued', agent_id = NULL;
             UPDATE offers SET state = 'expired', ended_at = made_at",
        )
        .await;
    }

    /// Moves the conversation to another queue, by its work.
    async fn moves(&mut self, to: interdesk_domain::id::QueueId) {
        let (work, conversation) = (self.own.work_item, self.own.conversation);
        self.sql(&format!(
            "UPDATE work_items SET queue_id = '{0}' WHERE id = '{1}';
             UPDATE conversations SET queue_id = '{0}' WHERE id = '{2}'",
            to.0, work.0, conversation.0
        ))
        .await;
        let event = Event::WorkItemQueued {
            conversation,
            work_item: work,
            queue: to,
            epoch: 2,
        };
        self.happens(conversation, event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_shows_what_is_in_it_then_what_enters_changes_and_leaves() {
    let mut told = Told::fresh().await;
    let (viewer, conversation) = (told.own.viewer, told.own.conversation);
    let filter = json!({"filter": {"status": ["NEW", "OPEN"]}});
    let mut inbox = Live::open(&told.asked, &viewer, "LiveInbox", filter.clone());
    let (kind, first) = inbox.told().await;
    assert_eq!(kind, "InboxSnapshot");
    let nodes = &first["nodes"];
    assert_eq!(nodes.as_array().unwrap().len(), 1);
    assert_eq!(nodes[0]["lastText"], "good morning");

    let id = conversation.0;
    told.sql(&format!(
        "UPDATE conversations SET last_text = 'and?', version = 2 WHERE id = '{id}'"
    ))
    .await;
    let event = Event::ConversationHeld { conversation };
    told.happens(conversation, event.clone()).await;
    let (kind, row) = inbox.told().await;
    assert_eq!(
        (kind.as_str(), &row["conversation"]["lastText"]),
        ("InboxRow", &json!("and?"))
    );

    told.sql(&format!(
        "UPDATE conversations SET status = 'resolved' WHERE id = '{id}'"
    ))
    .await;
    told.happens(conversation, event.clone()).await;
    let (kind, left) = inbox.told().await;
    assert_eq!(kind, "ConversationLeft");
    assert_eq!(left["conversationId"], conversation.to_string());
    // It is told once.
    told.happens(conversation, event.clone()).await;
    assert!(inbox.is_quiet().await);

    // Somebody who comes back behind the row is told the same, and that it came back.
    told.sql(&format!(
        "UPDATE conversations SET status = 'open' WHERE id = '{id}'"
    ))
    .await;
    told.happens(conversation, event).await;
    assert_eq!(inbox.told().await.0, "InboxRow");
    let mut again = filter.clone();
    again["after"] = row["cursor"].clone();
    let mut resumed = Live::open(&told.asked, &viewer, "LiveInbox", again);
    // What came and went meanwhile is as it is now, once for each event at most.
    let mut last = resumed.next().await;
    let mut count = 1;
    while let Some(next) = resumed.soon().await {
        (last, count) = (next, count + 1);
    }
    assert_eq!(last["conversation"]["status"], "OPEN");
    assert!(count <= 4, "{count} changes of four events");
    // The cursor is that of this filter and of nothing else.
    let other = json!({"filter": {"status": ["NEW"]}, "after": row["cursor"]});
    let mut other = Live::open(&told.asked, &viewer, "LiveInbox", other);
    assert_eq!(code(&other.response().await), "RESYNC_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_the_viewers_sight_is_told_to_whoever_saw_it_and_to_nobody_else() {
    let mut told = Told::fresh().await;
    told.free().await;
    let (queue, _) = told.elsewhere().await;
    let (viewer, tenant) = (told.own.viewer, told.own.viewer.tenant);
    let stranger = told.asked.world.agent(tenant, 3).await;
    let moved = json!(told.own.conversation.to_string());
    // Where it lay before is known from its history.
    let (episode, own) = (
        told.asked.desk.id::<interdesk_domain::id::EpisodeId>(),
        told.own,
    );
    told.sql(&format!(
        "INSERT INTO transfers (id, tenant_id, work_item_id, kind, state, from_agent_id,
            from_queue_id, to_queue_id, reason, made_at, ended_at)
         SELECT '{0}', '{1}', '{2}', 'cold', 'done', '{3}', '{4}', '{5}', '', now(), now()",
        episode.0, tenant.0, own.work_item.0, viewer.agent.0, own.queue.0, queue.0
    ))
    .await;
    let mut inbox = Live::open(&told.asked, &viewer, "LiveInbox", json!({}));
    let first = inbox.next().await;
    let mut nothing = Live::open(&told.asked, &stranger, "LiveInbox", json!({}));
    let none = nothing.next().await;
    assert_eq!(none["nodes"], json!([]));
    let one = json!({"id": moved});
    let mut conversation = Live::open(&told.asked, &viewer, "LiveConversation", one.clone());
    let shown = conversation.next().await;
    assert_eq!(
        shown["conversation"]["messages"]["nodes"][0]["text"],
        "good morning"
    );
    let mut hidden = Live::open(&told.asked, &stranger, "LiveConversation", one.clone());
    assert_eq!(hidden.told().await.0, "ConversationLeft");
    let mut clocks = Live::open(&told.asked, &viewer, "LiveSlaClocks", json!({}));
    assert_eq!(clocks.told().await.0, "SlaClocksSnapshot");

    told.moves(queue).await;
    for live in [&mut inbox, &mut conversation, &mut clocks] {
        let (kind, left) = live.told().await;
        assert_eq!(
            (kind.as_str(), &left["conversationId"]),
            ("ConversationLeft", &moved)
        );
    }
    // Whoever was away is told, too.
    let after = json!({"after": first["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LiveInbox", after);
    assert_eq!(resumed.told().await.0, "ConversationLeft");
    let after = json!({"id": moved, "after": shown["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LiveConversation", after);
    assert_eq!(resumed.told().await.0, "ConversationLeft");

    told.moves(own.queue).await;
    assert_eq!(inbox.told().await.0, "InboxRow");
    assert_eq!(conversation.told().await.0, "ConversationSnapshot");
    assert_eq!(clocks.told().await.0, "SlaClocksShown");
    let event = Event::ConversationHeld {
        conversation: own.conversation,
    };
    told.happens(own.conversation, event).await;
    let (kind, change) = conversation.told().await;
    assert_eq!(
        (kind.as_str(), &change["event"]["kind"]),
        ("ConversationEvent", &json!("conversation_held"))
    );
    assert!(nothing.is_quiet().await && hidden.is_quiet().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_otherwise_than_before_loads_anew() {
    let mut told = Told::fresh().await;
    let (viewer, tenant) = (told.own.viewer, told.own.viewer.tenant);
    let mut inbox = Live::open(&told.asked, &viewer, "LiveInbox", json!({}));
    let first = inbox.next().await;
    let (queue, _) = told.elsewhere().await;
    told.sql(&format!(
        "INSERT INTO team_members (team_id, agent_id, tenant_id)
         SELECT team_id, '{}', '{}' FROM queue_teams WHERE queue_id = '{}'",
        viewer.agent.0, tenant.0, queue.0
    ))
    .await;
    let of = (AggregateKind::Tenant, tenant.0, Actor::System);
    let team = told.asked.desk.id();
    told.log(of, Event::TeamChanged { team }).await;
    assert_eq!(code(&inbox.response().await), "RESYNC_REQUIRED");
    let after = json!({"after": first["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LiveInbox", after);
    assert_eq!(code(&resumed.response().await), "RESYNC_REQUIRED");
    let mut anew = Live::open(&told.asked, &viewer, "LiveInbox", json!({}));
    assert_eq!(anew.told().await.0, "InboxSnapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_are_shown_to_their_agent_alone() {
    let mut told = Told::fresh().await;
    let (viewer, own) = (told.own.viewer, told.own);
    let colleague = told.asked.world.agent(viewer.tenant, 3).await;
    let mut offers = Live::open(&told.asked, &viewer, "LiveOffers", json!({}));
    let mut others = Live::open(&told.asked, &colleague, "LiveOffers", json!({}));
    let first = offers.next().await;
    assert_eq!(first["offers"][0]["id"], own.offer.to_string());
    assert_eq!(others.next().await["offers"], json!([]));
    told.free().await;
    let event = Event::OfferExpired {
        conversation: own.conversation,
        work_item: own.work_item,
        offer: own.offer,
        agent: viewer.agent,
        queue: own.queue,
    };
    told.happens(own.conversation, event).await;
    let (kind, change) = offers.told().await;
    assert_eq!(
        (kind.as_str(), &change["offer"]["state"]),
        ("OfferChange", &json!("EXPIRED"))
    );
    assert!(others.is_quiet().await);
    let after = json!({"after": first["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LiveOffers", after);
    assert_eq!(resumed.next().await["cursor"], change["cursor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_and_queues_are_told_as_they_change() {
    let mut told = Told::fresh().await;
    let (viewer, own) = (told.own.viewer, told.own);
    let colleague = told.asked.world.agent(viewer.tenant, 3).await;
    let mut presence = Live::open(&told.asked, &viewer, "LivePresence", json!({}));
    let first = presence.next().await;
    assert_eq!(first["agents"].as_array().unwrap().len(), 2);
    let mut queues = Live::open(&told.asked, &viewer, "LiveQueueStats", json!({}));
    let standing = queues.next().await;
    assert_eq!(standing["queues"][0]["stats"]["offered"], 1);

    let id = colleague.agent.0;
    told.sql(&format!(
        "UPDATE agents SET presence = 'away' WHERE id = '{id}'"
    ))
    .await;
    let of = (AggregateKind::Agent, id, Actor::Agent(colleague.agent));
    let event = Event::AgentPresenceChanged {
        agent: colleague.agent,
        from: Presence::Online,
        to: Presence::Away,
        reason: None,
    };
    told.log(of, event).await;
    let (kind, change) = presence.told().await;
    assert_eq!(
        (kind.as_str(), &change["agent"]["presence"]),
        ("AgentPresence", &json!("AWAY"))
    );
    told.sql(&format!(
        "UPDATE agents SET disabled_at = now() WHERE id = '{id}'"
    ))
    .await;
    let event = Event::AgentUpdated {
        agent: colleague.agent,
        changed: vec!["disabled".to_owned()],
    };
    told.log(of, event).await;
    let (kind, left) = presence.told().await;
    assert_eq!(
        (kind.as_str(), &left["agentId"]),
        ("AgentLeft", &json!(colleague.agent.to_string()))
    );
    let after = json!({"after": change["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LivePresence", after);
    assert_eq!(resumed.next().await["cursor"], left["cursor"]);

    told.free().await;
    told.moves(own.queue).await;
    let (kind, change) = queues.told().await;
    assert_eq!(kind, "QueueStanding");
    let stats = &change["stats"];
    assert_eq!(
        (&stats["offered"], &stats["waiting"]),
        (&json!(0), &json!(1))
    );
    assert!(
        queues.is_quiet().await,
        "what stands as it stood is not told"
    );
    let after = json!({"after": standing["cursor"]});
    let mut resumed = Live::open(&told.asked, &viewer, "LiveQueueStats", after);
    assert_eq!(resumed.next().await["stats"]["waiting"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_in_a_conversation_see_each_other_for_as_long_as_they_look() {
    let told = Told::fresh().await;
    let (viewer, tenant) = (told.own.viewer, told.own.viewer.tenant);
    let lead = told
        .asked
        .world
        .person(tenant, Role::Supervisor, Presence::Away, 3)
        .await;
    let one = json!({"conversationId": told.own.conversation.to_string()});
    let mut viewing = Live::open(&told.asked, &viewer, "LiveViewing", one.clone());
    assert_eq!(viewing.next().await["colleagues"], json!([]));
    let mut other = Live::open(&told.asked, &lead, "LiveViewing", one.clone());
    let seen = other.next().await;
    assert_eq!(
        seen["colleagues"][0]["agent"]["id"],
        viewer.agent.to_string()
    );
    let came = viewing.next().await;
    assert_eq!(came["colleagues"][0]["isTyping"], false);
    let input = json!({"input": one});
    let document = operation("ConversationTyping");
    told.asked.ask(&lead, &document, input).await;
    let writes = viewing.next().await;
    assert_eq!(
        writes["colleagues"][0]["agent"]["id"],
        lead.agent.to_string()
    );
    assert_eq!(writes["colleagues"][0]["isTyping"], true);
    drop(other);
    told.asked.world.clock.advance(chrono::Duration::seconds(7));
    assert_eq!(viewing.next().await["colleagues"], json!([]));
    // Who does not see the conversation sees nobody in it.
    let (_, stranger) = told.elsewhere().await;
    let stranger = Viewer {
        agent: stranger,
        ..viewer
    };
    let mut hidden = Live::open(&told.asked, &stranger, "LiveViewing", one);
    let end = tokio::time::timeout(Duration::from_secs(5), hidden.stream.next()).await;
    assert!(end.unwrap().is_none(), "it ends without a word");
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_that_the_log_does_not_reach_or_of_others_begin_nothing() {
    let mut told = Told::fresh().await;
    let other = told.asked.workspace().await;
    let conversation = told.own.conversation;
    // The log begins at 5.
    told.seq = 4;
    told.happens(conversation, Event::ConversationHeld { conversation })
        .await;
    let (viewer, id) = (told.own.viewer, conversation.to_string());
    for document in [
        "LiveConversation",
        "LiveOffers",
        "LivePresence",
        "LiveQueueStats",
    ] {
        for (tenant, seq, expected) in [
            (viewer.tenant, 2, "RESYNC_REQUIRED"),
            (viewer.tenant, 9, "RESYNC_REQUIRED"),
            (other.viewer.tenant, 5, "BAD_INPUT"),
        ] {
            let after = Cursor::of_event(tenant, seq);
            let variables = json!({"id": id, "after": after.text()});
            let mut live = Live::open(&told.asked, &viewer, document, variables);
            assert_eq!(
                code(&live.response().await),
                expected,
                "{document} at {seq}"
            );
            assert!(live.stream.next().await.is_none());
        }
    }
    for document in ["LiveInbox", "LiveSlaClocks"] {
        let mut own = Live::open(&told.asked, &viewer, document, json!({}));
        let after = json!({"after": own.next().await["cursor"]});
        let mut foreign = Live::open(&told.asked, &other.viewer, document, after.clone());
        assert_eq!(code(&foreign.response().await), "BAD_INPUT", "{document}");
        // Days were dropped from the log meanwhile.
        let (tenant, next) = (viewer.tenant.0, told.seq + 4);
        told.sql(&format!(
            "DELETE FROM event_seqs WHERE tenant_id = '{tenant}'"
        ))
        .await;
        told.seq = next;
        told.happens(conversation, Event::ConversationHeld { conversation })
            .await;
        let mut late = Live::open(&told.asked, &viewer, document, after);
        assert_eq!(
            code(&late.response().await),
            "RESYNC_REQUIRED",
            "{document}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_tenant_is_shown_by_any_subscription() {
    let mut told = Told::fresh().await;
    let other = told.asked.workspace().await;
    let variables = json!({"id": other.conversation.to_string(),
        "conversationId": other.conversation.to_string(),
        "queueIds": [other.queue.to_string()]});
    let documents = [
        "LiveConversation",
        "LiveInbox",
        "LiveOffers",
        "LivePresence",
        "LiveQueueStats",
        "LiveSlaClocks",
        "LiveViewing",
    ];
    let viewer = told.own.viewer;
    let mut all: Vec<Live> = documents
        .iter()
        .map(|document| Live::open(&told.asked, &viewer, document, variables.clone()))
        .collect();
    let conversation = told.own.conversation;
    let mut shown = Vec::new();
    for live in &mut all[..6] {
        shown.push(live.next().await);
    }
    // Something happens there, and then here.
    let of = (
        AggregateKind::Conversation,
        other.conversation.0,
        Actor::System,
    );
    let event = Event::ConversationHeld {
        conversation: other.conversation,
    };
    // The test's log stamps all tenants in one order.
    let body = log_event(&told.asked, other.viewer.tenant, 9, of, event).await;
    told.asked.hub.publish(other.viewer.tenant, &body);
    told.happens(conversation, Event::ConversationHeld { conversation })
        .await;
    shown.push(all[1].next().await);
    for live in [0, 2, 3, 4, 5] {
        assert!(all[live].is_quiet().await, "{}", documents[live]);
    }
    assert!(all[6].stream.next().await.is_none());
    let told = json!(shown).to_string();
    for id in [
        other.viewer.agent.to_string(),
        other.queue.to_string(),
        other.offer.to_string(),
        other.contact.to_string(),
    ] {
        assert!(!told.contains(&id), "{id} in {told}");
    }
    assert_eq!(shown[0]["__typename"], "ConversationLeft");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_conversation_leaves_the_list_and_is_followed_where_it_is_shown() {
    let mut told = Told::fresh().await;
    let viewer = told.own.viewer;
    let (tenant, into) = (viewer.tenant, told.own.conversation);
    let other = told.asked.world.waiting(tenant, told.own.queue).await;
    let id = json!({"id": into.to_string()});
    let mut one = Live::open(&told.asked, &viewer, "LiveConversation", id);
    assert_eq!(one.told().await.0, "ConversationSnapshot");
    let mut list = Live::open(&told.asked, &viewer, "LiveInbox", json!({}));
    assert_eq!(list.told().await.0, "InboxSnapshot");
    told.sql(&format!(
        "UPDATE conversations SET merged_into = '{0}', merged_status = 'new', merged_version = 1,
            merged_own_version = 1, status = 'resolved' WHERE id = '{1}';
         UPDATE conversations SET has_merged = true WHERE id = '{0}'",
        into.0, other.conversation.0
    ))
    .await;
    let merged = Event::ConversationMerged {
        conversation: other.conversation,
        into,
        episode: other.episode,
        unanswered: false,
    };
    told.happens(into, merged.clone()).await;
    assert_eq!(one.told().await.0, "ConversationEvent");
    assert_eq!(list.told().await.0, "InboxRow");
    told.happens(other.conversation, merged).await;
    let (kind, left) = list.told().await;
    assert_eq!(kind, "ConversationLeft", "{left}");
    // What happens in the merged one is shown where it is shown.
    let (kind, change) = one.told().await;
    assert_eq!(kind, "ConversationEvent");
    assert_eq!(change["conversation"]["id"], into.to_string());
    let undone = Event::ConversationUnmerged {
        conversation: other.conversation,
        from: into,
        unanswered: false,
    };
    told.sql(
        "UPDATE conversations SET merged_into = NULL, merged_status = NULL, merged_version = NULL,
            merged_own_version = NULL, has_merged = false",
    )
    .await;
    told.happens(into, undone.clone()).await;
    assert_eq!(one.told().await.0, "ConversationEvent");
    told.happens(other.conversation, undone).await;
    assert!(one.is_quiet().await, "it stands for itself");
}

//! A workspace with everything in it, and somebody who asks.

use async_graphql::{Request, Response, Variables};
use chrono::{DateTime, Utc};
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::policy::QueuePolicy;
use interdesk_domain::routing::Explanation;
use interdesk_domain::routing::model::{
    Agent, AgentKind, Capacity, Deadlines, Item, Membership, Skills, Standing, State, WorkClass,
};
use interdesk_flow::oidc::RelyingParty;
use interdesk_flow::{Desk, Settings};
use interdesk_graphql::{DeskSchema, Hub, IssuedToken, Limits, Pass, schema, session};
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Notify;

/// A desk with its schema.
pub(crate) struct Asked {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) hub: Hub,
    pub(crate) schema: DeskSchema,
}

/// One tenant with one of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workspace {
    pub(crate) viewer: Viewer,
    pub(crate) queue: QueueId,
    pub(crate) inbox: InboxId,
    pub(crate) contact: ContactId,
    pub(crate) conversation: ConversationId,
    pub(crate) work_item: WorkItemId,
    pub(crate) offer: OfferId,
    pub(crate) message: MessageId,
    pub(crate) attachment: AttachmentId,
}

impl Asked {
    pub(crate) async fn fresh() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::new(Notify::new()),
            settings: Settings::default(),
        };
        let hub = Hub::new(desk.database.clone(), 16);
        let schema = schema_of(&desk, &hub, limits);
        Self {
            world,
            desk,
            hub,
            schema,
        }
    }

    /// Builds the schema anew, for a desk whose settings were changed.
    pub(crate) fn schema_again(&self) -> DeskSchema {
        schema_of(&self.desk, &self.hub, Limits::default())
    }

    /// Builds the schema with other limits over the same desk, as another instance would.
    pub(crate) fn schema_with(&self, limits: Limits) -> DeskSchema {
        schema_of(&self.desk, &self.hub, limits)
    }

    /// Adds a tenant with an agent, a conversation with one message, and an offer to the agent.
    pub(crate) async fn workspace(&self) -> Workspace {
        let tenant = self.world.tenant().await;
        let viewer = self.world.agent(tenant, 3).await;
        let queue = self.world.queue(tenant, &[viewer.agent]).await;
        let inbox = self.world.inbox(tenant, queue).await;
        let made = self
            .world
            .waiting_many(tenant, queue, inbox, 1)
            .await
            .remove(0);
        let (offer, message): (OfferId, MessageId) = (self.desk.id(), self.desk.id());
        let attachment: AttachmentId = self.desk.id();
        let (of, now) = (tenant.0, self.desk.now().to_rfc3339());
        let end = (self.desk.now() + chrono::Duration::seconds(30)).to_rfc3339();
        let decision = explained(queue, viewer.agent, made.work_item, self.desk.now());
        // Words in it have apostrophes.
        let decision = decision.to_string().replace('\'', "''");
        let rows = format!(
            "INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
                VALUES ('{identity}', '{of}', '{contact}', 'webhook', 'user', '{contact}', '{now}');
             UPDATE contacts SET name = 'Customer 12' WHERE id = '{contact}';
             INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
                provider_id, contact_id, content, text, sent_at, stored_at, version)
                VALUES ('{message}', '{of}', '{conversation}', '{episode}', '{inbox}', 'in', 'p-1',
                '{contact}', '{{\"type\": \"text\", \"text\": \"good morning\"}}', 'good morning',
                '{now}', '{now}', 1);
             INSERT INTO attachments (id, tenant_id, message_id, kind, source, state, failure)
                VALUES ('{attachment}', '{of}', '{message}', 'image', '{{}}', 'failed', 'unreachable');
             INSERT INTO reactions (inbox_id, target, author, tenant_id, emojis, changed_at)
                VALUES ('{inbox}', 'p-1', '{contact}', '{of}', ARRAY['👍'], '{now}');
             UPDATE conversations SET last_customer_message_at = '{now}', last_text = 'good morning'
                WHERE id = '{conversation}';
             UPDATE work_items SET state = 'offered', agent_id = '{agent}' WHERE id = '{work}';
             UPDATE agent_loads SET load = 1 WHERE agent_id = '{agent}';
             INSERT INTO offers (id, tenant_id, work_item_id, agent_id, epoch, state, made_at, expires_at)
                VALUES ('{offer}', '{of}', '{work}', '{agent}', 1, 'pending', '{now}', '{end}');
             INSERT INTO decisions (id, tenant_id, work_item_id, epoch, decided_at, explanation)
                VALUES ('{offer}', '{of}', '{work}', 1, '{now}', '{decision}');",
            identity = self.desk.id::<IdentityId>().0,
            contact = made.contact.0,
            message = message.0,
            attachment = attachment.0,
            conversation = made.conversation.0,
            episode = made.episode.0,
            inbox = inbox.0,
            agent = viewer.agent.0,
            work = made.work_item.0,
            offer = offer.0,
        );
        self.world.test.execute_as_owner(&rows).await;
        Workspace {
            viewer,
            queue,
            inbox,
            contact: made.contact,
            conversation: made.conversation,
            work_item: made.work_item,
            offer,
            message,
            attachment,
        }
    }

    /// Prepares a document for somebody who signed in.
    pub(crate) fn request(&self, viewer: &Viewer, document: &str, variables: Value) -> Request {
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        request.data = session(*viewer);
        request
    }

    /// Runs a document for somebody who signed in; every error fails the test.
    pub(crate) async fn ask(&self, viewer: &Viewer, document: &str, variables: Value) -> Value {
        let response = self
            .schema
            .execute(self.request(viewer, document, variables))
            .await;
        assert!(
            response.errors.is_empty(),
            "{document}: {:?}",
            response.errors
        );
        response.data.into_json().unwrap()
    }

    /// Runs a document that fails and returns the code of its first error.
    pub(crate) async fn code(&self, request: Request) -> String {
        code(&self.schema.execute(request).await)
    }
}

fn schema_of(desk: &Desk, hub: &Hub, limits: Limits) -> DeskSchema {
    let now = desk.now();
    let issuer = Arc::new(move |viewer: &Pass| {
        Ok(IssuedToken {
            text: format!("token of {}", viewer.agent),
            expires_at: now,
        })
    });
    let vault = Vault::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
    let vault = vault.expect("a key of 32 bytes");
    let party = RelyingParty::new(reqwest::Client::new(), |_| false, true);
    schema(desk.clone(), hub.clone(), issuer, vault, party, limits)
}

/// Returns the code of a response's first error.
pub(crate) fn code(response: &Response) -> String {
    let error = response.errors.first().expect("it fails");
    let extensions = error.extensions.as_ref().expect("it has extensions");
    extensions
        .get("code")
        .expect("it has a code")
        .clone()
        .into_json()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// Returns a committed document.
pub(crate) fn operation(name: &str) -> String {
    let path = format!("{}/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Explains why the only agent of a queue gets the only item that waits in it.
fn explained(queue: QueueId, agent: AgentId, item: WorkItemId, now: DateTime<Utc>) -> Value {
    let mut state = State::default();
    let membership = Membership {
        rank: 0,
        most: None,
    };
    state
        .queues
        .insert(queue, QueuePolicy::default().queue(queue, 0, true));
    state.agents.insert(
        agent,
        Agent {
            id: agent,
            kind: AgentKind::Person,
            enabled: true,
            standing: Standing::Online,
            reachable: true,
            on_schedule: true,
            languages: BTreeSet::new(),
            skills: BTreeMap::new(),
            memberships: BTreeMap::from([(queue, membership)]),
            capacity: Capacity::of_total(3),
            held: Vec::new(),
            idle_since: now,
            wrap_up_until: None,
            turns: BTreeMap::new(),
        },
    );
    state.items.insert(
        item,
        Item {
            id: item,
            epoch: 1,
            queue,
            class: WorkClass::Message,
            units: 1,
            priority: 0,
            vip: false,
            skills: Skills::All(Vec::new()),
            language: None,
            entered_at: now,
            deadlines: Deadlines::default(),
            not_before: None,
            preferred: None,
            refusals: Vec::new(),
        },
    );
    let explanation = Explanation::of(&state, item, now).unwrap();
    serde_json::to_value(explanation).unwrap()
}

//! A desk with one tenant, one agent, one queue and a provider, and the moves that most tests make.

use crate::provider::Provider;
use base64::Engine;
use chrono::{DateTime, Duration, Utc};
use interdesk_cache::MemoryCache;
use interdesk_channels::Credentials;
use interdesk_domain::clock::Clock;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::deliver::{self, Courier};
use interdesk_flow::receive::{Mailbox, Webhook, receive};
use interdesk_flow::reply::{NewReply, ReplyOutcome, reply};
use interdesk_flow::{Context, Desk, Error, Settings, expiry, limited};
use interdesk_store::outbox;
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use std::sync::Arc;
use tokio_postgres::{NoTls, SimpleQueryMessage};

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) scope: TenantScope,
    pub(crate) agent: Viewer,
    pub(crate) queue: QueueId,
    pub(crate) provider: Provider,
    pub(crate) courier: Courier,
    owner: tokio_postgres::Client,
}

impl Bench {
    pub(crate) async fn fresh() -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        let tenant = world.tenant().await;
        let agent = world.agent(tenant, 10).await;
        let queue = world.queue(tenant, &[agent.agent]).await;
        let provider = Provider::start().await;
        let key = base64::engine::general_purpose::STANDARD.encode([7; 32]);
        let courier = Courier {
            client: reqwest::Client::new(),
            vault: Arc::new(Vault::parse(&key).unwrap()),
            whatsapp_url: provider.url.clone(),
            telegram_url: provider.url.clone(),
            timeout: std::time::Duration::from_secs(5),
            forbids: |_| false,
        };
        let (owner, driver) = tokio_postgres::connect(&world.test.owner_url, NoTls)
            .await
            .unwrap();
        tokio::spawn(driver);
        Self {
            world,
            desk,
            scope: TenantScope::new(tenant),
            agent,
            queue,
            provider,
            courier,
            owner,
        }
    }

    /// Connects an inbox with working credentials.
    pub(crate) async fn inbox(&self, channel: ChannelKind) -> Mailbox {
        let id: InboxId = self.desk.id();
        let credentials = Credentials {
            access_token: Some("token".to_owned()),
            signing_secret: Some("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=".to_owned()),
            ..Credentials::default()
        };
        let plain = serde_json::to_vec(&credentials).unwrap();
        let sealed = self.courier.vault.seal(&id.to_string(), &plain).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let endpoint = match channel {
            ChannelKind::Webhook => format!("'{}/callback'", self.provider.url),
            _ => "NULL".to_owned(),
        };
        self.run(&format!(
            "INSERT INTO inboxes (id, tenant_id, public_id, channel, name, account_id, endpoint,
                queue_id, credentials, created_at)
             VALUES ('{0}', '{1}', 'in-{0}', '{2}', 'Inbox', '{0}', {endpoint}, '{3}', '\\x{hex}', now())",
            id.0, self.scope.tenant().0, channel.as_str(), self.queue.0
        ))
        .await;
        Mailbox {
            id,
            channel,
            queue: self.queue,
        }
    }

    /// Runs a statement as the owner.
    pub(crate) async fn run(&self, statement: &str) {
        self.owner.batch_execute(statement).await.unwrap();
    }

    /// Runs a query as the owner and returns its rows, the columns joined by blanks.
    pub(crate) async fn rows(&self, query: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for message in self.owner.simple_query(query).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = message {
                let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("-"));
                rows.push(columns.collect::<Vec<_>>().join(" "));
            }
        }
        rows
    }

    /// Runs a query as the owner and returns its one row.
    pub(crate) async fn one(&self, query: &str) -> String {
        let mut rows = self.rows(query).await;
        assert_eq!(rows.len(), 1, "{query}");
        rows.remove(0)
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {table}"))
            .await
            .parse()
            .unwrap()
    }

    pub(crate) fn webhook(&self, inbox: Mailbox, updates: Vec<Update>) -> Webhook {
        Webhook {
            inbox,
            updates,
            trace: None,
            received_at: self.desk.now(),
        }
    }

    pub(crate) async fn try_receive(
        &self,
        inbox: Mailbox,
        updates: Vec<Update>,
    ) -> Result<(), Error> {
        receive(&self.desk, self.scope, &[self.webhook(inbox, updates)]).await
    }

    pub(crate) async fn receive(&self, inbox: Mailbox, update: Update) {
        self.try_receive(inbox, vec![update]).await.unwrap();
    }

    /// Receives a first message and gives its conversation to the agent.
    pub(crate) async fn conversation(&self, inbox: Mailbox, customer: &str) -> ConversationId {
        let id = format!("first of {customer}");
        self.receive(inbox, text(&id, phone_or_user(inbox, customer), "hello"))
            .await;
        let found = self
            .one(&format!(
                "SELECT conversation_id FROM messages WHERE provider_id = '{id}'"
            ))
            .await;
        self.assign(&found).await;
        ConversationId(found.parse().unwrap())
    }

    pub(crate) async fn assign(&self, conversation: &str) {
        let agent = self.agent.agent.0;
        self.run(&format!(
            "UPDATE conversations SET assignee_id = '{agent}', status = 'open' WHERE id = '{conversation}'"
        ))
        .await;
    }

    pub(crate) async fn try_reply(&self, new: &NewReply) -> ReplyOutcome {
        let context = Context::agent(self.agent.agent, None);
        reply(&self.desk, &self.agent, new, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn reply(&self, conversation: ConversationId, words: &str) -> MessageId {
        match self.try_reply(&answer(conversation, words)).await {
            ReplyOutcome::Queued { message, .. } => message,
            refused => panic!("{refused:?}"),
        }
    }

    pub(crate) async fn deliver(&self, conversation: ConversationId) -> u32 {
        let context = Context::system(None, None);
        deliver::deliver(
            &self.desk,
            &self.courier,
            self.scope,
            conversation,
            &context,
        )
        .await
        .unwrap()
    }

    pub(crate) async fn delivery(&self, message: MessageId) -> String {
        self.one(&format!(
            "SELECT delivery FROM messages WHERE id = '{}'",
            message.0
        ))
        .await
    }

    /// Runs the timers that are due, as the runner of timers does, and returns their kinds.
    pub(crate) async fn fire(&self) -> Vec<TimerKind> {
        let transaction = self.desk.database.begin_system().await.unwrap();
        let due = timers::list_due(&transaction, self.desk.now(), &[], 100)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
        for timer in &due {
            self.fire_one(timer).await;
        }
        due.iter().map(|timer| timer.kind).collect()
    }

    async fn fire_one(&self, timer: &Timer) {
        let transaction = self.desk.database.begin(self.scope).await.unwrap();
        assert!(
            timers::claim(&transaction, self.scope, timer.id)
                .await
                .unwrap()
        );
        let context = Context::system(None, None);
        let (desk, conn, scope) = (&self.desk, &transaction, self.scope);
        let events = match timer.kind {
            TimerKind::DeliveryRetry => {
                deliver::retry_due(desk, conn, scope, timer, &context).await
            }
            TimerKind::DeliveryUnknown => {
                deliver::unknown_due(desk, conn, scope, timer, &context).await
            }
            TimerKind::MessageExpires => expiry::due(desk, conn, scope, timer, &context).await,
            TimerKind::LimitTold => limited::tell(desk, conn, scope, timer, &context).await,
            other => panic!("{other:?} is no timer of a delivery"),
        };
        outbox::append(&transaction, &events.unwrap())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// Proves what holds after everything: versions run from 1 to n without a gap in the order of
    /// the log, for conversations and people, and the rows stand at the last one.
    pub(crate) async fn prove(&self) {
        let gaps = self
            .rows(
                "SELECT id, version, place FROM (
                    SELECT body::jsonb #>> '{aggregate,id}' AS id, body::jsonb #>> '{aggregate,version}' AS version,
                        row_number() OVER (PARTITION BY body::jsonb #>> '{aggregate,id}' ORDER BY pos) AS place
                    FROM outbox) e
                 WHERE version <> place::text",
            )
            .await;
        assert!(
            gaps.is_empty(),
            "versions follow the log without a gap: {gaps:?}"
        );
        let behind = self
            .rows(
                "SELECT t.id, t.version, n.count FROM (
                    SELECT id::text, version FROM conversations UNION ALL SELECT id::text, version FROM contacts) t
                 LEFT JOIN (SELECT body::jsonb #>> '{aggregate,id}' AS id, count(*) FROM outbox GROUP BY 1) n USING (id)
                 WHERE t.version IS DISTINCT FROM n.count",
            )
            .await;
        assert!(
            behind.is_empty(),
            "rows stand at their last event: {behind:?}"
        );
        let stuck = self
            .rows(
                "SELECT c.id FROM conversations c
                 WHERE c.status = 'new' AND NOT EXISTS (SELECT FROM work_items w
                    WHERE w.conversation_id = c.id AND w.state IN ('queued', 'offered', 'active', 'wrap_up'))",
            )
            .await;
        assert!(
            stuck.is_empty(),
            "what is new waits for somebody: {stuck:?}"
        );
    }
}

pub(crate) fn address(network: &str, namespace: &str, value: &str) -> Address {
    Address {
        network: network.to_owned(),
        namespace: namespace.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) fn phone(value: &str) -> Address {
    address("whatsapp", "phone", value)
}

pub(crate) fn user(value: &str) -> Address {
    address("example", "user", value)
}

pub(crate) fn phone_or_user(inbox: Mailbox, value: &str) -> Vec<Address> {
    match inbox.channel {
        ChannelKind::Whatsapp => vec![phone(value)],
        ChannelKind::Telegram => vec![address("telegram", "user", value)],
        ChannelKind::Matrix => vec![address("matrix", "user", value)],
        ChannelKind::Email => vec![address("email", "address", value)],
        ChannelKind::Webchat => vec![address("webchat", "visitor", value)],
        ChannelKind::Webhook => vec![user(value)],
    }
}

pub(crate) fn sender(addresses: Vec<Address>) -> Sender {
    Sender {
        addresses,
        name: Some("Customer 12".to_owned()),
        locale: None,
    }
}

pub(crate) fn words(text: &str) -> Content {
    Content::Text {
        text: text.to_owned(),
    }
}

pub(crate) fn update(kind: UpdateKind) -> Update {
    Update {
        account: None,
        at: None,
        kind,
    }
}

pub(crate) fn inbound(id: &str, author: Author, content: Content) -> InboundMessage {
    InboundMessage::new(id.to_owned(), author, content)
}

pub(crate) fn message(message: InboundMessage) -> Update {
    update(UpdateKind::Message(Box::new(message)))
}

pub(crate) fn text(id: &str, from: Vec<Address>, text: &str) -> Update {
    message(inbound(id, Author::Customer(sender(from)), words(text)))
}

pub(crate) fn receipt(provider_id: &str, state: DeliveryState) -> Update {
    update(UpdateKind::Receipt(Receipt {
        provider_id: Some(provider_id.to_owned()),
        attempt: None,
        state,
        failure: None,
        recipient: None,
    }))
}

pub(crate) fn at(mut update: Update, at: DateTime<Utc>) -> Update {
    update.at = Some(at);
    update
}

pub(crate) fn seconds(count: i64) -> Duration {
    Duration::seconds(count)
}

pub(crate) fn answer(conversation: ConversationId, text: &str) -> NewReply {
    NewReply {
        attachments: Vec::new(),
        conversation,
        content: words(text),
        to: None,
        reply_to: None,
        last_seen_version: None,
        speaker_epoch: None,
        expires_in: None,
    }
}

/// Puts the indexes below `count` in every order.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in orders(count - 1) {
        for place in 0..count {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

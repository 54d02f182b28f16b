//! No address that a customer or an app names leads the desk into its own network.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::AttachmentId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::*;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::attach::{self, Fetched};
use interdesk_flow::deliver::Courier;
use interdesk_flow::receive::{Mailbox, Webhook, receive};
use interdesk_flow::{Desk, Settings};
use interdesk_node::provider;
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use std::sync::Arc;
use std::time::Duration;

/// Where nobody may be called, the port of a server at home in the place of `{}`.
const FORBIDDEN: [&str; 16] = [
    "http://127.0.0.1:{}/x",
    "http://localhost:{}/x",
    "http://[::1]:{}/x",
    "http://[::ffff:127.0.0.1]:{}/x",
    "http://[::ffff:7f00:1]:{}/x",
    "http://[64:ff9b::127.0.0.1]:{}/x",
    "http://2130706433:{}/x",
    "http://0x7f.1:{}/x",
    "http://0.0.0.0:{}/x",
    "http://10.0.0.1:{}/x",
    "http://192.168.0.1:{}/x",
    "http://172.16.0.1:{}/x",
    "http://100.64.0.1:{}/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]:{}/x",
    "http://[fd00:ec2::254]/latest/meta-data/",
];

fn link(id: usize, url: &str) -> Update {
    let media = Media {
        kind: MediaKind::Document,
        source: MediaSource::Url(url.to_owned()),
        mime_type: None,
        file_name: None,
        size: None,
        sha256: None,
    };
    let sender = Sender {
        addresses: vec![Address {
            network: "webhook".to_owned(),
            namespace: "user".to_owned(),
            value: "customer-12".to_owned(),
        }],
        name: None,
        locale: None,
    };
    let content = Content::Media {
        media,
        caption: None,
    };
    let message = InboundMessage::new(format!("m-{id}"), Author::Customer(sender), content);
    Update {
        account: None,
        at: None,
        kind: UpdateKind::Message(Box::new(message)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_leads_into_a_private_network() {
    let world = World::fresh().await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    let desk = Desk {
        database: world.test.database.clone(),
        cache: Arc::new(MemoryCache::new(clock.clone())),
        clock,
        files: attach::Files::in_memory(),
        committed: Arc::default(),
        settings: Settings::default(),
    };
    let key = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let courier = Courier {
        client: provider::client(Duration::from_secs(5), false).unwrap(),
        vault: Arc::new(Vault::parse(&key).unwrap()),
        whatsapp_url: String::new(),
        telegram_url: String::new(),
        timeout: Duration::from_secs(5),
        forbids: provider::is_forbidden_url,
    };
    let home = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = home.local_addr().unwrap().port().to_string();
    let called = tokio::spawn(async move { home.accept().await.is_ok() });
    let tenant = world.tenant().await;
    let (scope, agent) = (TenantScope::new(tenant), world.agent(tenant, 1).await);
    let queue = world.queue(tenant, &[agent.agent]).await;
    let inbox = Mailbox {
        id: world.inbox(tenant, queue).await,
        channel: ChannelKind::Webhook,
        queue,
    };
    let updates = FORBIDDEN.iter().enumerate();
    let updates = updates.map(|(id, url)| link(id, &url.replace("{}", &port)));
    let webhook = Webhook {
        inbox,
        updates: updates.collect(),
        trace: None,
        received_at: desk.now(),
    };
    receive(&desk, scope, &[webhook]).await.unwrap();
    let due: Vec<(TenantScope, AttachmentId)> = attach::list_due(&desk, 100).await.unwrap();
    assert_eq!(due.len(), FORBIDDEN.len());
    for (scope, id) in due {
        let fetched = attach::fetch(&desk, &courier, scope, id).await.unwrap();
        assert_eq!(fetched, Fetched::Failed, "{id}");
    }
    let reasons = "SELECT count(*) AS count FROM attachments WHERE failure = 'unreachable'
        AND failure_detail = 'the address leads into a private network'";
    let refused = world.test.count_as_owner(reasons).await;
    assert_eq!(refused, FORBIDDEN.len() as i64);
    assert!(!called.is_finished(), "the server at home was called");
    called.abort();
}

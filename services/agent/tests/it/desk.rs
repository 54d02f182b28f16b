//! The whole service over a real database: tokens, the schema, the live queue.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, dev::ServerHandle};
use futures::{SinkExt, StreamExt};
use interdesk_agent::Service;
use interdesk_bus::{Bus, LocalBus, Publication, Topology};
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event};
use interdesk_domain::id::EventId;
use interdesk_domain::permission::Viewer;
use interdesk_flow::{Desk, Settings};
use interdesk_node::{config::Config, token};
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Notify};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

pub(crate) struct Served {
    pub(crate) desk: Desk,
    pub(crate) world: World,
    bus: Arc<dyn Bus>,
    pub(crate) config: Config,
    pub(crate) vault: Vault,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    handle: ServerHandle,
}

impl Served {
    async fn start() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        Self::of(config, vault(1)).await
    }

    pub(crate) async fn of(config: Config, vault: Vault) -> Self {
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
        let stop = CancellationToken::new();
        let service = Service::new(&desk, &config, &vault, stop.clone()).unwrap();
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::in_memory(Topology::new(1)));
        tokio::spawn(service.clone().live(bus.clone()));
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let service = service.clone();
                    App::new().configure(move |config| service.configure(config))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receive.recv().unwrap();
        Self {
            desk,
            world,
            bus,
            config,
            vault,
            address,
            stop,
            handle,
        }
    }

    pub(crate) fn token(&self, viewer: &Viewer, vault: &Vault) -> String {
        let (issuer, _) = token::from_vault(vault, &self.config.auth).unwrap();
        let bearer = token::Bearer {
            subject: viewer.agent.to_string(),
            tenant: viewer.tenant.to_string(),
            session: None,
        };
        issuer
            .issue(self.desk.clock.as_ref(), &bearer)
            .unwrap()
            .text
    }

    /// Reads the public keys of tokens.
    pub(crate) async fn jwks(&self) -> Value {
        let url = format!("http://{}/.well-known/jwks.json", self.address);
        let answer = reqwest::get(url).await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    pub(crate) async fn ask(&self, token: &str, query: &str) -> (u16, Value) {
        self.ask_with(Some(token), query, json!({})).await
    }

    /// Asks with variables, as somebody or as a stranger.
    pub(crate) async fn ask_with(
        &self,
        token: Option<&str>,
        query: &str,
        variables: Value,
    ) -> (u16, Value) {
        let mut request = reqwest::Client::new()
            .post(format!("http://{}/graphql", self.address))
            .header("content-type", "application/json")
            .header("traceparent", TRACE)
            .body(json!({"query": query, "variables": variables}).to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
        )
    }

    /// Opens a socket and introduces itself.
    async fn socket(&self, token: &str) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        let url = format!("ws://{}/graphql/ws", self.address);
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let init = json!({"type": "connection_init", "payload": {"token": token}});
        socket.send(Message::text(init.to_string())).await.unwrap();
        socket
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.handle.stop(false).await;
        self.bus.close().await;
    }
}

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Makes a vault whose key is 32 times the same byte.
pub(crate) fn vault(byte: u8) -> Vault {
    let letters = match byte {
        1 => "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        _ => "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
    };
    Vault::parse(letters).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_desk_opens_it_and_other_tokens_do_not() {
    let served = Served::start().await;
    let tenant = served.world.tenant().await;
    let viewer = served.world.agent(tenant, 3).await;
    let good = served.token(&viewer, &served.vault);
    let (status, answer) = served.ask(&good, "{ me { id } }").await;
    assert_eq!(
        (status, &answer["data"]["me"]["id"]),
        (200, &json!(viewer.agent.to_string()))
    );
    assert_eq!(
        served.desk.cache.alive(&[viewer.agent]).await.unwrap(),
        [true]
    );

    let forged = served.token(&viewer, &vault(2));
    let (status, answer) = served.ask(&forged, "{ me { id } }").await;
    assert_eq!(
        (status, &answer["errors"][0]["extensions"]["code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    served.world.clock.advance(chrono::Duration::hours(2));
    let (status, answer) = served.ask(&good, "{ me { id } }").await;
    assert_eq!(
        (status, &answer["errors"][0]["extensions"]["code"]),
        (401, &json!("TOKEN_EXPIRED"))
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_mutation_is_in_its_event() {
    let served = Served::start().await;
    let tenant = served.world.tenant().await;
    let viewer = served.world.agent(tenant, 3).await;
    let token = served.token(&viewer, &served.vault);
    let mutation = "mutation { presenceSet(input: {presence: AWAY}) { status } }";
    let (_, answer) = served.ask(&token, mutation).await;
    assert_eq!(
        answer["data"]["presenceSet"]["status"], "CHANGED",
        "{answer}"
    );
    let query = "SELECT count(*) AS count FROM outbox
        WHERE body LIKE '%00-0af7651916cd43dd8448eb211c80319c-%'";
    assert_eq!(served.world.test.count_as_owner(query).await, 1);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bus_brings_reaches_the_subscriber() {
    let served = Served::start().await;
    let tenant = served.world.tenant().await;
    let viewer = served.world.agent(tenant, 3).await;
    let token = served.token(&viewer, &served.vault);
    let mut socket = served.socket(&token).await;
    let query = "subscription { deskEvents { seq kind traceparent agent { id } } }";
    let start = json!({"type": "subscribe", "id": "1", "payload": {"query": query}});
    socket.send(Message::text(start.to_string())).await.unwrap();

    let envelope = Envelope {
        id: EventId(served.desk.clock.new_uuid()),
        tenant,
        seq: Some(1),
        schema_version: 1,
        aggregate: Aggregate {
            kind: AggregateKind::Agent,
            id: viewer.agent.0,
            version: 1,
        },
        actor: Actor::Agent(viewer.agent),
        cause: None,
        occurred_at: served.desk.now(),
        trace: Some(TRACE.to_owned()),
        event: Event::AgentSignedIn {
            agent: viewer.agent,
        },
    };
    let publication = Publication {
        id: envelope.id.0,
        tenant: tenant.0,
        shard: 0,
        aggregate: "agent".to_owned(),
        event: envelope.event.kind().to_owned(),
        body: serde_json::to_vec(&envelope).unwrap().into(),
        trace: envelope.trace.clone(),
    };
    // The subscription begins a moment after it was asked for; repeats are not shown.
    let bus = served.bus.clone();
    let publishing = tokio::spawn(async move {
        loop {
            // Durable queues of this bus have no reader here, so nobody waits for the answer.
            let answers = bus.publish(vec![publication.clone()]);
            let _ = tokio::time::timeout(Duration::from_millis(50), answers).await;
        }
    });
    let event = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] == "next" {
                return message["payload"]["data"]["deskEvents"].clone();
            }
        }
    });
    let event = event.await.unwrap();
    publishing.abort();
    let expected = json!({"seq": 1, "kind": "agent_signed_in", "traceparent": TRACE,
        "agent": {"id": viewer.agent.to_string()}});
    assert_eq!(event, expected);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_much_in_a_minute_is_told_when_to_come_back() {
    let mut config = Config::default();
    config.graphql.cost_per_minute = 10;
    let served = Served::with(config).await;
    let tenant = served.world.tenant().await;
    let viewer = served.world.agent(tenant, 3).await;
    let token = served.token(&viewer, &served.vault);
    let many: String = (0..8)
        .map(|number| format!("m{number}: me {{ id }} "))
        .collect();
    let many = format!("{{ {many} }}");
    let (status, answer) = served.ask(&token, &many).await;
    assert_eq!(
        (status, &answer["extensions"]["cost"]["remaining"]),
        (200, &json!(2))
    );

    let request = reqwest::Client::new()
        .post(format!("http://{}/graphql", served.address))
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(json!({ "query": many }).to_string());
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let body: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["retryable"]),
        (&json!("RATE_LIMITED"), &json!(true))
    );

    let mut socket = served.socket(&token).await;
    let start = json!({"type": "subscribe", "id": "1", "payload": {"query": many}});
    socket.send(Message::text(start.to_string())).await.unwrap();
    loop {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["id"] == "1" {
            assert_eq!(message["type"], "error", "{message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
            break;
        }
    }
    served.end().await;
}

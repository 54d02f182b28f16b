//! A desk that only takes notes, and accounts that talk to it.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Bytes, Data, Query},
};
use interdesk_simulator::{
    Account, Behaviour, Retry, Running, Settings, Simulator,
    account::{Telegram, Webhook, WhatsApp},
};
use serde_json::Value;

pub(crate) const PHONE: &str = "106540352242922";
pub(crate) const BOT: &str = "4711";
pub(crate) const APP: &str = "shop";
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// One request that the desk got.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Taken {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct Notes {
    taken: Mutex<Vec<Taken>>,
    answers: Mutex<VecDeque<u16>>,
}

/// The note-taking desk and the simulator that writes to it.
pub(crate) struct Stage {
    pub(crate) simulator: Running,
    pub(crate) http: reqwest::Client,
    notes: Arc<Notes>,
    server: ServerHandle,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Sets a stage with changed settings; its accounts are filled in.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let notes = Arc::new(Notes::default());
        let state = notes.clone();
        let app = move || {
            App::new()
                .app_data(Data::from(state.clone()))
                .app_data(web::PayloadConfig::new(10 << 20))
                .route("/{path:.*}", web::get().to(handshake))
                .route("/{path:.*}", web::post().to(take))
                .route("/{path:.*}", web::put().to(take))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        let mut settings = Settings {
            accounts: accounts(&url),
            behaviour: Behaviour {
                delivered_ms: (5, 10),
                read_ms: (5, 10),
                answer_ms: (5, 10),
                ..Behaviour::default()
            },
            retry: Retry {
                base: Duration::from_millis(20),
                ..Retry::default()
            },
            ..Settings::default()
        };
        change(&mut settings);
        let simulator = Simulator::start(settings).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            simulator,
            http,
            notes,
            server: handle,
        }
    }

    pub(crate) async fn end(self) {
        self.simulator.stop().await;
        self.server.stop(false).await;
    }

    /// Lets the desk answer the next requests with these statuses, then 200.
    pub(crate) fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.notes.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.notes.taken.lock().unwrap().clone()
    }

    /// Waits until the desk got `count` requests.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Taken> {
        until("enough webhooks", async || self.taken().len() >= count).await;
        self.taken()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.url())
    }

    /// Sends to the Graph API as the desk would.
    pub(crate) async fn graph(&self, body: Value) -> (u16, Value) {
        let url = self.url(&format!("/v24.0/{PHONE}/messages"));
        let request = self.http.post(url).bearer_auth("token").json(&body);
        read(request.send().await.unwrap()).await
    }

    /// Calls a Bot API method as the desk would.
    pub(crate) async fn bot(&self, method: &str, body: Value) -> (u16, Value) {
        let url = self.url(&format!("/bot{BOT}:secret/{method}"));
        read(self.http.post(url).json(&body).send().await.unwrap()).await
    }
}

pub(crate) async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    for _ in 0..1000 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {what}");
}

pub(crate) fn whatsapp(url: &str) -> WhatsApp {
    WhatsApp {
        phone_number_id: PHONE.to_owned(),
        display_phone_number: "15550783881".to_owned(),
        waba_id: "102290129340398".to_owned(),
        access_token: "token".to_owned(),
        app_secret: "app secret".to_owned(),
        verify_token: "verify".to_owned(),
        webhook_url: format!("{url}/whatsapp"),
        user_ids: true,
        coexistence: false,
    }
}

fn accounts(url: &str) -> Vec<Account> {
    let telegram = Telegram {
        bot_id: BOT.parse().unwrap(),
        token: format!("{BOT}:secret"),
        secret_token: Some("hush".to_owned()),
        webhook_url: format!("{url}/telegram"),
        allowed_updates: None,
    };
    let webhook = Webhook {
        id: APP.to_owned(),
        webhook_url: format!("{url}/webhook"),
        secret: SECRET.to_owned(),
        signing_key: None,
        desk_public_key: None,
    };
    vec![
        Account::WhatsApp(whatsapp(url)),
        Account::Telegram(telegram),
        Account::Webhook(webhook),
    ]
}

async fn take(notes: Data<Notes>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let taken = Taken {
        path: request.path().to_owned(),
        headers: headers.collect(),
        body,
    };
    notes.taken.lock().unwrap().push(taken);
    let status = notes.answers.lock().unwrap().pop_front().unwrap_or(200);
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}

async fn handshake(query: Query<Vec<(String, String)>>) -> HttpResponse {
    let find = |name: &str| query.iter().find(|(own, _)| own == name).unwrap().1.clone();
    match find("hub.verify_token") == "verify" && find("hub.mode") == "subscribe" {
        true => HttpResponse::Ok().body(find("hub.challenge")),
        false => HttpResponse::Forbidden().finish(),
    }
}

//! The control API under `/_sim/`.

use actix_web::{
    HttpResponse,
    web::{self, Data, Json, Path, Query, ServiceConfig},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Account, Behaviour, Chaos, Customer, Draft, Error, Traffic, traffic, world::World};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/accounts", web::post().to(add_account))
        .route("/accounts", web::get().to(list_accounts))
        .route("/accounts/{account}/verify", web::post().to(verify))
        .route(
            "/accounts/{account}/behaviour",
            web::post().to(set_behaviour),
        )
        .route("/chaos", web::post().to(set_chaos))
        .route(
            "/customers/{account}/{customer}/messages",
            web::post().to(write),
        )
        .route(
            "/customers/{account}/{customer}/window",
            web::delete().to(close_window),
        )
        .route("/batches/{account}", web::post().to(write_batch))
        .route("/traffic", web::post().to(start_traffic))
        .route("/traffic", web::delete().to(stop_traffic))
        .route("/journal", web::get().to(journal))
        .route("/summary", web::get().to(summary));
}

async fn add_account(world: Data<World>, account: Json<Account>) -> HttpResponse {
    let account = account.into_inner();
    let key = account.key();
    world.put_account(account);
    HttpResponse::Created().json(json!({ "account": key }))
}

async fn list_accounts(world: Data<World>) -> HttpResponse {
    let shape = |account: Account| {
        json!({
            "account": account.key(),
            "channel": account.channel(),
            "webhook_url": account.webhook_url(),
        })
    };
    let accounts: Vec<Value> = world.accounts().into_iter().map(shape).collect();
    HttpResponse::Ok().json(accounts)
}

async fn verify(world: Data<World>, account: Path<String>) -> HttpResponse {
    match world.verify_webhook(&account).await {
        Ok(passed) => HttpResponse::Ok().json(json!({ "verified": passed })),
        Err(error) => refuse(&error),
    }
}

async fn set_behaviour(
    world: Data<World>,
    account: Path<String>,
    behaviour: Json<Behaviour>,
) -> HttpResponse {
    world.put_behaviour(&account, behaviour.into_inner());
    HttpResponse::NoContent().finish()
}

/// Misbehaviour and where; no account means everywhere.
#[derive(Deserialize)]
struct SetChaos {
    account: Option<String>,
    #[serde(default)]
    chaos: Chaos,
}

async fn set_chaos(world: Data<World>, body: Json<SetChaos>) -> HttpResponse {
    let SetChaos { account, chaos } = body.into_inner();
    world.dice.set(account.as_deref(), chaos);
    HttpResponse::NoContent().finish()
}

/// A customer's act and how the customer looks.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    customer: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    hide_phone: bool,
    #[serde(flatten)]
    draft: Value,
}

impl Message {
    /// Reads the act; `{"text": …}` alone is a text.
    fn read(mut self, id: String) -> Result<(Customer, Draft), String> {
        if self.draft.get("type").is_none() {
            self.draft["type"] = "text".into();
        }
        let draft = serde_json::from_value(self.draft).map_err(|error| error.to_string())?;
        let mut customer = Customer::new(id);
        customer.hide_phone = self.hide_phone;
        customer.name = self.name.unwrap_or(customer.name);
        Ok((customer, draft))
    }
}

async fn write(
    world: Data<World>,
    path: Path<(String, String)>,
    message: Json<Message>,
) -> HttpResponse {
    let (account, id) = path.into_inner();
    let (customer, draft) = match message.into_inner().read(id) {
        Ok(read) => read,
        Err(why) => return bad_request(&why),
    };
    match world.into_inner().write(&account, &customer, draft) {
        Ok(id) => HttpResponse::Created().json(json!({ "message_id": id })),
        Err(error) => refuse(&error),
    }
}

/// Messages that go out in one request where the provider batches.
#[derive(Deserialize)]
struct Batch {
    messages: Vec<Message>,
}

async fn write_batch(
    world: Data<World>,
    account: Path<String>,
    batch: Json<Batch>,
) -> HttpResponse {
    let mut messages = Vec::new();
    for mut message in batch.into_inner().messages {
        let Some(id) = message.customer.take() else {
            return bad_request("every message needs a customer");
        };
        match message.read(id) {
            Ok(message) => messages.push(message),
            Err(why) => return bad_request(&why),
        }
    }
    match world.into_inner().write_batch(&account, messages) {
        Ok(ids) => HttpResponse::Created().json(json!({ "message_ids": ids })),
        Err(error) => refuse(&error),
    }
}

async fn close_window(world: Data<World>, path: Path<(String, String)>) -> HttpResponse {
    let (account, customer) = path.into_inner();
    let known = world.remembered(&account, &customer, |memory| memory.wrote_at = None);
    match known {
        Some(()) => HttpResponse::NoContent().finish(),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn start_traffic(world: Data<World>, body: Json<Traffic>) -> HttpResponse {
    traffic::start(&world.into_inner(), body.into_inner());
    HttpResponse::Accepted().finish()
}

async fn stop_traffic(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "written": world.traffic.stop() }))
}

/// Which page of the journal.
#[derive(Deserialize)]
struct Page {
    #[serde(default = "written")]
    list: String,
    #[serde(default)]
    after: u64,
    #[serde(default = "thousand")]
    limit: usize,
}

fn written() -> String {
    "written".to_owned()
}

fn thousand() -> usize {
    1000
}

async fn journal(world: Data<World>, page: Query<Page>) -> HttpResponse {
    match world
        .journal
        .page(&page.list, page.after, page.limit.min(10_000))
    {
        Some(entries) => HttpResponse::Ok().json(entries),
        None => bad_request("list is one of written, receipts, accepted, rejected"),
    }
}

async fn summary(world: Data<World>) -> HttpResponse {
    let customers = crate::chaos::lock(&world.customers).count();
    HttpResponse::Ok().json(json!({
        "seed": world.settings.seed,
        "pending": world.courier.pending(),
        "customers": customers,
        "accounts": world.journal.counts(),
    }))
}

fn refuse(error: &Error) -> HttpResponse {
    match error {
        Error::UnknownAccount(_) => {
            HttpResponse::NotFound().json(json!({ "error": error.to_string() }))
        }
        _ => bad_request(&error.to_string()),
    }
}

fn bad_request(why: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": why }))
}

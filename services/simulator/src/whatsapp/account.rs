//! `/{version}/{phone_number_id}` and `/{version}/{account}/message_templates`.

use super::graph::{bearer, knows_token};
use super::refusal::Refusal;
use crate::account::{Account, WhatsApp};
use crate::chaos::lock;
use crate::world::World;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Tells how a number is; `None` where the id is none of a number that the token may see.
pub(crate) fn number(world: &World, request: &HttpRequest, id: &str) -> Option<Value> {
    let Some(Account::WhatsApp(account)) = world.account(id) else {
        return None;
    };
    may_see(request, &account).then(|| {
        json!({
            "id": account.phone_number_id,
            "display_phone_number": account.display_phone_number,
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "is_on_biz_app": false,
            "throughput": { "level": "STANDARD" },
        })
    })
}

/// Answers `POST /{version}/{phone_number_id}` with a `webhook_configuration`: brings webhooks to another
/// address from now on, once whoever answers there proved to know the verify token.
pub(crate) async fn configure(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Json<Value>,
) -> HttpResponse {
    let (_, id) = path.into_inner();
    let refuse = |refusal: Refusal| refusal.response(world.ids.prefixed("A"));
    let Some(Account::WhatsApp(account)) = world.account(&id) else {
        return refuse(Refusal::no_object(&id));
    };
    if !may_see(&request, &account) {
        return refuse(Refusal::new(190, ""));
    }
    let told = |name: &str| body["webhook_configuration"][name].as_str();
    let (Some(url), Some(token)) = (told("override_callback_uri"), told("verify_token")) else {
        return refuse(Refusal::new(100, "webhook_configuration"));
    };
    if url.len() > 200 || !world.proves(url, token).await.unwrap_or(false) {
        return refuse(Refusal::new(100, "The callback could not be verified."));
    }
    world.put_account(Account::WhatsApp(WhatsApp {
        webhook_url: url.to_owned(),
        ..account
    }));
    HttpResponse::Ok().json(json!({ "success": true }))
}

fn may_see(request: &HttpRequest, account: &WhatsApp) -> bool {
    bearer(request) == Some(account.access_token.as_str())
}

/// Templates that were submitted, by business account and name.
#[derive(Default)]
pub(crate) struct Submitted(Mutex<BTreeMap<(String, String), Value>>);

/// Takes a template and approves it at once, though it says that it thinks about it, as Meta does.
pub(crate) async fn submit(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Json<Value>,
) -> HttpResponse {
    let (_, account) = path.into_inner();
    let refuse = |refusal: Refusal| refusal.response(world.ids.prefixed("A"));
    if !bearer(&request).is_some_and(|token| knows_token(&world, token)) {
        return refuse(Refusal::new(190, ""));
    }
    let mut template = body.into_inner();
    let name = template["name"].as_str().unwrap_or_default().to_owned();
    for needed in ["name", "language", "category"] {
        if template[needed].as_str().is_none_or(str::is_empty) {
            return refuse(Refusal::new(
                100,
                format!("The parameter {needed} is required."),
            ));
        }
    }
    let mut known = lock(&world.submitted.0);
    let place = (account.clone(), name);
    if known.contains_key(&place) {
        return refuse(Refusal::new(
            100,
            "There is already English (US) content for this template",
        ));
    }
    let id = format!("{account}{}", 100 + known.len());
    template["id"] = json!(id);
    template["status"] = json!("APPROVED");
    let category = template["category"].clone();
    known.insert(place, template);
    HttpResponse::Ok().json(json!({ "id": id, "status": "PENDING", "category": category }))
}

/// Deletes a template that was submitted.
pub(crate) async fn withdraw(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (_, account) = path.into_inner();
    let refuse = |refusal: Refusal| refusal.response(world.ids.prefixed("A"));
    if !bearer(&request).is_some_and(|token| knows_token(&world, token)) {
        return refuse(Refusal::new(190, ""));
    }
    let asked = request
        .query_string()
        .strip_prefix("name=")
        .unwrap_or_default();
    match lock(&world.submitted.0).remove(&(account, asked.to_owned())) {
        Some(_) => HttpResponse::Ok().json(json!({ "success": true })),
        None => refuse(Refusal::new(100, "message template not found")),
    }
}

/// Lists the templates that every business account of the simulator has, and those that were submitted.
pub(crate) async fn templates(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (_, account) = path.into_inner();
    if !bearer(&request).is_some_and(|token| knows_token(&world, token)) {
        return Refusal::new(190, "").response(world.ids.prefixed("A"));
    }
    let template = |number: u32, name: &str, status: &str, text: &str| {
        json!({
            "id": format!("{account}{number}"),
            "name": name,
            "language": "en_US",
            "status": status,
            "category": "UTILITY",
            "quality_score": { "score": "GREEN" },
            "components": [{ "type": "BODY", "text": text }],
        })
    };
    let mut all = vec![
        template(1, "late_parcel", "APPROVED", "Your parcel comes on {{1}}."),
        template(
            2,
            "order_ready",
            "APPROVED",
            "Hello {{first_name}}, your order is ready.",
        ),
        template(3, "winter_sale", "PAUSED", "Everything for less."),
    ];
    let submitted = lock(&world.submitted.0);
    let own = submitted.iter().filter(|((owner, _), _)| *owner == account);
    all.extend(own.map(|(_, template)| template.clone()));
    HttpResponse::Ok().json(json!({
        "data": all,
        "paging": { "cursors": { "before": "A", "after": "B" } },
    }))
}

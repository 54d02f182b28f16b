//! Media of the Graph API: upload, details, download.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    graph::{authorised, bearer, knows_token},
    refusal::Refusal,
};
use crate::{Account, chaos::Fault, clock::now, form::Form, media::File, world::World};

/// Takes `POST /{version}/{phone_number_id}/media`.
pub(crate) async fn upload(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (_, phone_number_id) = path.into_inner();
    match store(&world, &phone_number_id, &request, &body) {
        Ok(id) => HttpResponse::Ok().json(json!({ "id": id })),
        Err(refusal) => refusal.response(world.ids.prefixed("A")),
    }
}

fn store(
    world: &World,
    phone_number_id: &str,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<String, Refusal> {
    authorised(world, request, phone_number_id)?;
    let invalid = |details: &str| Refusal::new(100, details);
    let form = Form::read(request, body).ok_or_else(|| invalid("The body is not multipart."))?;
    if form.text("messaging_product") != Some("whatsapp") {
        return Err(invalid("The parameter messaging_product is required."));
    }
    let part = form.files.into_iter().find(|part| part.name == "file");
    let part = part.ok_or_else(|| invalid("The parameter file is required."))?;
    if part.bytes.len() > largest(&part.mime_type) {
        return Err(Refusal::new(
            131053,
            "The file is larger than this type allows.",
        ));
    }
    let id = world.ids.digits();
    let file = File {
        id: id.clone(),
        name: part.file_name,
        mime_type: part.mime_type,
        bytes: part.bytes,
    };
    world.files.take(phone_number_id, file);
    Ok(id)
}

fn largest(mime_type: &str) -> usize {
    match mime_type.split('/').next() {
        Some("image") => 5 << 20,
        Some("audio" | "video") => 16 << 20,
        _ => 100 << 20,
    }
}

/// Answers `GET /{version}/{id}`, of a file or of a number.
pub(crate) async fn details(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (_, id) = path.into_inner();
    let refuse = |refusal: Refusal| refusal.response(world.ids.prefixed("A"));
    if !bearer(&request).is_some_and(|token| knows_token(&world, token)) {
        return refuse(Refusal::new(190, ""));
    }
    // Numbers and files share one space of ids.
    if let Some(number) = super::account::number(&world, &request, &id) {
        return HttpResponse::Ok().json(number);
    }
    let Some(file) = world.files.find(&id) else {
        return refuse(Refusal::no_object(&id));
    };
    HttpResponse::Ok().json(json!({
        "messaging_product": "whatsapp",
        "url": world.attachment_url(&id),
        "mime_type": file.mime_type,
        "sha256": file.sha256_hex(),
        "file_size": file.bytes.len(),
        "id": id,
    }))
}

/// The query of a download address.
#[derive(Deserialize)]
pub(crate) struct Attachment {
    mid: String,
    /// When the address ends, in seconds since 1970.
    until: i64,
}

/// Answers the download address, with the bearer token as Meta wants it.
pub(crate) async fn download(
    world: Data<World>,
    query: Query<Attachment>,
    request: HttpRequest,
) -> HttpResponse {
    let token = bearer(&request).filter(|token| knows_token(&world, token));
    let Some(account) = token.and_then(|token| account_of(&world, token)) else {
        return HttpResponse::Unauthorized().finish();
    };
    if world.dice.strikes(&account, Fault::FailMedia) {
        return HttpResponse::InternalServerError().finish();
    }
    if query.until < now().timestamp() || world.dice.strikes(&account, Fault::ExpireMedia) {
        return HttpResponse::NotFound().finish();
    }
    match world.files.find(&query.mid) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime_type)
            .body(file.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Finds whose token it is.
fn account_of(world: &World, token: &str) -> Option<String> {
    let mut accounts = world.accounts().into_iter();
    let own =
        |account: &Account| matches!(account, Account::WhatsApp(it) if it.access_token == token);
    accounts.find(own).map(|account| account.key())
}

//! The demo page: the widget of the demo workspace, for whoever tries the desk on their own machine.

use super::Widget;
use actix_web::{HttpResponse, web};
use interdesk_channels::Credentials;
use interdesk_channels::webchat::settings::Settings;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision;
use serde_json::json;

/// The workspace whose widget it shows.
const WORKSPACE: &str = "demo";

const PAGE: &str = include_str!("../../assets/demo.html");
const CODE: &str = include_str!("../../assets/demo.js");

/// `GET /demo`: a page with the widget.
pub(super) async fn page(widget: web::Data<Widget>) -> HttpResponse {
    let Some(inbox) = find(&widget).await else {
        return HttpResponse::NotFound().body("the demo workspace has no web chat");
    };
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        // As strict as a careful shop's.
        .insert_header((
            "content-security-policy",
            "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; \
             media-src 'self'; base-uri 'none'; form-action 'none'",
        ))
        .body(PAGE.replace("{inbox}", &inbox.public_id))
}

/// `GET /demo/page.js`: what that page does.
pub(super) async fn code() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .body(CODE)
}

/// `GET /demo/identity`: what the server of a real page would sign for somebody who is logged in there.
pub(super) async fn identity(widget: web::Data<Widget>) -> HttpResponse {
    let Some(inbox) = find(&widget).await else {
        return HttpResponse::NotFound().finish();
    };
    let opened = widget
        .vault
        .open(&inbox.id.to_string(), &inbox.credentials)
        .ok();
    let credentials: Option<Credentials> =
        opened.and_then(|opened| serde_json::from_slice(opened.expose()).ok());
    let settings = credentials.as_ref().map(Settings::of).unwrap_or_default();
    let Some(secret) = settings.identity_secrets.first() else {
        return HttpResponse::NotFound().finish();
    };
    let now = widget.intake.desk.now().timestamp();
    let claims = json!({
        "sub": "demo-customer", "name": "Demo customer", "email": "customer@example.org",
        "iat": now, "exp": now + 600,
    });
    match interdesk_channels::webchat::identity::sign(&claims, secret) {
        Ok(token) => HttpResponse::Ok()
            .insert_header(("cache-control", "no-store"))
            .json(json!({ "identity": token })),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn find(widget: &Widget) -> Option<Inbox> {
    let found = look_up(widget).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the demo workspace cannot be looked up");
        None
    })
}

async fn look_up(widget: &Widget) -> Result<Option<Inbox>, interdesk_store::Error> {
    let database = &widget.intake.desk.database;
    let system = database.begin_system().await?;
    let tenant = provision::find_tenant(&system, WORKSPACE).await?;
    system.commit().await?;
    let Some(tenant) = tenant else {
        return Ok(None);
    };
    let scope = TenantScope::new(tenant.id);
    let transaction = database.begin(scope).await?;
    let inboxes = inboxes::list(&transaction, scope).await?;
    transaction.commit().await?;
    let is_it = |inbox: &Inbox| inbox.channel == ChannelKind::Webchat && inbox.enabled;
    Ok(inboxes.into_iter().find(is_it))
}

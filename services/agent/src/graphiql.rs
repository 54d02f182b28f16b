//! GraphiQL from embedded files, for development.

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, ServiceConfig},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/graphiql/files/"]
struct Assets;

/// Only our own files may run; the editor still needs inline styles, data fonts and blob workers.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Mounts the page at `/` and its files under `/graphiql/`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(|| async { file("index.html") }))
        .route(
            "/graphiql/{file}",
            web::get().to(|name: web::Path<String>| async move { file(&name) }),
        );
}

fn file(name: &str) -> HttpResponse {
    let Some(asset) = Assets::get(name) else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type(name)))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(asset.data.into_owned())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

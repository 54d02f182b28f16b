//! The widget itself: one script, served as it is.

use actix_web::{HttpRequest, HttpResponse};

/// The widget, as it stands in the repository.
const SCRIPT: &str = include_str!("../../assets/widget.js");

/// `GET /widget.js`: any page may load it; it holds nothing of anybody.
///
/// It is asked for again every few minutes, so that a page gets a mended one without a change of its own,
/// and answered without a body where it is the same.
pub(super) async fn script(request: HttpRequest) -> HttpResponse {
    let tag = tag();
    let known = request.headers().get("if-none-match");
    let is_known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header(("etag", tag))
        .insert_header(("cache-control", "public, max-age=300, must-revalidate"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("access-control-allow-origin", "*"))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .content_type("text/javascript; charset=utf-8");
    match is_known {
        true => response.finish(),
        false => response.body(SCRIPT),
    }
}

/// Names this content among all others of the widget.
fn tag() -> String {
    // FNV-1a: nobody gains by two scripts of one name.
    let hash = SCRIPT
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("\"{hash:016x}\"")
}

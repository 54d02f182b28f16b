//! Files: `POST /files` takes an upload of an agent, `GET /files/{link}` gives out what a link leads
//! to.
//!
//! What customers sent is never trusted: it leaves with the type that its bytes have, in a sandbox,
//! and as a download unless it is a picture, a sound or a film.

use crate::authenticate::{bearer, text};
use crate::{AuthRefusal, Authenticate, RequestInfo};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_files::is_safe_inline;
use interdesk_flow::Desk;
use interdesk_flow::attach::{self, LinkError, NewUpload, Opened, Unkept};
use interdesk_graphql::{Identity, prove};
use serde_json::json;
use std::any::TypeId;
use std::ops::Range;
use std::sync::Arc;

/// What the two paths need.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) desk: Desk,
    pub(crate) authenticate: Arc<dyn Authenticate>,
}

/// Mounts both paths.
pub(crate) fn configure(config: &mut ServiceConfig, files: Files) {
    config
        .app_data(web::Data::new(files))
        .route("/files", web::post().to(upload))
        .route("/files/{link}", web::get().to(serve))
        .route("/files/{link}", web::head().to(serve));
}

/// Takes an upload: the body is the file, `?name=` its name.
async fn upload(request: HttpRequest, body: Payload, files: web::Data<Files>) -> HttpResponse {
    let viewer = match viewer(&request, &files).await {
        Ok(viewer) => viewer,
        Err(refusal) => return refusal,
    };
    let announced = text(&request, header::CONTENT_LENGTH.as_str());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    let most = files.desk.settings.files.most;
    if announced.is_some_and(|length| length > most) {
        let detail = format!("the file is larger than {most} bytes, the most that is kept here");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "FILE_TOO_LARGE", &detail);
    }
    let mut parameters = url::form_urlencoded::parse(request.query_string().as_bytes());
    let name = parameters.find(|(name, _)| name == "name");
    let new = NewUpload {
        file_name: name.map(|(_, name)| name.into_owned()),
    };
    match attach::upload(&files.desk, &viewer, &new, body).await {
        Ok((id, kept)) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(json!({
                "id": id.to_string(),
                "size": kept.size,
                "mimeType": kept.mime_type,
                "sha256": kept.sha256,
            })),
        Err(unkept) => not_kept(unkept),
    }
}

/// Finds out who uploads, or why they may not.
async fn viewer(request: &HttpRequest, files: &Files) -> Result<Viewer, HttpResponse> {
    let identity = identity(request, files).await.map_err(unauthorised)?;
    match prove(&files.desk, &identity).await {
        Ok(proven) if proven.viewer.may(Permission::ConversationsAnswer) => Ok(proven.viewer),
        Ok(_) => Err(refused(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "this needs the permission CONVERSATIONS_ANSWER",
        )),
        Err(interdesk_graphql::Error::Suspended) => Err(refused(
            StatusCode::FORBIDDEN,
            "WORKSPACE_SUSPENDED",
            "the workspace is suspended, ask whoever runs this installation",
        )),
        Err(interdesk_graphql::Error::Unauthenticated) => Err(unauthorised(AuthRefusal::Invalid)),
        Err(_) => Err(unauthorised(AuthRefusal::Unavailable)),
    }
}

async fn identity(request: &HttpRequest, files: &Files) -> Result<Identity, AuthRefusal> {
    let authorization = text(request, header::AUTHORIZATION.as_str());
    let token = bearer(authorization.as_deref())?.ok_or(AuthRefusal::Invalid)?;
    let info = RequestInfo::of(request);
    let data = files.authenticate.authenticate(Some(token), &info).await?;
    let identity = data.get(&TypeId::of::<Identity>());
    let identity = identity.and_then(|identity| identity.downcast_ref::<Identity>());
    identity.cloned().ok_or(AuthRefusal::Invalid)
}

fn unauthorised(refusal: AuthRefusal) -> HttpResponse {
    let status = match refusal {
        AuthRefusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    refused(status, refusal.code(), &refusal.to_string())
}

fn not_kept(unkept: Unkept<actix_web::error::PayloadError>) -> HttpResponse {
    match unkept {
        Unkept::Refused(refusal @ attach::Refusal::TooLarge { .. }) => refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "FILE_TOO_LARGE",
            &refusal.to_string(),
        ),
        Unkept::Refused(refusal @ attach::Refusal::QuotaExceeded) => refused(
            StatusCode::INSUFFICIENT_STORAGE,
            "QUOTA_EXCEEDED",
            &refusal.to_string(),
        ),
        Unkept::Refused(refusal) => refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "FILE_TYPE_REFUSED",
            &refusal.to_string(),
        ),
        Unkept::Broken(_) => refused(
            StatusCode::BAD_REQUEST,
            "BAD_BODY",
            "the body ended early, send it again",
        ),
        Unkept::Failed(interdesk_flow::Error::Disabled) => refused(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "the agent may not sign in any more",
        ),
        Unkept::Failed(error) => unavailable(&error),
    }
}

fn unavailable(error: &interdesk_flow::Error) -> HttpResponse {
    tracing::error!(%error, "a file could not be taken or given out");
    let detail = "files are not available now, try again";
    refused(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", detail)
}

fn refused(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .json(json!({ "code": code, "message": message }))
}

/// Gives out what a link leads to: 404 for what is none of ours, 410 once its time is over.
async fn serve(
    request: HttpRequest,
    link: web::Path<String>,
    files: web::Data<Files>,
) -> HttpResponse {
    let (desk, now) = (&files.desk, files.desk.now());
    let gone = |error: LinkError| match error {
        LinkError::Unknown => refused(StatusCode::NOT_FOUND, "NOT_FOUND", &error.to_string()),
        LinkError::Expired => refused(StatusCode::GONE, "LINK_EXPIRED", &error.to_string()),
    };
    let linked = match desk.files.links.read(&link, now) {
        Ok(linked) => linked,
        Err(error) => return gone(error),
    };
    let opened = attach::open(desk, linked.scope, linked.attachment, |size| {
        range(text(&request, header::RANGE.as_str()).as_deref(), size)
    });
    match opened.await {
        Ok(Some(opened)) => {
            let lasts = (linked.expires_at - now).num_seconds().max(0);
            give_out(
                opened,
                request.method() == actix_web::http::Method::HEAD,
                lasts,
            )
        }
        Ok(None) => gone(LinkError::Unknown),
        Err(error) => unavailable(&error),
    }
}

fn give_out(opened: Opened, only_head: bool, lasts: i64) -> HttpResponse {
    let (size, Range { start, end }) = (opened.size, opened.range.clone());
    let part = start > 0 || end < size;
    let status = if part {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let mut response = HttpResponse::build(status);
    let kind = match opened.mime_type.as_str() {
        // Words never become a page.
        kind if kind.starts_with("text/") => "text/plain; charset=utf-8",
        kind => kind,
    };
    response
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'",
        ))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((
            header::CACHE_CONTROL,
            format!("private, max-age={lasts}, immutable"),
        ))
        .insert_header((header::ETAG, format!("\"{}\"", opened.sha256)))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&opened)));
    if part {
        let range = format!("bytes {start}-{}/{size}", end.saturating_sub(1));
        response.insert_header((header::CONTENT_RANGE, range));
    }
    match only_head {
        true => response.no_chunking(end - start).finish(),
        false => response.no_chunking(end - start).streaming(opened.bytes),
    }
}

/// Names the file (RFC 6266); what a browser must not show is a download.
fn disposition(opened: &Opened) -> String {
    let way = if is_safe_inline(&opened.mime_type) {
        "inline"
    } else {
        "attachment"
    };
    let name = opened.file_name.as_deref().unwrap_or("file");
    let plain: String = name
        .chars()
        .map(|c| match c {
            ' '..='~' if !matches!(c, '"' | '\\' | '%') => c,
            _ => '_',
        })
        .collect();
    let encoded: String = name.bytes().map(encode).collect();
    format!("{way}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn encode(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    }
}

/// Reads one range of bytes (RFC 9110); several, and what cannot be read, ask for the whole.
fn range(header: Option<&str>, size: u64) -> Option<Range<u64>> {
    let (first, last) = header?.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(tail)) if first.is_empty() => size.saturating_sub(tail)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_or_the_whole_is_given() {
        for (header, expected) in [
            ("bytes=0-4", Some(0..5)),
            ("bytes=5-", Some(5..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=0-99", Some(0..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=0-1,3-4", None),
            ("words=0-1", None),
        ] {
            assert_eq!(range(Some(header), 10), expected, "{header}");
        }
        assert_eq!(range(None, 10), None);
    }
}

//! A request of a widget: of which inbox, from which page, by whose session.

use super::answer::Refusal;
use super::{Widget, address};
use crate::directory::OpenInbox;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::settings::Settings;
use interdesk_channels::webchat::token;
use interdesk_domain::inbox::ChannelKind;
use interdesk_store::widget::{self as rows, Session};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A request whose page may be answered.
pub(super) struct Asked {
    /// The inbox of its path.
    pub(super) inbox: Arc<OpenInbox>,
    /// What the inbox is set up with.
    pub(super) settings: Settings,
    /// The page, where the browser tells.
    pub(super) origin: Option<HeaderValue>,
    /// What follows `Bearer`.
    pub(super) token: Option<String>,
    /// What stands for where it comes from.
    pub(super) from: String,
}

impl Asked {
    async fn open(widget: &Widget, request: &HttpRequest) -> Result<Self, Refusal> {
        let key = request.match_info().get("inbox").unwrap_or_default();
        let found = widget.intake.directory.find(key).await.map_err(|error| {
            tracing::warn!(%error, "an inbox cannot be looked up");
            Refusal::Busy
        })?;
        let inbox = found.filter(|inbox| inbox.mailbox.channel == ChannelKind::Webchat);
        let inbox = inbox.ok_or(Refusal::UnknownInbox)?;
        let settings = Settings::of(&inbox.credentials);
        let origin = request.headers().get("origin").cloned();
        if let Some(origin) = &origin {
            let is_allowed = origin.to_str().is_ok_and(|origin| settings.allows(origin));
            if !is_allowed {
                return Err(Refusal::OriginNotAllowed);
            }
        }
        let header = request.headers().get("authorization");
        let header = header.and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let from = address::of(request, &widget.settings.proxies);
        Ok(Self {
            inbox,
            settings,
            origin,
            token: token.map(str::to_owned),
            from: address::counted(from),
        })
    }

    /// Finds the running session that the token names.
    pub(super) async fn session(&self, widget: &Widget) -> Result<Session, Refusal> {
        let desk = &widget.intake.desk;
        let malformed = Refusal::SessionRefused(token::TokenError::Malformed);
        let token = self.token.as_deref().ok_or(malformed)?;
        let secrets = &self.inbox.credentials.webhook_secrets;
        let claims = token::read(token, secrets, desk.now()).map_err(Refusal::SessionRefused)?;
        let (scope, inbox) = (self.inbox.scope, self.inbox.mailbox.id);
        if claims.inbox != inbox.0 || claims.tenant != scope.tenant().0 {
            let other = token::TokenError::WrongAudience;
            return Err(Refusal::SessionRefused(other));
        }
        let begun = desk.database.begin_with(scope, async |conn| {
            rows::find_session(conn, scope, claims.jti).await
        });
        let (transaction, found) = begun.await?;
        transaction.commit().await?;
        let is_its = |session: &Session| {
            session.inbox_id == inbox
                && session.visitor_id == claims.sub
                && is_running(session, desk.now())
        };
        found.filter(is_its).ok_or(Refusal::SessionEnded)
    }

    /// Counts one use and refuses beyond `most` within `window`.
    pub(super) async fn limit(
        &self,
        widget: &Widget,
        what: &str,
        whose: &str,
        most: u64,
        window: Duration,
    ) -> Result<(), Refusal> {
        let inbox = self.inbox.mailbox.id.0;
        let key = format!("widget:{what}:{inbox}:{whose}");
        match widget.intake.desk.cache.hit(&key, window).await {
            Ok(count) if count > most => Err(Refusal::RateLimited(window.as_secs().max(1))),
            Ok(_) => Ok(()),
            Err(error) => {
                // A chat without a throttle is better than none.
                tracing::warn!(%error, "a widget's requests cannot be counted");
                Ok(())
            }
        }
    }
}

/// Tells whether a session was neither ended nor let run out.
pub(super) fn is_running(session: &Session, now: chrono::DateTime<chrono::Utc>) -> bool {
    session.ended_at.is_none() && session.expires_at > now
}

/// Opens a request, lets `act` answer it, and lets its page read the answer.
pub(super) async fn answer(
    widget: &Widget,
    request: &HttpRequest,
    act: impl AsyncFnOnce(&Asked) -> Result<HttpResponse, Refusal>,
) -> HttpResponse {
    let asked = match Asked::open(widget, request).await {
        Ok(asked) => asked,
        Err(refusal) => return plain(refusal.respond(), None),
    };
    let answered = act(&asked).await;
    let response = answered.unwrap_or_else(|refusal| refusal.respond());
    plain(response, asked.origin)
}

/// `GET /page`: tells any page whether it may have the widget. A browser hides every other answer from
/// pages that may not, so that a chat that is not for them looks like one that is away.
pub(super) async fn page(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    let response = match Asked::open(&widget, &request).await {
        Ok(_) => HttpResponse::Ok().json(json!({ "allowed": true })),
        Err(Refusal::OriginNotAllowed | Refusal::UnknownInbox) => {
            HttpResponse::Ok().json(json!({ "allowed": false }))
        }
        Err(refusal) => refusal.respond(),
    };
    plain(response, Some(HeaderValue::from_static("*")))
}

fn plain(mut response: HttpResponse, origin: Option<HeaderValue>) -> HttpResponse {
    use actix_web::http::header::*;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("retry-after");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Answers preflights, and whatever is asked for that is not there.
pub(super) async fn other(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        if request.method() != Method::OPTIONS || asked.origin.is_none() {
            return Err(Refusal::UnknownPath);
        }
        Ok(HttpResponse::NoContent()
            .insert_header(("access-control-allow-methods", "GET, POST, PUT, DELETE"))
            .insert_header((
                "access-control-allow-headers",
                "authorization, content-type, last-event-id",
            ))
            .insert_header(("access-control-max-age", "600"))
            .finish())
    })
    .await
}

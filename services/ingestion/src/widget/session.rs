//! Sessions: what a browser holds to be a visitor.
//!
//! A stranger becomes a visitor with an id that nobody else has. Whom their page vouches for is the
//! page's user, on whichever browser; the two are different people to the desk, also where the same
//! browser was one and then the other.

use super::answer::Refusal;
use super::asked::{Asked, answer};
use super::{Widget, body, presence};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::webchat::identity::{self, Identity};
use interdesk_channels::webchat::token::{self, Claims};
use interdesk_store::widget::{self as rows, Session};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration as Wait;

/// The longest that a session may go on by being renewed.
const LONGEST: Duration = Duration::days(30);

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// How long a signed identity with an id of its own is remembered as used: longer than it is good.
const ONCE: Wait = Wait::from_secs(3_700);

/// What a page says when its widget begins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    /// The language of the browser.
    #[serde(default)]
    locale: Option<String>,
    /// A JWT by which the page vouches for its visitor.
    #[serde(default)]
    identity: Option<String>,
    /// The older form of it.
    #[serde(default)]
    user: Option<User>,
}

/// A user of the page with the HMAC of their id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: String,
    hash: String,
}

/// `POST /widget/{inbox}/sessions`: begins a session.
pub(super) async fn begin(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        // Browsers tell it with every POST; who does not is none.
        if asked.origin.is_none() {
            return Err(Refusal::OriginNotAllowed);
        }
        let most = widget.settings.sessions_per_minute;
        let minute = Wait::from_secs(60);
        asked
            .limit(&widget, "sessions", &asked.from, most, minute)
            .await?;
        let begin: Begin = body::read(&body)?;
        let identity = identity(&widget, asked, &begin).await?;
        if identity.is_none() && asked.settings.enforce_identity {
            return Err(Refusal::IdentityRequired);
        }
        let session = make(&widget, asked, begin.locale, identity)?;
        let scope = asked.inbox.scope;
        let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
            rows::insert_session(conn, scope, &session).await
        });
        begun.await?.0.commit().await?;
        let mut told = told(&widget, asked, &session, session.expires_at)?;
        told["online"] = presence::of(&widget, asked).await.into();
        Ok(HttpResponse::Created().json(told))
    })
    .await
}

/// Reads by what the page vouches for its visitor.
async fn identity(
    widget: &Widget,
    asked: &Asked,
    begin: &Begin,
) -> Result<Option<Identity>, Refusal> {
    let secrets = &asked.settings.identity_secrets;
    let now = widget.intake.desk.now();
    let read = match (&begin.identity, &begin.user) {
        (Some(token), None) => identity::by_token(token, secrets, now),
        (None, Some(user)) => identity::by_hash(&user.id, &user.hash, secrets),
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let why = "identity, user: give one of them";
            return Err(Refusal::Bad(why.to_owned()));
        }
    };
    let read = read.map_err(|error| Refusal::IdentityRefused(error.to_string()))?;
    if let Some(once) = &read.once {
        let used = asked.limit(widget, "identity", once, 1, ONCE).await;
        used.map_err(|_| Refusal::IdentityRefused("the identity was used before".to_owned()))?;
    }
    Ok(Some(read))
}

fn make(
    widget: &Widget,
    asked: &Asked,
    locale: Option<String>,
    identity: Option<Identity>,
) -> Result<Session, Refusal> {
    let desk = &widget.intake.desk;
    let now = desk.now();
    let (user_id, name, email) = match identity {
        Some(identity) => {
            let name = identity.name.filter(|name| !name.trim().is_empty());
            let name = name.map(|name| name.chars().take(LONGEST_NAME).collect());
            let email = identity
                .email
                .filter(|email| super::email::is_address(email));
            (Some(identity.user), name, email)
        }
        None => (None, None, None),
    };
    Ok(Session {
        id: desk.clock.new_uuid(),
        inbox_id: asked.inbox.mailbox.id,
        visitor_id: desk.clock.new_uuid(),
        user_id,
        name,
        email,
        locale: body::words("locale", locale, 35)?,
        begun_at: now,
        expires_at: now + lifetime(widget),
        ended_at: None,
    })
}

fn lifetime(widget: &Widget) -> Duration {
    Duration::from_std(widget.settings.session).unwrap_or(LONGEST)
}

/// Says what the widget has to know of its session, with a fresh token.
fn told(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    until: DateTime<Utc>,
) -> Result<serde_json::Value, Refusal> {
    let (scope, inbox) = (asked.inbox.scope, asked.inbox.mailbox.id);
    let claims = Claims {
        iss: token::ISSUER.to_owned(),
        aud: token::AUDIENCE.to_owned(),
        sub: session.visitor_id,
        tenant: scope.tenant().0,
        inbox: inbox.0,
        jti: session.id,
        iat: widget.intake.desk.now().timestamp(),
        exp: until.timestamp(),
    };
    let secrets = &asked.inbox.credentials.webhook_secrets;
    let token = token::issue(&claims, secrets).map_err(|error| {
        tracing::error!(%error, inbox.id = %inbox, "a web chat cannot begin sessions");
        Refusal::Unstorable
    })?;
    Ok(json!({
        "token": token,
        "expires_at": until,
        "visitor": {
            "id": session.visitor_id,
            "user": session.user_id,
            "name": session.name,
            "has_email": session.email.is_some(),
        },
    }))
}

/// `POST /widget/{inbox}/sessions/renew`: lets a session that runs go on.
pub(super) async fn renew(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let now = widget.intake.desk.now();
        let until = (now + lifetime(&widget)).min(session.begun_at + LONGEST);
        let until = until.max(session.expires_at);
        let scope = asked.inbox.scope;
        let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
            rows::renew_session(conn, scope, session.id, now, until).await
        });
        let (transaction, renewed) = begun.await?;
        transaction.commit().await?;
        if !renewed {
            return Err(Refusal::SessionEnded);
        }
        let mut told = told(&widget, asked, &session, until)?;
        told["online"] = presence::of(&widget, asked).await.into();
        Ok(HttpResponse::Ok().json(told))
    })
    .await
}

/// `DELETE /widget/{inbox}/sessions/current`: ends the session on this browser; saying it twice is no
/// fault.
pub(super) async fn end(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        match asked.session(&widget).await {
            Ok(session) => {
                let (scope, now) = (asked.inbox.scope, widget.intake.desk.now());
                let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
                    rows::end_session(conn, scope, session.id, now).await
                });
                begun.await?.0.commit().await?;
                widget.live.wake_person(session.inbox_id, &session.person());
            }
            Err(Refusal::SessionEnded) => {}
            Err(refusal) => return Err(refusal),
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

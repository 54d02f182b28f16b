//! Tokens for mail servers that take no passwords: a refresh token gives one that lasts an hour
//! (RFC 6749 §6), again and again.
//!
//! | Credential | What it is |
//! |---|---|
//! | `others.oauth_token_url` | where the provider gives tokens |
//! | `others.oauth_client_id`, `others.oauth_client_secret` | how it knows the desk; without a secret for public clients |
//! | `others.oauth_refresh_token` | what an administrator's consent gave; the desk keeps the newest |
//! | `others.oauth_scope` | what is asked for, where the provider wants to hear it |
//! | `others.oauth_renew_at` | when the desk asks next; it writes that itself |

use super::channel::account_refused;
use crate::http;
use crate::refusal::{permanent, retryable};
use crate::{Credentials, SendContext, SendError};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::delivery::FailureReason;

/// How long a token is believed to last whose provider does not say.
const HOUR: i64 = 3_600;

/// How long before its end a token is replaced, where it lasts that long.
const AHEAD: i64 = 300;

/// Returns when the token has to be renewed; `None` where nothing renews it.
pub(super) fn due(credentials: &Credentials) -> Option<DateTime<Utc>> {
    credentials.other("oauth_refresh_token")?;
    let has_token = credentials
        .access_token
        .as_deref()
        .is_some_and(|it| !it.is_empty());
    let at = credentials.other("oauth_renew_at").filter(|_| has_token);
    let at = at.and_then(|at| at.parse().ok());
    Some(at.unwrap_or(DateTime::UNIX_EPOCH))
}

/// Asks the provider for a new token; returns the credentials with it.
pub(super) async fn renew(context: &SendContext<'_>) -> Result<Credentials, SendError> {
    let known = context.credentials;
    let own = |name: &str| {
        let missing = || account_refused(&format!("the inbox has no others.{name}"));
        known.other(name).ok_or_else(missing)
    };
    let url = own("oauth_token_url")?;
    if (context.forbids)(url) {
        return Err(account_refused(
            "oauth_token_url leads into a private network",
        ));
    }
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", own("oauth_refresh_token")?),
        ("client_id", own("oauth_client_id")?),
    ];
    let further = [
        ("client_secret", "oauth_client_secret"),
        ("scope", "oauth_scope"),
    ];
    form.extend(
        further
            .iter()
            .filter_map(|(field, name)| Some((*field, known.other(name)?))),
    );
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = context.client.post(url).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = http::call(request, context.now).await?;
    let root = answer.object("the provider of tokens")?;
    if let Some(error) = root.words("error") {
        let said = http::excerpt(&root.words("error_description").unwrap_or_default());
        return Err(refused(&error, &said));
    }
    let unreadable = || answer.unreadable("the provider of tokens");
    let token = root.words("access_token").filter(|_| answer.is_success());
    let token = token.ok_or_else(unreadable)?;
    let lasts = root
        .integer("expires_in")
        .unwrap_or(HOUR)
        .clamp(60, 365 * 24 * HOUR);
    let renew_at = context.now + Duration::seconds((lasts - AHEAD).max(lasts / 2));
    let mut credentials = known.clone();
    credentials.access_token = Some(token);
    let others = &mut credentials.others;
    others.insert("oauth_renew_at".to_owned(), renew_at.to_rfc3339());
    if let Some(next) = root.words("refresh_token") {
        others.insert("oauth_refresh_token".to_owned(), next);
    }
    Ok(credentials)
}

/// What RFC 6749 §5.2 calls an error: all but passing troubles want somebody to act.
fn refused(error: &str, said: &str) -> SendError {
    let words = format!("the provider gives no token: {error} ({said})");
    match error {
        "temporarily_unavailable" | "server_error" | "slow_down" => {
            retryable(FailureReason::ProviderUnavailable, words, None)
        }
        "invalid_grant" => permanent(
            FailureReason::AccountRefused,
            format!("{words}: consent has to be given anew, for another oauth_refresh_token"),
        ),
        _ => account_refused(&words),
    }
}

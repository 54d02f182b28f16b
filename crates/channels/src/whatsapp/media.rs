//! Files: `GET /{media id}` names an address for five minutes, `POST /{phone number id}/media` takes
//! one for thirty days.

use super::content::sha256;
use super::send::refused;
use crate::http::{self, Answer};
use crate::json::Fields;
use crate::{Download, FetchError, SendContext, SendError, Upload, Uploaded, refusal};
use chrono::Duration;
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::message::{Media, MediaSource};
use reqwest::multipart::Form;

/// How long an uploaded file is named by its id: a day less than WhatsApp keeps it.
const KEPT: Duration = Duration::days(29);

/// Asks where the bytes can be read now.
pub(super) async fn fetch(
    context: &SendContext<'_>,
    media: &Media,
) -> Result<Download, FetchError> {
    let MediaSource::ProviderId(id) = &media.source else {
        return Download::of_link(media);
    };
    if !is_word(id) {
        return Err(FetchError::never("the file's id is none of WhatsApp's"));
    }
    let token = http::token(context, "access token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context.client.get(format!("{base}/{id}"));
    let request = request
        .query(&[("phone_number_id", context.account_id)])
        .bearer_auth(token);
    let answer = http::call(request, context.now).await?;
    let root = read(&answer)?;
    let url = root
        .words("url")
        .ok_or_else(|| FetchError::later("WhatsApp named no address"))?;
    let is_metas = is_metas(&url, context.endpoint);
    Ok(Download {
        authorization: is_metas.then(|| format!("Bearer {token}")),
        url,
        // A number or a text, depending on the page of the documentation.
        size: root.id("file_size").and_then(|size| size.parse().ok()),
        sha256: root.text("sha256").and_then(|digest| sha256(&digest)),
    })
}

/// Tells whether an address is Meta's, or of the server that was asked: nobody else is shown the token.
fn is_metas(url: &str, endpoint: &str) -> bool {
    const HOSTS: [&str; 4] = ["fbsbx.com", "whatsapp.net", "facebook.com", "fbcdn.net"];
    let (Ok(url), Ok(own)) = (reqwest::Url::parse(url), reqwest::Url::parse(endpoint)) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let below = |known: &str| {
        let rest = host.strip_suffix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let same = url.scheme() == own.scheme() && url.host_str() == own.host_str();
    same && url.port() == own.port()
        || url.scheme() == "https" && HOSTS.iter().any(|known| below(known))
}

/// Hands a file over.
pub(super) async fn upload(
    context: &SendContext<'_>,
    file: &Upload<'_>,
) -> Result<Uploaded, SendError> {
    let token = http::token(context, "access token")?;
    let base = context.endpoint.trim_end_matches('/');
    let part = http::part(context, file.file, file.media).await?;
    let form = Form::new()
        .text("messaging_product", "whatsapp")
        .part("file", part);
    let request = context
        .client
        .post(format!("{base}/{}/media", context.account_id))
        .timeout(http::WITH_FILE)
        .bearer_auth(token)
        .multipart(form);
    let answer = http::call(request, context.now).await.map_err(again)?;
    let id = read(&answer).map_err(again)?.id("id");
    let provider_id = id.ok_or_else(|| again(answer.unreadable("WhatsApp")))?;
    Ok(Uploaded {
        provider_id,
        expires_at: Some(context.now + KEPT),
    })
}

fn read(answer: &Answer) -> Result<Fields<'_>, SendError> {
    let root = answer.object("WhatsApp")?;
    match (answer.is_success(), root.object("error")) {
        (true, _) => Ok(root),
        (false, Some(error)) => Err(refused(answer, &error)),
        (false, None) => Err(answer.unexplained()),
    }
}

/// Nobody sees a file before its message, so one without an answer is handed over again.
fn again(error: SendError) -> SendError {
    match error {
        SendError::NoAnswer(detail) => {
            refusal::retryable(FailureReason::ProviderUnavailable, detail, None)
        }
        other => other,
    }
}

/// Tells an id from something that would lead elsewhere.
fn is_word(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_shown_to_meta_and_to_the_server_that_was_asked() {
        let (graph, own) = (
            "https://graph.facebook.com/v24.0",
            "http://127.0.0.1:9000/v24.0",
        );
        for (url, endpoint, expected) in [
            ("https://lookaside.fbsbx.com/whatsapp/m?mid=1", graph, true),
            ("https://mmg.whatsapp.net/v/t62", graph, true),
            ("http://127.0.0.1:9000/files/1", own, true),
            ("http://lookaside.fbsbx.com/whatsapp/m?mid=1", graph, false),
            ("https://lookaside.fbsbx.com.example.org/m", graph, false),
            ("https://notfbsbx.com/m", graph, false),
            ("https://example.org/?lookaside.fbsbx.com", graph, false),
            ("http://127.0.0.1:9001/files/1", own, false),
            ("no address", graph, false),
        ] {
            assert_eq!(is_metas(url, endpoint), expected, "{url}");
        }
    }
}

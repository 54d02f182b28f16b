//! Events that we send to an app's callback, signed like those that it sends to us.

use super::CAPABILITIES;
use crate::http::{self, Answer};
use crate::json;
use crate::standard_webhooks::Signer;
use crate::{Action, Outgoing, SendContext, SendError, Sent, refusal};
use chrono::SecondsFormat;
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::message::{Content, Media, MediaSource};
use serde_json::{Value, json};

/// Posts one event and reads what became of it.
pub(super) async fn send(
    context: &SendContext<'_>,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let signer = signer(context)?;
    let (kind, data) = event(outgoing)?;
    let body = json!({
        "type": kind,
        "timestamp": context.now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": data,
    })
    .to_string();
    // Dots divide what is signed.
    let id = outgoing.message.replace('.', "-");
    let request = context
        .client
        .post(context.endpoint)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", context.now.timestamp())
        .header(
            "webhook-signature",
            signer.sign(&id, context.now, body.as_bytes()),
        )
        .body(body);
    read(&http::call(request, context.now).await?)
}

fn signer(context: &SendContext<'_>) -> Result<Signer, SendError> {
    let refused = |detail: String| refusal::permanent(FailureReason::AccountRefused, detail);
    let secret = context.credentials.signing_secret.as_deref();
    let secret = secret.ok_or_else(|| refused("the inbox has no signing secret".to_owned()))?;
    Signer::parse(secret).map_err(|error| refused(format!("the inbox's {error}")))
}

fn event(outgoing: &Outgoing) -> Result<(&'static str, Value), SendError> {
    Ok(match &outgoing.action {
        Action::Write(content) => (
            "reply.created",
            json!({ "message": message(outgoing, content)? }),
        ),
        Action::Replace { target, content } => {
            let mut message = message(outgoing, content)?;
            message["external_id"] = target.as_str().into();
            ("reply.updated", json!({ "message": message }))
        }
        Action::Delete { target } => (
            "reply.deleted",
            json!({ "message": { "external_id": target } }),
        ),
        Action::Typing { .. } => (
            "typing.started",
            json!({ "conversation_id": outgoing.group, "recipient": recipient(outgoing) }),
        ),
        Action::React { target, emoji } => {
            let kind = match emoji.as_str() {
                "" => "reaction.removed",
                _ => "reaction.added",
            };
            (
                kind,
                json!({ "reaction": { "message_id": target, "emoji": emoji } }),
            )
        }
        Action::MarkRead { target } => (
            "message.read",
            json!({ "status": { "external_id": target } }),
        ),
    })
}

fn message(outgoing: &Outgoing, content: &Content) -> Result<Value, SendError> {
    refusal::check(content, &CAPABILITIES)?;
    let words;
    let (text, attachments) = match content {
        Content::Text { text } => (Some(text), json!([])),
        Content::Media { media, caption } => (caption.as_ref(), json!([attachment(media)?])),
        Content::Choices(choices) => (Some(&choices.text), json!([])),
        Content::Composite(composite) => {
            let files = composite.files().into_iter().map(attachment);
            let files: Vec<Value> = files.collect::<Result<_, _>>()?;
            words = composite.text().map(str::to_owned);
            (words.as_ref(), json!(files))
        }
        Content::Location(_) | Content::Contacts { .. } => (None, json!([])),
        other => {
            // An app that knows no buttons shows at least the words and the pictures.
            let files = other.files().into_iter().map(attachment);
            let files: Vec<Value> = files.collect::<Result<_, _>>()?;
            words = Some(other.text().to_owned());
            (words.as_ref(), json!(files))
        }
    };
    Ok(json!({
        "id": outgoing.attempt,
        "key": outgoing.message,
        "conversation_id": outgoing.group,
        "recipient": recipient(outgoing),
        "text": text,
        "content": content,
        "reply_to": outgoing.reply_to,
        "attachments": attachments,
        "expires_at": outgoing.expires_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true)),
    }))
}

fn recipient(outgoing: &Outgoing) -> Value {
    let mut addresses = outgoing.to.iter();
    match addresses.find(|address| address.namespace == "user") {
        Some(user) => json!({ "id": user.value, "network": user.network }),
        None => Value::Null,
    }
}

fn attachment(media: &Media) -> Result<Value, SendError> {
    let MediaSource::Url(url) = &media.source else {
        return Err(refusal::unsupported(
            "a file needs a web address on this channel",
        ));
    };
    Ok(json!({
        "url": url,
        "mime_type": media.mime_type,
        "name": media.file_name,
        "size": media.size,
    }))
}

fn read(answer: &Answer) -> Result<Sent, SendError> {
    if answer.is_success() {
        // The body may carry the app's id of the message; nothing else is asked of it.
        let body = answer.body.as_deref().unwrap_or_default();
        let root = json::root(body).ok();
        let provider_id = root.and_then(|(_, root)| root.id("external_id"));
        return Ok(Sent::with(provider_id));
    }
    if let Some(refused) = explained(answer) {
        return Err(refused);
    }
    Err(match answer.status {
        503 => refusal::retryable(
            FailureReason::RateLimited,
            "the app asks to slow down",
            answer.retry_after,
        ),
        410 => refusal::permanent(
            FailureReason::AccountRefused,
            "the app closed its callback: an administrator has to act",
        ),
        500.. if !answer.is_gateway() => refusal::retryable(
            FailureReason::ProviderUnavailable,
            format!("the app answered with status {}", answer.status),
            answer.retry_after,
        ),
        _ => answer.unexplained(),
    })
}

/// Reads a refusal for good that the app explains with one of our names of reasons.
fn explained(answer: &Answer) -> Option<SendError> {
    if !(400..500).contains(&answer.status) || matches!(answer.status, 408 | 429) {
        return None;
    }
    let (_, root) = json::root(answer.body.as_deref()?).ok()?;
    let name = Value::String(root.words("reason")?);
    let reason = serde_json::from_value(name).ok()?;
    let words = root.words("detail");
    let words = words.unwrap_or_else(|| format!("the app answered with status {}", answer.status));
    Some(refusal::permanent(reason, http::excerpt(&words)))
}

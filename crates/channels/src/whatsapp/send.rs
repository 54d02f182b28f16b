//! `POST /{phone number id}/messages`: everything that leaves goes through this one call.

use super::{CAPABILITIES, errors, fit, interactive, offer, people};
use crate::http::{self, Answer};
use crate::json::Fields;
use crate::{Action, Outgoing, SendContext, SendError, Sent, refusal};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::message::{Address, ContactCard, Content, Media, MediaKind};
use serde_json::{Value, json};

/// Sends one message and reads what became of it.
pub(super) async fn send(
    context: &SendContext<'_>,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let token = http::token(context, "access token")?;
    let body = body(outgoing)?;
    let base = context.endpoint.trim_end_matches('/');
    let url = format!("{base}/{}/messages", context.account_id);
    let request = context.client.post(url).bearer_auth(token).json(&body);
    let to = outgoing.to.iter().find(|it| it.namespace == "phone");
    let to = to.filter(|_| outgoing.group.is_none());
    read(&http::call(request, context.now).await?, to)
}

fn body(outgoing: &Outgoing) -> Result<Value, SendError> {
    let (kind, object) = match &outgoing.action {
        Action::MarkRead { target } => return Ok(seen(target)),
        // WhatsApp shows that somebody writes as an addition to a read mark.
        Action::Typing { last } => {
            let last = last.as_ref().ok_or_else(|| {
                refusal::unsupported("WhatsApp shows typing only after a message of the customer")
            })?;
            let mut body = seen(last);
            body["typing_indicator"] = json!({ "type": "text" });
            return Ok(body);
        }
        Action::Replace { .. } | Action::Delete { .. } => {
            let detail = "WhatsApp lets nobody change or take back a message: send another one";
            return Err(refusal::unsupported(detail));
        }
        Action::React { target, emoji } => {
            ("reaction", json!({ "message_id": target, "emoji": emoji }))
        }
        Action::Write(content) => {
            refusal::check_in(content, &CAPABILITIES, outgoing.group.is_some())?;
            fit::judge(content)?;
            object(content, &outgoing.message)?
        }
    };
    let mut body = json!({
        "messaging_product": "whatsapp",
        "type": kind,
        "biz_opaque_callback_data": outgoing.attempt,
    });
    body[kind] = object;
    address(outgoing, &mut body)?;
    if let (Action::Write(_), Some(quoted)) = (&outgoing.action, &outgoing.reply_to) {
        body["context"] = json!({ "message_id": quoted });
    }
    Ok(body)
}

fn seen(target: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": target,
    })
}

/// A phone number is understood by every version of the API and for every kind of message, so it
/// goes before the user id.
fn address(outgoing: &Outgoing, body: &mut Value) -> Result<(), SendError> {
    let find = |namespace| {
        outgoing
            .to
            .iter()
            .find(|address| address.namespace == namespace)
    };
    let (kind, name, value) = match (&outgoing.group, find("phone"), find("bsuid")) {
        (Some(group), _, _) => ("group", "to", group.clone()),
        (None, Some(phone), _) => ("individual", "to", format!("+{}", phone.value)),
        (None, None, Some(bsuid)) => ("individual", "recipient", bsuid.value.clone()),
        (None, None, None) => {
            let detail = "the customer has no WhatsApp address";
            return Err(refusal::permanent(FailureReason::RecipientUnknown, detail));
        }
    };
    body["recipient_type"] = kind.into();
    body[name] = value.into();
    Ok(())
}

fn object(content: &Content, message: &str) -> Result<(&'static str, Value), SendError> {
    Ok(match content {
        Content::Text { text } => {
            let preview = text.contains("https://") || text.contains("http://");
            ("text", json!({ "body": text, "preview_url": preview }))
        }
        Content::Media { media, caption } => file(media, caption.as_deref())?,
        Content::Location(place) => ("location", json!(place)),
        Content::Contacts { cards } => ("contacts", cards.iter().map(card).collect()),
        Content::Template(template) => ("template", offer::filled(template)?),
        other => ("interactive", interactive::object(other, message)?),
    })
}

fn file(media: &Media, caption: Option<&str>) -> Result<(&'static str, Value), SendError> {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video | MediaKind::Animation => "video",
        MediaKind::Audio | MediaKind::Voice => "audio",
        MediaKind::Sticker => "sticker",
        MediaKind::Document => "document",
    };
    let mut object = offer::reference(&media.source)?;
    if let Some(caption) = caption {
        if matches!(kind, "audio" | "sticker") {
            let detail =
                format!("WhatsApp shows no words with this file ({kind}): send them apart");
            return Err(refusal::unsupported(detail));
        }
        object["caption"] = caption.into();
    }
    if media.kind == MediaKind::Voice {
        object["voice"] = true.into();
    }
    if let (MediaKind::Document, Some(name)) = (media.kind, &media.file_name) {
        object["filename"] = name.as_str().into();
    }
    Ok((kind, object))
}

fn card(card: &ContactCard) -> Value {
    let phones = card.phones.iter().map(|phone| json!({ "phone": phone }));
    let emails = card.emails.iter().map(|email| json!({ "email": email }));
    json!({
        // WhatsApp wants a part of the name beside the whole.
        "name": { "formatted_name": card.name, "first_name": card.name },
        "phones": phones.collect::<Value>(),
        "emails": emails.collect::<Value>(),
    })
}

fn read(answer: &Answer, to: Option<&Address>) -> Result<Sent, SendError> {
    let root = answer.object("WhatsApp")?;
    let messages = root.objects("messages");
    // A group's message may be refused in an answer that is none by its status.
    let error = root.object("error").filter(|_| messages.is_empty());
    if answer.is_success() && error.is_none() {
        let message = messages.first();
        return Ok(Sent {
            same: to.and_then(|to| known_as(&root, to)),
            held: message.and_then(held),
            ..Sent::with(message.and_then(|message| message.id("id")))
        });
    }
    match error.or_else(|| root.object("error")) {
        Some(error) => Err(refused(answer, &error)),
        None => Err(answer.unexplained()),
    }
}

/// Returns the number that WhatsApp knows somebody by, where it is not the one that was written to:
/// in some countries an older form of a number lives on, and answers come from that.
fn known_as(root: &Fields<'_>, to: &Address) -> Option<(Address, Address)> {
    let contacts = root.objects("contacts");
    let known = people::phone(contacts.first()?.id("wa_id"))?;
    (known.value != to.value).then(|| (to.clone(), known))
}

/// Returns why WhatsApp does not send a template yet that it took.
///
/// The words are open: whatever is not plain acceptance is told as it stands.
fn held(message: &Fields<'_>) -> Option<Failure> {
    let status = message.words("message_status")?;
    let words = match status.as_str() {
        "accepted" => return None,
        "held_for_quality_assessment" => {
            "WhatsApp holds the template back until it knows how customers like it: it goes out \
             later or fails"
        }
        "paused" => "WhatsApp holds the template back: it is paused",
        _ => "WhatsApp took the template and did not say that it sends it",
    };
    let status = http::excerpt(&status);
    Some(Failure {
        reason: FailureReason::HeldByProvider,
        retryable: true,
        detail: format!("{words} ({status})"),
        provider_code: Some(status),
    })
}

/// The code decides; the status only where the code is none we know.
pub(super) fn refused(answer: &Answer, error: &Fields<'_>) -> SendError {
    let mut failure = errors::failure(error);
    if failure.reason == FailureReason::Other {
        let reason = match answer.status {
            401 | 403 => FailureReason::AccountRefused,
            429 => FailureReason::RateLimited,
            500.. => FailureReason::ProviderUnavailable,
            _ => FailureReason::Other,
        };
        failure.retryable = matches!(answer.status, 429 | 500..);
        failure.reason = reason;
    }
    let own = errors::rest(failure.provider_code.as_deref());
    let retry_after = answer.retry_after.or(own);
    SendError::Refused {
        failure,
        retry_after,
    }
}

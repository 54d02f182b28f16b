//! What an answer that takes a message tells beside its id.

use crate::send::{exchange, outgoing, text};
use interdesk_channels::kit::provider::Reaction;
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use serde_json::json;

async fn taken(message: serde_json::Value) -> interdesk_channels::Sent {
    let answer = json!({ "messaging_product": "whatsapp", "messages": [message] }).to_string();
    let reactions = vec![Reaction::Answer(200, "", answer)];
    let (sent, _) = exchange(Whatsapp, &outgoing(text("Hello")), reactions).await;
    sent.expect("it is taken")
}

#[tokio::test]
async fn a_number_that_whatsapp_knows_in_another_form_is_told() {
    for (wa_id, same) in [("15550001012", None), ("1555001012", Some("1555001012"))] {
        let contact = json!({ "input": "+15550001012", "wa_id": wa_id });
        let answer = json!({ "contacts": [contact], "messages": [{ "id": "wamid.1" }] });
        let reactions = vec![Reaction::Answer(200, "", answer.to_string())];
        let (sent, _) = exchange(Whatsapp, &outgoing(text("Hello")), reactions).await;
        let told = sent.expect("it is taken").same;
        let told = told.map(|(to, known)| (to.value, known.value));
        let wanted = same.map(|known| ("15550001012".to_owned(), known.to_owned()));
        assert_eq!(told, wanted);
    }
}

#[tokio::test]
async fn a_template_that_whatsapp_holds_back_says_so() {
    for plain in [
        json!({ "id": "wamid.1" }),
        json!({ "id": "wamid.1", "message_status": "accepted" }),
    ] {
        assert_eq!(taken(plain).await.held, None);
    }
    for (status, words) in [
        ("held_for_quality_assessment", "goes out later or fails"),
        ("paused", "is paused"),
        ("a_word_of_next_year", "did not say that it sends it"),
    ] {
        let sent = taken(json!({ "id": "wamid.1", "message_status": status })).await;
        assert_eq!(sent.provider_ids, ["wamid.1"]);
        let held = sent.held.expect("it is held");
        assert_eq!(held.reason, FailureReason::HeldByProvider);
        assert_eq!(held.provider_code.as_deref(), Some(status));
        assert!(
            held.detail.contains(words) && held.detail.contains(status),
            "{held:?}"
        );
    }
}

//! What asks the customer to act, as each app writes it, and the documented limits of it.

use super::send::{outgoing, sent};
use interdesk_channels::{Action, channel};
use interdesk_domain::inbox::ChannelKind::{self, Telegram, Webhook, Whatsapp};
use interdesk_domain::message::{
    CallInvitation, Card, CardButton, Carousel, Choice, Choices, Content, FormRequest, Link, Media,
    MediaKind, MediaSource, Request, Section,
};
use serde_json::{Value, json};

fn words(words: &str) -> Option<String> {
    Some(words.to_owned())
}

fn media(kind: MediaKind) -> Media {
    Media {
        kind,
        source: MediaSource::Url("https://example.org/plant".to_owned()),
        mime_type: None,
        file_name: words("plant"),
        size: None,
        sha256: None,
    }
}

pub(crate) fn link() -> Link {
    Link {
        text: "Your order is on its way".to_owned(),
        header: words("Order 12"),
        media: None,
        footer: words("Example shop"),
        title: "Where is it?".to_owned(),
        url: "https://example.org/orders/12".to_owned(),
    }
}

fn form() -> FormRequest {
    FormRequest {
        text: "When may we come?".to_owned(),
        header: words("Visit"),
        footer: None,
        form: "1200034".to_owned(),
        token: words("order-12"),
        title: "Choose a day".to_owned(),
        screen: words("DAYS"),
        data: words("{\"street\":\"1 Example Street\"}"),
    }
}

fn request(text: &str) -> Request {
    Request {
        text: text.to_owned(),
        title: None,
    }
}

fn invitation() -> CallInvitation {
    CallInvitation {
        text: "Call us".to_owned(),
        title: words("Call now"),
        minutes: Some(60),
        payload: words("order-12"),
    }
}

fn opening(title: &str) -> CardButton {
    CardButton::Link {
        title: title.to_owned(),
        url: "https://example.org/plants".to_owned(),
    }
}

fn pick(id: &str) -> CardButton {
    CardButton::Choice(Choice {
        id: id.to_owned(),
        title: format!("Take {id}"),
        description: None,
    })
}

fn card(buttons: Vec<CardButton>) -> Card {
    Card {
        media: media(MediaKind::Image),
        text: words("A plant"),
        buttons,
    }
}

fn carousel(cards: Vec<Card>) -> Carousel {
    Carousel {
        text: "Which one?".to_owned(),
        cards,
    }
}

/// Returns one of each.
pub(crate) fn all() -> Vec<Content> {
    vec![
        Content::Link(link()),
        Content::FormRequest(form()),
        Content::LocationRequest(request("Where are you?")),
        Content::ContactRequest(request("By which number?")),
        Content::CallPermissionRequest(request("May we call?")),
        Content::CallInvitation(invitation()),
        Content::Carousel(carousel(vec![
            card(vec![opening("Look")]),
            card(vec![opening("See")]),
        ])),
        Content::Carousel(carousel(vec![
            card(vec![pick("a"), pick("b")]),
            card(vec![pick("c"), pick("d")]),
        ])),
    ]
}

async fn body(kind: ChannelKind, content: Content) -> (String, Value) {
    sent(kind, outgoing(Action::Write(content))).await
}

async fn interactive(content: Content) -> Value {
    let (_, body) = body(Whatsapp, content).await;
    assert_eq!(body["type"], "interactive");
    body["interactive"].clone()
}

#[tokio::test]
async fn whatsapp_gets_a_link_with_a_heading_or_a_file_above_it() {
    let written = interactive(Content::Link(link())).await;
    let expected = json!({
        "type": "cta_url",
        "header": { "type": "text", "text": "Order 12" },
        "body": { "text": "Your order is on its way" },
        "footer": { "text": "Example shop" },
        "action": { "name": "cta_url", "parameters": {
            "display_text": "Where is it?", "url": "https://example.org/orders/12",
        } },
    });
    assert_eq!(written, expected);
    let shown = Link {
        header: None,
        media: Some(media(MediaKind::Document)),
        ..link()
    };
    assert_eq!(
        interactive(Content::Link(shown)).await["header"],
        json!({ "type": "document", "document": {
            "link": "https://example.org/plant", "filename": "plant",
        } })
    );
}

#[tokio::test]
async fn whatsapp_gets_a_form_whose_token_is_our_message_where_none_is_given() {
    let written = interactive(Content::FormRequest(form())).await;
    let expected = json!({
        "type": "flow",
        "header": { "type": "text", "text": "Visit" },
        "body": { "text": "When may we come?" },
        "action": { "name": "flow", "parameters": {
            "flow_message_version": "3",
            "flow_id": "1200034",
            "flow_token": "order-12",
            "flow_cta": "Choose a day",
            "flow_action": "navigate",
            "flow_action_payload": { "screen": "DAYS", "data": { "street": "1 Example Street" } },
        } },
    });
    assert_eq!(written, expected);
    let plain = FormRequest {
        token: None,
        screen: None,
        data: None,
        ..form()
    };
    let message = outgoing(Action::Write(Content::FormRequest(plain)));
    let ours = message.message.clone();
    let (_, body) = sent(Whatsapp, message).await;
    let parameters = &body["interactive"]["action"]["parameters"];
    assert_eq!(parameters["flow_token"], ours);
    assert!(
        parameters.get("flow_action_payload").is_none(),
        "{parameters}"
    );
}

#[tokio::test]
async fn whatsapp_gets_requests_under_their_documented_names() {
    for (content, kind, name) in [
        (
            Content::LocationRequest(request("Please")),
            "location_request_message",
            "send_location",
        ),
        (
            Content::ContactRequest(request("Please")),
            "request_contact_info",
            "request_contact_info",
        ),
        (
            Content::CallPermissionRequest(request("Please")),
            "call_permission_request",
            "call_permission_request",
        ),
    ] {
        let expected = json!({
            "type": kind, "body": { "text": "Please" }, "action": { "name": name },
        });
        assert_eq!(interactive(content).await, expected);
    }
    let expected = json!({
        "type": "voice_call",
        "body": { "text": "Call us" },
        "action": { "name": "voice_call", "parameters": {
            "display_text": "Call now", "ttl_minutes": 60, "payload": "order-12",
        } },
    });
    let invitation = Content::CallInvitation(invitation());
    assert_eq!(interactive(invitation).await, expected);
    let bare = CallInvitation {
        text: "Call us".to_owned(),
        ..CallInvitation::default()
    };
    let written = interactive(Content::CallInvitation(bare)).await;
    assert_eq!(written["action"], json!({ "name": "voice_call" }));
}

#[tokio::test]
async fn whatsapp_gets_cards_with_addresses_or_with_choices() {
    let [.., links, choices] = all().try_into().map(|all: [Content; 8]| all).expect("8");
    let written = interactive(links).await;
    assert_eq!(written["type"], "carousel");
    assert_eq!(
        written["action"]["cards"][1],
        json!({
            "card_index": 1,
            "type": "cta_url",
            "header": { "type": "image", "image": { "link": "https://example.org/plant" } },
            "body": { "text": "A plant" },
            "action": { "name": "cta_url", "parameters": {
                "display_text": "See", "url": "https://example.org/plants",
            } },
        })
    );
    let written = interactive(choices).await;
    assert_eq!(
        written["action"]["cards"][0]["action"],
        json!({ "buttons": [
            { "type": "quick_reply", "quick_reply": { "id": "a", "title": "Take a" } },
            { "type": "quick_reply", "quick_reply": { "id": "b", "title": "Take b" } },
        ] })
    );
}

#[tokio::test]
async fn telegram_opens_links_below_a_message_and_asks_in_place_of_the_keys() {
    let (path, written) = body(Telegram, Content::Link(link())).await;
    assert!(path.ends_with("/sendMessage"));
    assert_eq!(
        written["text"],
        "Order 12\n\nYour order is on its way\n\nExample shop"
    );
    assert_eq!(
        written["reply_markup"],
        json!({ "inline_keyboard": [[
            { "text": "Where is it?", "url": "https://example.org/orders/12" },
        ]] })
    );
    let shown = Link {
        header: None,
        media: Some(media(MediaKind::Image)),
        ..link()
    };
    let (path, written) = body(Telegram, Content::Link(shown)).await;
    assert!(path.ends_with("/sendPhoto"));
    assert_eq!(
        (&written["photo"], &written["caption"]),
        (
            &json!("https://example.org/plant"),
            &json!("Your order is on its way\n\nExample shop")
        )
    );
    let asked = Request {
        title: words("Here I am"),
        ..request("Where are you?")
    };
    let (_, written) = body(Telegram, Content::LocationRequest(asked)).await;
    assert_eq!(
        written["reply_markup"],
        json!({
            "keyboard": [[{ "text": "Here I am", "request_location": true }]],
            "resize_keyboard": true,
            "one_time_keyboard": true,
        })
    );
    let (_, written) = body(Telegram, Content::ContactRequest(request("Number?"))).await;
    let key = &written["reply_markup"]["keyboard"][0][0];
    assert_eq!(key["request_contact"], true);
    assert_ne!(key["text"], "");
}

#[tokio::test]
async fn telegram_does_not_ask_for_a_place_in_a_business_accounts_chat() {
    let mut message = outgoing(Action::Write(Content::LocationRequest(request("Where?"))));
    message.to[0].namespace = "business_chat".to_owned();
    message.to[0].network = "telegram".to_owned();
    message.to[0].value = "connection-1:5550012".to_owned();
    let error = super::send::send_to(Telegram, "http://127.0.0.1:1", &message).await;
    let error = format!("{:?}", error.expect_err("no success"));
    assert!(error.contains("business account"), "{error}");
}

#[tokio::test]
async fn an_app_gets_all_of_them_with_words_and_pictures_beside() {
    for content in all() {
        let kind = content.kind();
        let (_, written) = body(Webhook, content.clone()).await;
        let message = &written["data"]["message"];
        assert_eq!(message["content"]["type"], kind);
        assert_eq!(message["text"], content.text());
        let pictures = content.files().len();
        assert_eq!(
            message["attachments"].as_array().map(Vec::len),
            Some(pictures)
        );
    }
}

fn many_choices() -> Choices {
    let choice = |n: usize| Choice {
        id: n.to_string(),
        title: n.to_string(),
        description: None,
    };
    Choices {
        text: "Which?".to_owned(),
        sections: vec![Section {
            title: None,
            choices: (0..4).map(choice).collect(),
        }],
        ..Choices::default()
    }
}

#[test]
fn what_is_longer_or_more_than_whatsapp_documents_is_refused_by_its_place_with_what_mends_it() {
    let long = |length: usize| "x".repeat(length);
    let with_text = |length| Content::LocationRequest(request(&long(length)));
    let cards = |cards: Vec<Card>| Content::Carousel(carousel(cards));
    let two = |spoil: fn(&mut Card)| {
        let mut spoilt = card(vec![opening("Look")]);
        spoil(&mut spoilt);
        cards(vec![card(vec![opening("Look")]), spoilt])
    };
    let mut giant = many_choices();
    giant.sections[0].choices.truncate(1);
    giant.sections[0].choices[0].title = long(21);
    let cases = [
        (with_text(1025), "text", "at most 1024"),
        (
            Content::Link(Link {
                title: long(21),
                ..link()
            }),
            "title",
            "at most 20",
        ),
        (
            Content::Link(Link {
                header: Some(long(61)),
                ..link()
            }),
            "header",
            "at most 60",
        ),
        (
            Content::Link(Link {
                footer: Some(long(61)),
                ..link()
            }),
            "footer",
            "at most 60",
        ),
        (
            Content::Link(Link {
                header: None,
                media: Some(media(MediaKind::Audio)),
                ..link()
            }),
            "media.kind",
            "choose one of these",
        ),
        (
            Content::FormRequest(FormRequest {
                title: long(31),
                ..form()
            }),
            "title",
            "at most 30",
        ),
        (
            Content::CallInvitation(CallInvitation {
                minutes: Some(43_201),
                ..invitation()
            }),
            "minutes",
            "1 to 43200",
        ),
        (
            Content::CallInvitation(CallInvitation {
                payload: Some(long(513)),
                ..invitation()
            }),
            "payload",
            "at most 512",
        ),
        (
            cards(vec![card(vec![opening("Look")])]),
            "cards",
            "2 to 10 cards",
        ),
        (
            cards(vec![card(vec![opening("Look")]); 11]),
            "cards",
            "2 to 10 cards",
        ),
        (
            two(|card| card.text = Some("x".repeat(161))),
            "cards.1.text",
            "at most 160",
        ),
        (
            two(|card| card.text = Some("a\nb\nc\nd".to_owned())),
            "cards.1.text",
            "line breaks",
        ),
        (
            two(|card| card.media.kind = MediaKind::Document),
            "cards.1.media.kind",
            "image or a video",
        ),
        (
            two(|card| card.buttons = vec![pick("a")]),
            "cards.1.buttons",
            "same kind and number",
        ),
        (
            two(|card| card.buttons.push(pick("a"))),
            "cards.1.buttons",
            "one button with an address",
        ),
        (
            two(|card| card.buttons = vec![opening(&"x".repeat(21))]),
            "cards.1.buttons.0.title",
            "at most 20",
        ),
        (Content::Choices(many_choices()), "sections", "1 to 3"),
        (
            Content::Choices(giant),
            "sections.0.choices.0.title",
            "at most 20",
        ),
    ];
    for (content, place, mend) in cases {
        let unfit = channel(Whatsapp).judge(&content).expect_err(place);
        assert_eq!(unfit.path.join("."), place, "{unfit:?}");
        assert!(unfit.detail.contains(mend), "{}", unfit.detail);
    }
    assert_eq!(channel(Whatsapp).judge(&with_text(1024)), Ok(()));
}

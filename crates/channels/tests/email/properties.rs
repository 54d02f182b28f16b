//! What holds for everything.

use crate::support::{conversation, mail, tokens};
use interdesk_channels::email::html::{clean, from_text, to_text};
use interdesk_channels::email::message_id;
use interdesk_channels::email::quote::fold;
use interdesk_channels::email::smtp::Reply;
use interdesk_channels::email::updates;
use proptest::prelude::*;

/// Lines that mean something to folding, in any order.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("> quoted".to_owned()),
        Just("On Mon, 2 Mar 2026, C wrote:".to_owned()),
        Just("-- ".to_owned()),
        Just("-----Original Message-----".to_owned()),
        Just("From: C".to_owned()),
        Just("Sent: Monday".to_owned()),
        Just("To: D".to_owned()),
        Just("Subject: x".to_owned()),
        Just("Sent from my iPhone".to_owned()),
        Just(String::new()),
        "[a-zà-ÿ>:\\-_ ]{0,30}",
        "\\PC{0,20}",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("")];
    prop::collection::vec((line, end), 0..30)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// Pieces of HTML, mostly broken.
fn html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "</?(p|div|b|a|img|table|tr|td|blockquote|script|style|svg|math|textarea|details|li)( [a-z]{1,7}=[\"']?[a-z:/<>&;#\"' ]{0,12})*/?>?",
        "<(a href|img src|p onclick|div style)=[\"']?(javascript:|data:text/html,|https://a/|cid:)[a-z<>\"']{0,8}",
        "<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#?[a-z0-9]{0,6};?",
        "\\PC{0,10}",
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// Bytes that look like a mail here and there.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"--b\r\n".to_vec()),
        Just(b"--b--\r\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\n".to_vec()),
        Just(b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n".to_vec()),
        Just(b"Content-Type: message/delivery-status\n".to_vec()),
        Just(b"Content-Type: text/html; charset=".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"From: =?utf-8?b?".to_vec()),
        Just(b"References: <a@".to_vec()),
        Just(b"Subject: =?iso-2022-jp?q?=".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Returns whether HTML that we wrote can only be read and followed.
///
/// Quotes in text and values are escaped, so every quote there is delimits a value.
fn is_harmless(html: &str) -> bool {
    let pieces: Vec<&str> = html.split('"').collect();
    let markup = pieces.iter().step_by(2);
    let markup_is_plain = markup.clone().all(|piece| {
        let bad = [
            "<script", "<style", "<svg", "<math", "<iframe", "<form", " style=", " on",
        ];
        let tags = piece
            .split('<')
            .skip(1)
            .map(|tag| tag.split('>').next().unwrap_or_default());
        let tags: Vec<String> = tags.map(|tag| format!("<{tag}")).collect();
        tags.iter()
            .all(|tag| bad.iter().all(|bad| !tag.contains(bad)))
    });
    let values_are_plain = pieces.windows(2).step_by(2).all(|pair| {
        let begins = |known: &[&str]| {
            known
                .iter()
                .any(|known| pair[1].to_lowercase().starts_with(known))
        };
        match pair[0].rsplit(' ').next() {
            Some("href=") => begins(&["http:", "https:", "mailto:", "tel:"]),
            Some("src=") => begins(&["cid:", "data:image/"]),
            _ => true,
        }
    });
    markup_is_plain && values_are_plain
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_and_stay_bounded(bytes in bytes()) {
        let mail = mail(&bytes);
        prop_assert!(!mail.message_id.is_empty());
        prop_assert!(!mail.text.contains('\0'));
        prop_assert!(mail.text.len() <= bytes.len() * 4 + 16);
        let files: usize = mail.attachments.iter().map(|file| file.bytes.len()).sum();
        prop_assert!(files <= bytes.len() + 64);
        prop_assert!(!updates(&mail, &[], None).is_empty());
    }

    #[test]
    fn folding_loses_nothing_and_leaves_something(text in lines()) {
        let folded = fold(&text);
        prop_assert_eq!(folded.whole(), text.as_str());
        let says = text.chars().any(char::is_alphanumeric);
        prop_assert!(!says || !folded.visible().is_empty(), "{:?}", text);
    }

    #[test]
    fn html_made_safe_is_safe_and_stays_the_same(html in html()) {
        let once = clean(&html, 100_000).html;
        prop_assert_eq!(&clean(&once, 100_000).html, &once);
        prop_assert!(is_harmless(&once), "{}", once);
    }

    #[test]
    fn plain_text_survives_html(text in "[a-zA-Z<>&\"' ]{0,40}") {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&to_text(&from_text(&text), 10_000)), words(&text));
    }

    #[test]
    fn a_token_finds_its_conversation_in_any_case(number: u128, upper: bool) {
        let tokens = tokens();
        let address = tokens.reply_address("support@desk.example", conversation(number)).expect("an address");
        let seen = if upper { address.to_uppercase() } else { address };
        prop_assert_eq!(tokens.conversation_of(&seen), Some(conversation(number)));
    }

    #[test]
    fn a_touched_token_finds_nothing(number: u128, at in 8_usize..50, letter in "[0-9a-z]") {
        let tokens = tokens();
        let address = tokens.reply_address("support@desk.example", conversation(number)).expect("an address");
        let mut forged = address.clone();
        forged.replace_range(at..=at, &letter);
        let expected = (forged == address).then(|| conversation(number));
        prop_assert_eq!(tokens.conversation_of(&forged), expected);
    }

    #[test]
    fn ids_and_answers_of_servers_never_panic(text in "\\PC{0,80}") {
        for id in message_id::extract(&text) {
            prop_assert!(id.contains('@'));
        }
        let _ = Reply::parse(&text);
        let _ = tokens().conversation_of(&text);
        let _ = tokens().ids_of(&text);
    }
}

//! Fixtures in the shape of the standards: what the desk is told of each.

use crate::support::{OWN, conversation, mail, tokens};
use interdesk_channels::email::classify::Nature;
use interdesk_channels::email::evidence::Evidence;
use interdesk_channels::email::{Defect, Mail, ThreadState, updates};
use interdesk_domain::delivery::{DeliveryState, FailureReason};
use interdesk_domain::id::MessageId;
use interdesk_domain::message::{Content, Disposition, MediaSource, NoticePlace, UpdateKind};

fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/email/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a fixture")
}

fn fixture(name: &str) -> Mail {
    mail(bytes(name))
}

fn told(mail: &Mail) -> Vec<UpdateKind> {
    let updates = updates(mail, &[OWN.to_owned()], None);
    updates.into_iter().map(|update| update.kind).collect()
}

#[test]
fn a_plain_mail_is_one_message_with_its_signature_folded() {
    let mail = fixture("text");
    assert!(mail.defects.is_empty(), "{:?}", mail.defects);
    assert_eq!(mail.subject.as_deref(), Some("Lamp für 12"));
    assert_eq!(
        mail.folded.visible(),
        "My lamp does not glow any more.\n\nRegards"
    );
    let [UpdateKind::Message(message)] = &told(&mail)[..] else {
        panic!("no message");
    };
    assert_eq!(message.provider_id, "text-1@example.org");
    assert_eq!(
        message.author.customer().addresses[0].value,
        "customer12@example.org"
    );
    let Content::Composite(composite) = &message.content else {
        panic!("no composite");
    };
    assert_eq!(
        composite.text(),
        Some("My lamp does not glow any more.\n\nRegards")
    );
    let html = composite.html().expect("the whole mail");
    assert!(
        html.contains("<details") && html.contains("Customer 12, example.org"),
        "{html}"
    );
    assert!(composite.is_sound());
}

#[test]
fn an_answer_names_its_thread_nearest_first_and_who_takes_part() {
    let mail = fixture("reply-html");
    assert_eq!(mail.folded.visible(), "Still dark.");
    let html = mail.html.clone().expect("HTML");
    assert!(
        html.starts_with("<div dir=\"ltr\">Still <b>dark</b>.</div><br><details class=\"quoted\">"),
        "{html}"
    );
    assert!(html.contains("Did you turn it on?"));
    let [UpdateKind::Message(message)] = &told(&mail)[..] else {
        panic!("no message");
    };
    assert_eq!(
        message.thread,
        ["sent-2@desk.example", "text-1@example.org"]
    );
    assert_eq!(message.reply_to.as_deref(), Some("sent-2@desk.example"));
    let state: ThreadState =
        serde_json::from_str(message.state.as_deref().expect("a state")).expect("JSON");
    assert_eq!(state.answer_to.as_deref(), Some("customer12@example.org"));
    assert_eq!(state.cc, ["customer13@example.org"]);
}

#[test]
fn inline_images_are_parts_and_images_elsewhere_are_not_loaded() {
    let mail = fixture("inline-image");
    let html = mail.html.clone().expect("HTML");
    assert!(
        html.contains("<img src=\"cid:lamp@example.org\">"),
        "{html}"
    );
    assert!(
        html.contains("<img data-remote-src=\"https://example.org/pixel.gif\">"),
        "{html}"
    );
    let [UpdateKind::Message(message)] = &told(&mail)[..] else {
        panic!("no message");
    };
    let files = message.content.files();
    assert_eq!(
        files[0].source,
        MediaSource::ProviderId("attachment:0".to_owned())
    );
    assert_eq!(files[1].file_name.as_deref(), Some("Rechnung für 12.pdf"));
    assert_eq!(mail.attachments[1].bytes, b"%PDF-1.4\n");
    assert!(mail.attachments[0].inline && !mail.attachments[1].inline);
    let Content::Composite(composite) = &message.content else {
        panic!("no composite");
    };
    let dispositions: Vec<_> = composite
        .parts
        .iter()
        .map(|part| part.disposition)
        .collect();
    assert_eq!(
        dispositions[1..],
        [Disposition::Inline, Disposition::Attachment]
    );
}

#[test]
fn a_bounce_is_one_receipt_for_each_recipient() {
    let told = told(&fixture("bounce"));
    let receipts: Vec<_> = told
        .iter()
        .map(|kind| match kind {
            UpdateKind::Receipt(receipt) => receipt,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        receipts
            .iter()
            .all(|receipt| receipt.provider_id.as_deref() == Some("sent-2@desk.example"))
    );
    assert_eq!(receipts[0].state, DeliveryState::Failed);
    let failure = receipts[0].failure.as_ref().expect("a failure");
    assert_eq!(
        (failure.reason, failure.retryable),
        (FailureReason::RecipientUnknown, false)
    );
    assert_eq!(
        receipts[0].recipient.as_deref(),
        Some("customer12@example.org")
    );
    assert_eq!(
        (receipts[1].state, receipts[1].failure.is_none()),
        (DeliveryState::Sent, true)
    );
}

#[test]
fn mail_of_programs_opens_nothing_and_is_kept() {
    let away = fixture("auto-reply");
    assert_eq!(away.class.nature, Nature::AutoReply);
    let [UpdateKind::Notice(notice)] = &told(&away)[..] else {
        panic!("{away:?}");
    };
    assert_eq!(notice.kind, "auto_reply");
    assert!(notice.text.contains("away until Monday"), "{notice:?}");
    assert!(notice.raw.contains("sent-2@desk.example"), "{notice:?}");
    let NoticePlace::Thread { earlier, by } = &notice.place else {
        panic!("{notice:?}");
    };
    assert_eq!(earlier, &["sent-2@desk.example"]);
    assert_eq!(by.value, "customer12@example.org");
    let alone = told(&fixture("automatic"));
    assert!(matches!(&alone[..], [UpdateKind::Other { kind, raw }]
        if kind == "automatic" && raw.contains("All lamps are on.")));
    let foreign = told(&fixture("complaint"));
    assert!(matches!(&foreign[..], [UpdateKind::Other { kind, .. }] if kind == "complaint"));
}

#[test]
fn a_complaint_about_a_mail_of_ours_withdraws_consent() {
    let tokens = tokens();
    let message = MessageId(uuid::Uuid::from_u128(5));
    let id = tokens
        .message_id(message, conversation(7), None, "desk.example")
        .expect("an id");
    let complaint = String::from_utf8(bytes("complaint")).expect("text");
    let complaint = mail(complaint.replace("sent-2@desk.example", &id));
    let told = updates(&complaint, &[], Some(&tokens));
    let [update] = &told[..] else {
        panic!("{told:?}");
    };
    let UpdateKind::Consent { who, allowed, .. } = &update.kind else {
        panic!("{update:?}");
    };
    assert_eq!(
        (who.value.as_str(), *allowed),
        ("customer12@example.org", false)
    );
}

#[test]
fn a_read_receipt_says_that_our_mail_was_seen() {
    let told = told(&fixture("read-receipt"));
    let [UpdateKind::Receipt(receipt)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(receipt.state, DeliveryState::Read);
    assert_eq!(receipt.provider_id.as_deref(), Some("sent-2@desk.example"));
}

#[test]
fn what_cannot_be_read_is_kept_and_said() {
    let secret = fixture("encrypted");
    assert!(secret.defects.contains(&Defect::Encrypted));
    assert_eq!(secret.attachments[0].name, "encrypted.asc");
    let outlook = fixture("winmail");
    assert!(outlook.defects.contains(&Defect::Tnef));
    assert_eq!(
        outlook.attachments[0].sniffed_type,
        Some("application/vnd.ms-tnef")
    );
    assert_eq!(outlook.text.trim(), "See the file.");
}

#[test]
fn nothing_in_html_acts() {
    let html = fixture("script").html.expect("HTML");
    assert_eq!(html.trim(), "<p>Hello <a>here</a><img></p>");
}

#[test]
fn only_the_topmost_word_of_a_trusted_server_counts() {
    let mail = fixture("forwarded");
    assert_eq!(
        mail.trace.delivered_to,
        ["in-12@desk.example", "support@shop.example"]
    );
    assert_eq!(
        Evidence::of(&mail, &["mx.other.example".to_owned()]),
        Evidence::default()
    );
    let evidence = Evidence::of(&mail, &["MX.desk.example".to_owned()]);
    assert!(evidence.vouches_for("example.org") && !evidence.disowned());
}

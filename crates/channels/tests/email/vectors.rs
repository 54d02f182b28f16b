//! Samples of real mails: what each of them must mean.

use crate::support::mail;
use interdesk_channels::email::classify::{Nature, Outcome};
use interdesk_channels::email::evidence::{Evidence, Verdict};
use interdesk_channels::email::{Defect, Mail};
use std::path::PathBuf;

/// A sample and what must be true of it.
type Case = (&'static str, fn(&Mail));

const CASES: [Case; 47] = [
    ("01-auto-reply-auto-submitted", automatic_reply),
    ("02-auto-reply-exchange-suppress-only", |mail| {
        automatic_reply(mail);
        assert_eq!(mail.trace.return_path.as_deref(), Some(""));
    }),
    ("03-auto-reply-no-marker-in-reply-to", |mail| {
        automatic_reply(mail);
        assert_eq!(
            mail.in_reply_to,
            ["25203A4E-F90F-4A14-BF51-3E7B9D39BE8E@libsisimai.org"]
        );
    }),
    ("04-auto-reply-mimecast", |mail| {
        automatic_reply(mail);
        assert!(!mail.subject.as_deref().expect("a subject").is_empty());
    }),
    ("05-bounce-dsn-postfix", |mail| {
        bounce(mail, &["kijitora@example.org"]);
        assert!(mail.defects.contains(&Defect::Unterminated));
    }),
    ("06-bounce-dsn-postfix-japanese", |mail| {
        bounce(mail, &["kijitora@example.co.jp"]);
        assert!(
            mail.text.chars().any(|c| ('ぁ'..='ん').contains(&c)),
            "{}",
            mail.text
        );
    }),
    ("07-bounce-office365", |mail| {
        bounce(mail, &["kijitora@example.com"]);
        assert!(mail.text.contains("wasn’t found"));
    }),
    ("08-bounce-gmail-old-plain-text", |mail| {
        bounce(mail, &["userunknown@example.jp"])
    }),
    ("09-bounce-exchange2003-plain-text", |mail| {
        assert!(matches!(&mail.class.nature, Nature::Delivery(report) if report.failed()));
    }),
    ("10-abuse-feedback-report", |mail| {
        assert!(
            matches!(&mail.class.nature, Nature::Complaint(complaint) if complaint.kind == "abuse")
        );
        assert!(mail.defects.contains(&Defect::Unterminated));
    }),
    ("11-not-a-bounce", |mail| {
        personal(mail);
        assert_ne!(
            mail.answer_to().expect("an address").address,
            mail.from.as_ref().expect("an author").address
        );
    }),
    ("12-not-a-bounce-original-attached", |mail| {
        personal(mail);
        assert_eq!(files(mail), ["original.eml"]);
    }),
    ("13-delay-warning-dsn", |mail| {
        let Nature::Delivery(report) = &mail.class.nature else {
            panic!("{:?}", mail.class);
        };
        assert!(!report.failed());
        assert!(
            report
                .recipients
                .iter()
                .all(|about| about.outcome == Outcome::Delayed)
        );
    }),
    ("14-bounce-several-recipients", |mail| {
        let Nature::Delivery(report) = &mail.class.nature else {
            panic!("{:?}", mail.class);
        };
        assert!(report.failed() && report.recipients.len() > 1, "{report:?}");
    }),
    ("15-read-receipt-mdn", |mail| {
        let Nature::Disposition(read) = &mail.class.nature else {
            panic!("{:?}", mail.class);
        };
        assert!(read.displayed);
        assert_eq!(
            read.original_message_id.as_deref(),
            Some("199509192301.23456@example.org")
        );
    }),
    ("16-reply-gmail", hello),
    ("17-reply-outlook-header-block", |mail| {
        hello(mail);
        assert!(mail.message_id_made && mail.date.is_none());
    }),
    ("18-reply-apple-mail", |mail| {
        hello(mail);
        assert_eq!(mail.in_reply_to, mail.references);
        assert_eq!(mail.references.len(), 1);
    }),
    ("19-reply-iphone-signature", hello),
    ("20-reply-yahoo", hello),
    ("21-reply-hotmail", hello),
    ("22-reply-thunderbird", hello),
    ("23-reply-inline-answers", |mail| {
        personal(mail);
        assert!(mail.message_id_made && mail.html.is_some());
        assert!(!mail.folded.visible().is_empty());
    }),
    ("24-charset-iso-2022-jp", |mail| {
        assert_eq!(mail.text.trim(), "すみません。");
        assert_eq!(mail.subject.as_deref(), Some("まみむめも"));
        assert!(mail.message_id_made);
    }),
    ("25-charset-shift-jis", |mail| {
        assert!(mail.text.starts_with("あいうえお"), "{}", mail.text)
    }),
    ("26-charset-ks-c-5601", |mail| {
        assert_eq!(mail.text.trim(), "스티해")
    }),
    ("27-charset-raw-8bit-from-header", |mail| {
        let name = mail
            .from
            .as_ref()
            .expect("an author")
            .name
            .as_deref()
            .expect("a name");
        assert!(!name.contains('\u{FFFD}') && !name.is_ascii(), "{name}");
        assert_eq!(mail.class.nature, Nature::List);
        assert!(!mail.references.is_empty());
    }),
    ("28-charset-utf8-headers-rfc6532", |mail| {
        let from = mail.from.as_ref().expect("an author");
        assert_eq!(from.address, "jdöe@mächine.example");
        assert_eq!(from.name.as_deref(), Some("Jöhn Doe"));
        assert_eq!(mail.subject.as_deref(), Some("Säying Hello"));
    }),
    ("29-attachment-long-japanese-name", |mail| {
        let names = files(mail);
        assert!(
            names[0].starts_with("かきくけこ") && names[0].ends_with(".txt"),
            "{names:?}"
        );
        assert!(
            mail.subject
                .as_deref()
                .is_some_and(|subject| !subject.contains("=?"))
        );
    }),
    ("30-attachment-non-ascii-file-name", |mail| {
        assert_eq!(files(mail), ["ciële.txt"])
    }),
    ("31-attachment-message-rfc822", |mail| {
        assert_eq!(files(mail), ["ForwardedMessage.eml"])
    }),
    ("32-attachment-only", |mail| {
        assert_eq!((mail.text.as_str(), files(mail)), ("", vec!["blah.gz"]));
    }),
    ("33-attachment-uuencode", |mail| {
        assert_eq!(mail.attachments.len(), 1, "{:?}", mail.attachments);
        assert_eq!(mail.attachments[0].declared_type, "application/msword");
        assert_eq!(mail.class.nature, Nature::Personal);
    }),
    ("34-signed-smime-nested-attachment", |mail| {
        assert_eq!(files(mail), ["truncated.png"]);
        assert_eq!(mail.attachments[0].sniffed_type, Some("image/png"));
    }),
    ("35-signed-pgp-mime", |mail| {
        assert!(mail.attachments.is_empty());
        assert!(mail.text.starts_with("This is random text"));
    }),
    ("36-broken-missing-body", |mail| {
        assert_eq!(mail.text.trim(), "");
        assert!(mail.attachments.is_empty() && mail.from.is_some());
        assert_eq!(
            mail.trace.return_path.as_deref(),
            Some("redacted@attglobal.net")
        );
    }),
    ("37-broken-empty-in-reply-to", |mail| {
        assert!(mail.in_reply_to.is_empty());
        assert!(mail.defects.contains(&Defect::BoundaryMissing));
        assert_eq!(mail.class.nature, Nature::List);
    }),
    ("38-broken-references", |mail| {
        assert_eq!(mail.references, ["foo@bar.net", "baz@bar.net"]);
        assert_eq!(mail.text.trim(), "foo");
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>foo</p>"));
    }),
    ("39-broken-encoding", |mail| {
        assert!(mail.reply_to.is_none());
        assert!(mail.answer_to().is_some());
    }),
    ("40-broken-missing-final-boundary", |mail| {
        assert_eq!(mail.text.trim(), "Some body");
        assert!(mail.message_id_made);
    }),
    ("41-broken-false-multipart", |mail| {
        assert_eq!(mail.text.trim(), "");
        assert!(mail.attachments.is_empty());
    }),
    ("42-broken-enclosed-message", |mail| {
        assert_eq!(mail.folded.visible(), "Hello");
        assert_eq!(
            mail.from.as_ref().expect("an author").address,
            "bob@example.net"
        );
    }),
    ("43-broken-illegal-boundary", |mail| {
        assert!(
            mail.text.starts_with("Hello\nThis is an outlook test"),
            "{}",
            mail.text
        );
        assert!(
            mail.html
                .as_deref()
                .expect("HTML")
                .contains("<strong>This is an outlook \ntest")
        );
    }),
    ("44-reply-with-from-in-body", |mail| {
        personal(mail);
        assert!(mail.folded.visible().contains("From GMail you also get"));
        assert!(
            mail.html
                .as_deref()
                .is_some_and(|html| !html.contains("<details"))
        );
        assert_eq!(mail.in_reply_to, mail.references);
    }),
    ("45-authentication-arc-pass", |mail| {
        assert_eq!(
            Evidence::of(mail, &["mx.desk.example".to_owned()]),
            Evidence::default()
        );
        assert!(!mail.trace.authentication_results.is_empty());
    }),
    ("46-authentication-dkim-received-chain", |mail| {
        assert_eq!(mail.trace.authentication_results.len(), 1);
        assert_eq!(Evidence::of(mail, &[]), Evidence::default());
        let named = mail.trace.authentication_results[0]
            .split(';')
            .next()
            .expect("a name");
        let trusted = Evidence::of(mail, &[named.trim().to_owned()]);
        assert!(
            trusted.spf.is_some_and(|spf| spf.result == Verdict::Pass) || !trusted.dkim.is_empty()
        );
    }),
    ("47-mailing-list-helpdesk-trailing-dot", |mail| {
        let from = mail.from.as_ref().expect("an author");
        assert_eq!(from.address, "noreply@rubyforge.org");
        assert_eq!(mail.class.nature, Nature::Automatic);
        assert!(!mail.class.may_open());
    }),
];

fn automatic_reply(mail: &Mail) {
    assert_eq!(
        mail.class.nature,
        Nature::AutoReply,
        "{:?}",
        mail.class.evidence
    );
    assert!(!mail.class.may_open() && !mail.class.is_personal());
}

fn personal(mail: &Mail) {
    assert!(mail.class.is_personal(), "{:?}", mail.class);
}

fn bounce(mail: &Mail, failed: &[&str]) {
    let Nature::Delivery(report) = &mail.class.nature else {
        panic!("{:?}", mail.class);
    };
    let named: Vec<&str> = report
        .recipients
        .iter()
        .filter_map(|about| about.recipient.as_deref())
        .collect();
    assert_eq!(named, failed);
    assert!(report.failed(), "{report:?}");
    let status = report.recipients[0].status.expect("a status");
    assert_eq!((status.class, status.subject), (5, 1), "{report:?}");
}

fn hello(mail: &Mail) {
    personal(mail);
    assert_eq!(mail.folded.visible(), "Hello", "{}", mail.text);
    assert_eq!(mail.folded.whole(), mail.text);
}

fn files(mail: &Mail) -> Vec<&str> {
    mail.attachments
        .iter()
        .map(|file| file.name.as_str())
        .collect()
}

fn sample(name: &str) -> Option<Vec<u8>> {
    let Some(vectors) = std::env::var_os("INTERDESK_VECTORS") else {
        println!("skipped: INTERDESK_VECTORS names no folder with samples of email");
        return None;
    };
    let path = PathBuf::from(vectors)
        .join("email")
        .join(format!("{name}.eml"));
    Some(std::fs::read(path).expect("a sample"))
}

#[test]
fn samples_mean_what_their_index_says() {
    let mut wrong = Vec::new();
    for (name, check) in CASES {
        let Some(bytes) = sample(name) else {
            return;
        };
        let mail = mail(&bytes);
        assert_eq!(mail.folded.whole(), mail.text, "{name}");
        let outcome = std::panic::catch_unwind(|| check(&mail));
        if outcome.is_err() {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sample_has_a_meaning() {
    let Some(vectors) = std::env::var_os("INTERDESK_VECTORS") else {
        println!("skipped: INTERDESK_VECTORS names no folder with samples of email");
        return;
    };
    let folder = std::fs::read_dir(PathBuf::from(vectors).join("email")).expect("a folder");
    for file in folder {
        let name = file
            .expect("a file")
            .file_name()
            .to_string_lossy()
            .into_owned();
        let Some(stem) = name.strip_suffix(".eml") else {
            continue;
        };
        assert!(CASES.iter().any(|(known, _)| *known == stem), "{stem}");
    }
}

#[test]
fn samples_mean_the_same_with_either_line_end() {
    for (name, _) in CASES {
        let Some(bytes) = sample(name) else {
            return;
        };
        let unix: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|byte| *byte != b'\r')
            .collect();
        let (one, other) = (mail(&bytes), mail(&unix));
        assert_eq!(
            (&one.message_id, &one.text),
            (&other.message_id, &other.text),
            "{name}"
        );
        assert_eq!(one.class.nature, other.class.nature, "{name}");
    }
}

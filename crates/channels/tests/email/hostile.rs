//! Mails made to break whoever reads them.

use crate::support::mail;
use interdesk_channels::email::html::{clean, to_text};
use interdesk_channels::email::{Defect, Limits};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Reads within a time that no sound mail of the size needs, on a slow machine and unoptimised.
fn soon(what: &str, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    let took = started.elapsed();
    println!("{what:?} took {took:?}");
    assert!(took < Duration::from_secs(30), "{what} took {took:?}");
}

#[test]
fn deep_nesting_ends_at_the_limit() {
    let mut bytes = String::from("From: a@example.org\n");
    for depth in 0..2_000 {
        write!(
            bytes,
            "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"
        )
        .expect("room");
    }
    bytes.push_str("\nHello");
    soon("nesting", || {
        let mail = mail(&bytes);
        assert!(mail.defects.contains(&Defect::TooDeep));
    });
}

#[test]
fn messages_within_messages_are_one_file() {
    let inner = "Content-Type: message/rfc822\n\n".repeat(100_000);
    soon("messages", || {
        let mail = mail(format!("From: a@example.org\n{inner}Subject: x\n\nHello"));
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(mail.attachments[0].name, "attachment-1.eml");
    });
}

#[test]
fn a_hundred_thousand_parts_are_counted_and_cut() {
    let parts = "--b\n\nx\n".repeat(100_000);
    soon("parts", || {
        let mail = mail(format!(
            "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n{parts}--b--"
        ));
        assert!(mail.defects.contains(&Defect::TooManyParts));
    });
}

#[test]
fn giant_headers_are_cut_and_the_body_is_found() {
    let limits = Limits::default();
    for header in [
        format!("X-A: {}\n", "y".repeat(limits.header_bytes * 2)),
        "X-A: y\n".repeat(200_000),
        format!("To: {}\n", "a@example.org, ".repeat(100_000)),
        format!("References: {}\n", "<a@b> ".repeat(100_000)),
        format!("Subject: {}\n", "=?utf-8?q?a?= ".repeat(10_000)),
        format!("From: {}\n", "(".repeat(100_000)),
        format!("Subject: {}\n", "=?a?q?x".repeat(30_000)),
        format!("Cc: {}\n", "=?a?b?x".repeat(30_000)),
        format!("Subject: {}\n", "=?".repeat(100_000)),
        format!("Content-Type: text/plain{}\n", "; a*0*=x''y".repeat(20_000)),
        format!("Content-Type: text/plain; {}\n", "a=\"".repeat(50_000)),
        format!("Authentication-Results: mx; {}\n", "(".repeat(200_000)),
        format!("References: {}\n", "<".repeat(200_000)),
        format!("Date: {}\n", "1 ".repeat(100_000)),
        format!("X-A: y\n{}", " z\n".repeat(200_000)),
    ] {
        soon(&header[..20], || {
            let mail = mail(format!("From: a@example.org\n{header}\nHello"));
            assert_eq!(mail.text.trim(), "Hello", "{}", &header[..20]);
        });
    }
}

#[test]
fn nul_and_control_characters_are_shown_and_not_stored() {
    let mail = mail(
        b"From: a@example.org\nSubject: a\0b\r\nContent-Type: text/plain; name=\"a\0b\"\n\nx\0y",
    );
    assert_eq!(mail.text, "x\u{FFFD}y");
    assert!(mail.subject.is_some_and(|subject| !subject.contains('\0')));
}

#[test]
fn broken_encodings_show_what_is_readable() {
    let mail = mail("From: a@example.org\nContent-Transfer-Encoding: base64\n\nSGVsbG8*g8J+YgA");
    assert!(mail.text.starts_with("Hello"), "{}", mail.text);
    assert!(mail.defects.contains(&Defect::Encoding));
}

#[test]
fn hostile_html_takes_linear_time_and_is_closed() {
    let many = |piece: &str| piece.repeat(1_000_000 / piece.len());
    let numbered = |piece: &str| {
        let pieces = (0..50_000).map(|number| format!("<{piece} x={number}>"));
        pieces.collect::<String>()
    };
    let formatting = numbered("b") + &many("<p>")[..300_000];
    for html in [
        many("<div>"),
        many("<b><p></b>"),
        many("<table>"),
        many("<"),
        many("&amp"),
        many("</p>"),
        many("<div class=moz-cite-prefix>"),
        many("<a href='"),
        many("<script>"),
        many("<!--"),
        formatting,
    ] {
        soon(&html[..12], || {
            let cleaned = clean(&html, 500_000).html;
            let opened = cleaned.matches("<div").count();
            assert_eq!(opened, cleaned.matches("</div>").count());
            to_text(&html, 500_000);
        });
    }
}

#[test]
fn attributes_without_end_are_bounded() {
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=1")).collect();
    soon("attributes", || {
        assert_eq!(clean(&format!("<p{attributes}>x"), 1_000).html, "<p>x</p>");
    });
}

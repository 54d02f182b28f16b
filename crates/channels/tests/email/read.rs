//! Who wrote, where an answer goes, what loops.

use crate::support::{MARK, OWN, mail, mail_for};
use interdesk_channels::email::classify::{Nature, Sign};
use interdesk_channels::email::{Defect, Envelope, Limits, read};

#[test]
fn the_author_is_from_and_sender_where_from_names_several() {
    let check = |headers: &str, expected: Option<&str>| {
        let mail = mail(format!("{headers}Subject: x\n\nbody"));
        assert_eq!(
            mail.from.as_ref().map(|from| from.address.as_str()),
            expected,
            "{headers}"
        );
        assert_eq!(expected.is_none(), mail.defects.contains(&Defect::NoAuthor));
    };
    check("From: A <a@example.org>\n", Some("a@example.org"));
    check(
        "From: a@example.org, b@example.org\nSender: b@example.org\n",
        Some("b@example.org"),
    );
    check(
        "From: a@example.org, b@example.org\n",
        Some("a@example.org"),
    );
    check("From: <>\nSender: c@example.org\n", Some("c@example.org"));
    check("From: nobody at all\n", None);
    check("", None);
}

#[test]
fn an_answer_goes_to_reply_to_where_it_is_an_address() {
    let check = |reply_to: &str, expected: &str| {
        let mail = mail(format!("From: a@example.org\nReply-To: {reply_to}\n\nbody"));
        assert_eq!(
            mail.answer_to().expect("an address").address,
            expected,
            "{reply_to}"
        );
        assert_eq!(mail.from.expect("an author").address, "a@example.org");
    };
    check("b@example.org", "b@example.org");
    check("<>", "a@example.org");
    check("\"x\" <not an address>", "a@example.org");
}

#[test]
fn loops_are_told_by_address_mark_and_hops() {
    let nature = |mail: &str| self::mail(mail).class.nature;
    assert_eq!(nature(&format!("From: {OWN}\n\nx")), Nature::Loop);
    assert_eq!(
        nature(&format!(
            "From: a@example.org\nX-Interdesk-Loop: {MARK}\n\nx"
        )),
        Nature::Loop
    );
    assert_eq!(
        nature("From: a@example.org\nX-Interdesk-Loop: other\n\nx"),
        Nature::Personal
    );
    let hops = |count| {
        format!(
            "{}From: a@example.org\n\nx",
            "Received: by mx\n".repeat(count)
        )
    };
    assert_eq!(nature(&hops(50)), Nature::Personal);
    assert_eq!(nature(&hops(51)), Nature::Loop);
}

#[test]
fn each_sign_of_programs_is_found_and_named() {
    let check = |headers: &str, expected: &Nature| {
        let class = mail(format!("From: a@example.org\n{headers}\n\nx")).class;
        assert_eq!(&class.nature, expected, "{headers}");
        assert_eq!(
            class.evidence.is_empty(),
            *expected == Nature::Personal,
            "{headers}"
        );
    };
    for headers in [
        "Auto-Submitted: auto-replied (vacation)",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Autoreply: yes",
        "X-Autorespond: x",
        "Precedence: auto_reply",
        "In-Reply-To: <a@b>\nSubject: Out of Office: x",
        "References: <a@b>\nSubject: Automatisch antwoord: x",
    ] {
        check(headers, &Nature::AutoReply);
    }
    for headers in [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-notified; owner-email=\"x\"",
        "Return-Path: <>",
    ] {
        check(headers, &Nature::Automatic);
    }
    for headers in [
        "Precedence: bulk",
        "Precedence: list",
        "List-Id: <l.example.org>",
        "List-Unsubscribe: <mailto:l@example.org>",
    ] {
        check(headers, &Nature::List);
    }
    for headers in [
        "Auto-Submitted: no",
        "Subject: Out of Office: x",
        "Precedence: normal",
        "X-Loop: other",
    ] {
        check(headers, &Nature::Personal);
    }
}

#[test]
fn addresses_that_only_programs_write_from_are_known() {
    for from in [
        "noreply@example.org",
        "No-Reply+x@example.org",
        "shop-noreply@example.org",
        "donotreply@example.org",
    ] {
        assert_eq!(
            mail(format!("From: {from}\n\nx")).class.nature,
            Nature::Automatic,
            "{from}"
        );
    }
    assert_eq!(
        mail("From: nora.reply@example.org\n\nx").class.nature,
        Nature::Personal
    );
}

#[test]
fn the_envelope_outweighs_what_the_mail_says_of_it() {
    let envelope = Envelope {
        sender: Some("a@example.org".to_owned()),
        recipients: vec![OWN.to_owned()],
    };
    let mail = mail_for("Return-Path: <>\nFrom: a@example.org\n\nx", envelope);
    assert_eq!(mail.class.nature, Nature::Personal);
    let null = Envelope {
        sender: Some(String::new()),
        recipients: Vec::new(),
    };
    let mail = mail_for("From: a@example.org\n\nx", null);
    assert_eq!(mail.class.evidence, [Sign::NullSender]);
}

#[test]
fn limits_cut_and_say_so() {
    let limits = Limits {
        message_bytes: 4_000,
        header_bytes: 200,
        depth: 2,
        parts: 4,
        text_bytes: 50,
        entries: 3,
        ..Limits::default()
    };
    let defects = |mail: &str| read(mail.as_bytes(), Envelope::default(), &[], "", &limits).defects;
    let head = "From: a@example.org\nMessage-ID: <a@b>\n";
    assert_eq!(defects(&format!("{head}\n{}", "x".repeat(40))), []);
    assert!(defects(&format!("{head}\n{}", "x".repeat(5_000))).contains(&Defect::MessageCut));
    assert_eq!(
        defects(&format!("{head}\n{}", "x".repeat(100))),
        [Defect::TextCut]
    );
    assert_eq!(
        defects(&format!("{head}X: {}\n\nx", "y".repeat(300))),
        [Defect::HeaderCut]
    );
    assert_eq!(
        defects(&format!("{head}Cc: a@b, c@d, e@f, g@h\n\nx")),
        [Defect::TooManyEntries]
    );
    let many = "--b\n\nx\n".repeat(5);
    assert!(
        defects(&format!(
            "{head}Content-Type: multipart/mixed; boundary=b\n\n{many}"
        ))
        .contains(&Defect::TooManyParts)
    );
}

#[test]
fn a_report_of_an_unknown_kind_is_shown_with_all_its_parts() {
    let head = "From: a@example.org\nMIME-Version: 1.0\n";
    let parts = "--b\n\nwords\n--b\nContent-Type: text/csv; name=a.csv\n\n1,2\n--b--\n";
    let mail = mail(format!(
        "{head}Content-Type: multipart/report; report-type=other; boundary=b\n\n{parts}"
    ));
    assert_eq!(mail.class.nature, Nature::Personal);
    assert_eq!((mail.text.trim(), mail.attachments.len()), ("words", 1));
}

#[test]
fn html_that_is_cut_is_said() {
    let limits = Limits {
        text_bytes: 100,
        ..Limits::default()
    };
    let html = |words: &str| {
        format!("From: a@example.org\nMessage-ID: <a@b>\nContent-Type: text/html\n\n<p>{words}</p>")
    };
    let defects = |words: &str| {
        let mail = html(words);
        read(mail.as_bytes(), Envelope::default(), &[], "", &limits).defects
    };
    assert_eq!(defects("short"), []);
    assert_eq!(defects(&"x".repeat(200)), [Defect::TextCut]);
    assert_eq!(defects(&"<b>x</b>".repeat(50)), [Defect::TextCut]);
}

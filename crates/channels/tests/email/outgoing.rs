//! What goes out.

use crate::support::{MARK, OWN, conversation, mail, tokens};
use interdesk_channels::email::adapter::{CAPABILITIES, Error, Mailroom, write};
use interdesk_channels::email::classify::Nature;
use interdesk_channels::email::compose::{Author, Draft, File, compose};
use interdesk_channels::email::thread::{Candidate, candidates};
use interdesk_channels::email::{Limits, Mailbox, ThreadState, address};
use interdesk_channels::{Action, Outgoing, Writer};
use interdesk_domain::id::{AttemptId, MessageId};
use interdesk_domain::message::Content;
use uuid::Uuid;

fn moment() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

fn draft() -> Draft<'static> {
    let mailbox = |name, address| Mailbox::new(name, address).expect("an address");
    Draft {
        from: mailbox(Some("Agent 7, \"Ä\" at Company"), OWN),
        to: vec![mailbox(Some("Customer 12"), "customer12@example.org")],
        cc: Vec::new(),
        reply_to: None,
        subject: "Re: Lampe für 12",
        date: moment(),
        message_id: "a.b.c@desk.example",
        in_reply_to: Some("text-1@example.org"),
        references: &[],
        text: "Grüße\n\nfrom the desk",
        html: None,
        files: &[],
        author: Author::Agent,
        loop_mark: "",
        bounces_to: "bounce+x@desk.example",
    }
}

#[test]
fn what_is_written_reads_back() {
    let files = [
        File {
            name: "Rechnung für 12.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: b"one\ntwo\n\0".to_vec(),
            content_id: None,
        },
        File {
            name: "lamp.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: b"\x89PNG\r\n\x1a\n".to_vec(),
            content_id: Some("lamp@desk.example".to_owned()),
        },
    ];
    let draft = Draft {
        html: Some("<p onclick=x>Grüße <img src=\"cid:lamp@desk.example\"></p><script>x</script>"),
        files: &files,
        ..draft()
    };
    let composed = compose(&draft).expect("a mail");
    assert_eq!(composed, compose(&draft).expect("the same mail"));
    assert_eq!(composed.sender, "bounce+x@desk.example");
    assert_eq!(composed.recipients, ["customer12@example.org"]);
    assert!(!composed.international);
    assert!(composed.bytes.is_ascii());
    let text = String::from_utf8_lossy(&composed.bytes);
    assert!(text.lines().all(|line| line.len() <= 998));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));

    let mail = mail(&composed.bytes);
    assert!(mail.defects.is_empty(), "{:?}\n{text}", mail.defects);
    assert_eq!(mail.from, Some(draft.from));
    assert_eq!(mail.to, draft.to);
    assert_eq!(mail.subject.as_deref(), Some("Re: Lampe für 12"));
    assert_eq!(
        (mail.message_id.as_str(), mail.date),
        ("a.b.c@desk.example", Some(moment()))
    );
    assert_eq!(mail.in_reply_to, ["text-1@example.org"]);
    assert_eq!(mail.text.trim(), "Grüße\n\nfrom the desk");
    assert_eq!(
        mail.html.as_deref().map(str::trim),
        Some("<p>Grüße <img src=\"cid:lamp@desk.example\"></p>")
    );
    let read: Vec<_> = mail
        .attachments
        .iter()
        .map(|file| (file.inline, file.bytes.clone()))
        .collect();
    assert_eq!(
        read,
        [
            (true, files[1].bytes.clone()),
            (false, files[0].bytes.clone())
        ]
    );
    assert_eq!(mail.attachments[1].name, files[0].name);
}

#[test]
fn automatic_mail_says_so_and_an_agents_does_not() {
    let text = |author| {
        let draft = Draft {
            author,
            loop_mark: MARK,
            ..draft()
        };
        let composed = compose(&draft).expect("a mail");
        (
            composed.sender,
            String::from_utf8(composed.bytes).expect("text"),
        )
    };
    let (sender, agent) = text(Author::Agent);
    assert!(!sender.is_empty() && !agent.contains("Auto-Submitted") && !agent.contains("Suppress"));
    for (author, word) in [
        (Author::AutoReply, "auto-replied"),
        (Author::Program, "auto-generated"),
    ] {
        let (sender, automatic) = text(author);
        assert_eq!(sender, "");
        assert!(automatic.contains(&format!("Auto-Submitted: {word}\r\n")));
        assert!(automatic.contains("X-Auto-Response-Suppress: All\r\n"));
        assert!(automatic.contains(&format!("X-Interdesk-Loop: {MARK}\r\n")));
    }
    assert_eq!(mail(agent).class.nature, Nature::Loop);
}

#[test]
fn nothing_given_begins_another_field() {
    let evil = "x\r\nBcc: victim@example.org\r\n\r\nbody";
    let references = [format!("a{evil}@b")];
    let files = [File {
        name: evil.to_owned(),
        media_type: evil.to_owned(),
        bytes: Vec::new(),
        content_id: Some(evil.to_owned()),
    }];
    let draft = Draft {
        from: Mailbox {
            name: Some(evil.to_owned()),
            address: OWN.to_owned(),
        },
        subject: evil,
        references: &references,
        loop_mark: evil,
        files: &files,
        html: Some("x"),
        ..draft()
    };
    let text = String::from_utf8(compose(&draft).expect("a mail").bytes).expect("text");
    assert!(!text.to_lowercase().contains("\nbcc:"), "{text}");
}

#[test]
fn a_mail_for_nobody_or_without_an_id_is_refused() {
    let nobody = Draft {
        to: Vec::new(),
        ..draft()
    };
    assert!(compose(&nobody).is_err());
    let nameless = Draft {
        message_id: "no id",
        ..draft()
    };
    assert!(compose(&nameless).is_err());
}

#[test]
fn an_international_address_is_said() {
    let to = |address| {
        let to = vec![Mailbox::new(None, address).expect("an address")];
        compose(&Draft { to, ..draft() }).expect("a mail")
    };
    assert_eq!(
        to("a@mächine.example").recipients,
        ["a@xn--mchine-bua.example"]
    );
    assert!(!to("a@mächine.example").international);
    assert!(to("ä@mächine.example").international);
}

fn outgoing(content: &Content) -> Outgoing {
    Outgoing {
        attempt: AttemptId(Uuid::from_u128(3)).to_string(),
        message: MessageId(Uuid::from_u128(5)).to_string(),
        conversation: conversation(7).to_string(),
        to: vec![address("customer12@example.org")],
        group: None,
        writer: None,
        action: Action::Write(content.clone()),
        reply_to: None,
        expires_at: None,
    }
}

#[test]
fn the_agent_stands_before_the_inbox_where_agents_are_shown() {
    let tokens = tokens();
    let own = [OWN.to_owned()];
    let content = Content::Text {
        text: "Hello".to_owned(),
    };
    let from = |name: Option<&str>, shows_agents: bool, writer: Option<&str>| {
        let room = Mailroom {
            address: Mailbox::new(name, OWN).expect("an address"),
            own: &own,
            bounces: "bounce@desk.example",
            loop_mark: MARK,
            tokens: &tokens,
            shows_agents,
            trusted: &[],
            limits: &Limits::default(),
        };
        let outgoing = Outgoing {
            writer: writer.map(|name| Writer {
                id: "a7".to_owned(),
                name: name.to_owned(),
            }),
            ..outgoing(&content)
        };
        let written = write(&room, &outgoing, &content, &[], None, moment()).expect("a mail");
        let text = String::from_utf8(written.mail.bytes).expect("ASCII");
        let line = text.lines().find(|line| line.starts_with("From: "));
        line.expect("an author").to_owned()
    };
    for (name, shows, writer, expected) in [
        (
            Some("Desk"),
            true,
            Some("Agent 7"),
            "From: \"Agent 7 (Desk)\" <",
        ),
        (None, true, Some("Agent 7"), "From: \"Agent 7\" <"),
        (Some("Desk"), true, None, "From: \"Desk\" <"),
        (Some("Desk"), false, Some("Agent 7"), "From: \"Desk\" <"),
        (None, true, Some("A\r\nBcc: b@example.org"), "From: \"A"),
    ] {
        let line = from(name, shows, writer);
        assert!(line.starts_with(expected), "{line}");
        assert!(line.ends_with(&format!("<{OWN}>")), "{line}");
    }
}

#[test]
fn an_answer_to_our_answer_finds_the_conversation() {
    let tokens = tokens();
    let own = [OWN.to_owned()];
    let room = Mailroom {
        address: Mailbox::new(Some("Desk"), OWN).expect("an address"),
        own: &own,
        bounces: "bounce@desk.example",
        loop_mark: MARK,
        tokens: &tokens,
        shows_agents: false,
        trusted: &[],
        limits: &Limits::default(),
    };
    let state = ThreadState {
        subject: "AW: Lamp".to_owned(),
        message_id: "text-2@example.org".to_owned(),
        references: vec!["text-1@example.org".to_owned()],
        answer_to: Some("other@example.org".to_owned()),
        cc: vec!["customer13@example.org".to_owned(), OWN.to_owned()],
    };
    let state = serde_json::to_string(&state).expect("JSON");
    let content = Content::Text {
        text: "Did you turn it on?".to_owned(),
    };
    assert!(CAPABILITIES.content.contains(&content.kind()));
    let written = write(
        &room,
        &outgoing(&content),
        &content,
        &[],
        Some(&state),
        moment(),
    )
    .expect("a mail");
    let composed = written.mail;
    assert_eq!(
        composed.recipients,
        ["other@example.org", "customer13@example.org"]
    );
    assert_eq!(
        tokens.bounced_attempt(&composed.sender),
        Some(AttemptId(Uuid::from_u128(3)))
    );
    let sent = mail(&composed.bytes);
    assert_eq!(sent.subject.as_deref(), Some("Re: Lamp"));
    assert_eq!(
        sent.references,
        ["text-1@example.org", "text-2@example.org"]
    );

    let reply_to = sent.reply_to.expect("an address").address;
    let by_address = mail(format!("From: other@example.org\nTo: {reply_to}\n\nx"));
    assert_eq!(
        candidates(&by_address, &tokens),
        [Candidate::Token(conversation(7))]
    );
    let by_id = mail(format!(
        "From: other@example.org\nIn-Reply-To: <{}>\n\nx",
        sent.message_id
    ));
    assert!(candidates(&by_id, &tokens).contains(&Candidate::Made {
        message: MessageId(Uuid::from_u128(5)),
        conversation: conversation(7),
    }));
}

#[test]
fn what_a_mail_cannot_carry_is_refused() {
    let tokens = tokens();
    let room = Mailroom {
        address: Mailbox::new(None, OWN).expect("an address"),
        own: &[],
        bounces: "bounce@desk.example",
        loop_mark: "",
        tokens: &tokens,
        shows_agents: false,
        trusted: &[],
        limits: &Limits::default(),
    };
    let notice = Content::Notice {
        kind: "x".to_owned(),
        text: "y".to_owned(),
    };
    let refused = write(&room, &outgoing(&notice), &notice, &[], None, moment());
    assert_eq!(refused.expect_err("refused"), Error::Content("notice"));
    let ourselves = Outgoing {
        to: vec![address(OWN)],
        ..outgoing(&notice)
    };
    let text = Content::Text {
        text: "x".to_owned(),
    };
    assert_eq!(
        write(&room, &ourselves, &text, &[], None, moment()).expect_err("refused"),
        Error::Nobody
    );
}

#[test]
fn an_address_without_room_for_a_token_is_answered_by_its_ids_alone() {
    let tokens = tokens();
    let long = "a.very.long.local.part.of.an.address@desk.example";
    let room = Mailroom {
        address: Mailbox::new(None, long).expect("an address"),
        own: &[],
        bounces: long,
        loop_mark: "",
        tokens: &tokens,
        shows_agents: false,
        trusted: &[],
        limits: &Limits::default(),
    };
    let text = Content::Text {
        text: "x".to_owned(),
    };
    let written = write(&room, &outgoing(&text), &text, &[], None, moment()).expect("a mail");
    assert_eq!(written.mail.sender, long);
    let sent = mail(&written.mail.bytes);
    assert_eq!(sent.reply_to.expect("an address").address, long);
    assert!(tokens.ids_of(&sent.message_id).is_some());
}

//! What an answer proves of the address that it comes from.

use crate::support::{MARK, OWN, conversation, tokens};
use interdesk_channels::email::adapter::{Mailroom, parse, write};
use interdesk_channels::email::token::Tokens;
use interdesk_channels::email::{Limits, Mailbox, ThreadState, address};
use interdesk_channels::{Action, Incoming, Outgoing};
use interdesk_domain::id::{AttemptId, ConversationId, MessageId};
use interdesk_domain::message::{Content, UpdateKind};
use std::sync::LazyLock;
use uuid::Uuid;

const TRUSTED: &str = "mx.desk.example";

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

fn room<'a>(tokens: &'a Tokens, own: &'a [String], trusted: &'a [String]) -> Mailroom<'a> {
    Mailroom {
        address: Mailbox::new(Some("Desk"), OWN).expect("an address"),
        own,
        bounces: "bounce@desk.example",
        loop_mark: MARK,
        tokens,
        shows_agents: false,
        trusted,
        limits: &LIMITS,
    }
}

/// Writes a mail of a message; returns its Message-ID and its Reply-To.
fn written(message: u128, to: &str, cc: &[&str]) -> (String, String) {
    let text = "It left today.".to_owned();
    let content = Content::Text { text };
    let outgoing = Outgoing {
        attempt: AttemptId(Uuid::from_u128(3)).to_string(),
        message: MessageId(Uuid::from_u128(message)).to_string(),
        conversation: conversation(7).to_string(),
        to: vec![address(to)],
        group: None,
        writer: None,
        action: Action::Write(content.clone()),
        reply_to: None,
        expires_at: None,
    };
    let state = ThreadState {
        cc: cc.iter().map(|address| (*address).to_owned()).collect(),
        ..ThreadState::default()
    };
    let state = serde_json::to_string(&state).expect("JSON");
    let (tokens, at) = (tokens(), chrono::DateTime::UNIX_EPOCH);
    let room = room(&tokens, &[], &[]);
    let written = write(&room, &outgoing, &content, &[], Some(&state), at).expect("a mail");
    let sent = crate::support::mail(&written.mail.bytes);
    (sent.message_id, sent.reply_to.expect("a Reply-To").address)
}

/// Returns whom a mail proves to read their address, and in which conversation.
fn proven(mail: &str) -> Vec<(String, ConversationId)> {
    let (tokens, own, trusted) = (tokens(), [OWN.to_owned()], [TRUSTED.to_owned()]);
    let updates = parse(
        &Incoming::kept(mail.as_bytes()),
        &room(&tokens, &own, &trusted),
    );
    let answered = updates.into_iter().filter_map(|update| match update.kind {
        UpdateKind::AddressAnswered { by, conversation } => {
            Some((by.addresses[0].value.clone(), conversation))
        }
        _ => None,
    });
    answered.collect()
}

#[test]
fn who_answers_a_mail_proves_the_address_that_it_went_to() {
    let (id, reply_to) = written(5, "Customer12@example.org", &[]);
    let own = [("customer12@example.org".to_owned(), conversation(7))];
    for named in [
        format!("In-Reply-To: <{id}>"),
        format!("References: <a@example.org> <{id}> <b@example.org>"),
    ] {
        let mail = format!("From: customer12@Example.org\nTo: {reply_to}\n{named}\n\nx");
        assert_eq!(proven(&mail), own, "{named}");
    }
}

#[test]
fn what_was_read_at_another_address_proves_nothing_of_this_one() {
    let (id, reply_to) = written(5, "customer13@example.org", &[]);
    let (copied, _) = written(6, "customer12@example.org", &["customer13@example.org"]);
    // The last part of an id is for its own message and recipient.
    let (other, _) = written(8, "customer12@example.org", &[]);
    let (_, proof) = other.rsplit_once('.').expect("a proof");
    let (words, _) = id.rsplit_once('.').expect("a proof");
    let moved = format!("{words}.{proof}");
    let cut = words.to_owned() + "@desk.example";
    for named in [
        String::new(),
        format!("In-Reply-To: <{id}>\n"),
        format!("In-Reply-To: <{copied}>\n"),
        format!("In-Reply-To: <{moved}>\n"),
        format!("In-Reply-To: <{cut}>\n"),
        format!("References: <{id}> <{copied}>\n"),
    ] {
        let mail = format!("From: customer12@example.org\nTo: {reply_to}\n{named}\nx");
        assert_eq!(proven(&mail), [], "{named}");
    }
}

#[test]
fn a_mail_that_its_domain_disowns_proves_nothing() {
    let (id, reply_to) = written(5, "customer12@example.org", &[]);
    let mail = |verdict: &str| {
        format!(
            "Authentication-Results: {TRUSTED}; dmarc={verdict} header.from=example.org\n\
             From: customer12@example.org\nTo: {reply_to}\nIn-Reply-To: <{id}>\n\nx"
        )
    };
    assert_eq!(proven(&mail("pass")).len(), 1);
    assert_eq!(proven(&mail("fail")), []);
}

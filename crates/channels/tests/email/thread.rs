//! Where mails belong.

use crate::support::{conversation, inbox, mail, mail_for, tokens};
use interdesk_channels::email::Envelope;
use interdesk_channels::email::thread::{Candidate, candidates};
use interdesk_channels::email::token::Tokens;
use interdesk_domain::id::{AttemptId, MessageId};
use uuid::Uuid;

#[test]
fn look_ups_come_in_their_order() {
    let tokens = tokens();
    let address = tokens
        .reply_address("support@desk.example", conversation(7))
        .expect("an address");
    let message = MessageId(Uuid::from_u128(5));
    let made = tokens
        .message_id(message, conversation(8), None, "desk.example")
        .expect("an id");
    let mail = mail(format!(
        "From: a@example.org\nTo: {}\nIn-Reply-To: <direct@example.org>\n\
         References: <first@example.org> <{made}> <direct@example.org>\nSubject: Re: [#x] [#12345] Lamp\n\nx",
        address.to_uppercase()
    ));
    let expected = [
        Candidate::Token(conversation(7)),
        Candidate::Answers("direct@example.org".to_owned()),
        Candidate::Answers(made),
        Candidate::Answers("first@example.org".to_owned()),
        Candidate::Made {
            message,
            conversation: conversation(8),
        },
        Candidate::Number(12345),
    ];
    let found = candidates(&mail, &tokens);
    assert_eq!(found, expected);
    let weak: Vec<_> = found
        .iter()
        .filter(|candidate| candidate.needs_participant())
        .collect();
    assert_eq!(weak, [&Candidate::Number(12345)]);
}

#[test]
fn the_recipient_of_the_envelope_comes_before_those_of_the_mail() {
    let tokens = tokens();
    let to = |number| {
        tokens
            .reply_address("support@desk.example", conversation(number))
            .expect("an address")
    };
    let envelope = Envelope {
        sender: None,
        recipients: vec![to(1)],
    };
    let mail = mail_for(
        format!(
            "Delivered-To: {}\nX-Original-To: {}\nFrom: a@example.org\nTo: {}\nCc: {}\n\nx",
            to(2),
            to(3),
            to(4),
            to(5)
        ),
        envelope,
    );
    let expected: Vec<_> = (1..=5)
        .map(|number| Candidate::Token(conversation(number)))
        .collect();
    assert_eq!(candidates(&mail, &tokens), expected);
}

#[test]
fn the_words_of_a_subject_alone_find_nothing() {
    let mail = mail("From: a@example.org\nSubject: Re: Lamp #5 [#] [#1x]\n\nx");
    assert_eq!(candidates(&mail, &tokens()), []);
}

#[test]
fn a_token_holds_for_its_inbox_purpose_and_secrets_alone() {
    let tokens = tokens();
    let address = tokens
        .reply_address("support@desk.example", conversation(7))
        .expect("an address");
    assert!(address.split('@').next().expect("a local part").len() <= 64);
    assert_eq!(tokens.conversation_of(&address), Some(conversation(7)));
    assert_eq!(
        tokens.conversation_of(&address.to_uppercase()),
        Some(conversation(7))
    );
    assert_eq!(tokens.bounced_attempt(&address), None);
    let secret = "a secret of at least thirty-two bytes";
    assert_eq!(
        Tokens::new(inbox(2), &[secret]).conversation_of(&address),
        None
    );
    assert_eq!(
        Tokens::new(inbox(1), &["another"]).conversation_of(&address),
        None
    );
    let rotated = Tokens::new(inbox(1), &["another", secret]);
    assert_eq!(rotated.conversation_of(&address), Some(conversation(7)));
    assert_ne!(
        rotated.reply_address("support@desk.example", conversation(7)),
        Some(address)
    );
    let bounce = tokens
        .bounce_address("bounce@desk.example", AttemptId(Uuid::from_u128(3)))
        .expect("an address");
    assert_eq!(
        tokens.bounced_attempt(&bounce),
        Some(AttemptId(Uuid::from_u128(3)))
    );
    assert_eq!(tokens.conversation_of(&bounce), None);
}

#[test]
fn an_address_without_room_or_a_secret_gets_no_token() {
    let long = format!("{}@desk.example", "a".repeat(22));
    assert_eq!(tokens().reply_address(&long, conversation(1)), None);
    let none: [&str; 0] = [];
    assert_eq!(
        Tokens::new(inbox(1), &none).reply_address("a@desk.example", conversation(1)),
        None
    );
}

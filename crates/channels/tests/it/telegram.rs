//! What only Telegram has.

use crate::send::{exchange, outgoing, text};
use interdesk_channels::kit::provider::Reaction;
use interdesk_channels::{Action, SendError};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::inbox::ChannelKind::Telegram;

#[tokio::test]
async fn a_message_that_telegram_only_scheduled_has_no_id_yet() {
    let answer = r#"{"ok":true,"result":{"message_id":0,"chat":{"id":5550012}}}"#;
    let reactions = vec![Reaction::Answer(200, "", answer.to_owned())];
    let (sent, _) = exchange(Telegram, &outgoing(text("Hello")), reactions).await;
    let ids = sent.expect("it is taken").provider_ids;
    assert!(
        ids.is_empty(),
        "{ids:?} would be the id of every scheduled one"
    );
}

#[tokio::test]
async fn a_reaction_in_a_business_accounts_chat_meets_no_other_message() {
    let react = |target: &str| {
        let (target, emoji) = (target.to_owned(), "👍".to_owned());
        outgoing(Action::React { target, emoji })
    };
    let (outcome, asked) = exchange(Telegram, &react("conn-1:5550012:7"), Vec::new()).await;
    let Err(SendError::Refused { failure, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.reason, FailureReason::UnsupportedContent);
    assert_eq!(asked.len(), 0);
    let reactions = vec![Reaction::Answer(
        200,
        "",
        r#"{"ok":true,"result":true}"#.to_owned(),
    )];
    let (outcome, _) = exchange(Telegram, &react("5550012:7"), reactions).await;
    outcome.expect("it is taken");
}

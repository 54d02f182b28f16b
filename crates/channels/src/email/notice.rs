//! A mail of the desk itself to somebody who works at it: no part of any conversation.
//!
//! It bears no token, so an answer to it never gets among the words of a customer, and it says that a
//! program wrote it, so that no other program answers.

use super::account::Account;
use super::channel::{account_refused, hand_over};
use super::compose::{Author, Draft, compose};
use super::{Mailbox, submit};
use crate::refusal::permanent;
use crate::{SendContext, SendError};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::FailureReason;
use uuid::Uuid;

/// A mail of the desk itself; the same notice gives the same mail at every try.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Names it over all tries.
    pub id: Uuid,
    /// Whom it is for.
    pub to: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// The words.
    pub text: &'a str,
    /// When it was written: the same over all tries.
    pub written_at: DateTime<Utc>,
}

/// Sends a notice from an inbox's address, through its server.
pub async fn send(context: &SendContext<'_>, notice: &Notice<'_>) -> Result<(), SendError> {
    let account = Account::read(context.account_id, context.credentials);
    let account = account.ok_or_else(|| account_refused("the inbox's address is none"))?;
    let unknown = || permanent(FailureReason::RecipientUnknown, "their address is none");
    let to = Mailbox::new(None, notice.to).ok_or_else(unknown)?;
    let id = format!("notice.{}@{}", notice.id.simple(), account.address.domain());
    let mail = compose(&Draft {
        from: account.address.clone(),
        to: vec![to],
        cc: Vec::new(),
        reply_to: None,
        subject: notice.subject,
        date: notice.written_at,
        message_id: &id,
        in_reply_to: None,
        references: &[],
        text: notice.text,
        html: None,
        files: &[],
        author: Author::Program,
        loop_mark: &account.address.address,
        bounces_to: &account.bounces,
    });
    let mail = mail.map_err(|error| permanent(FailureReason::Other, error.to_string()))?;
    let server = submit::Server::parse(context.endpoint)
        .ok_or_else(|| account_refused("the inbox's mail server is no address"))?;
    let address = &account.address;
    hand_over(context, address, server, mail, notice.written_at).await?;
    Ok(())
}

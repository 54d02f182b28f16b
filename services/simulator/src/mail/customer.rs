//! Customers who write mails, and answer the desk's.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Caught, Draft, Handed, hand_over};
use crate::chance;

/// Customers of one mailbox.
#[derive(Debug)]
pub struct Customers {
    desk: SocketAddr,
    mailbox: String,
    seed: u64,
    number: AtomicU64,
}

impl Customers {
    /// Takes the desk's LMTP door and the address that they write to.
    pub fn new(desk: SocketAddr, mailbox: &str, seed: u64) -> Self {
        Self {
            desk,
            mailbox: mailbox.to_owned(),
            seed,
            number: AtomicU64::new(0),
        }
    }

    /// Begins a mail of a customer to the mailbox.
    pub fn draft(&self, customer: u64, subject: &str, text: &str) -> Draft {
        Draft {
            from: name(customer),
            to: self.mailbox.clone(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            message_id: self.id(),
            ..Draft::default()
        }
    }

    /// Answers a mail of the desk.
    pub fn answer(&self, caught: &Caught, customer: u64, text: &str) -> Draft {
        Draft::answer(caught, &name(customer), &self.id(), text)
    }

    /// Sends a mail to the desk.
    pub async fn send(&self, draft: &Draft) -> std::io::Result<Handed> {
        let (from, mail) = (draft.sender(), draft.bytes());
        hand_over(self.desk, &from, &draft.to, &mail).await
    }

    fn id(&self) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let drawn = chance::draw(self.seed, chance::hash(&self.mailbox), number);
        format!("{drawn:016x}.{number}@example.org")
    }
}

fn name(customer: u64) -> String {
    format!("Customer {customer} <customer{customer}@example.org>")
}

//! Replies of the desk arrive: receipts go out, customers read, react and answer.

use std::{sync::Arc, time::Duration};

use crate::{
    Account, Behaviour, Content, Customer, Draft,
    chaos::Fault,
    clock::now,
    journal::{Mark, Receipt},
    matrix, webhook, whatsapp,
    world::World,
};

/// A reply of the desk on its way to a customer.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) customer: Customer,
    pub(crate) provider_id: String,
    pub(crate) attempt_id: Option<String>,
    /// The code with which it fails after having been accepted.
    pub(crate) fails: Option<u32>,
    /// How long it is held back before anything becomes of it, in milliseconds.
    pub(crate) held_ms: Option<(u64, u64)>,
    /// Whether `sent` is the only receipt (WhatsApp reactions).
    pub(crate) only_sent: bool,
    /// Whether the receipt `sent` has been sent already.
    pub(crate) sent_before: bool,
    /// What a customer does who does what it asks.
    pub(crate) answer: Option<Content>,
}

impl World {
    /// Lets a reply arrive: receipts go out, the customer may read, react, answer.
    pub(crate) fn arrive(self: &Arc<Self>, account: &Account, arrival: Arrival) {
        let (world, account) = (self.clone(), account.clone());
        self.spawn(async move {
            let behaviour = world.behaviour(&account.key());
            if let Some(held) = arrival.held_ms {
                world.pause(held).await;
            }
            if let Some(code) = arrival.fails {
                world.pause(behaviour.delivered_ms).await;
                world.receipt(&account, &arrival, "failed", Some(code));
                return;
            }
            if !arrival.sent_before {
                world.receipt(&account, &arrival, "sent", None);
            }
            if arrival.only_sent {
                return;
            }
            world.pause(behaviour.delivered_ms).await;
            world.receipt(&account, &arrival, "delivered", None);
            if !world.happens(behaviour.read) {
                return;
            }
            world.pause(behaviour.read_ms).await;
            world.receipt(&account, &arrival, "read", None);
            world.respond(&account, &arrival, &behaviour).await;
        });
    }

    async fn pause(&self, range: (u64, u64)) {
        tokio::time::sleep(Duration::from_millis(self.between(range))).await;
    }

    async fn respond(self: &Arc<Self>, account: &Account, to: &Arrival, behaviour: &Behaviour) {
        let id = &to.provider_id;
        if self.happens(behaviour.react) {
            let reaction = Content::Reaction {
                message_id: id.clone(),
                emoji: "👍".to_owned(),
            };
            self.try_act(account, to, reaction.into());
        }
        let next = self.remembered(&account.key(), &to.customer.id, |memory| {
            memory.replies += 1;
            memory.script.pop_front()
        });
        let Some(next) = next.flatten() else {
            return;
        };
        self.pause(behaviour.answer_ms).await;
        let draft = match to.answer.clone() {
            Some(content) => Draft {
                reply_to: matches!(content, Content::Location { .. }).then(|| id.clone()),
                content,
            },
            None => at_message(next, id).into(),
        };
        self.try_act(account, to, draft);
    }

    fn try_act(self: &Arc<Self>, account: &Account, to: &Arrival, draft: Draft) {
        if let Err(error) = self.act(account, &to.customer, draft) {
            tracing::warn!(%error, "a customer could not answer");
        }
    }

    /// Sends a receipt unless the account loses it. Telegram has none.
    fn receipt(
        self: &Arc<Self>,
        account: &Account,
        arrival: &Arrival,
        status: &'static str,
        code: Option<u32>,
    ) -> Option<Mark> {
        let key = account.key();
        // The app's answer to the callback is its `sent`.
        let silent = match account {
            Account::WhatsApp(_) => false,
            Account::Telegram(_) => true,
            Account::Webhook(_) => status == "sent",
            Account::Matrix(_) => status != "read",
        };
        if silent {
            return None;
        }
        let lost = self.dice.strikes(&key, Fault::LoseReceipt);
        let at = now();
        let mark = self.journal.receipt(Receipt {
            account: key.clone(),
            provider_id: arrival.provider_id.clone(),
            attempt_id: arrival.attempt_id.clone(),
            status,
            at,
            lost,
            attempts: 0,
            acknowledged_at: None,
        });
        if lost {
            return None;
        }
        let (id, body) = match account {
            Account::WhatsApp(whatsapp) => {
                let update = whatsapp::receipt(
                    whatsapp,
                    &arrival.customer,
                    &arrival.provider_id,
                    status,
                    at,
                    arrival.attempt_id.as_deref(),
                    code.map(whatsapp::failure),
                );
                (String::new(), whatsapp::webhook(whatsapp, &update))
            }
            Account::Telegram(_) => return None,
            Account::Matrix(_) => {
                let id = self.ids.prefixed("txn");
                let customer = &arrival.customer;
                (id, matrix::receipt(customer, &arrival.provider_id, at))
            }
            Account::Webhook(_) => {
                let id = self.ids.prefixed("evt_");
                (id, webhook::status_event(arrival, status, code, at))
            }
        };
        self.post(&key, None, id, body, vec![mark]);
        Some(mark)
    }

    /// Sends a receipt and waits a moment for the desk to take it.
    pub(crate) async fn receipt_now(
        self: &Arc<Self>,
        account: &Account,
        arrival: &Arrival,
        status: &'static str,
    ) {
        let Some(mark) = self.receipt(account, arrival, status, None) else {
            return;
        };
        for _ in 0..50 {
            if self.journal.acknowledged(mark) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Points a scripted reaction at the reply that it answers.
fn at_message(content: Content, id: &str) -> Content {
    match content {
        Content::Reaction { message_id, emoji } if message_id.is_empty() => Content::Reaction {
            message_id: id.to_owned(),
            emoji,
        },
        other => other,
    }
}

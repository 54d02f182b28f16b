//! How providers and customers behave, and how they misbehave on command.

use std::{collections::HashMap, sync::Mutex};

use serde::{Deserialize, Serialize};

use crate::chance;

/// How often something happens: a probability, and optionally at most so many times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Odds {
    /// From 0 (never) to 1 (always).
    pub probability: f64,
    /// The most times; none means no end.
    pub count: Option<u64>,
}

impl Odds {
    /// Always, but only the next `count` times.
    pub fn times(count: u64) -> Self {
        Self {
            probability: 1.0,
            count: Some(count),
        }
    }
}

impl From<f64> for Odds {
    fn from(probability: f64) -> Self {
        Self {
            probability,
            count: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Probability(f64),
    Counted {
        #[serde(default = "always")]
        probability: f64,
        count: Option<u64>,
    },
}

fn always() -> f64 {
    1.0
}

impl From<Written> for Odds {
    fn from(written: Written) -> Self {
        match written {
            Written::Probability(probability) => probability.into(),
            Written::Counted { probability, count } => Self { probability, count },
        }
    }
}

/// The misbehaviour of an account. The default behaves well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaos {
    /// A webhook is delivered twice.
    pub duplicate: Odds,
    /// A webhook is held back so that later ones overtake it. On Telegram the
    /// chat's later updates wait too, since Telegram keeps their order.
    pub reorder: Odds,
    /// How long a reordered webhook is held back, in milliseconds.
    pub reorder_hold_ms: (u64, u64),
    /// How long every webhook is held back, in milliseconds.
    pub delay_ms: (u64, u64),
    /// A call is answered 429 and has no effect.
    pub reject_429: Odds,
    /// What a 429 asks for, in seconds.
    pub retry_after_s: u64,
    /// A call is answered 5xx and has no effect.
    pub fail_5xx: Odds,
    /// A call has its effect, then the connection is cut without an answer.
    pub cut_after_accept: Odds,
    /// A call is answered late.
    pub slow: Odds,
    /// How late a slow answer is, in milliseconds.
    pub slow_ms: (u64, u64),
    /// A send fails with [`Chaos::fail_code`].
    pub fail_send: Odds,
    /// The provider's code of a failed send: WhatsApp's error code, Telegram's and
    /// the app's HTTP status.
    pub fail_code: u32,
    /// A failed send is first accepted and fails later by a webhook (not on Telegram).
    pub fail_later: bool,
    /// A template is accepted and held back for [`Chaos::hold_ms`]; what becomes of it then is told
    /// by receipts (WhatsApp alone).
    pub hold_template: Odds,
    /// How long a template is held back, in milliseconds.
    pub hold_ms: (u64, u64),
    /// A receipt is never sent.
    pub lose_receipt: Odds,
    /// The first receipt comes before the answer to the call.
    pub early_receipt: Odds,
    /// The download of a file is answered 5xx.
    pub fail_media: Odds,
    /// The address of a file has expired when it is used.
    pub expire_media: Odds,
}

impl Default for Chaos {
    fn default() -> Self {
        Self {
            duplicate: Odds::default(),
            reorder: Odds::default(),
            reorder_hold_ms: (100, 600),
            delay_ms: (0, 0),
            reject_429: Odds::default(),
            retry_after_s: 1,
            fail_5xx: Odds::default(),
            cut_after_accept: Odds::default(),
            slow: Odds::default(),
            slow_ms: (500, 1500),
            fail_send: Odds::default(),
            fail_code: 0,
            fail_later: false,
            hold_template: Odds::default(),
            hold_ms: (2000, 4000),
            lose_receipt: Odds::default(),
            early_receipt: Odds::default(),
            fail_media: Odds::default(),
            expire_media: Odds::default(),
        }
    }
}

/// What customers and receipts do after a reply of the desk has arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How many times a customer answers after having written.
    pub answers: u32,
    /// How long a customer takes to answer, in milliseconds.
    pub answer_ms: (u64, u64),
    /// The probability that a customer reacts to a reply.
    pub react: f64,
    /// How long until a reply is on the customer's phone, in milliseconds.
    pub delivered_ms: (u64, u64),
    /// The probability that a customer reads a reply.
    pub read: f64,
    /// How long a customer takes to read, in milliseconds.
    pub read_ms: (u64, u64),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            answers: 0,
            answer_ms: (500, 1500),
            react: 0.0,
            delivered_ms: (20, 80),
            read: 1.0,
            read_ms: (50, 200),
        }
    }
}

/// A kind of misbehaviour that is diced for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Fault {
    Duplicate,
    Reorder,
    Reject429,
    Fail5xx,
    Cut,
    Slow,
    FailSend,
    HoldTemplate,
    LoseReceipt,
    EarlyReceipt,
    FailMedia,
    ExpireMedia,
}

impl Chaos {
    fn odds(&mut self, fault: Fault) -> &mut Odds {
        match fault {
            Fault::Duplicate => &mut self.duplicate,
            Fault::Reorder => &mut self.reorder,
            Fault::Reject429 => &mut self.reject_429,
            Fault::Fail5xx => &mut self.fail_5xx,
            Fault::Cut => &mut self.cut_after_accept,
            Fault::Slow => &mut self.slow,
            Fault::FailSend => &mut self.fail_send,
            Fault::HoldTemplate => &mut self.hold_template,
            Fault::LoseReceipt => &mut self.lose_receipt,
            Fault::EarlyReceipt => &mut self.early_receipt,
            Fault::FailMedia => &mut self.fail_media,
            Fault::ExpireMedia => &mut self.expire_media,
        }
    }
}

/// Decides by the seed when an account misbehaves.
pub(crate) struct Dice {
    seed: u64,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    everywhere: Chaos,
    accounts: HashMap<String, Chaos>,
    rolls: HashMap<(String, Fault), u64>,
}

impl Dice {
    pub(crate) fn new(seed: u64, everywhere: Chaos) -> Self {
        let tables = Tables {
            everywhere,
            ..Tables::default()
        };
        Self {
            seed,
            tables: Mutex::new(tables),
        }
    }

    /// Sets the misbehaviour of one account, or of all and of those to come.
    pub(crate) fn set(&self, account: Option<&str>, chaos: Chaos) {
        let mut tables = lock(&self.tables);
        match account {
            Some(account) => drop(tables.accounts.insert(account.to_owned(), chaos)),
            None => {
                tables.accounts.clear();
                tables.everywhere = chaos;
            }
        }
    }

    /// Reads the misbehaviour of an account.
    pub(crate) fn chaos(&self, account: &str) -> Chaos {
        let tables = lock(&self.tables);
        let own = tables.accounts.get(account);
        own.unwrap_or(&tables.everywhere).clone()
    }

    /// Throws the dice: does this fault strike now?
    pub(crate) fn strikes(&self, account: &str, fault: Fault) -> bool {
        let mut tables = lock(&self.tables);
        let Tables {
            everywhere,
            accounts,
            rolls,
        } = &mut *tables;
        let odds = accounts.get_mut(account).unwrap_or(everywhere).odds(fault);
        if odds.probability <= 0.0 || odds.count == Some(0) {
            return false;
        }
        let roll = rolls.entry((account.to_owned(), fault)).or_default();
        let stream = chance::hash(account) ^ chance::hash(&format!("{fault:?}"));
        let struck = chance::unit(chance::draw(self.seed, stream, *roll)) < odds.probability;
        *roll += 1;
        if struck && let Some(count) = &mut odds.count {
            *count -= 1;
        }
        struck
    }
}

/// Locks a mutex; a panic elsewhere while holding it leaves plain data behind.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throws(seed: u64, odds: Odds) -> Vec<bool> {
        let dice = Dice::new(
            seed,
            Chaos {
                duplicate: odds,
                ..Chaos::default()
            },
        );
        (0..200)
            .map(|_| dice.strikes("a", Fault::Duplicate))
            .collect()
    }

    #[test]
    fn the_same_seed_strikes_at_the_same_throws_and_another_seed_at_others() {
        assert_eq!(throws(7, 0.3.into()), throws(7, 0.3.into()));
        assert_ne!(throws(7, 0.3.into()), throws(8, 0.3.into()));
    }

    #[test]
    fn throws_for_other_faults_and_accounts_do_not_shift_a_sequence() {
        let odds = Odds::from(0.3);
        let dice = Dice::new(
            7,
            Chaos {
                duplicate: odds,
                reorder: odds,
                ..Chaos::default()
            },
        );
        let disturbed: Vec<bool> = (0..200)
            .map(|_| {
                dice.strikes("a", Fault::Reorder);
                dice.strikes("b", Fault::Duplicate);
                dice.strikes("a", Fault::Duplicate)
            })
            .collect();
        assert_eq!(disturbed, throws(7, odds));
    }

    #[test]
    fn the_share_of_strikes_is_near_the_probability() {
        let struck = throws(1, 0.3.into()).into_iter().filter(|&hit| hit).count();
        assert!((40..80).contains(&struck), "{struck} of 200");
    }

    #[test]
    fn a_counted_fault_stops_after_its_count() {
        let struck = throws(1, Odds::times(3))
            .into_iter()
            .filter(|&hit| hit)
            .count();
        assert_eq!(struck, 3);
    }

    #[test]
    fn odds_are_written_as_a_number_or_with_a_count() {
        let chaos: Chaos =
            serde_json::from_str(r#"{"duplicate":0.5,"fail_5xx":{"count":2}}"#).expect("chaos");
        assert_eq!(chaos.duplicate, 0.5.into());
        assert_eq!(chaos.fail_5xx, Odds::times(2));
        assert!(serde_json::from_str::<Chaos>(r#"{"duplicat":1}"#).is_err());
    }
}

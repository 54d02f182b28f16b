//! What a mail server's answer means for a message (RFC 5321 §4.2, RFC 3463).

use interdesk_domain::delivery::{Failure, FailureReason};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An enhanced status code, `class.subject.detail` (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enhanced {
    /// 2 done, 4 not now, 5 never.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 system, 4 way, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl Enhanced {
    /// Finds the first code in words.
    pub fn find(words: &str) -> Option<Self> {
        let mut words = words.split(|c: char| !c.is_ascii_digit() && c != '.');
        words.find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.trim_matches('.').split('.');
        let code = Self {
            class: numbers.next()?.parse().ok()?,
            subject: numbers.next()?.parse().ok()?,
            detail: numbers.next()?.parse().ok()?,
        };
        let fits = matches!(code.class, 2 | 4 | 5) && code.subject <= 7 && code.detail <= 999;
        (fits && numbers.next().is_none()).then_some(code)
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Where in a transaction a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It greeted, or answered EHLO or STARTTLS.
    Greeting,
    /// It judged our login.
    Login,
    /// It judged the envelope sender.
    Sender,
    /// It judged a recipient.
    Recipient,
    /// It judged the message.
    Message,
}

/// A server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced status code, where it gives one.
    pub enhanced: Option<Enhanced>,
    /// Its words on one line.
    pub words: String,
}

impl Reply {
    /// Reads the lines of one answer, the last of which has a blank behind its code.
    pub fn parse(lines: &str) -> Option<Self> {
        let mut code = None;
        let mut words = Vec::new();
        for line in lines.lines().take(100) {
            let digits = line.get(..3)?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            code = digits.parse().ok();
            words.push(line.get(4..).unwrap_or_default());
        }
        let code: u16 = code.filter(|code| (200..600).contains(code))?;
        let first = words
            .first()
            .and_then(|line| line.split_whitespace().next());
        let enhanced = first.and_then(Enhanced::parse);
        Some(Self {
            code,
            enhanced: enhanced.filter(|known| u16::from(known.class) == code / 100),
            words: super::address::clean(&words.join(" ")),
        })
    }

    /// Returns why a message did not go on, or `None` where the answer is no refusal.
    pub fn failure(&self, stage: Stage) -> Option<Failure> {
        if self.code < 400 {
            return None;
        }
        let retryable = self.code < 500;
        let (reason, words) = match retryable {
            true => later(self, stage),
            false => never(self.enhanced, stage, self.code),
        };
        // What servers say to an address names the address; the code is enough for an agent.
        let code = match self.enhanced {
            Some(enhanced) => format!("{} {enhanced}", self.code),
            None => self.code.to_string(),
        };
        Some(Failure {
            reason,
            retryable,
            detail: format!("{words} ({code})"),
            provider_code: Some(code),
        })
    }
}

/// Returns the seconds that a server asks us to wait, where its words name them: "try again in 300
/// seconds".
pub fn wait(words: &str) -> Option<i64> {
    let words = words.to_ascii_lowercase();
    let mut words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let mut before = None;
    let (number, unit) = words.find_map(|word| {
        let unit = match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
            "min" | "mins" | "minute" | "minutes" => Some(60),
            _ => None,
        };
        let number: Option<i64> = before.take();
        before = word.parse().ok();
        number.zip(unit)
    })?;
    (number > 0 && number <= 86_400).then_some(number * unit)
}

/// Returns why a bounce says that a message failed.
pub fn bounced(status: Option<Enhanced>) -> Failure {
    let (reason, words) = never(status, Stage::Recipient, 550);
    let code = status.map(|status| status.to_string());
    Failure {
        reason,
        retryable: false,
        detail: match &code {
            Some(code) => format!("{words} ({code})"),
            None => words.to_owned(),
        },
        provider_code: code,
    }
}

fn later(reply: &Reply, stage: Stage) -> (FailureReason, &'static str) {
    use FailureReason::{AccountRefused, ProviderUnavailable, RateLimited};
    let subject = reply
        .enhanced
        .map(|enhanced| (enhanced.subject, enhanced.detail));
    match (stage, reply.code, subject) {
        (Stage::Login, 432, _) => (AccountRefused, "the mail server wants a new password"),
        (_, _, Some((2, 2))) => (
            ProviderUnavailable,
            "the customer's mailbox is full at the moment",
        ),
        (_, _, Some((7, _))) | (Stage::Recipient | Stage::Message, 450, _) => {
            (RateLimited, "the mail server wants us to come again later")
        }
        (_, 452, _) | (_, _, Some((4, 5))) => {
            (RateLimited, "the mail server takes no more at the moment")
        }
        _ => (
            ProviderUnavailable,
            "the mail server is unwell at the moment",
        ),
    }
}

fn never(status: Option<Enhanced>, stage: Stage, code: u16) -> (FailureReason, &'static str) {
    use FailureReason::{
        AccountRefused, NotOptedIn, Other, RecipientUnknown, RefusedContent, UnsupportedContent,
    };
    const LOGIN: &str = "the mail server refused our login: an administrator has to act";
    const UNKNOWN: &str = "the mail server does not know this address";
    const POLICY: &str = "the mail server refused the message as unwanted";
    if stage == Stage::Login || matches!(code, 530 | 534 | 535 | 538) {
        return (AccountRefused, LOGIN);
    }
    match status.map(|status| (status.subject, status.detail)) {
        Some((1, 7 | 8)) => (
            AccountRefused,
            "the mail server refused our own address: an administrator has to act",
        ),
        Some((1, 9)) | Some((6, 7)) => (
            UnsupportedContent,
            "the mail server takes no international addresses",
        ),
        Some((1, _)) => (RecipientUnknown, UNKNOWN),
        Some((2, 1)) => (RecipientUnknown, "the customer's mailbox is switched off"),
        Some((2, 2)) => (Other, "the customer's mailbox is full"),
        Some((2, 3) | (3, 4)) => (
            UnsupportedContent,
            "the message is too large for the customer's mail server: send large files as links",
        ),
        Some((4, 4)) => (RecipientUnknown, "the address's domain takes no mail"),
        Some((4, 6)) => (Other, "the message went round in circles"),
        Some((6, _)) => (RefusedContent, "the mail server could not take the content"),
        Some((7, 8 | 9 | 11..=15)) => (AccountRefused, LOGIN),
        Some((7, 124)) => (
            NotOptedIn,
            "the customer takes mail only from senders whom they allowed",
        ),
        Some((7, 20..=29)) => (
            AccountRefused,
            "the mail server found our domain unproven: an administrator has to check SPF, DKIM and DMARC",
        ),
        Some((7, _)) => (RefusedContent, POLICY),
        _ => match (stage, code) {
            (Stage::Sender, _) => (
                AccountRefused,
                "the mail server refused our own address: an administrator has to act",
            ),
            (_, 552) => (
                UnsupportedContent,
                "the message is too large, or the mailbox is full",
            ),
            (_, 556) | (Stage::Recipient, 550 | 551 | 553) => (RecipientUnknown, UNKNOWN),
            (Stage::Message, _) | (_, 554) => (RefusedContent, POLICY),
            _ => (Other, "the mail server refused the message"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureReason::*;

    fn check(lines: &str, stage: Stage, reason: FailureReason, retryable: bool) {
        let failure = Reply::parse(lines)
            .expect("a reply")
            .failure(stage)
            .expect("a failure");
        assert_eq!(
            (failure.reason, failure.retryable),
            (reason, retryable),
            "{lines}"
        );
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        check("421 4.3.0 bye", Stage::Greeting, ProviderUnavailable, true);
        check("450 4.7.1 greylisted", Stage::Recipient, RateLimited, true);
        check("451 4.3.0 later", Stage::Message, ProviderUnavailable, true);
        check("452 4.3.1 no room", Stage::Message, RateLimited, true);
        check(
            "452 4.2.2 full",
            Stage::Recipient,
            ProviderUnavailable,
            true,
        );
        check("535 5.7.8 no", Stage::Login, AccountRefused, false);
        check(
            "550 5.1.1 unknown",
            Stage::Recipient,
            RecipientUnknown,
            false,
        );
        check(
            "550 no such user",
            Stage::Recipient,
            RecipientUnknown,
            false,
        );
        check(
            "550 5.7.26 unauthenticated",
            Stage::Message,
            AccountRefused,
            false,
        );
        check(
            "552 5.3.4 too big",
            Stage::Message,
            UnsupportedContent,
            false,
        );
        check("552 5.2.2 full", Stage::Recipient, Other, false);
        check("554 5.7.1 spam", Stage::Message, RefusedContent, false);
        check(
            "554-5.7.1 one\r\n554 5.7.1 two",
            Stage::Message,
            RefusedContent,
            false,
        );
    }

    #[test]
    fn an_acceptance_is_no_failure_and_rubbish_is_no_answer() {
        let accepted = Reply::parse("250 2.0.0 Ok: queued").expect("a reply");
        assert_eq!(accepted.failure(Stage::Message), None);
        for rubbish in ["", "25", "abc", "999 x", "250 x\nHello", "é50 x"] {
            assert_eq!(Reply::parse(rubbish), None, "{rubbish}");
        }
    }

    #[test]
    fn a_wait_is_read_from_the_servers_words() {
        assert_eq!(wait("Greylisted, try again in 300 seconds"), Some(300));
        assert_eq!(wait("come back in 5 minutes, please"), Some(300));
        assert_eq!(wait("4.7.1 come back later"), None);
        assert_eq!(wait("99999999 seconds"), None);
    }

    #[test]
    fn a_code_is_found_among_addresses_and_versions() {
        assert_eq!(
            Enhanced::find("host 192.0.2.5 said: 550 5.1.10 no")
                .expect("a code")
                .to_string(),
            "5.1.10"
        );
        assert_eq!(Enhanced::find("version 8.14.2 of 29.4.2015"), None);
    }
}

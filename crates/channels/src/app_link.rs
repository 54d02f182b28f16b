//! Links by which a visitor of the web chat goes on in another app.
//!
//! The link opens the app at one of our inboxes and carries a token, which the person's first message
//! there brings back: as the payload of Telegram's `/start`
//! (<https://core.telegram.org/bots/features#deep-linking>: at most 64 letters, digits, `_` and `-`), as
//! the last word of the text that WhatsApp prepares
//! (<https://faq.whatsapp.com/5913398998672934>). It names the visitor's session and a moment, and is
//! signed with the secret of the inbox that it leads to.

use crate::signed::{self, MAC_BYTES};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Author, Content, Update, UpdateKind};
use uuid::Uuid;

/// Session, minute and HMAC.
const BYTES: usize = 16 + 4 + MAC_BYTES;

/// Four letters for three bytes.
const LETTERS: usize = BYTES / 3 * 4;

/// Makes and reads the tokens of the links to one inbox.
///
/// The first secret makes tokens, all of them check.
pub struct AppLinks<'a> {
    channel: ChannelKind,
    secrets: &'a [String],
}

impl<'a> AppLinks<'a> {
    /// Takes the secrets of the inbox that the links lead to, newest first.
    pub fn to(channel: ChannelKind, secrets: &'a [String]) -> Self {
        Self { channel, secrets }
    }

    /// Makes the token of a session; `None` where no secret is set. Seconds of `until` are dropped.
    pub fn token(&self, session: Uuid, until: DateTime<Utc>) -> Option<String> {
        let minute = u32::try_from(until.timestamp() / 60).ok()?;
        let mut bytes = session.as_bytes().to_vec();
        bytes.extend(minute.to_be_bytes());
        let key = signed::keys(self.secrets).next()?;
        let mac = signed::sign(&key, &self.parts(&bytes));
        bytes.extend(mac);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the session that a token was made for, and until when it is good; `None` where we made
    /// no such token.
    pub fn read(&self, token: &str) -> Option<(Uuid, DateTime<Utc>)> {
        if token.len() != LETTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (told, mac) = bytes.split_at_checked(BYTES - MAC_BYTES)?;
        if !signed::is_signed(signed::keys(self.secrets), &self.parts(told), mac) {
            return None;
        }
        let (session, minute) = told.split_at_checked(16)?;
        let minute = u32::from_be_bytes(minute.try_into().ok()?);
        let until = DateTime::from_timestamp(i64::from(minute) * 60, 0)?;
        Some((Uuid::from_slice(session).ok()?, until))
    }

    /// Puts before each message that brings a token that its author followed the link.
    ///
    /// Only somebody's own words between the two of us count, and of them the last one: a token
    /// that was passed on is nobody's.
    pub(crate) fn mark(&self, updates: Vec<Update>) -> Vec<Update> {
        if !updates.iter().any(|update| self.followed(update).is_some()) {
            return updates;
        }
        let mut marked = Vec::with_capacity(updates.len() + 1);
        for update in updates {
            let (account, at) = (update.account.clone(), update.at);
            let followed = self.followed(&update);
            marked.extend(followed.map(|kind| Update { account, at, kind }));
            marked.push(update);
        }
        marked
    }

    fn followed(&self, update: &Update) -> Option<UpdateKind> {
        let UpdateKind::Message(message) = &update.kind else {
            return None;
        };
        let (Author::Customer(by), Content::Text { text }) = (&message.author, &message.content)
        else {
            return None;
        };
        if message.group.is_some() || message.origin.forwarded {
            return None;
        }
        let (session, until) = self.read(text.split_whitespace().next_back()?)?;
        Some(UpdateKind::LinkFollowed {
            by: by.clone(),
            session,
            until,
        })
    }

    fn parts<'t>(&self, told: &'t [u8]) -> [&'t [u8]; 4] {
        let channel = self.channel.as_str().as_bytes();
        [b"interdesk app link\0", channel, b"\0", told]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_268_800, 0).expect("a moment")
    }

    #[test]
    fn a_token_tells_its_session_and_moment_and_fits_a_telegram_link() {
        let secrets = secrets(&["new", "old"]);
        let links = AppLinks::to(ChannelKind::Telegram, &secrets);
        for session in [0, 7, u128::MAX].map(Uuid::from_u128) {
            let token = links.token(session, noon()).expect("a token");
            assert!(token.len() <= 64, "{token}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            assert!(token.chars().all(plain), "{token}");
            assert_eq!(links.read(&token), Some((session, noon())));
            let old = AppLinks::to(ChannelKind::Telegram, &secrets[1..]);
            let older = old.token(session, noon()).expect("a token");
            assert_eq!(links.read(&older), Some((session, noon())));
        }
    }

    #[test]
    fn what_was_changed_or_made_for_another_app_or_inbox_is_no_token() {
        let own = secrets(&["own"]);
        let links = AppLinks::to(ChannelKind::Telegram, &own);
        let token = links.token(Uuid::from_u128(7), noon()).expect("a token");
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(links.read(&changed), None, "{place}");
        }
        for no in [
            "",
            &token[1..],
            &format!("{token}A"),
            "ä".repeat(20).as_str(),
        ] {
            assert_eq!(links.read(no), None, "{no:?}");
        }
        let foreign = secrets(&["foreign"]);
        assert_eq!(
            AppLinks::to(ChannelKind::Telegram, &foreign).read(&token),
            None
        );
        assert_eq!(AppLinks::to(ChannelKind::Whatsapp, &own).read(&token), None);
        let nobody = secrets(&[""]);
        let none = AppLinks::to(ChannelKind::Telegram, &nobody);
        assert_eq!(none.token(Uuid::from_u128(7), noon()), None);
        assert_eq!(none.read(&token), None);
    }
}

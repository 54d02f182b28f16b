//! Tokens in addresses and Message-IDs, by which answers and bounces find back.
//!
//! A token is an id and a truncated HMAC-SHA-256 over what it is for and whom, so that nobody can
//! write into a conversation by guessing. It is made of 32 letters and digits in one case, because
//! many systems turn the case of local parts around.

use super::address;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use interdesk_domain::id::{AttemptId, ConversationId, InboxId, MessageId};
use std::fmt;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The bytes of an HMAC that are kept: 80 bits.
const MAC_BYTES: usize = 10;

/// The letters of an id with its HMAC: 26 bytes, five bits a letter.
const LETTERS: usize = 42;

/// The longest local part (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// What a token is for; one made for one purpose is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reply,
    Bounce,
    Id,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Reply => b"interdesk e-mail reply\0",
            Self::Bounce => b"interdesk e-mail bounce\0",
            Self::Id => b"interdesk e-mail id\0",
        }
    }
}

/// Makes and checks the tokens of one inbox.
///
/// The first secret makes tokens, all of them check: a secret is replaced by putting the new one
/// first and leaving the old one for as long as answers may come.
pub struct Tokens {
    inbox: InboxId,
    keys: Vec<hmac::Key>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({}, redacted)", self.inbox)
    }
}

impl Tokens {
    /// Takes the secrets of an inbox, newest first; each should have at least 32 bytes.
    pub fn new<S: AsRef<[u8]>>(inbox: InboxId, secrets: &[S]) -> Self {
        let keys = secrets.iter().filter(|secret| !secret.as_ref().is_empty());
        let keys = keys.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()));
        Self {
            inbox,
            keys: keys.collect(),
        }
    }

    /// Takes the secrets of the inbox of an address: what is made for one address is none for
    /// another.
    pub fn of_address<S: AsRef<[u8]>>(address: &str, secrets: &[S]) -> Self {
        let hash = digest(&SHA256, address.to_lowercase().as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_ref()[..16]);
        Self::new(InboxId(Uuid::from_bytes(bytes)), secrets)
    }

    /// Returns the inbox's address with the token of a conversation; `None` where the address has
    /// no room for it, or no secret is set.
    pub fn reply_address(&self, inbox: &str, conversation: ConversationId) -> Option<String> {
        let token = self.make(Purpose::Reply, &[conversation.0])?;
        tagged(inbox, &token)
    }

    /// Returns the envelope sender of a try: bounces to it name the try.
    pub fn bounce_address(&self, bounces: &str, attempt: AttemptId) -> Option<String> {
        let token = self.make(Purpose::Bounce, &[attempt.0])?;
        tagged(bounces, &token)
    }

    /// Returns the Message-ID of a message, without brackets: the same over all tries.
    pub fn message_id(
        &self,
        message: MessageId,
        conversation: ConversationId,
        domain: &str,
    ) -> Option<String> {
        let ids = [message.0, conversation.0];
        let mac = encode(&self.mac(self.keys.first()?, Purpose::Id, &ids));
        let [message, conversation] = ids.map(|id| encode(id.as_bytes()));
        Some(format!("{message}.{conversation}.{mac}@{domain}"))
    }

    /// Returns the conversation that an address was made for.
    pub fn conversation_of(&self, recipient: &str) -> Option<ConversationId> {
        let id = self.check(Purpose::Reply, token_in(recipient)?)?;
        Some(ConversationId(id))
    }

    /// Returns the try that a bounce's recipient was made for.
    pub fn bounced_attempt(&self, recipient: &str) -> Option<AttemptId> {
        let id = self.check(Purpose::Bounce, token_in(recipient)?)?;
        Some(AttemptId(id))
    }

    /// Returns message and conversation of a Message-ID that we made.
    pub fn ids_of(&self, message_id: &str) -> Option<(MessageId, ConversationId)> {
        let (local, _) = message_id.split_once('@')?;
        let mut words = local.split('.');
        let message = uuid(&decode(words.next()?)?)?;
        let conversation = uuid(&decode(words.next()?)?)?;
        let mac = decode(words.next()?)?;
        let known =
            words.next().is_none() && self.known(Purpose::Id, &[message, conversation], &mac);
        known.then_some((MessageId(message), ConversationId(conversation)))
    }

    fn make(&self, purpose: Purpose, ids: &[Uuid; 1]) -> Option<String> {
        let mac = self.mac(self.keys.first()?, purpose, ids);
        let mut bytes = ids[0].as_bytes().to_vec();
        bytes.extend(mac);
        Some(encode(&bytes))
    }

    fn check(&self, purpose: Purpose, token: &str) -> Option<Uuid> {
        let bytes = decode(token)?;
        let (id, mac) = bytes.split_at_checked(16)?;
        let id = uuid(id)?;
        self.known(purpose, &[id], mac).then_some(id)
    }

    fn known(&self, purpose: Purpose, ids: &[Uuid], mac: &[u8]) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| verify_slices_are_equal(&self.mac(key, purpose, ids), mac).is_ok())
    }

    fn mac(&self, key: &hmac::Key, purpose: Purpose, ids: &[Uuid]) -> [u8; MAC_BYTES] {
        let mut context = hmac::Context::with_key(key);
        context.update(purpose.label());
        context.update(self.inbox.0.as_bytes());
        for id in ids {
            context.update(id.as_bytes());
        }
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&context.sign().as_ref()[..MAC_BYTES]);
        mac
    }
}

/// Puts a token into an address: `local+token@domain` (RFC 5233).
fn tagged(address: &str, token: &str) -> Option<String> {
    let address = address::canonical(address)?;
    let (local, domain) = address.rsplit_once('@')?;
    let fits = local.len() + 1 + token.len() <= MAX_LOCAL && !local.contains('"');
    fits.then(|| format!("{local}+{token}@{domain}"))
}

fn token_in(recipient: &str) -> Option<&str> {
    let (local, _) = recipient.rsplit_once('@')?;
    let (_, token) = local.rsplit_once('+')?;
    (token.len() == LETTERS).then_some(token)
}

fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            out.push(letter(bits >> held));
        }
    }
    if held > 0 {
        out.push(letter(bits << (5 - held)));
    }
    out
}

fn letter(bits: u32) -> char {
    ALPHABET[(bits & 31) as usize].into()
}

/// Reads letters in any case; bits that are left over must be zero, so that a token has one form.
fn decode(letters: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(letters.len() * 5 / 8);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in letters.bytes() {
        let byte = byte.to_ascii_lowercase();
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (held < 5 && bits == 0).then_some(bytes)
}

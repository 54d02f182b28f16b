//! Tokens in addresses and Message-IDs, by which answers and bounces find back.
//!
//! A token is an id and a truncated HMAC-SHA-256 over what it is for and whom, so that nobody can
//! write into a conversation by guessing. It is made of 32 letters and digits in one case, because
//! many systems turn the case of local parts around.

use super::address;
use crate::signed;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use interdesk_domain::id::{AttemptId, ConversationId, InboxId, MessageId};
use std::fmt;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

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
    Recipient,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Reply => b"interdesk e-mail reply\0",
            Self::Bounce => b"interdesk e-mail bounce\0",
            Self::Id => b"interdesk e-mail id\0",
            Self::Recipient => b"interdesk e-mail recipient\0",
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
        Self {
            inbox,
            keys: signed::keys(secrets).collect(),
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
        let token = self.make(Purpose::Reply, conversation.0)?;
        tagged(inbox, &token)
    }

    /// Returns the envelope sender of a try: bounces to it name the try.
    pub fn bounce_address(&self, bounces: &str, attempt: AttemptId) -> Option<String> {
        let token = self.make(Purpose::Bounce, attempt.0)?;
        tagged(bounces, &token)
    }

    /// Returns the Message-ID of a message, without brackets: the same over all tries.
    ///
    /// `only_to` is its recipient, where nobody else gets it: whoever answers this id from there is
    /// proven to read that address.
    pub fn message_id(
        &self,
        message: MessageId,
        conversation: ConversationId,
        only_to: Option<&str>,
        domain: &str,
    ) -> Option<String> {
        let (key, ids) = (self.keys.first()?, both(message.0, conversation.0));
        let mac = signed::sign(key, &self.parts(Purpose::Id, &ids, ""));
        let mut words = vec![encode(&ids[..16]), encode(&ids[16..]), encode(&mac)];
        if let Some(to) = only_to {
            let to = to.to_lowercase();
            let parts = self.parts(Purpose::Recipient, &ids, &to);
            words.push(encode(&signed::sign(key, &parts)));
        }
        Some(format!("{}@{domain}", words.join(".")))
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
        let made = Made::read(message_id)?;
        let ids = both(made.message, made.conversation);
        let parts = self.parts(Purpose::Id, &ids, "");
        let known = signed::is_signed(self.keys.iter(), &parts, &made.mac);
        known.then_some((MessageId(made.message), ConversationId(made.conversation)))
    }

    /// Returns the conversation of a Message-ID that we made for a mail to this address alone.
    pub fn conversation_written_to(
        &self,
        recipient: &str,
        message_id: &str,
    ) -> Option<ConversationId> {
        let made = Made::read(message_id)?;
        let ids = both(made.message, made.conversation);
        let recipient = recipient.to_lowercase();
        let parts = self.parts(Purpose::Recipient, &ids, &recipient);
        let known = signed::is_signed(self.keys.iter(), &parts, &made.recipient_mac?);
        known.then_some(ConversationId(made.conversation))
    }

    fn make(&self, purpose: Purpose, id: Uuid) -> Option<String> {
        let mac = signed::sign(self.keys.first()?, &self.parts(purpose, id.as_bytes(), ""));
        let mut bytes = id.as_bytes().to_vec();
        bytes.extend(mac);
        Some(encode(&bytes))
    }

    fn check(&self, purpose: Purpose, token: &str) -> Option<Uuid> {
        let bytes = decode(token)?;
        let (id, mac) = bytes.split_at_checked(16)?;
        let id = uuid(id)?;
        let known = signed::is_signed(
            self.keys.iter(),
            &self.parts(purpose, id.as_bytes(), ""),
            mac,
        );
        known.then_some(id)
    }

    fn parts<'a>(&'a self, purpose: Purpose, ids: &'a [u8], recipient: &'a str) -> [&'a [u8]; 4] {
        let inbox = self.inbox.0.as_bytes();
        [purpose.label(), inbox, ids, recipient.as_bytes()]
    }
}

/// A Message-ID in the form of ours; whether it is ours is not known yet.
struct Made {
    message: Uuid,
    conversation: Uuid,
    mac: Vec<u8>,
    recipient_mac: Option<Vec<u8>>,
}

impl Made {
    fn read(message_id: &str) -> Option<Self> {
        let (local, _) = message_id.split_once('@')?;
        let mut words = local.split('.');
        let made = Self {
            message: uuid(&decode(words.next()?)?)?,
            conversation: uuid(&decode(words.next()?)?)?,
            mac: decode(words.next()?)?,
            recipient_mac: words
                .next()
                .map(decode)
                .map_or(Some(None), |mac| mac.map(Some))?,
        };
        words.next().is_none().then_some(made)
    }
}

fn both(message: Uuid, conversation: Uuid) -> [u8; 32] {
    let mut ids = [0; 32];
    ids[..16].copy_from_slice(message.as_bytes());
    ids[16..].copy_from_slice(conversation.as_bytes());
    ids
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

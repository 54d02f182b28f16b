//! A place in a list or in the event log; clients keep it and give it back, and never look inside.

use crate::Error;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use interdesk_domain::id::{ContactId, ConversationId, EpisodeId, EventId, TenantId};
use interdesk_flow::find::Place as Found;
use interdesk_store::read::conversations::Place;
use interdesk_store::read::shown::Spot;
use interdesk_store::read::sla_report::Place as Clock;
use uuid::Uuid;

/// A place in a list or in the event log: keep it and give it back, but never look inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

/// A place in a list or in the event log: keep it and give it back, but never look inside.
#[Scalar]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.len() <= 128 => Ok(Self(text)),
            Value::String(_) => Err(InputValueError::custom(
                "a cursor is at most 128 characters",
            )),
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

// The first byte tells the lists apart, so that a cursor of one is refused by the others.
const CONVERSATION: u8 = b'c';
const MESSAGE: u8 = b'm';
const SHOWN: u8 = b'j';
const EVENT: u8 = b'e';
const CLOCK: u8 = b's';
const PERSON: u8 = b'p';
const SAID: u8 = b'w';
const LEAF: u8 = b'l';
const VIEW: u8 = b'v';

impl Cursor {
    /// Names a place in a list of conversations.
    pub fn of_conversation((at, id): Place) -> Self {
        let mut bytes = vec![CONVERSATION];
        bytes.extend(at.timestamp_micros().to_be_bytes());
        bytes.extend(id.0.as_bytes());
        Self::wrap(&bytes)
    }

    /// Names a message by its version.
    pub fn of_message(version: i64) -> Self {
        let mut bytes = vec![MESSAGE];
        bytes.extend(version.to_be_bytes());
        Self::wrap(&bytes)
    }

    /// Names a message or note that a conversation shows of one that is merged into it.
    pub fn of_shown(spot: Spot) -> Self {
        let Some(of) = spot.of else {
            return Self::of_message(spot.version);
        };
        let mut bytes = vec![SHOWN];
        bytes.extend(spot.version.to_be_bytes());
        bytes.extend(of.0.as_bytes());
        Self::wrap(&bytes)
    }

    /// Names an event of a tenant.
    pub fn of_event(tenant: TenantId, seq: u64) -> Self {
        let mut bytes = vec![EVENT];
        bytes.extend(tenant.0.as_bytes());
        bytes.extend(seq.to_be_bytes());
        Self::wrap(&bytes)
    }

    /// Names an event of a tenant as a view shows it, which `mark` tells from others.
    pub fn of_view(tenant: TenantId, seq: u64, mark: u64) -> Self {
        let mut bytes = vec![VIEW];
        bytes.extend(tenant.0.as_bytes());
        bytes.extend(seq.to_be_bytes());
        bytes.extend(mark.to_be_bytes());
        Self::wrap(&bytes)
    }

    /// Names a place among the clocks behind a number.
    pub fn of_clock((at, episode, started_by): Clock) -> Self {
        let mut bytes = vec![CLOCK];
        bytes.extend(at.timestamp_micros().to_be_bytes());
        bytes.extend(episode.0.as_bytes());
        bytes.extend(started_by.0.as_bytes());
        Self::wrap(&bytes)
    }

    /// Names a leaf of the audit log.
    pub fn of_leaf(index: i64) -> Self {
        let mut bytes = vec![LEAF];
        bytes.extend(index.to_be_bytes());
        Self::wrap(&bytes)
    }

    /// Names a place among what was found.
    pub fn of_found(place: Found) -> Self {
        let (kind, number, id) = match place {
            Found::Person((score, contact)) => (PERSON, i64::from(score), contact.0),
            Found::Said((at, id)) => (SAID, at.timestamp_micros(), id),
        };
        let mut bytes = vec![kind];
        bytes.extend(number.to_be_bytes());
        bytes.extend(id.as_bytes());
        Self::wrap(&bytes)
    }

    /// Takes what a client kept, by whatever way it comes back.
    pub fn given(text: &str) -> Result<Self, Error> {
        match text.len() {
            0..=128 => Ok(Self(text.to_owned())),
            _ => Err(bad()),
        }
    }

    /// Returns the text that clients keep.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Reads a place in a list of conversations.
    pub fn conversation(&self) -> Result<Place, Error> {
        let bytes: [u8; 24] = self.unwrap(CONVERSATION)?;
        let (at, id) = bytes.split_at(8);
        let at = i64::from_be_bytes(at.try_into().map_err(|_| bad())?);
        let at = DateTime::from_timestamp_micros(at).ok_or_else(bad)?;
        Ok((at, ConversationId(Uuid::from_slice(id).map_err(|_| bad())?)))
    }

    /// Reads a place among the clocks behind a number.
    pub fn clock(&self) -> Result<Clock, Error> {
        let bytes: [u8; 40] = self.unwrap(CLOCK)?;
        let (at, ids) = bytes.split_at(8);
        let at = i64::from_be_bytes(at.try_into().map_err(|_| bad())?);
        let at = DateTime::from_timestamp_micros(at).ok_or_else(bad)?;
        let id = |bytes| Uuid::from_slice(bytes).map_err(|_| bad());
        let (episode, started_by) = ids.split_at(16);
        Ok((at, EpisodeId(id(episode)?), EventId(id(started_by)?)))
    }

    /// Reads the place of a leaf of the audit log.
    pub fn leaf(&self) -> Result<i64, Error> {
        Ok(i64::from_be_bytes(self.unwrap(LEAF)?))
    }

    /// Reads a place among what was found.
    pub fn found(&self) -> Result<Found, Error> {
        let read = |kind| -> Result<(i64, Uuid), Error> {
            let bytes: [u8; 24] = self.unwrap(kind)?;
            let (number, id) = bytes.split_at(8);
            let number = i64::from_be_bytes(number.try_into().map_err(|_| bad())?);
            Ok((number, Uuid::from_slice(id).map_err(|_| bad())?))
        };
        if let Ok((score, id)) = read(PERSON) {
            let score = i32::try_from(score).map_err(|_| bad())?;
            return Ok(Found::Person((score, ContactId(id))));
        }
        let (at, id) = read(SAID)?;
        let at = DateTime::from_timestamp_micros(at).ok_or_else(bad)?;
        Ok(Found::Said((at, id)))
    }

    /// Reads the version of a message.
    pub fn message(&self) -> Result<i64, Error> {
        Ok(i64::from_be_bytes(self.unwrap(MESSAGE)?))
    }

    /// Reads the place of a message or note in what a conversation shows.
    pub fn shown(&self) -> Result<Spot, Error> {
        if let Ok(version) = self.message() {
            return Ok(Spot { version, of: None });
        }
        let bytes: [u8; 24] = self.unwrap(SHOWN)?;
        let (version, of) = bytes.split_at(8);
        let version = i64::from_be_bytes(version.try_into().map_err(|_| bad())?);
        let of = Uuid::from_slice(of).map_err(|_| bad())?;
        Ok(Spot {
            version,
            of: Some(ConversationId(of)),
        })
    }

    /// Reads the seq of an event; another tenant's cursor names nothing here.
    pub fn event(&self, tenant: TenantId) -> Result<u64, Error> {
        let bytes: [u8; 24] = self.unwrap(EVENT)?;
        let (of, seq) = bytes.split_at(16);
        if of != tenant.0.as_bytes() {
            return Err(bad());
        }
        Ok(u64::from_be_bytes(seq.try_into().map_err(|_| bad())?))
    }

    /// Reads the seq of an event as a view shows it; what another view showed, or somebody who saw
    /// other conversations, has to be loaded anew.
    pub fn view(&self, tenant: TenantId, mark: u64) -> Result<u64, Error> {
        let bytes: [u8; 32] = self.unwrap(VIEW)?;
        let (of, rest) = bytes.split_at(16);
        if of != tenant.0.as_bytes() {
            return Err(bad());
        }
        let (seq, of) = rest.split_at(8);
        if of != mark.to_be_bytes() {
            return Err(Error::ResyncRequired);
        }
        Ok(u64::from_be_bytes(seq.try_into().map_err(|_| bad())?))
    }

    fn wrap(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn unwrap<const N: usize>(&self, kind: u8) -> Result<[u8; N], Error> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| bad())?;
        match bytes.split_first() {
            Some((first, rest)) if *first == kind => rest.try_into().map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

/// Sums up what makes a view, the same in every process and version (FNV-1a).
pub(crate) fn mark(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn bad() -> Error {
    Error::BadInput("the cursor is none of this list, take one that this field gave".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_only_in_their_own_list() {
        let place = (
            DateTime::from_timestamp_micros(7).expect("in range"),
            ConversationId(Uuid::from_u128(9)),
        );
        assert_eq!(Cursor::of_conversation(place).conversation(), Ok(place));
        assert_eq!(Cursor::of_message(12).message(), Ok(12));
        for of in [None, Some(place.1)] {
            let spot = Spot { version: 3, of };
            assert_eq!(Cursor::of_shown(spot).shown(), Ok(spot));
        }
        let clock = (
            place.0,
            EpisodeId(Uuid::from_u128(4)),
            EventId(Uuid::from_u128(5)),
        );
        assert_eq!(Cursor::of_clock(clock).clock(), Ok(clock));
        assert_eq!(Cursor::of_conversation(place).clock(), Err(bad()));
        for found in [
            Found::Person((-1, ContactId(place.1.0))),
            Found::Said((place.0, place.1.0)),
        ] {
            assert_eq!(Cursor::of_found(found).found(), Ok(found));
        }
        assert_eq!(Cursor::of_conversation(place).found(), Err(bad()));
        let (ours, theirs) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        assert_eq!(Cursor::of_event(ours, 3).event(ours), Ok(3));
        assert_eq!(Cursor::of_event(theirs, 3).event(ours), Err(bad()));
        assert_eq!(Cursor::of_message(12).conversation(), Err(bad()));
        let view = Cursor::of_view(ours, 3, 8);
        assert_eq!(view.view(ours, 8), Ok(3));
        assert_eq!(view.view(ours, 9), Err(Error::ResyncRequired));
        assert_eq!(view.view(theirs, 8), Err(bad()));
        assert_eq!(view.event(ours), Err(bad()));
        assert_eq!(Cursor("no base64!".to_owned()).message(), Err(bad()));
        assert_eq!(Cursor(String::new()).message(), Err(bad()));
    }
}

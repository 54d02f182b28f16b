//! Bodies that nobody documented: no panic, and nothing that a database could not hold.

use super::Subject;
use super::case::{Case, Verdict, declared, ensure, failed, pure};
use super::reading::messages;
use crate::Incoming;
use interdesk_domain::message::{Update, UpdateKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const GROUP: &str = "hostile";

pub(super) fn cases() -> Vec<Case> {
    let case = |name: &str, act: fn(&Subject) -> Verdict| pure(GROUP, name, act);
    vec![
        case("an empty body is survived", |it| {
            survives(it, b"").map(drop)
        }),
        case("bodies that are no events are survived", |it| {
            let bodies = [
                "null", "[]", "{}", "0", "\"\"", "{", "\u{0}", "1e99999", "<a/>", "\r\n\r\n",
                "....",
            ];
            let mut bodies = bodies.iter();
            bodies.try_for_each(|body| survives(it, body.as_bytes()).map(drop))
        }),
        case("a body cut anywhere is survived", |it| {
            for (_, body) in &it.fixtures {
                for end in (0..body.len()).step_by(11) {
                    survives(it, &body[..end])?;
                }
            }
            Ok(())
        }),
        case("a body nested without end is survived", |it| {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                survives(it, open.repeat(200_000).as_bytes())?;
                let whole = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
                survives(it, whole.as_bytes())?;
            }
            Ok(())
        }),
        case("a giant body is read in linear time", |it| {
            let words = "x".repeat(3_000_000);
            let body = (it.texts)(&[("1".to_owned(), words)]);
            let began = Instant::now();
            survives(it, &body)?;
            // Far above what is measured, far below what a quadratic parser takes.
            let took = began.elapsed();
            ensure(took < Duration::from_secs(5), || format!("{took:?}"))
        }),
        case("bytes of chance are survived", |it| {
            let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
            for length in 0..300 {
                let bytes: Vec<u8> = (0..length).map(|_| chance.byte()).collect();
                survives(it, &bytes)?;
            }
            Ok(())
        }),
        case("changed fixtures are survived", |it| {
            mutate(it, 12, 1, Duration::from_secs(20)).map(drop)
        }),
        case("a broken part costs its neighbours nothing", |it| {
            let inbound = &it.channel.capabilities().inbound;
            declared(inbound.batches, "one update per body")?;
            let named = |id: &str, text: &str| (id.to_owned(), text.to_owned());
            let three = [named("1", "a"), named("2", "BROKEN"), named("3", "c")];
            let body = String::from_utf8_lossy(&(it.texts)(&three)).into_owned();
            for broken in ["null", "7", "[]", "{}", "\"\\ud800\"", "{\"id\":{}}"] {
                let body = body.replace("\"BROKEN\"", broken);
                let updates = survives(it, body.as_bytes())?;
                let ids: Vec<&str> = messages(&updates)
                    .into_iter()
                    .map(|message| message.provider_id.as_str())
                    .collect();
                // Where the provider counts per chat, the chat stands before the id.
                let ends = |id: Option<&&str>, end| id.is_some_and(|id| id.ends_with(end));
                let both = ends(ids.first(), "1") && ends(ids.last(), "3");
                ensure(both, || format!("{broken}: {ids:?}"))?;
            }
            Ok(())
        }),
    ]
}

/// Reads changed copies of all fixtures until `rounds` or the time are over; returns how many.
///
/// The changes come from `seed` alone, so a failure can be repeated. They are blind: no coverage
/// guides them, which is what the fuzz targets are for.
pub fn mutate(
    it: &Subject,
    rounds: usize,
    seed: u64,
    most: Duration,
) -> Result<usize, super::Miss> {
    let began = Instant::now();
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut read = 0;
    for _ in 0..rounds {
        for (index, (_, body)) in it.fixtures.iter().enumerate() {
            if began.elapsed() > most {
                return Ok(read);
            }
            let other = &it.fixtures[(index + chance.below(7)) % it.fixtures.len()].1;
            let changed = chance.change(body, other);
            survives(it, &changed)?;
            read += 1;
        }
    }
    Ok(read)
}

/// Reads a body that may be anything; returns the updates, none where it is refused.
fn survives(it: &Subject, body: &[u8]) -> Result<Vec<Update>, super::Miss> {
    let start = || String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
    let read = catch_unwind(AssertUnwindSafe(|| {
        it.channel.parse(&Incoming::kept(body), &it.credentials)
    }));
    let updates = read.map_err(|_| failed(format!("panic at {:?}", start())))?;
    let updates = updates.unwrap_or_default();
    for update in &updates {
        if let UpdateKind::Message(message) = &update.kind {
            let id = &message.provider_id;
            let sound = !id.is_empty() && !id.contains('\0') && id.len() <= 600;
            ensure(sound, || format!("the id {id:?} of {:?}", start()))?;
        }
    }
    Ok(updates)
}

/// Numbers that look like chance and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }

    /// Changes a body in a few places.
    fn change(&mut self, body: &[u8], other: &[u8]) -> Vec<u8> {
        const PIECES: [&[u8]; 14] = [
            b"null",
            b"[]",
            b"{}",
            b"\"\"",
            b"-1",
            b"1e400",
            b"\\ud800",
            b"\\u0000",
            b"\0",
            b"\xFF",
            b"99999999999999999999",
            b"true",
            b",",
            b"\":\"",
        ];
        let mut changed = body.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(changed.len() + 1);
            let end = (at + self.below(24)).min(changed.len());
            let piece: Vec<u8> = match self.below(5) {
                0 => Vec::new(),
                1 => vec![self.byte()],
                2 => PIECES[self.below(PIECES.len())].to_vec(),
                3 => changed[at..end].repeat(1 + self.below(3)),
                _ => {
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(64)).min(other.len());
                    other[from..to].to_vec()
                }
            };
            changed.splice(at..end, piece);
        }
        changed
    }
}

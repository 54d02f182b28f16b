//! What is made of bodies, whatever order and number they come in.

use super::Subject;
use super::case::{Case, Miss, Verdict, declared, ensure, failed, pure};
use crate::Incoming;
use interdesk_domain::message::{Content, InboundMessage, Update, UpdateKind};
use std::collections::HashSet;

const GROUP: &str = "reading";

pub(super) fn cases() -> Vec<Case> {
    let case = |name: &str, act: fn(&Subject) -> Verdict| pure(GROUP, name, act);
    vec![
        case("a text arrives as it was written", |it| {
            arrives(it, "Hello, where is my parcel?")
        }),
        case("the time is the provider's", |it| {
            let updates = texts(it, &["Hello"])?;
            let at = updates[0].at;
            ensure(at == Some(Subject::moment()), || format!("{at:?}"))
        }),
        case("a customer has an address", |it| {
            let updates = texts(it, &["Hello"])?;
            let customer = messages(&updates)[0].author.customer();
            ensure(!customer.addresses.is_empty(), || {
                "there is none".to_owned()
            })
        }),
        case("every fixture is read", |it| {
            for (name, body) in &it.fixtures {
                let updates = parse(it, body).map_err(|_| failed(format!("{name} is not")))?;
                ensure(!updates.is_empty(), || format!("{name} tells nothing"))?;
            }
            ensure(!it.fixtures.is_empty(), || "there is none".to_owned())
        }),
        case("a repeated body tells the same again", |it| {
            for (name, body) in &it.fixtures {
                let same = parse(it, body)? == parse(it, body)?;
                ensure(same, || format!("{name} differs"))?;
            }
            Ok(())
        }),
        case(
            "a message has the same id each time and no other has it",
            |it| {
                let (first, second) = (texts(it, &["a"])?, texts(it, &["a"])?);
                let same = messages(&first)[0].provider_id == messages(&second)[0].provider_id;
                let other = parse(it, &(it.texts)(&[("2".to_owned(), "a".to_owned())]))?;
                let differs = messages(&first)[0].provider_id != messages(&other)[0].provider_id;
                ensure(same && differs, || format!("{first:?} {other:?}"))
            },
        ),
        case("bodies in another order tell the same", |it| {
            let mut forward = HashSet::new();
            let mut backward = HashSet::new();
            for (name, body) in &it.fixtures {
                forward.insert(format!("{name} {:?}", parse(it, body)?));
            }
            for (name, body) in it.fixtures.iter().rev() {
                backward.insert(format!("{name} {:?}", parse(it, body)?));
            }
            ensure(forward == backward, || "a body remembers others".to_owned())
        }),
        case("a body that was kept reads as when it came", |it| {
            for (name, body) in &it.fixtures {
                let request = (it.sign)(&it.secrets[0], Subject::moment(), body);
                let now = it.channel.parse(&request.as_incoming(), &it.credentials);
                let now = now.map_err(|error| failed(error.to_string()))?;
                ensure(now == parse(it, body)?, || format!("{name} differs"))?;
            }
            Ok(())
        }),
        case("a batch arrives whole and in order", |it| batch(it, 5)),
        case("a batch of a thousand arrives whole", |it| batch(it, 1000)),
        case("an opt-out word arrives as it was written", |it| {
            ["STOP", "stop", "Abmelden", "ARRET"]
                .into_iter()
                .try_for_each(|word| arrives(it, word))
        }),
        case("right-to-left text arrives unchanged", |it| {
            arrives(it, "שלום \u{202E}abc\u{202C} مرحبا")
        }),
        case("combining and joined signs arrive unchanged", |it| {
            arrives(it, "e\u{301} 👩‍👩‍👧‍👦 👍🏽 🇩🇪 क्षि Z\u{351}\u{36B}")
        }),
        case("quotes, markup and line ends arrive unchanged", |it| {
            arrives(
                it,
                "\"a\" \\n <b>&amp;</b> {{1}} ${x}\n'; DROP TABLE a; --\n\ttab",
            )
        }),
        case("NUL is shown, not kept", |it| {
            arrives_as(it, "a\0b", "a\u{FFFD}b")
        }),
        case("a giant text arrives whole", |it| {
            arrives(it, &"é".repeat(50_000))
        }),
        case("bytes that are no UTF-8 are marked", |it| {
            let mut body = (it.texts)(&[("1".to_owned(), "MARK".to_owned())]);
            let at = body.windows(4).position(|four| four == b"MARK");
            let at = at.ok_or_else(|| failed("the text is not in the body"))?;
            body[at] = 0xFF;
            let updates = parse(it, &body)?;
            let words = messages(&updates)[0].content.text().to_owned();
            ensure(words.contains("ARK"), || format!("{words:?}"))
        }),
        case("a giant id is made short enough for an index", |it| {
            let body = (it.texts)(&[("9".repeat(5000), "a".to_owned())]);
            let updates = parse(it, &body)?;
            let id = &messages(&updates)[0].provider_id;
            ensure(!id.is_empty() && id.len() <= 600, || {
                format!("{} bytes", id.len())
            })
        }),
    ]
}

/// Reads a body.
pub(super) fn parse(it: &Subject, body: &[u8]) -> Result<Vec<Update>, Miss> {
    let updates = it.channel.parse(&Incoming::kept(body), &it.credentials);
    updates.map_err(|error| failed(error.to_string()))
}

/// Returns the messages among updates.
pub(super) fn messages(updates: &[Update]) -> Vec<&InboundMessage> {
    let messages = updates.iter().filter_map(|update| match &update.kind {
        UpdateKind::Message(message) => Some(&**message),
        _ => None,
    });
    messages.collect()
}

/// Reads a body of texts and checks their number.
fn texts(it: &Subject, texts: &[&str]) -> Result<Vec<Update>, Miss> {
    let numbered = texts.iter().enumerate();
    let numbered = numbered.map(|(index, text)| ((index + 1).to_string(), (*text).to_owned()));
    let updates = parse(it, &(it.texts)(&numbered.collect::<Vec<_>>()))?;
    let count = messages(&updates).len();
    ensure(count == texts.len(), || format!("{count} messages"))?;
    Ok(updates)
}

fn arrives(it: &Subject, words: &str) -> Verdict {
    arrives_as(it, words, words)
}

fn arrives_as(it: &Subject, written: &str, read: &str) -> Verdict {
    let updates = texts(it, &[written])?;
    let content = &messages(&updates)[0].content;
    let same = match content {
        Content::Text { text } => text == read,
        // Where every message is one of several parts, its words are one of them.
        Content::Composite(composite) => {
            let bare = it.channel.capabilities().inbound.content.contains(&"text");
            !bare && composite.text() == Some(read)
        }
        _ => false,
    };
    ensure(same, || {
        let start: String = content.text().chars().take(60).collect();
        format!("{} {start:?}", content.kind())
    })
}

fn batch(it: &Subject, count: usize) -> Verdict {
    let inbound = &it.channel.capabilities().inbound;
    declared(inbound.batches, "one update per body")?;
    let all: Vec<_> = (0..count).map(|index| format!("text {index}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let updates = texts(it, &all)?;
    let read = messages(&updates);
    let read: Vec<&str> = read.iter().map(|message| message.content.text()).collect();
    let ids: HashSet<_> = messages(&updates)
        .into_iter()
        .map(|message| &message.provider_id)
        .collect();
    ensure(read == all && ids.len() == count, || {
        "it differs".to_owned()
    })
}

//! What stands in the fields of a mail that goes out.

use super::Mailbox;
use crate::email::address::clean;
use mail_builder::headers::address::Address;
use mail_builder::headers::message_id::MessageId;

/// How many of the latest ids a long thread keeps, beside its first.
const LATEST: usize = 20;

/// What apps write in front of a subject that they answer, in lower case.
const ANSWERS: [&str; 16] = [
    "re", "aw", "antw", "antwort", "sv", "vs", "rv", "ref", "res", "rif", "odp", "ynt", "vá",
    "bls", "回复", "回覆",
];

/// Returns the subject of an answer: `Re: ` in front, once, whatever stood there.
pub fn reply_subject(subject: &str) -> String {
    let subject = clean(subject);
    let mut rest = subject.as_str();
    while let Some((mark, behind)) = rest.split_once([':', '：']) {
        let mark = mark.trim().to_lowercase();
        // Some apps count: `Re[2]:`, `Re(2):`.
        let mark = mark
            .trim_end_matches([']', ')'])
            .trim_end_matches(|c: char| c.is_ascii_digit());
        let mark = mark.trim_end_matches(['[', '(', '^']);
        if !ANSWERS.contains(&mark) {
            break;
        }
        rest = behind.trim_start();
    }
    format!("Re: {rest}").trim_end().to_owned()
}

/// Returns the References of an answer: those of the answered mail and its own id; of a long thread
/// the first and the latest.
pub fn references(previous: &[String], answered: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in previous {
        if id != answered && !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids.push(answered.to_owned());
    if ids.len() > LATEST + 1 {
        let latest = ids.split_off(ids.len() - LATEST);
        ids.truncate(1);
        ids.extend(latest);
    }
    ids
}

pub(super) fn addresses<'a>(mailboxes: &[Mailbox]) -> Address<'a> {
    let address = |mailbox: &Mailbox| {
        let name = mailbox
            .name
            .as_deref()
            .map(clean)
            .filter(|name| !name.is_empty());
        Address::new_address(name, transportable(&mailbox.address))
    };
    match mailboxes {
        [one] => address(one),
        many => Address::new_list(many.iter().map(address).collect()),
    }
}

pub(super) fn ids<'a>(ids: &[String]) -> MessageId<'a> {
    MessageId::new_list(ids.iter().map(|id| safe(id)))
}

/// Returns an address in the form that every server takes, where there is one: its domain in ASCII.
pub(super) fn transportable(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return safe(address);
    };
    let ascii = match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) if local.is_ascii() => ascii,
        _ => domain.to_owned(),
    };
    safe(&format!("{local}@{ascii}"))
}

/// Returns a value without anything that could begin another field.
pub(super) fn safe(value: &str) -> String {
    value
        .chars()
        .filter(|c| !c.is_control() && !"<>".contains(*c))
        .collect()
}

/// Returns a type that a file may be sent as.
pub(super) fn media_type(given: &str) -> String {
    let given = given.trim().to_ascii_lowercase();
    let token = |part: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=100).contains(&part.len()) && part.bytes().all(letter)
    };
    let known = given
        .split_once('/')
        .is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    // Messages and multiparts must not be encoded, so they go as plain files.
    let structured = given.starts_with("multipart/") || given.starts_with("message/");
    match known && !structured {
        true => given,
        false => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_marked_once() {
        let check =
            |given: &str, expected: &str| assert_eq!(reply_subject(given), expected, "{given}");
        check("Lamp", "Re: Lamp");
        check("RE: AW: Re[2]: Lamp", "Re: Lamp");
        check("Re: Fwd: Lamp", "Re: Fwd: Lamp");
        check("Regarding: Lamp", "Re: Regarding: Lamp");
        check("a\r\nBcc: x@example.org", "Re: a Bcc: x@example.org");
        check("", "Re:");
    }

    #[test]
    fn a_long_thread_keeps_its_first_and_its_latest() {
        let previous: Vec<String> = (0..100).map(|n| format!("{n}@example.org")).collect();
        let ids = references(&previous, "new@example.org");
        assert_eq!(ids.len(), 21);
        assert_eq!(
            (ids[0].as_str(), ids[1].as_str()),
            ("0@example.org", "81@example.org")
        );
        assert_eq!(ids.last().map(String::as_str), Some("new@example.org"));
        assert_eq!(references(&[], "a@b"), ["a@b"]);
        assert_eq!(references(&["a@b".to_owned()], "a@b"), ["a@b"]);
    }

    #[test]
    fn a_domain_goes_in_ascii_where_the_rest_is() {
        assert_eq!(
            transportable("a@mächine.example"),
            "a@xn--mchine-bua.example"
        );
        assert_eq!(transportable("ä@mächine.example"), "ä@mächine.example");
    }
}

//! Checks a signature as a receiver does (RFC 6376, RFC 8463), apart from the code that signs.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use interdesk_channels::email::dkim::Signer;

/// Panics where the topmost signature of a mail does not hold.
pub(super) fn verify(mail: &str, signer: &Signer) {
    let (_, record) = signer.record().expect("a record");
    let key = record.rsplit_once("p=").expect("a key").1;
    let key = STANDARD.decode(key).expect("base64");
    let (head, body) = mail.split_once("\r\n\r\n").expect("a body");
    let fields = fields(head);
    let (_, signature) = fields
        .iter()
        .find(|(name, _)| name == "dkim-signature")
        .expect("a signature");
    let tag = |name: &str| {
        let compact: String = signature.split_whitespace().collect();
        let found = compact.split(';').find_map(|tag| {
            let (known, value) = tag.split_once('=')?;
            (known == name).then(|| value.to_owned())
        });
        found.unwrap_or_else(|| panic!("no tag {name}"))
    };
    assert_eq!(tag("a"), "ed25519-sha256");
    assert_eq!(tag("c"), "relaxed/relaxed");
    let body_hash = STANDARD.encode(digest(&SHA256, relaxed_body(body).as_bytes()));
    assert_eq!(tag("bh"), body_hash, "the body was changed on the way");

    let mut signed = String::new();
    let mut used: Vec<usize> = Vec::new();
    for name in tag("h").split(':') {
        // From the last to the first; one more than there are stands for nobody's addition.
        let mut places = fields.iter().enumerate().rev();
        let found = places.find(|(at, (known, _))| known == name && !used.contains(at));
        if let Some((at, (known, value))) = found {
            used.push(at);
            signed.push_str(&format!("{known}:{}\r\n", relaxed(value)));
        }
    }
    let (before, value) = signature.rsplit_once("b=").expect("a value");
    let unsigned = format!("{before}b=");
    signed.push_str(&format!("dkim-signature:{}", relaxed(&unsigned)));
    let value: String = value.split_whitespace().collect();
    let value = STANDARD.decode(value).expect("base64");
    let hash = digest(&SHA256, signed.as_bytes());
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(hash.as_ref(), &value)
        .expect("the signature holds");
}

/// Returns the fields, names in lower case, values as they stand.
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut().expect("a field");
            value.push_str("\r\n");
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_lowercase(), value.to_owned()));
        }
    }
    fields
}

fn relaxed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn relaxed_body(body: &str) -> String {
    let mut out = String::new();
    for line in body.split("\r\n") {
        let mut words = String::new();
        for letter in line.chars() {
            match letter {
                ' ' | '\t' if words.ends_with(' ') => {}
                ' ' | '\t' => words.push(' '),
                other => words.push(other),
            }
        }
        out.push_str(words.trim_end());
        out.push_str("\r\n");
    }
    let whole = out.trim_end_matches("\r\n").len();
    out.truncate(whole);
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    out
}

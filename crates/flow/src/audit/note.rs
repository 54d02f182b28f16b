//! Signed notes: a text, an empty line, and one line for each signature
//! (<https://c2sp.org/signed-note>), with Ed25519 only.

use crate::keys::{SigningKey, VerifyingKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// What each signature line begins with.
const DASH: &str = "\u{2014} ";
/// The number of Ed25519 among the types of signatures.
const ED25519: u8 = 0x01;
/// More signatures than anybody needs; the specification asks for at least 16.
const MOST_SIGNATURES: usize = 64;

/// Signs a text, which ends with a line feed, under a key's name.
pub(super) fn sign(text: &str, name: &str, key: &SigningKey) -> String {
    let mut signature = key_id(name, &key.public().bytes).to_vec();
    signature.extend_from_slice(&key.sign(text.as_bytes()));
    format!("{text}\n{DASH}{name} {}\n", STANDARD.encode(signature))
}

/// Computes the number by which a signature line names its key, beside the name.
fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

/// Writes a public key as other people's tools take it: `<name>+<key id>+<key>`.
pub(super) fn write_key(name: &str, key: &[u8; 32]) -> String {
    let id = u32::from_be_bytes(key_id(name, key));
    let typed = [&[ED25519], &key[..]].concat();
    format!("{name}+{id:08x}+{}", STANDARD.encode(typed))
}

/// Reads a public key from that form, or from its 32 bytes in base64 alone.
pub fn read_key(text: &str) -> Option<VerifyingKey> {
    let bytes = |text: &str| STANDARD.decode(text).ok();
    // Base64 has a plus of its own, but a bare key is shorter than any with a name.
    if let Some(key) = bytes(text.trim()).and_then(|bytes| bytes.try_into().ok()) {
        return Some(VerifyingKey::new(key));
    }
    let mut parts = text.trim().splitn(3, '+');
    let (name, id, typed) = (parts.next()?, parts.next()?, bytes(parts.next()?)?);
    let Some((&ED25519, key)) = typed.split_first() else {
        return None;
    };
    let key = key.try_into().ok()?;
    let is_named = id == format!("{:08x}", u32::from_be_bytes(key_id(name, &key)));
    is_named.then(|| VerifyingKey::new(key))
}

/// A note as it was found; its text means nothing before its signature was checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note<'a> {
    /// What was signed.
    pub(super) text: &'a str,
    signatures: Vec<Signature<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a str,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

/// Who signed a note.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signed<'k> {
    /// This key did.
    By(&'k VerifyingKey),
    /// A line names a known key, which did not sign this.
    Forged,
    /// No line names a known key.
    Unknown,
}

impl<'a> Note<'a> {
    /// Takes a note apart; `None` where it is none.
    pub(super) fn parse(note: &'a str) -> Option<Self> {
        if note.chars().any(|letter| letter < ' ' && letter != '\n') {
            return None;
        }
        let end = note.rfind("\n\n")? + 1;
        let (text, lines) = (&note[..end], note[end + 1..].strip_suffix('\n')?);
        let signatures = lines
            .split('\n')
            .map(Signature::parse)
            .collect::<Option<Vec<_>>>()?;
        let fits = text != "\n" && signatures.len() <= MOST_SIGNATURES;
        fits.then_some(Self { text, signatures })
    }

    /// Finds which of the keys, each under `name`, signed. Every line that names one of them must
    /// be right; a key in use goes before a retired one.
    pub(super) fn signed_by<'k>(&self, name: &str, keys: &'k [VerifyingKey]) -> Signed<'k> {
        let mut signed = Signed::Unknown;
        for signature in self
            .signatures
            .iter()
            .filter(|signature| signature.name == name)
        {
            let named = |key: &&VerifyingKey| key_id(name, &key.bytes) == signature.key_id;
            let Some(key) = keys.iter().find(named) else {
                continue;
            };
            if !key.verify(self.text.as_bytes(), &signature.bytes) {
                return Signed::Forged;
            }
            if signed == Signed::Unknown || !key.retired {
                signed = Signed::By(key);
            }
        }
        signed
    }
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        let decoded = STANDARD.decode(signature).ok()?;
        let (key_id, bytes) = decoded.split_first_chunk::<4>()?;
        (is_name && !bytes.is_empty()).then(|| Self {
            name,
            key_id: *key_id,
            bytes: bytes.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of the documentation of golang.org/x/mod/sumdb/note.
    const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const ADVICE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const FOO: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const EXAMPLE: &str = "This is an example message.\n\n\
        \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn published_notes_verify_with_their_published_keys() {
        for (name, key, note) in [
            ("PeterNeumann", NEUMANN, ADVICE),
            ("example.com/foo", FOO, EXAMPLE),
        ] {
            let keys = [read_key(key).expect("key")];
            assert_eq!(write_key(name, &keys[0].bytes), key);
            let parsed = Note::parse(note).expect("note");
            assert_eq!(parsed.signed_by(name, &keys), Signed::By(&keys[0]));
            assert_eq!(parsed.signed_by("another", &keys), Signed::Unknown);
            let changed = note.replacen("is", "Is", 1);
            let changed = Note::parse(&changed).expect("note");
            assert_eq!(changed.signed_by(name, &keys), Signed::Forged);
        }
    }

    #[test]
    fn the_example_of_the_specification_is_taken_apart_at_its_last_empty_line() {
        let note = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
            ed \u{e8} subito sera.\n\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let parsed = Note::parse(note).expect("note");
        assert!(
            parsed
                .text
                .ends_with("di sole:\n\ned \u{e8} subito sera.\n")
        );
        assert_eq!(parsed.signatures[0].bytes.len(), 64);
    }

    #[test]
    fn what_is_signed_verifies_beside_a_strangers_signature() {
        let key = SigningKey::generate().expect("key");
        let keys = [key.public().clone()];
        let mut note = sign("one\n\ntwo\n", "interdesk/test", &key);
        note.push_str("\u{2014} witness.example AAAAAAAA\n");
        let parsed = Note::parse(&note).expect("note");
        assert_eq!(parsed.text, "one\n\ntwo\n");
        assert_eq!(
            parsed.signed_by("interdesk/test", &keys),
            Signed::By(&keys[0])
        );
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for note in [
            "",
            "\n",
            "text\n",
            "text\n\n",
            "\n\n\u{2014} name AAAAAAAA\n",
            "text\n\n\u{2014} name AAAAAAAA",
            "text\n\n\u{2014} name AAAA\n",
            "text\n\n\u{2014} na+me AAAAAAAA\n",
            "text\n\n\u{2014}  AAAAAAAA\n",
            "text\n\n- name AAAAAAAA\n",
            "text\n\n\u{2014} name A!AAAAAA\n",
            "te\txt\n\n\u{2014} name AAAAAAAA\n",
            "text\r\n\n\u{2014} name AAAAAAAA\n",
        ] {
            assert_eq!(Note::parse(note), None, "{note:?}");
        }
        let many = "\u{2014} name AAAAAAAA\n".repeat(MOST_SIGNATURES + 1);
        assert_eq!(Note::parse(&format!("text\n\n{many}")), None);
    }

    #[test]
    fn keys_are_read_with_or_without_their_name_and_only_whole() {
        let key = SigningKey::generate().expect("key").public().clone();
        assert_eq!(read_key(&write_key("a/b", &key.bytes)), Some(key.clone()));
        assert_eq!(read_key(&STANDARD.encode(key.bytes)), Some(key));
        for text in ["", "a+b+c", "c2hvcnQ=", &NEUMANN.replace("c74f", "c75f")] {
            assert_eq!(read_key(text), None, "{text}");
        }
    }
}

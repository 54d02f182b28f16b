//! Against the example of RFC 8463, Appendix A, and against the keys' own public halves.

use super::*;
use aws_lc_rs::encoding::Pkcs8V1Der;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};

const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const BODY_HASH: &str = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";
const NAMES: [&str; 8] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "from",
    "subject",
    "date",
];

const ED25519_FIELD: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
    subject : date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
const ED25519_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const ED25519_SIGNATURE: &str =
    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).expect("base64")
}

fn signed_text(message: &[u8], names: &[&str], own: &str) -> Vec<u8> {
    let (fields, _) = canonical::split(message);
    let mut text = canonical::fields(&fields, names);
    text.extend(canonical::field(own.as_bytes()));
    text
}

#[test]
fn the_canonical_form_is_the_one_that_others_sign() {
    let (_, body) = canonical::split(MESSAGE.as_bytes());
    let hash = digest(&SHA256, &canonical::body(body));
    assert_eq!(STANDARD.encode(hash), BODY_HASH);
    let text = signed_text(MESSAGE.as_bytes(), &NAMES, ED25519_FIELD);
    let key = UnparsedPublicKey::new(&ED25519, bytes(ED25519_KEY));
    let hash = digest(&SHA256, &text);
    key.verify(hash.as_ref(), &bytes(ED25519_SIGNATURE))
        .expect("a signature that holds");
}

#[test]
fn blanks_and_empty_lines_that_servers_change_are_not_signed() {
    let check = |body: &str, expected: &str| {
        assert_eq!(
            canonical::body(body.as_bytes()),
            expected.as_bytes(),
            "{body:?}"
        );
    };
    check(" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
    check("", "");
    check("\r\n\r\n", "");
    check("a\n\nb", "a\r\n\r\nb\r\n");
    assert_eq!(canonical::field(b"A: X\r\n"), b"a:X");
    assert_eq!(canonical::field(b"B : Y\t\r\n\tZ  \r\n"), b"b:Y Z");
}

/// Takes our signature apart and checks it with the public half in the record.
fn verify(signed: &[u8], record: &str) -> bool {
    let (fields, body) = canonical::split(signed);
    let own = String::from_utf8(fields[0].to_vec()).expect("text");
    let (unsigned, signature) = own.rsplit_once("\tb=").expect("a signature");
    let tag = |name: &str| {
        let tags = own.split_once(':').expect("a field").1.split(';');
        let mut tags = tags.filter_map(|tag| tag.trim().split_once('='));
        let value = tags.find(|(known, _)| *known == name).expect("a tag").1;
        value.split_whitespace().collect::<String>()
    };
    if tag("bh") != STANDARD.encode(digest(&SHA256, &canonical::body(body))) {
        return false;
    }
    let names = tag("h");
    let names: Vec<&str> = names.split(':').collect();
    let mut text = canonical::fields(&fields[1..], &names);
    text.extend(canonical::field(format!("{unsigned}\tb=").as_bytes()));
    let signature = bytes(&signature.split_whitespace().collect::<String>());
    let public = bytes(record.split_once("p=").expect("a key").1);
    if record.contains("k=ed25519") {
        let key = UnparsedPublicKey::new(&ED25519, public);
        return key
            .verify(digest(&SHA256, &text).as_ref(), &signature)
            .is_ok();
    }
    let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public);
    key.verify(&text, &signature).is_ok()
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    )
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

#[test]
fn what_we_sign_holds_with_both_kinds_of_keys_and_breaks_when_touched() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().expect("DER");
    let ed25519 = Ed25519KeyPair::generate()
        .expect("a key")
        .to_pkcs8()
        .expect("DER");
    for der in [rsa.as_ref(), ed25519.as_ref()] {
        let signer = Signer::new("Example.org.", "s1", &pem("PRIVATE KEY", der)).expect("a signer");
        let (name, record) = signer.record().expect("a record");
        assert_eq!(name, "s1._domainkey.example.org");
        let signed = signer.sign(MESSAGE.as_bytes(), now()).expect("signed");
        assert!(verify(&signed, &record));
        let text = String::from_utf8(signed).expect("text");
        for (from, to) in [("dinner", "lunch"), ("Hi.", "Ho."), ("Joe SixPack", "Jim")] {
            assert!(
                !verify(text.replacen(from, to, 1).as_bytes(), &record),
                "{from}"
            );
        }
        let twice = text.replacen("\r\nSubject:", "\r\nSubject: other\r\nSubject:", 1);
        assert!(!verify(twice.as_bytes(), &record));
        assert!(text.lines().all(|line| line.len() < 998));
    }
}

#[test]
fn keys_and_names_that_cannot_sign_are_refused() {
    for wrong in [
        "",
        "no PEM",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ] {
        assert_eq!(
            Signer::new("example.org", "s1", wrong).expect_err("refused"),
            Error::Key
        );
    }
    let wrong = Signer::new("example.org\r\n", "s 1", "").expect_err("refused");
    assert_eq!(wrong, Error::Name("selector"));
}

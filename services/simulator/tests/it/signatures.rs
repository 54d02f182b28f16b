use interdesk_simulator::signature::{self, Signed, verify};

const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The signatures of the Standard Webhooks examples over the same request.
const V1: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const V1A: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
const SIGNING_KEY: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn request(signatures: &str) -> Signed<'_> {
    Signed {
        id: ID,
        timestamp: "1614265330",
        signatures,
        body: BODY,
    }
}

#[test]
fn signatures_match_the_published_examples() {
    assert_eq!(signature::v1(SECRET, ID, AT, BODY).unwrap(), V1);
    assert_eq!(signature::v1a(SIGNING_KEY, ID, AT, BODY).unwrap(), V1A);
}

#[test]
fn the_meta_header_matches_a_known_hmac() {
    // RFC 4231, test case 2.
    let expect = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(
        signature::meta("Jefe", b"what do ya want for nothing?"),
        expect
    );
}

#[test]
fn any_right_signature_of_the_list_suffices() {
    let several = format!("v2,AAAA v1,AAAA {V1}");
    assert!(verify(request(&several), SECRET, None, AT));
    assert!(verify(request(V1A), SECRET, Some(PUBLIC_KEY), AT));
}

#[test]
fn wrong_partial_stale_and_unknown_signatures_are_refused() {
    for signatures in [
        "",
        "v1,",
        "v1,g0hM9",
        "v1,AAAA",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        assert!(
            !verify(request(signatures), SECRET, None, AT),
            "{signatures}"
        );
    }
    assert!(!verify(request(V1A), SECRET, None, AT));
    assert!(verify(request(V1), SECRET, None, AT + 300));
    assert!(!verify(request(V1), SECRET, None, AT + 301));
    assert!(!verify(request(V1), SECRET, None, AT - 301));
}

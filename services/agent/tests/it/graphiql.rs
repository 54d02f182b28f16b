//! The vendored GraphiQL page.

use std::{fmt::Write, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::server::TestServer;

#[test]
fn the_vendored_files_are_what_their_sums_say() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/graphiql");
    let sums = fs::read_to_string(assets.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 5);
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").unwrap();
        let mut actual = String::new();
        for byte in Sha256::digest(fs::read(assets.join("files").join(name)).unwrap()) {
            write!(actual, "{byte:02x}").unwrap();
        }
        assert_eq!(
            actual, expected,
            "{name} was changed by hand, run vendor.sh"
        );
    }
}

#[tokio::test]
async fn the_page_and_all_its_files_come_from_this_server() {
    let server = TestServer::start();
    let origin = format!("http://{}", server.address);
    let page = reqwest::get(format!("{origin}/")).await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    let files: Vec<_> = html
        .split('"')
        .filter(|part| part.starts_with("/graphiql/"))
        .collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        let response = reqwest::get(format!("{origin}{file}")).await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{file}");
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            kind.starts_with("text/javascript") || kind.starts_with("text/css"),
            "{kind}"
        );
    }
    let missing = reqwest::get(format!("{origin}/graphiql/..%2Fpackage.json"))
        .await
        .unwrap();
    assert_eq!(missing.status().as_u16(), 404);
}

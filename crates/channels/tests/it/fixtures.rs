//! One fixture per kind of content and status; the snapshots hold every value.

use super::support::parse;
use interdesk_domain::inbox::ChannelKind;
use std::path::{Path, PathBuf};

/// Returns every fixture of a channel, by name.
pub(crate) fn all(kind: ChannelKind) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(kind.as_str());
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, std::fs::read(&path).expect("a fixture"))
    });
    named.collect()
}

fn check(kind: ChannelKind) {
    for (name, body) in all(kind) {
        let updates = parse(kind, &body).expect("a readable fixture");
        let name = format!("{}-{name}", kind.as_str());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_debug_snapshot!(name, updates);
        });
    }
}

#[test]
fn whatsapp_fixtures_become_canonical_updates() {
    check(ChannelKind::Whatsapp);
}

#[test]
fn telegram_fixtures_become_canonical_updates() {
    check(ChannelKind::Telegram);
}

#[test]
fn webhook_fixtures_become_canonical_updates() {
    check(ChannelKind::Webhook);
}

#[test]
fn webchat_fixtures_become_canonical_updates() {
    check(ChannelKind::Webchat);
}

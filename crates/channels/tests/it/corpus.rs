//! What the fuzzers found interesting: every run reads it again, as their targets do.

use interdesk_domain::inbox::ChannelKind;
use std::path::Path;

#[path = "../../fuzz/targets/parse.rs"]
mod parse;

/// More would be a burden to whoever copies the repository.
const MOST_BYTES: usize = 200 * 1024;

#[test]
fn what_fuzzers_found_interesting_is_read_by_every_parser_and_stays_small() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut bytes = 0;
    for kind in ChannelKind::ALL {
        let folder = corpora.join(kind.as_str());
        let files = std::fs::read_dir(&folder).expect("a corpus for every channel");
        let mut count = 0;
        for file in files {
            let body = std::fs::read(file.expect("a file").path()).expect("its bytes");
            bytes += body.len();
            count += 1;
            // What is hostile to one may be to another.
            for reader in ChannelKind::ALL {
                parse::parse(reader, &body);
            }
        }
        let name = kind.as_str();
        assert!((8..=24).contains(&count), "{name} has {count} files");
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

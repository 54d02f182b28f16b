//! Checkpoints: origin, size and root of a log as the text of a signed note
//! (<https://c2sp.org/tlog-checkpoint>).

use super::frontier::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use interdesk_domain::id::TenantId;

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Which log; also the name that its key signs under.
    pub(super) origin: String,
    /// The number of leaves.
    pub(super) size: u64,
    /// The root hash over them.
    pub(super) root: Hash,
}

/// Names a tenant's log.
pub fn origin(tenant: TenantId) -> String {
    format!("interdesk/{tenant}")
}

impl Checkpoint {
    /// Writes the text that is signed.
    pub(super) fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    /// Reads such a text, which may have further lines; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
        let [origin, size, root, ..] = lines[..] else {
            return None;
        };
        let is_whole = lines.iter().all(|line| !line.is_empty());
        let number: u64 = size.parse().ok()?;
        // Neither a sign nor leading zeros.
        (is_whole && size == number.to_string()).then_some(())?;
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        Some(Self {
            origin: origin.to_owned(),
            size: number,
            root,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_is_read_and_written_alike() {
        let checkpoint = Checkpoint::parse(TEXT).expect("checkpoint");
        assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.to_text(), TEXT);
        assert_eq!(
            Checkpoint::parse(&format!("{TEXT}more\n")),
            Some(checkpoint)
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for text in [
            String::new(),
            TEXT.trim_end().to_owned(),
            format!("log\n1\n{root}\n\n"),
            format!("\n1\n{root}\n"),
            format!("log\n01\n{root}\n"),
            format!("log\n+1\n{root}\n"),
            format!("log\n-1\n{root}\n"),
            format!("log\n18446744073709551616\n{root}\n"),
            "log\n1\nAAAA\n".to_owned(),
            "log\n1\n".to_owned(),
        ] {
            assert_eq!(Checkpoint::parse(&text), None, "{text:?}");
        }
    }
}

//! Trusted documents: operations that were registered before, asked for by their hash.
//!
//! `documentId` is that of the appendix on persisted documents of GraphQL over HTTP:
//! `sha256:` and the hash in lower-case hexadecimal digits.

use std::collections::{BTreeMap, HashMap};

use async_graphql::ServerError;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::operation;

/// The documents that are asked for by their hash; none unless a manifest was read.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    known: HashMap<String, String>,
    alone: bool,
}

/// Says why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is neither of the two forms.
    #[error(
        "the manifest must be a JSON object of hash and document, or have `operations` with `id` \
         and `body`: {0}"
    )]
    Unreadable(#[from] serde_json::Error),
    /// A document was changed after it was named.
    #[error("the document under {id} has the hash {hash}, make the manifest anew")]
    WrongHash {
        /// The hash in the manifest.
        id: String,
        /// The hash of the document beside it.
        hash: String,
    },
}

/// A manifest in one of the forms in which clients' compilers write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Listed { operations: Vec<Operation> },
    Mapped(BTreeMap<String, String>),
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

impl Documents {
    /// Reads a manifest; `alone` refuses every operation that is not in it.
    ///
    /// # Errors
    ///
    /// Fails when the text is no manifest, or when a document does not have the hash that names it.
    pub fn read(manifest: &str, alone: bool) -> Result<Self, ManifestError> {
        let listed: Vec<(String, String)> = match serde_json::from_str(manifest)? {
            Manifest::Mapped(documents) => documents.into_iter().collect(),
            Manifest::Listed { operations } => {
                let pairs = operations.into_iter().map(|one| (one.id, one.body));
                pairs.collect()
            }
        };
        let mut known = HashMap::new();
        for (id, document) in listed {
            let given = id.strip_prefix(PREFIX).unwrap_or(&id).to_ascii_lowercase();
            let hash = hash(&document);
            if given != hash {
                return Err(ManifestError::WrongHash { id, hash });
            }
            known.insert(hash, document);
        }
        Ok(Self { known, alone })
    }

    /// Refuses every operation that is not known.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    /// Returns the text to run.
    pub(crate) fn resolve(&self, asked: Asked) -> Result<String, ServerError> {
        match asked {
            Asked::Text(text) if self.alone => {
                let known = self.known.contains_key(&hash(&text));
                known.then_some(text).ok_or_else(|| {
                    let message = "only registered documents are run here, \
                                   register this one or send the documentId of another";
                    operation::error("DOCUMENT_NOT_TRUSTED", message)
                })
            }
            Asked::Text(text) => Ok(text),
            Asked::Document(id) => {
                let hash = id.strip_prefix(PREFIX).unwrap_or(&id);
                self.known.get(hash).cloned().ok_or_else(|| {
                    let message = "documentId names no registered document, \
                                   it is sha256: and the hash of one";
                    operation::error("DOCUMENT_UNKNOWN", message)
                })
            }
        }
    }
}

const PREFIX: &str = "sha256:";

/// What a request wants to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// This document.
    Text(String),
    /// The registered document of this id.
    Document(String),
}

fn hash(document: &str) -> String {
    let digest = Sha256::digest(document.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // As `printf '{ hello }' | sha256sum` says.
    const HELLO: &str = "001c3174e099bd72b729d0c0a529ba9f5a740c446e2a6e1d71b283cb84ec3065";

    fn code(refused: Result<String, ServerError>) -> String {
        let error = refused.expect_err("refused");
        let code = error.extensions.as_ref().and_then(|all| all.get("code"));
        code.expect("a code").to_string()
    }

    #[test]
    fn both_forms_of_a_manifest_are_read_and_hashes_are_checked() {
        let mapped = format!(r#"{{"{HELLO}": "{{ hello }}"}}"#);
        let prefixed = format!(r#"{{"sha256:{HELLO}": "{{ hello }}"}}"#);
        let listed = format!(
            r#"{{"format": "apollo-persisted-query-manifest", "version": 1, "operations":
                [{{"id": "{HELLO}", "name": "Hello", "type": "query", "body": "{{ hello }}"}}]}}"#
        );
        for manifest in [mapped, prefixed, listed] {
            let documents = Documents::read(&manifest, false).expect("a manifest");
            for id in [HELLO.to_owned(), format!("sha256:{HELLO}")] {
                let text = documents.resolve(Asked::Document(id));
                assert_eq!(text.expect("known"), "{ hello }");
            }
        }
        let changed = format!(r#"{{"{HELLO}": "{{ hello bye }}"}}"#);
        let error = Documents::read(&changed, false).expect_err("another hash");
        assert!(matches!(error, ManifestError::WrongHash { id, .. } if id == HELLO));
        for broken in ["", "[]", r#"{"a": 1}"#] {
            let error = Documents::read(broken, false).expect_err(broken);
            assert!(matches!(error, ManifestError::Unreadable(_)));
        }
    }

    #[test]
    fn what_is_not_registered_is_refused_where_nothing_else_may_run() {
        let open = Documents::default();
        let text = || Asked::Text("{ hello }".to_owned());
        assert!(open.resolve(text()).is_ok());
        let unknown = Asked::Document("sha256:00".to_owned());
        assert_eq!(code(open.resolve(unknown)), "\"DOCUMENT_UNKNOWN\"");
        assert_eq!(
            code(open.alone().resolve(text())),
            "\"DOCUMENT_NOT_TRUSTED\""
        );

        let manifest = format!(r#"{{"{HELLO}": "{{ hello }}"}}"#);
        let closed = Documents::read(&manifest, true).expect("a manifest");
        assert!(
            closed.resolve(text()).is_ok(),
            "the same text is the same document"
        );
        let other = Asked::Text("{ hello(name: \"you\") }".to_owned());
        assert_eq!(code(closed.resolve(other)), "\"DOCUMENT_NOT_TRUSTED\"");
    }
}

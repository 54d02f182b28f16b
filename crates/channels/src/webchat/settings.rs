//! What an inbox of the web chat is set up with, read from its sealed credentials.

use crate::Credentials;

/// On which pages the widget may stand, and how their visitors prove who they are.
#[derive(Clone, Default)]
pub struct Settings {
    /// The origins of the pages.
    pub origins: Vec<Origin>,
    /// Sign identities; the second one is good while the first replaces it.
    pub identity_secrets: Vec<String>,
    /// Whether only visitors whom their page vouches for may write.
    pub enforce_identity: bool,
}

impl Settings {
    /// Reads them.
    pub fn of(credentials: &Credentials) -> Self {
        let origins = credentials.other("allowed_origins").unwrap_or_default();
        let names = ["identity_secret", "previous_identity_secret"];
        let secrets = names.iter().filter_map(|name| credentials.other(name));
        Self {
            origins: origins
                .split_whitespace()
                .filter_map(Origin::read)
                .collect(),
            identity_secrets: secrets.map(str::to_owned).collect(),
            enforce_identity: credentials.other("enforce_identity") == Some("true"),
        }
    }

    /// Returns whether pages of an origin may talk to the inbox.
    pub fn allows(&self, origin: &str) -> bool {
        let Some(asked) = Parts::read(origin) else {
            return false;
        };
        self.origins.iter().any(|known| known.covers(&asked))
    }
}

/// An origin that is allowed: `https://shop.example.org`, or `https://*.example.org` for all names
/// below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    parts: Parts,
    below: bool,
}

/// Scheme, host and port as a browser writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    scheme: String,
    host: String,
    /// `None` for any, which only this machine's own names may have.
    port: Option<u16>,
}

impl Parts {
    /// Reads an origin as browsers write it (RFC 6454): no path, no user, nothing else.
    fn read(origin: &str) -> Option<Self> {
        let url = url::Url::parse(origin).ok()?;
        let parts = Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_ascii_lowercase(),
            port: Some(url.port_or_known_default()?),
        };
        let is_origin = url.origin().ascii_serialization() == origin.to_ascii_lowercase();
        (is_origin && matches!(url.scheme(), "http" | "https")).then_some(parts)
    }
}

impl Origin {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        if let Some(local) = text.strip_suffix(":*") {
            let parts = Parts::read(local)?;
            let own = ["localhost", "127.0.0.1", "[::1]"].contains(&parts.host.as_str());
            let parts = Parts {
                port: None,
                ..parts
            };
            return own.then_some(Self {
                parts,
                below: false,
            });
        }
        let (plain, below) = match text.split_once("://*.") {
            Some((scheme, rest)) => (format!("{scheme}://{rest}"), true),
            None => (text.to_owned(), false),
        };
        let parts = Parts::read(&plain)?;
        // A whole country is nobody's own name.
        let is_name = parts.host.contains('.');
        (!below || is_name).then_some(Self { parts, below })
    }

    fn covers(&self, asked: &Parts) -> bool {
        let same_port = self.parts.port.is_none() || self.parts.port == asked.port;
        let host = match self.below {
            true => {
                let name = asked.host.strip_suffix(&self.parts.host);
                name.is_some_and(|name| name.ends_with('.') && name.len() > 1)
            }
            false => self.parts.host == asked.host,
        };
        self.parts.scheme == asked.scheme && same_port && host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(origins: &str) -> Settings {
        let mut credentials = Credentials::default();
        let others = &mut credentials.others;
        others.insert("allowed_origins".to_owned(), origins.to_owned());
        Settings::of(&credentials)
    }

    #[test]
    fn an_origin_is_allowed_only_as_it_is_written() {
        let shop = settings("https://shop.example.org https://*.example.net http://127.0.0.1:*");
        for yes in [
            "https://shop.example.org",
            "https://a.example.net",
            "https://a.b.example.net",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:41234",
        ] {
            assert!(shop.allows(yes), "{yes}");
        }
        for no in [
            "http://shop.example.org",
            "https://shop.example.org:8443",
            "https://shop.example.org.evil.example",
            "https://evilshop.example.org",
            "https://example.net",
            "https://evilexample.net",
            "https://shop.example.org/",
            "https://user@shop.example.org",
            "https://127.0.0.1:8080",
            "null",
            "",
            "*",
            "file://",
        ] {
            assert!(!shop.allows(no), "{no}");
        }
    }

    #[test]
    fn without_a_list_no_page_is_allowed_and_bad_entries_allow_nothing() {
        for origins in [
            "",
            "*",
            "https://*",
            "https://*.org",
            "https://a.example.org:*",
        ] {
            let one = settings(origins);
            assert!(!one.allows("https://a.example.org"), "{origins:?}");
        }
    }
}

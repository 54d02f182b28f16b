//! Mail addresses.

use mail_parser::{Addr, Address};

/// The longest address that RFC 5321 lets through.
const MAX_BYTES: usize = 254;

/// Somebody's address with the name they gave themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The display name, self-asserted.
    pub name: Option<String>,
    /// `local@domain`, the domain in lower case.
    pub address: String,
}

impl Mailbox {
    /// Takes an address that has the form of one.
    pub fn new(name: Option<&str>, address: &str) -> Option<Self> {
        let name = name.map(clean).filter(|name| !name.is_empty());
        Some(Self {
            name,
            address: canonical(address)?,
        })
    }

    /// Returns the part before the last `@`.
    pub fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// Returns the part behind the last `@`.
    pub fn domain(&self) -> &str {
        self.address
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }

    /// Returns whether it is that address; no receiver in practice tells cases apart.
    pub fn is(&self, address: &str) -> bool {
        let address = address.trim();
        self.address == address || self.address.to_lowercase() == address.to_lowercase()
    }
}

/// Returns the address in the form that is compared and stored, or `None` where it is none.
pub(super) fn canonical(address: &str) -> Option<String> {
    let address = address
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim();
    let (local, domain) = address.rsplit_once('@')?;
    let visible = |c: char| !c.is_control() && !c.is_whitespace() && !"<>,;\"()".contains(c);
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let local_fits = !local.is_empty()
        && local.len() <= 64
        && (local.chars().all(|c| visible(c) && c != '@')
            || quoted && !local.chars().any(char::is_control));
    let literal = domain.starts_with('[') && domain.ends_with(']');
    let domain_fits = !domain.is_empty()
        && domain.chars().all(|c| visible(c) && c != '@')
        && (literal || !domain.starts_with(['.', '-']) && !domain.contains(".."));
    if !local_fits || !domain_fits || address.len() > MAX_BYTES {
        return None;
    }
    let domain = domain.trim_end_matches('.').to_lowercase();
    (!domain.is_empty()).then(|| format!("{local}@{domain}"))
}

/// Returns the mailboxes of a field in order, groups opened, what is no address left out.
pub(super) fn mailboxes(address: &Address<'_>, limit: usize) -> (Vec<Mailbox>, bool) {
    let all: Vec<&Addr<'_>> = match address {
        Address::List(list) => list.iter().collect(),
        Address::Group(groups) => groups.iter().flat_map(|group| &group.addresses).collect(),
    };
    let cut = all.len() > limit;
    let usable = all.into_iter().take(limit);
    let mailboxes = usable
        .filter_map(|addr| Mailbox::new(addr.name.as_deref(), addr.address.as_deref()?))
        .collect();
    (mailboxes, cut)
}

/// Returns words on one line without control characters, at most 200 characters long.
pub(super) fn clean(words: &str) -> String {
    let mut line = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !redirects(*c)));
    }
    line.chars().take(200).collect()
}

/// Returns whether a character turns the direction of what follows, which forges names.
pub(super) fn redirects(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_it_is_known_to_its_domain() {
        let check = |given: &str, expected: Option<&str>| {
            assert_eq!(canonical(given).as_deref(), expected, "{given}");
        };
        check("Customer.12@Example.ORG", Some("Customer.12@example.org"));
        check(" <a@example.org.> ", Some("a@example.org"));
        check("jdöe@mächine.example", Some("jdöe@mächine.example"));
        check("\"a b\"@example.org", Some("\"a b\"@example.org"));
        for wrong in [
            "",
            "@",
            "a@",
            "@b",
            "a b@example.org",
            "a@b\r\nc",
            "a@..",
            "<>",
            "a@b@c d",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_name_cannot_turn_the_line_around() {
        assert_eq!(clean("a\u{202E}b\r\n\tc"), "ab c");
    }
}

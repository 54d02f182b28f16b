//! What a trusted server found out about the sender (RFC 8601).
//!
//! Anybody can write `Authentication-Results` into a mail. Only the topmost field of a server that
//! the inbox names as its own is read; everything else is text.

use super::Mail;
use serde::{Deserialize, Serialize};

/// What checks of the sender gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Who checked; `None` where nobody did whom we trust.
    pub checked_by: Option<String>,
    /// Whether the server that brought it may send for the envelope sender (RFC 7208).
    pub spf: Option<Check>,
    /// Whether signatures hold (RFC 6376), one per signature.
    pub dkim: Vec<Check>,
    /// Whether one of them speaks for the author's domain (RFC 7489).
    pub dmarc: Option<Check>,
    /// Whether servers on the way sealed what they saw (RFC 8617).
    pub arc: Option<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it gave.
    pub result: Verdict,
    /// The domain or address it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// What a check gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There was nothing to check.
    None,
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It probably does not.
    Softfail,
    /// The domain says nothing about it, or the signature cannot be judged.
    Neutral,
    /// It holds, but not by the checker's policy.
    Policy,
    /// It could not be checked at that moment.
    Temperror,
    /// It cannot be checked.
    Permerror,
}

impl Verdict {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "pass" => Self::Pass,
            "fail" | "hardfail" => Self::Fail,
            "softfail" => Self::Softfail,
            "neutral" => Self::Neutral,
            "policy" => Self::Policy,
            "temperror" => Self::Temperror,
            "permerror" => Self::Permerror,
            _ => return None,
        })
    }
}

impl Evidence {
    /// Reads what the servers that an inbox trusts wrote into a mail.
    pub fn of(mail: &Mail, trusted: &[String]) -> Self {
        let fields = mail.trace.authentication_results.iter();
        let mut fields = fields.filter_map(|field| read(field));
        let by_us = |evidence: &Self| {
            let name = evidence.checked_by.as_deref().unwrap_or_default();
            trusted
                .iter()
                .any(|trusted| trusted.eq_ignore_ascii_case(name))
        };
        fields.find(by_us).unwrap_or_default()
    }

    /// Returns whether the author's domain disowns the mail: agents are warned, and nothing is
    /// linked to a known customer by itself.
    pub fn disowned(&self) -> bool {
        self.dmarc
            .as_ref()
            .is_some_and(|check| check.result == Verdict::Fail)
    }

    /// Returns whether a check speaks for an author's domain.
    pub fn vouches_for(&self, domain: &str) -> bool {
        let dmarc = self
            .dmarc
            .as_ref()
            .filter(|check| check.result == Verdict::Pass);
        let about = dmarc.and_then(|check| check.about.as_deref());
        about.is_some_and(|about| about.eq_ignore_ascii_case(domain))
    }
}

/// Reads one field; `None` where it names no server.
fn read(field: &str) -> Option<Evidence> {
    let mut clauses = clauses(field).into_iter();
    let server = clauses.next()?.split_whitespace().next()?.to_owned();
    let mut evidence = Evidence {
        checked_by: Some(server),
        ..Evidence::default()
    };
    for clause in clauses {
        let mut words = clause.split_whitespace();
        let Some((method, result)) = words.next().and_then(|word| word.split_once('=')) else {
            continue;
        };
        let Some(result) = Verdict::parse(result) else {
            continue;
        };
        let properties: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        let about = |names: &[&str]| {
            let value = names.iter().find_map(|name| {
                let known = properties
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name));
                known.map(|(_, value)| value.trim_matches('"'))
            });
            value.map(|value| value.trim_start_matches('@').to_owned())
        };
        let method = method
            .split('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let check = |names: &[&str]| Check {
            result,
            about: about(names),
        };
        match method.as_str() {
            "spf" => {
                evidence.spf =
                    evidence
                        .spf
                        .or(Some(check(&["smtp.mailfrom", "smtp.mail", "smtp.helo"])))
            }
            "dkim" if evidence.dkim.len() < 20 => {
                evidence.dkim.push(check(&["header.d", "header.i"]))
            }
            "dmarc" => evidence.dmarc = evidence.dmarc.or(Some(check(&["header.from"]))),
            "arc" => evidence.arc = evidence.arc.or(Some(check(&["header.oldest-pass"]))),
            _ => {}
        }
    }
    Some(evidence)
}

/// Splits at semicolons outside of comments and quotes; comments are left out, and blanks around
/// equal signs.
fn clauses(field: &str) -> Vec<String> {
    let mut clauses = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in field.chars() {
        let last = clauses.len() - 1;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' if !quoted => clauses.push(String::new()),
            c if quoted && c.is_whitespace() => clauses[last].push('_'),
            c => clauses[last].push(c),
        }
    }
    let tight = |clause: String| {
        let words: Vec<&str> = clause.split('=').map(str::trim).collect();
        words.join("=")
    };
    clauses.into_iter().map(tight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_with_comments_and_quotes() {
        let field = "mx.example.org 1; spf=pass (one; two (nested)) smtp.mailfrom=a@example.net;\r\n \
            dkim = fail reason=\"bad; key\" header.i=@example.net; dkim=pass header.d=example.com; \
            dmarc=pass (p=NONE) header.from=example.com; x=y; iprev=pass";
        let evidence = read(field).expect("a field");
        let check = |result, about: &str| Check {
            result,
            about: Some(about.to_owned()),
        };
        assert_eq!(evidence.checked_by.as_deref(), Some("mx.example.org"));
        assert_eq!(evidence.spf, Some(check(Verdict::Pass, "a@example.net")));
        assert_eq!(
            evidence.dkim,
            [
                check(Verdict::Fail, "example.net"),
                check(Verdict::Pass, "example.com")
            ]
        );
        assert!(evidence.vouches_for("Example.com") && !evidence.vouches_for("example.net"));
    }

    #[test]
    fn a_comment_cannot_smuggle_a_result() {
        let field = "mx.example.org; spf=fail (x) reason=\"; dmarc=pass header.from=example.org\" (; dmarc=pass)";
        let evidence = read(field).expect("a field");
        assert_eq!(evidence.dmarc, None);
        assert_eq!(evidence.spf.expect("a check").result, Verdict::Fail);
    }
}

//! What a setting's value may be, as data.

use std::fmt::{self, Display};

use toml::Value;

/// The values that a setting accepts beyond its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    /// Every value of the kind.
    Any,
    /// Text that is not empty.
    NotEmpty,
    /// A whole number, or each number of a list, within these bounds.
    Whole(i64, i64),
    /// A number with decimals within these bounds.
    Fraction(f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A URL with one of these schemes and a host.
    Url(&'static [&'static str]),
    /// An IP address.
    Address,
}

impl Check {
    /// Says whether `value` is accepted; `Err` holds what would be.
    ///
    /// The message never repeats the value, since it may be a secret.
    pub fn accept(&self, value: &Value) -> Result<(), String> {
        let accepted = match (self, value) {
            (Check::Any, _) => true,
            (Check::Whole(..), Value::Array(items)) => {
                !items.is_empty() && items.iter().all(|item| self.accept(item).is_ok())
            }
            (Check::Whole(least, most), Value::Integer(number)) => {
                (*least..=*most).contains(number)
            }
            (Check::Fraction(least, most), Value::Float(number)) => {
                (*least..=*most).contains(number)
            }
            (Check::NotEmpty, Value::String(text)) => !text.trim().is_empty(),
            (Check::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
            (Check::Url(schemes), Value::String(text)) => is_url(text, schemes),
            (Check::Address, Value::String(text)) => text.parse::<std::net::IpAddr>().is_ok(),
            _ => false,
        };
        if accepted {
            Ok(())
        } else {
            Err(format!("must be {self}"))
        }
    }
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    url::Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host())
}

impl Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Any => f.write_str("any value"),
            Check::NotEmpty => f.write_str("not empty"),
            Check::Whole(least, most) => write!(f, "from {least} to {most}"),
            Check::Fraction(least, most) => write!(f, "from {least:?} to {most:?}"),
            Check::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Check::Url(schemes) => write!(f, "a URL like {}://host", schemes.join(":// or ")),
            Check::Address => f.write_str("an IP address"),
        }
    }
}

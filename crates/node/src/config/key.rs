//! One setting, described as data.

use std::fmt::{self, Display};

use toml::Value;

use super::{Check, Secret, settings::LogFormat};

/// The shape of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// A number with decimals.
    Fraction,
    /// `true` or `false`.
    Flag,
    /// A list of whole numbers; commas separate them in the environment.
    WholeList,
}

impl Kind {
    /// Reads a value from an environment variable's text.
    pub(super) fn parse(self, text: &str) -> Option<Value> {
        let text = text.trim();
        match self {
            Kind::Text => Some(Value::from(text)),
            Kind::Whole => text.parse().ok().map(Value::Integer),
            Kind::Fraction => text.parse().ok().map(Value::Float),
            Kind::Flag => text.parse().ok().map(Value::Boolean),
            Kind::WholeList => {
                let numbers: Result<Vec<i64>, _> =
                    text.split(',').map(|item| item.trim().parse()).collect();
                numbers.ok().map(Value::from)
            }
        }
    }

    /// Gives the value in this kind's own form, or nothing if it is of another kind.
    pub(super) fn adopt(self, value: Value) -> Option<Value> {
        match (self, value) {
            (Kind::Fraction, Value::Integer(number)) => Some(Value::Float(number as f64)),
            (Kind::Text, value @ Value::String(_))
            | (Kind::Whole, value @ Value::Integer(_))
            | (Kind::Fraction, value @ Value::Float(_))
            | (Kind::Flag, value @ Value::Boolean(_)) => Some(value),
            (Kind::WholeList, Value::Array(items)) => items
                .iter()
                .all(Value::is_integer)
                .then_some(Value::Array(items)),
            _ => None,
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Text => "text",
            Kind::Whole => "a whole number",
            Kind::Fraction => "a number",
            Kind::Flag => "true or false",
            Kind::WholeList => "a list of whole numbers",
        })
    }
}

/// One setting: where it is written, what it means and what it accepts.
#[derive(Debug, Clone)]
pub struct Key {
    /// The section of the file, empty for the keys above all sections.
    pub section: &'static str,
    /// The key's name within its section.
    pub name: &'static str,
    /// The shape of the value.
    pub kind: Kind,
    /// The value when nobody sets it.
    pub default: Option<Value>,
    /// What the number counts or the text holds.
    pub unit: &'static str,
    /// The accepted values.
    pub check: Check,
    /// What the setting does, in one sentence or two.
    pub doc: &'static str,
}

/// Well-known names that other programs use for the same thing.
const ALIASES: &[(&str, &str)] = &[
    ("database.url", "DATABASE_URL"),
    ("database.migration_url", "MIGRATION_DATABASE_URL"),
    ("database.operator_url", "OPERATOR_DATABASE_URL"),
    ("bus.url", "AMQP_URL"),
    ("cache.url", "REDIS_URL"),
    ("telemetry.otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("telemetry.otlp_protocol", "OTEL_EXPORTER_OTLP_PROTOCOL"),
];

impl Key {
    /// The full name, as `section.name`.
    pub fn path(&self) -> String {
        if self.section.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.section, self.name)
        }
    }

    /// The environment variable that sets this key.
    pub fn env(&self) -> String {
        format!("INTERDESK_{}", self.path().replace('.', "_").to_uppercase())
    }

    /// The well-known environment name that also sets this key, if there is one.
    pub fn alias(&self) -> Option<&'static str> {
        let path = self.path();
        ALIASES
            .iter()
            .find(|(key, _)| *key == path)
            .map(|(_, alias)| *alias)
    }
}

/// A Rust type that a setting can have.
pub(super) trait Setting {
    const KIND: Kind;
}

macro_rules! setting_kinds {
    ($($kind:ident: $($ty:ty),+;)+) => {
        $($(impl Setting for $ty { const KIND: Kind = Kind::$kind; })+)+
    };
}

setting_kinds! {
    Text: String, std::path::PathBuf, std::net::IpAddr, LogFormat, Secret<String>;
    Whole: u16, u32, u64, usize;
    Fraction: f64;
    Flag: bool;
    WholeList: Vec<u64>;
}

impl<T: Setting> Setting for Option<T> {
    const KIND: Kind = T::KIND;
}

/// Marks a setting that is unset unless somebody sets it.
pub(super) struct Unset;

/// A literal that can stand as a default in the declaration.
pub(super) trait IntoDefault {
    fn into_default(self) -> Option<Value>;
}

impl IntoDefault for Unset {
    fn into_default(self) -> Option<Value> {
        None
    }
}

macro_rules! defaults {
    ($($ty:ty),+) => {
        $(impl IntoDefault for $ty {
            fn into_default(self) -> Option<Value> {
                Some(Value::from(self))
            }
        })+
    };
}

defaults!(&str, i64, f64, bool);

impl<const N: usize> IntoDefault for [i64; N] {
    fn into_default(self) -> Option<Value> {
        Some(Value::from(self.to_vec()))
    }
}

//! Texts whose form somebody else has written down.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeZone(pub(crate) String);

/// A time zone by its name in the IANA database, such as `Europe/Vienna`.
#[Scalar(specified_by_url = "https://www.iana.org/time-zones")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        match text.parse::<chrono_tz::Tz>() {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(InputValueError::custom(
                "a TimeZone is one of the IANA database",
            )),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A language tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locale(pub(crate) String);

/// A language tag such as `de-AT`, as whoever told it wrote it.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/info/bcp47")]
impl ScalarType for Locale {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        let is_part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        match text.split('-').all(is_part) {
            true => Ok(Self(text)),
            false => Err(InputValueError::custom(
                "a Locale is a language tag such as de-AT",
            )),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct E164(String);

impl E164 {
    /// Reads a number as networks write it: digits alone, with or without the plus sign.
    pub(crate) fn read(number: &str) -> Option<Self> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_number = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| Self(format!("+{digits}")))
    }
}

/// A phone number with its country code, such as `+15550100077`.
#[Scalar(specified_by_url = "https://www.itu.int/rec/T-REC-E.164")]
impl ScalarType for E164 {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        let number = text.starts_with('+').then(|| Self::read(&text)).flatten();
        number.ok_or_else(|| InputValueError::custom("an E164 is a number such as +15550100077"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn text<T: async_graphql::InputType>(value: Value) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        value => Err(InputValueError::expected_type(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_one_way_and_what_is_none_is_not() {
        let number = |text: &str| E164::read(text).map(|number| number.0);
        assert_eq!(number("15550100077").as_deref(), Some("+15550100077"));
        assert_eq!(number("+15550100077").as_deref(), Some("+15550100077"));
        for none in [
            "",
            "+",
            "0155501000",
            "555-0100",
            "1234567890123456",
            "anna",
        ] {
            assert_eq!(number(none), None, "{none}");
        }
        assert!(E164::parse(Value::from("15550100077")).is_err());
        assert!(TimeZone::parse(Value::from("Europe/Vienna")).is_ok());
        assert!(TimeZone::parse(Value::from("Europe/Nowhere")).is_err());
        assert!(Locale::parse(Value::from("de-AT")).is_ok());
        assert!(Locale::parse(Value::from("de_AT")).is_err());
    }
}

//! A length of time.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::TimeDelta;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(TimeDelta);

impl Duration {
    /// Takes milliseconds.
    pub(crate) fn of_ms(millis: i64) -> Self {
        Self(TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX))
    }

    /// Takes seconds.
    pub(crate) fn of_seconds(seconds: u32) -> Self {
        Self(TimeDelta::seconds(seconds.into()))
    }
}

/// A length of time by ISO 8601, such as `PT1H30M` or `PT0.25S`, to the millisecond and in hours, minutes
/// and seconds: a day is not always 24 hours. What is over already is negative, such as `-PT5M`.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => read(text).map(Self).ok_or_else(|| {
                InputValueError::custom("a Duration is a length of time such as PT1H30M")
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(write(self.0))
    }
}

fn write(length: TimeDelta) -> String {
    let sign = if length < TimeDelta::zero() { "-" } else { "" };
    let millis = length.num_milliseconds().unsigned_abs();
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let part = |count: u64, unit: &str| match count {
        0 => String::new(),
        _ => format!("{count}{unit}"),
    };
    let fraction = match rest {
        0 => String::new(),
        _ => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    let tail = match (seconds, rest, millis) {
        (0, 0, 1..) => String::new(),
        _ => format!("{seconds}{fraction}S"),
    };
    format!("{sign}PT{}{}{tail}", part(hours, "H"), part(minutes, "M"))
}

/// Reads hours, minutes and seconds, each at most once and in this order.
fn read(text: &str) -> Option<TimeDelta> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty())?;
    let mut millis: i64 = 0;
    for (unit, weight) in [('H', 3_600_000), ('M', 60_000), ('S', 1_000)] {
        let Some((number, after)) = rest.split_once(unit) else {
            continue;
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) if unit == 'S' => (whole, fraction),
            Some(_) => return None,
            None => (number, "0"),
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
            return None;
        }
        let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let own = whole.parse::<i64>().ok()?.checked_mul(weight)?;
        millis = millis.checked_add(own)?.checked_add(thousandths)?;
        rest = after;
    }
    match rest.is_empty() {
        true => TimeDelta::try_milliseconds(sign * millis),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_one_way_and_read_back() {
        for (millis, text) in [
            (0, "PT0S"),
            (1, "PT0.001S"),
            (250, "PT0.25S"),
            (60_000, "PT1M"),
            (61_500, "PT1M1.5S"),
            (5_400_000, "PT1H30M"),
            (90_000_000, "PT25H"),
            (-300_000, "-PT5M"),
            (i64::from(u32::MAX) * 1_000, "PT1193046H28M15S"),
        ] {
            let length = TimeDelta::milliseconds(millis);
            assert_eq!(write(length), text);
            assert_eq!(read(text), Some(length), "{text}");
        }
        assert_eq!(read("PT90M"), Some(TimeDelta::minutes(90)));
        for none in [
            "",
            "PT",
            "P1D",
            "1H",
            "PT1.5H",
            "PT1M1H",
            "PT1H1H",
            "PT-1H",
            "PT1",
            "PT1.S",
            "PT.5S",
            "PTS",
            "pt1h",
            "PT99999999999999999999H",
            "PT9223372036854775807S",
            "PT1S ",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}

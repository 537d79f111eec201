use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A number as a table prints it, which is worth its digits and no more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Printed {
    /// The number.
    pub value: f64,
    /// Digits after the point.
    pub decimals: u8,
}

/// How a printed number follows from a computed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// It is the computed number, rounded.
    Rounded,
    /// It is the computed number with digits cut off.
    Truncated,
    /// It is another number.
    Differs,
}

/// Why a text is no printed number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("wanted digits with at most one point, found `{found}`")]
pub struct PrintedError {
    /// The text.
    pub found: String,
}

impl Printed {
    /// Returns how the printed number follows from `computed`, which is not negative.
    pub fn agreement(self, computed: f64) -> Agreement {
        let scale = 10_f64.powi(i32::from(self.decimals));
        let (printed, computed) = ((self.value * scale).round(), computed * scale);
        if computed.round() == printed {
            Agreement::Rounded
        } else if computed.floor() == printed {
            Agreement::Truncated
        } else {
            Agreement::Differs
        }
    }
}

impl FromStr for Printed {
    type Err = PrintedError;

    fn from_str(text: &str) -> Result<Self, PrintedError> {
        let error = || PrintedError { found: text.to_owned() };
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(error());
        }
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let decimals = u8::try_from(decimals).map_err(|_| error())?;
        Ok(Self { value: text.parse().map_err(|_| error())?, decimals })
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.*}", usize::from(self.decimals), self.value)
    }
}

impl<'de> Deserialize<'de> for Printed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Printed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Printed {
        text.parse().expect("a number")
    }

    #[test]
    fn a_printed_number_agrees_with_what_it_rounds_or_cuts() {
        assert_eq!(printed("2.7").agreement(2.703), Agreement::Rounded);
        assert_eq!(printed("2.7").agreement(2.771), Agreement::Truncated);
        assert_eq!(printed("2.7").agreement(2.803), Agreement::Differs);
        assert_eq!(printed("9.2").agreement(9.19), Agreement::Rounded);
        assert_eq!(printed("25").agreement(25.88), Agreement::Truncated);
    }

    #[test]
    fn a_printed_number_keeps_its_digits() {
        assert_eq!(printed("39.90").to_string(), "39.90");
        assert!("1e3".parse::<Printed>().is_err());
        assert!("".parse::<Printed>().is_err());
    }
}

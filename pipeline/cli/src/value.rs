//! Results as a person and as a program read them.

use engine::Value;

/// How many digits of a real number a person is shown.
const DIGITS: i32 = 4;

/// The exponents of ten within which a number is written without one.
const PLAIN: std::ops::RangeInclusive<i32> = -5..=14;

/// Returns a result for a person: real numbers with four significant digits.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => significant(*number),
        Value::Integer(_) | Value::Text(_) | Value::Bool(_) => value.to_string(),
    }
}

/// Returns a result for a program; a number that is not finite is null.
pub(crate) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) => (*number).into(),
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bool(truth) => (*truth).into(),
    }
}

fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let exponent = number.abs().log10().floor() as i32;
    if !PLAIN.contains(&exponent) {
        return format!("{number:.*e}", DIGITS as usize - 1);
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or_default();
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_shown_four_digits() {
        let text = |number: f64| text(&Value::Number(number));
        assert_eq!(text(0.1 + 0.2), "0.3");
        assert_eq!(text(0.912_345), "0.9123");
        assert_eq!(text(-12.0), "-12");
        assert_eq!(text(123_456.7), "123457");
        assert_eq!(text(0.000_012_346), "0.00001235");
        assert_eq!(text(1e-9), "1.000e-9");
        assert_eq!(text(0.0), "0");
        assert_eq!(text(f64::NAN), "NaN");
    }

    #[test]
    fn a_program_is_given_all_digits_or_null() {
        assert_eq!(json(&Value::Number(0.1 + 0.2)).to_string(), "0.30000000000000004");
        assert!(json(&Value::Number(f64::INFINITY)).is_null());
        assert_eq!(json(&Value::Text("a\"b".to_owned())).to_string(), r#""a\"b""#);
    }
}

//! What PostgreSQL writes, as JSON.

use super::kind::Kind;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Number, Value, json};

/// The value of a column. Text that is not what the kind says stays text.
pub(super) fn decode(text: &str, kind: &Kind) -> Value {
    let read = match kind {
        Kind::Bool => match text {
            "t" => Some(Value::Bool(true)),
            "f" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Integer => text.parse::<i64>().ok().map(Value::from),
        // NaN and the infinities have no word in JSON: they stay text.
        Kind::Float => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        Kind::Numeric => numeric(text),
        Kind::Json => serde_json::from_str(text).ok(),
        Kind::Bytes => bytes(text),
        Kind::Timestamp => timestamp(text).map(Value::String),
        Kind::TimestampTz => timestamp_tz(text).map(Value::String),
        Kind::Array { of, delimiter } => array(text, of, *delimiter),
        Kind::Text => None,
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A number when it is exactly one, else nothing.
fn numeric(text: &str) -> Option<Value> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(json!(integer));
    }
    let real: f64 = text.parse().ok()?;
    let number = Number::from_f64(real)?;
    // The shortest text of the double must be the same decimal, apart from zeros at its end.
    let shortest = format!("{real}");
    let bare = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    (bare(&shortest) == bare(text)).then_some(Value::Number(number))
}

fn bytes(text: &str) -> Option<Value> {
    let hex = text.strip_prefix("\\x")?.as_bytes();
    let bytes: Option<Vec<u8>> = hex
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => {
                let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                Some(digit(*high)? << 4 | digit(*low)?)
            }
            _ => None,
        })
        .collect();
    Some(json!({"base64": STANDARD.encode(bytes?)}))
}

/// `2024-05-06 07:08:09.1` → `2024-05-06T07:08:09.1`
fn timestamp(text: &str) -> Option<String> {
    let (date, time) = text.split_once(' ')?;
    (!time.contains(' ')).then(|| format!("{date}T{time}"))
}

/// `2024-05-06 07:08:09.1+00` → `2024-05-06T07:08:09.1+00:00`
fn timestamp_tz(text: &str) -> Option<String> {
    let joined = timestamp(text)?;
    let sign = joined.rfind(['+', '-']).filter(|at| *at > 10)?;
    Some(if joined.len() == sign + 3 { format!("{joined}:00") } else { joined })
}

/// `{1,"a b",NULL,{2}}`, possibly with its bounds before it.
fn array(text: &str, of: &Kind, delimiter: char) -> Option<Value> {
    let body = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
    let mut reader = Reader { rest: body, of, delimiter };
    let value = reader.list()?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    of: &'a Kind,
    delimiter: char,
}

impl Reader<'_> {
    fn list(&mut self) -> Option<Value> {
        self.take('{').then_some(())?;
        let mut items = Vec::new();
        if self.take('}') {
            return Some(Value::Array(items));
        }
        loop {
            items.push(if self.rest.starts_with('{') { self.list()? } else { self.element()? });
            if self.take('}') {
                return Some(Value::Array(items));
            }
            self.take(self.delimiter).then_some(())?;
        }
    }

    fn element(&mut self) -> Option<Value> {
        if self.take('"') {
            let mut text = String::new();
            loop {
                match self.next()? {
                    '"' => return Some(decode(&text, self.of)),
                    '\\' => text.push(self.next()?),
                    c => text.push(c),
                }
            }
        }
        let end = self.rest.find(['}', self.delimiter])?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if text == "NULL" { Value::Null } else { decode(text, self.of) })
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_what_they_are() {
        let array = |of| Kind::Array { of: Box::new(of), delimiter: ',' };
        for (text, kind, expect) in [
            ("t", Kind::Bool, json!(true)),
            ("-5", Kind::Integer, json!(-5)),
            ("0.1", Kind::Float, json!(0.1)),
            ("NaN", Kind::Float, json!("NaN")),
            ("12.34", Kind::Numeric, json!(12.34)),
            ("12.3400", Kind::Numeric, json!(12.34)),
            ("7.00", Kind::Numeric, json!(7.0)),
            ("100", Kind::Numeric, json!(100)),
            ("9223372036854775807", Kind::Numeric, json!(i64::MAX)),
            ("9223372036854775808", Kind::Numeric, json!("9223372036854775808")),
            ("0.1000000000000000055511151231257827", Kind::Numeric, json!("0.1000000000000000055511151231257827")),
            ("NaN", Kind::Numeric, json!("NaN")),
            ("{\"a\": [1]}", Kind::Json, json!({"a": [1]})),
            ("\\x00ff", Kind::Bytes, json!({"base64": "AP8="})),
            ("2024-05-06 07:08:09.1", Kind::Timestamp, json!("2024-05-06T07:08:09.1")),
            ("2024-05-06 07:08:09+00", Kind::TimestampTz, json!("2024-05-06T07:08:09+00:00")),
            ("2024-05-06 07:08:09-03:30", Kind::TimestampTz, json!("2024-05-06T07:08:09-03:30")),
            ("infinity", Kind::TimestampTz, json!("infinity")),
            ("0044-03-15 00:00:00+00 BC", Kind::TimestampTz, json!("0044-03-15 00:00:00+00 BC")),
            ("{1,NULL,3}", array(Kind::Integer), json!([1, null, 3])),
            ("{{1,2},{3,4}}", array(Kind::Integer), json!([[1, 2], [3, 4]])),
            (r#"{a,"b c","\"d\\","NULL",""}"#, array(Kind::Text), json!(["a", "b c", "\"d\\", "NULL", ""])),
            (r#"{"{\"x\": 1}"}"#, array(Kind::Json), json!([{"x": 1}])),
            ("[0:1]={5,6}", array(Kind::Integer), json!([5, 6])),
            ("{}", array(Kind::Integer), json!([])),
            ("{broken", array(Kind::Integer), json!("{broken")),
        ] {
            assert_eq!(decode(text, &kind), expect, "{text} {kind:?}");
        }
    }
}

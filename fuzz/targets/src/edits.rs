//! Edits of valid files, as bytes say.

use serde_json::{json, Map, Number, Value};
use zkmargin_tests::tamper::odd_elements;

/// Bytes that say what to do, read one after the other; past their end there are zeros.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    /// Begins a script.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let [byte] = self.bytes();
        byte
    }

    /// A number below `bound`, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = u32::from_le_bytes(self.bytes()) as usize;
        number.checked_rem(bound).unwrap_or(0)
    }

    /// The next bytes, as many as one byte says.
    pub fn some(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.0.len());
        let (some, rest) = self.0.split_at(count);
        self.0 = rest;
        some
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let count = N.min(self.0.len());
        let (head, rest) = self.0.split_at(count);
        bytes[..count].copy_from_slice(head);
        self.0 = rest;
        bytes
    }
}

/// A good file with the edits of a script, at most so many.
pub fn edited(
    data: &[u8],
    good: &[u8],
    edits: usize,
    edit: impl Fn(&mut Script<'_>, &mut Vec<u8>),
) -> Vec<u8> {
    let mut script = Script::new(data);
    let mut bytes = good.to_vec();
    for _ in 0..edits {
        if script.is_done() {
            break;
        }
        edit(&mut script, &mut bytes);
    }
    bytes
}

/// Changes bytes in one way.
pub fn edit_bytes(script: &mut Script<'_>, file: &mut Vec<u8>) {
    let kind = script.byte();
    let at = script.below(file.len().saturating_add(1));
    match kind % 9 {
        0 => {
            let mask = script.byte();
            if let Some(byte) = file.get_mut(at) {
                *byte ^= mask;
            }
        }
        1 => {
            let new = script.some();
            let end = at.saturating_add(new.len()).min(file.len());
            file.splice(at..end, new.iter().copied());
        }
        2 => {
            file.splice(at..at, script.some().iter().copied());
        }
        3 => {
            let end = at.saturating_add(1 + script.below(64)).min(file.len());
            file.drain(at..end);
        }
        4 => file.truncate(at),
        5 => {
            // A piece of the file somewhere else in it.
            let end = at.saturating_add(script.below(256)).min(file.len());
            let piece = file.get(at..end).unwrap_or_default().to_vec();
            let to = script.below(file.len().saturating_add(1));
            file.splice(to..to, piece);
        }
        6 | 7 => {
            // Elements of 32 bytes, aligned as they mostly are: an odd one, or two exchanged.
            let elements = file.len() / 32;
            let (one, two) = (script.below(elements), script.below(elements));
            let (one, two) = (32 * one, 32 * two);
            if kind % 9 == 6 {
                let odd = odd_elements();
                let odd = odd[script.below(odd.len())];
                if let Some(place) = file.get_mut(one..one + 32) {
                    place.copy_from_slice(&odd);
                }
            } else if elements > 0 {
                for byte in 0..32 {
                    file.swap(one + byte, two + byte);
                }
            }
        }
        _ => {
            // Much of the same.
            let byte = script.byte();
            let count = 1usize << (script.byte() % 17);
            file.splice(at..at, std::iter::repeat_n(byte, count));
        }
    }
}

/// How many places there are in a value: itself, and all that is in it.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(places).sum::<usize>(),
        Value::Object(fields) => fields.values().map(places).sum(),
        _ => 0,
    }
}

/// Visits the place of this number; gives back how many are left to count.
fn at_place(value: &mut Value, number: usize, change: &mut dyn FnMut(&mut Value)) -> Option<usize> {
    let Some(mut left) = number.checked_sub(1) else {
        change(value);
        return None;
    };
    match value {
        Value::Array(values) => {
            for value in values {
                left = at_place(value, left, change)?;
            }
        }
        Value::Object(fields) => {
            for value in fields.values_mut() {
                left = at_place(value, left, change)?;
            }
        }
        _ => {}
    }
    Some(left)
}

/// Changes one place of a value in one way.
pub fn edit_json(script: &mut Script<'_>, value: &mut Value) {
    let place = script.below(places(value));
    let mut odd = odd_value(script);
    let kind = script.byte();
    at_place(value, place, &mut |found| match (kind % 7, found) {
        (0, Value::Object(fields)) => {
            let name = fields.keys().nth(usize::from(kind) % 7).cloned();
            fields.remove(&name.unwrap_or_default());
        }
        (1, Value::Object(fields)) => {
            fields.insert("unknown".to_owned(), odd.take());
        }
        (0, Value::Array(values)) => {
            values.pop();
        }
        (1, Value::Array(values)) => values.extend(values.clone()),
        (2, Value::Array(values)) => values.reverse(),
        (3, Value::Array(values)) => values.push(odd.take()),
        (2..=4, Value::String(text)) => near_text(kind, text),
        (2..=4, Value::Number(number)) => *number = near_number(kind, number),
        (_, found) => *found = odd.take(),
    });
}

fn near_number(kind: u8, number: &Number) -> Number {
    let number = number.as_u64().unwrap_or_default();
    Number::from(match kind {
        0..64 => number.wrapping_add(1),
        64..128 => number.wrapping_sub(1),
        128..192 => number ^ 1 << (kind % 64),
        _ => number.wrapping_mul(kind.into()),
    })
}

/// Another text not far from this one.
fn near_text(kind: u8, text: &mut String) {
    let count = text.chars().count().max(1);
    let at = usize::from(kind / 7) % count;
    let mut chars: Vec<char> = text.chars().collect();
    match (kind / 7 % 4, chars.get_mut(at)) {
        (0, Some(digit)) if digit.is_ascii_hexdigit() => {
            let digits = [
                '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
            ];
            *digit = digits[usize::from(kind) % 16];
        }
        (1, Some(_)) => {
            chars.remove(at);
        }
        (2, _) => chars.insert(at, '0'),
        _ => chars.push(['-', '.', ' ', '\u{1b}', 'é', '0', '9'][usize::from(kind) % 7]),
    }
    *text = chars.into_iter().collect();
}

/// A value that readers may not expect.
fn odd_value(script: &mut Script<'_>) -> Value {
    let texts = [
        "",
        "0",
        "-0",
        "-1",
        "1e9",
        "0.000000000000000001",
        "9999999999999999999999999999",
        "-9999999999.999999999999999999",
        "9223372036854775808",
        "340282366920938463463374607431768211456",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "\u{1b}[2J",
        "a\nb",
        "\u{202e}",
        "customer",
        "USDT",
        "BTC-PERP",
        "tiny-11",
        "desk-19",
        "insecure",
        "hermez-ppot",
        "2026-11-22T00:00:00Z",
    ];
    match script.byte() {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1.5),
        6 => json!([]),
        7 => json!({}),
        8 => Value::String("9".repeat(1 << (script.byte() % 18))),
        9 => nested(usize::from(script.byte())),
        10 => json!(1u64 << (script.byte() % 64)),
        11 => Value::String(String::from_utf8_lossy(script.some()).into_owned()),
        12 => Value::Array(vec![json!(0); usize::from(script.byte())]),
        13 => Value::Object(Map::from_iter([("id".to_owned(), json!("x"))])),
        other => json!(texts[usize::from(other) % texts.len()]),
    }
}

/// Lists in lists.
fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_every_place() {
        let good = json!({ "a": [1, 2, { "b": "x" }], "c": null });
        let count = places(&good);
        assert_eq!(count, 7);
        let mut changed = Vec::new();
        for place in 0..count {
            let mut value = good.clone();
            assert_eq!(
                at_place(&mut value, place, &mut |found| *found = json!("here")),
                None
            );
            assert!(!changed.contains(&value));
            changed.push(value);
        }
        assert_eq!(at_place(&mut good.clone(), count, &mut |_| ()), Some(0));
    }

    #[test]
    fn edits_anything_by_any_script() {
        for seed in 0..2000u32 {
            let bytes: Vec<u8> = (0..40u32)
                .map(|i| (seed.wrapping_mul(2654435761).wrapping_add(i * 40503) >> 13) as u8)
                .collect();
            for mut file in [vec![], vec![1], vec![7; 100]] {
                edit_bytes(&mut Script::new(&bytes), &mut file);
            }
            for mut value in [Value::Null, json!({ "a": [1, "é"] })] {
                edit_json(&mut Script::new(&bytes), &mut value);
            }
        }
    }
}

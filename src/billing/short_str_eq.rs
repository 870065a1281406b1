//! Compares short texts, as field names and most other names are: calling the system's `memcmp`
//! takes longer than the comparison.

/// Returns whether two texts are equal.
#[inline]
pub(crate) fn short_str_eq(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        // Both ends together cover a text of up to twice their length.
        0 => true,
        1 => one[0] == other[0],
        2..4 => ends::<2>(one) == ends::<2>(other),
        4..8 => ends::<4>(one) == ends::<4>(other),
        8..=16 => ends::<8>(one) == ends::<8>(other),
        17..=32 => ends::<16>(one) == ends::<16>(other),
        33..=64 => ends::<32>(one) == ends::<32>(other),
        _ => one == other,
    }
}

#[inline]
fn ends<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    text.first_chunk().zip(text.last_chunk())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_compared_whole() {
        for length in 0..70 {
            let text = "a".repeat(length);
            assert!(short_str_eq(&text, &text.clone()));
            assert!(!short_str_eq(&text, &"a".repeat(length + 1)));
            for place in 0..length {
                let mut other = text.clone();
                other.replace_range(place..=place, "b");
                assert!(!short_str_eq(&text, &other), "{place} of {length}");
            }
        }
    }
}

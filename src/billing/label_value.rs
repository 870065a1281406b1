//! The maximum length of a label value. Azure's own names are shorter: a tag value has 256
//! characters at most. A longer text was made to fill memory and dashboards.
//!
//! Texts are cut when they are normalised, before they are stored, so that every family, the
//! history and the status page have the same value, and the rest is not stored.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use super::caseless::caseless;

/// The maximum length of a value, in bytes.
pub(crate) const LONGEST: usize = 1024;
/// The number of bytes of the digest that replaces what is cut off.
const DIGEST_BYTES: usize = 16;
/// The length of `~` and the digest in hexadecimal digits.
const SUFFIX: usize = 1 + 2 * DIGEST_BYTES;

/// Returns a normalised text as a label value. Different texts have different values.
pub(crate) fn bounded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= LONGEST { text } else { cut(&text, &text).into() }
}

/// Returns a trimmed name as a label value. Names that differ in case alone remain one entity, even
/// if they differ in what is cut off.
pub(crate) fn bounded_name(name: &str) -> Cow<'_, str> {
    if name.len() <= LONGEST { name.into() } else { cut(name, &caseless(name)).into() }
}

/// Returns the start of a text, and a digest of `identity`, which distinguishes it from others.
fn cut(text: &str, identity: &str) -> String {
    let mut end = LONGEST - SUFFIX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let digest = digest(&SHA256, identity.as_bytes());
    let mut value = format!("{}~", &text[..end]);
    for byte in digest.as_ref().iter().take(DIGEST_BYTES) {
        value.push_str(&format!("{byte:02x}"));
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> String {
        bounded_name(text).into_owned()
    }

    #[test]
    fn a_long_text_ends_in_a_digest_of_all_of_it() {
        let text = "a".repeat(1025);
        let value = bounded(text.as_str().into());
        // printf 'a%.0s' $(seq 1025) | sha256sum | head -c 32
        assert_eq!(value, format!("{}~4a82297889eb505cf6b5cbdf69977afa", "a".repeat(991)));
        assert_eq!(value.len(), LONGEST);
        let longest = "a".repeat(1024);
        assert_eq!(bounded(longest.as_str().into()), longest);
        assert_eq!(name(&longest), longest);
    }

    #[test]
    fn names_that_differ_in_case_alone_are_one_however_long_they_are() {
        let start = "Team ".repeat(300);
        let (one, other) = (format!("{start}A"), format!("{start}a"));
        assert_eq!(name(&one), name(&other));
        assert_ne!(name(&one), name(&format!("{start}b")));
        assert_ne!(bounded(one.as_str().into()), bounded(other.as_str().into()));
        assert_eq!(caseless(&name(&one)), caseless(&name(&one.to_lowercase())));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_value_fits_and_is_the_start_of_its_text(
            start in "[aé€😀]{200,700}", end in "[aé€😀]{0,3}", other in "[aé€😀]{0,3}"
        ) {
            let (one, two) = (format!("{start}{end}"), format!("{start}{other}"));
            let (first, second) = (bounded(one.as_str().into()), bounded(two.as_str().into()));
            prop_assert!(first.len() <= LONGEST);
            prop_assert_eq!(one == two, first == second);
            let shown = first.rsplit_once('~').map_or(&*first, |(shown, _)| shown);
            prop_assert!(one.starts_with(shown) && shown.len() >= 988.min(one.len()));
        }
    }
}

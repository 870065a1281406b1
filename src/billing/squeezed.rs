//! Words that Azure writes with blanks, dashes or neither.

use std::borrow::Cow;

/// Returns a text in lower case without blanks, dashes and underscores, so that `On Demand` and
/// `OnDemand` are equal.
pub(crate) fn squeezed(text: &str) -> Cow<'_, str> {
    let filler = |c: char| c.is_whitespace() || c == '_' || c == '-';
    if text.chars().all(|c| !filler(c) && !c.is_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| !filler(c)).flat_map(char::to_lowercase).collect())
}

//! Paging as the source does it: by offset, in a `nextLink` that is not percent-encoded and
//! requires each of its parameters back.

use super::{
    chance::{guid, hash_text, mix},
    refusal::Refusal,
};

/// The parameters that a `nextLink` adds to those of the client.
pub(super) const PAGING_PARAMETERS: [&str; 4] =
    ["sessiontoken", "$skiptoken", "skiptokenver", "id"];

/// The place where a reading continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SkipToken {
    /// Pages before this one; 0 in the first page's own token, which only a fault hands out.
    pub(super) page: u64,
    /// Rows before this page.
    pub(super) offset: u64,
    pub(super) top: usize,
}

impl SkipToken {
    /// Encodes the token as `317C31307C31307C…`: the hex of `1|10|10|False|True|0`.
    fn encode(self) -> String {
        let text = format!("{}|{}|{}|False|True|0", self.page, self.offset, self.top);
        text.bytes().map(|byte| format!("{byte:02X}")).collect()
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let bytes: Option<Vec<u8>> = text
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes?).ok()?;
        let mut parts = text.split('|');
        let (page, offset) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { page, offset, top: parts.next()?.parse().ok()? })
    }

    /// Returns the token of the page after this one, which had `rows` rows.
    pub(super) fn next(self, rows: u64) -> Self {
        Self { page: self.page + 1, offset: self.offset + rows, ..self }
    }
}

/// The reading of one client: its parameters bind its pages together.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) path: String,
    /// The client's own parameters, decoded.
    pub(super) parameters: Vec<(String, String)>,
    /// The refresh that its first page showed, in hours since 1970.
    pub(super) as_of: i64,
}

impl Session {
    /// Returns the `id` of its links. A link that lost a parameter does not match it, and is
    /// refused: Azure would answer with other rows.
    fn id(&self, seed: u64) -> String {
        let path = hash_text(&self.path.to_ascii_lowercase());
        // A sum, because the order of parameters has no meaning.
        let key = self.parameters.iter().fold(mix(seed, path), |key, (name, value)| {
            key.wrapping_add(mix(hash_text(&name.to_ascii_lowercase()), hash_text(value)))
        });
        guid(key)
    }

    /// Returns the `nextLink`, with its raw blanks and apostrophes.
    pub(super) fn link(&self, base: &str, seed: u64, token: SkipToken) -> String {
        let mut link = format!("{base}{}?", self.path);
        for (name, value) in &self.parameters {
            link.push_str(&format!("{name}={value}&"));
        }
        let (as_of, token, id) = (self.as_of, token.encode(), self.id(seed));
        link.push_str(&format!(
            "sessiontoken=21:{as_of}&$skiptoken={token}&skiptokenver=v1&id={id}"
        ));
        link
    }

    /// Reads the paging parameters of a link; `find` returns a parameter by its name.
    pub(super) fn resume<'a>(
        &mut self,
        seed: u64,
        find: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Option<SkipToken>, Refusal> {
        let Some(token) = find("$skiptoken") else { return Ok(None) };
        if !find("id").is_some_and(is_guid) {
            return Err(Refusal::bad_request("id query parameter is not a valid Guid"));
        }
        if find("id") != Some(&*self.id(seed)) {
            return Err(Refusal::bad_request("The parameters are not those of the nextLink."));
        }
        let as_of = find("sessiontoken").and_then(|token| token.strip_prefix("21:"));
        let (Some(as_of), Some("v1")) =
            (as_of.and_then(|hours| hours.parse().ok()), find("skiptokenver"))
        else {
            return Err(Refusal::bad_request("sessiontoken or skiptokenver is missing."));
        };
        self.as_of = as_of;
        match SkipToken::decode(token) {
            Some(token) => Ok(Some(token)),
            None => Err(Refusal::bad_request("$skiptoken is not valid.")),
        }
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|c| c == b'-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_like_recorded_ones() {
        let token = SkipToken { page: 1, offset: 10, top: 10 };
        assert_eq!(token.encode(), "317C31307C31307C46616C73657C547275657C30");
        assert_eq!(SkipToken::decode(&token.encode()), Some(token));
        assert_eq!(SkipToken::decode("zz"), None);
    }
}

//! A JSON object while it is written.

/// Appends fields to `out`; the caller closes it.
pub(super) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn open(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    pub(super) fn close(self) {
        self.out.push('}');
    }

    /// Begins an object as a field. The outer one continues when the inner one is closed.
    pub(super) fn object(&mut self, name: &str) -> Object<'_> {
        self.name(name);
        Object::open(self.out)
    }

    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        quoted(self.out, value);
        self
    }

    /// Appends text, or `null` if there is none.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    pub(super) fn null(&mut self, name: &str) -> &mut Self {
        self.raw(name, "null")
    }

    pub(super) fn boolean(&mut self, name: &str, value: bool) -> &mut Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// Appends a value that is JSON already.
    pub(super) fn raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        self.out.push_str(value);
        self
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }
}

/// Appends a JSON string.
pub(super) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    let needs_escape = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Looking at every byte is faster than stopping at the first, and nearly none needs escaping.
    if !text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    while let Some(place) = rest.bytes().position(needs_escape) {
        let (plain, special) = rest.split_at(place);
        out.push_str(plain);
        match special.as_bytes()[0] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            code => out.push_str(&format!("\\u{code:04x}")),
        }
        rest = &special[1..];
    }
    out.push_str(rest);
    out.push('"');
}

//! Makes a line of an event: the keys that Prometheus writes, then those of the event, then those
//! of the spans it happened in. Both formats have the same keys and values.

use std::fmt::{self, Write};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::queue::Queue;
use crate::cli::LogFormat;
use crate::poller::Clock;

/// Makes lines of events and adds them to the queue.
pub(super) struct Lines {
    format: LogFormat,
    queue: Queue,
    clock: Clock,
}

impl Lines {
    pub(super) fn new(format: LogFormat, queue: Queue) -> Self {
        Self { format, queue, clock: Clock::system() }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Fields::default();
        let now = self.clock.now();
        line.put("time", format!("{now:.3}").into());
        line.put("level", event.metadata().level().as_str().into());
        line.put("source", source(event.metadata()).into());
        line.put("msg", fields.take("message").unwrap_or_else(|| "".into()));
        line.append(&fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.append(fields);
            }
        }
        self.queue.push(line.write(self.format).into_bytes());
    }
}

/// Returns the place in the source, as `server/page/mod.rs:7`, or `exporter-web/web.rs:7` for a
/// crate of the project. For a library this is only its name, because its path is one of the build
/// machine.
fn source(about: &Metadata<'_>) -> String {
    match (about.file().and_then(place_in_project), about.line()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => about.target().to_owned(),
    }
}

/// Returns a file of the project without the folders that all of them are in.
fn place_in_project(file: &str) -> Option<String> {
    if let Some(file) = file.strip_prefix("src/") {
        return Some(file.to_owned());
    }
    let (package, file) = file.strip_prefix("crates/")?.split_once("/src/")?;
    Some(format!("{package}/{file}"))
}

/// Keys with their values, each once, in the order in which they were added.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Adds a key, unless it is already there: readers of JSON disagree about duplicate keys.
    fn put(&mut self, key: &'static str, value: Value) {
        if self.0.iter().all(|(other, _)| *other != key) {
            self.0.push((key, value));
        }
    }

    fn append(&mut self, other: &Self) {
        other.0.iter().for_each(|(key, value)| self.put(key, value.clone()));
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(other, _)| *other == key)?;
        Some(self.0.remove(at).1)
    }

    fn write(&self, format: LogFormat) -> String {
        let fields = self.0.iter();
        match format {
            LogFormat::Logfmt => {
                let fields = fields.map(|(key, value)| format!("{}={}", bare(key), plain(value)));
                format!("{}\n", fields.collect::<Vec<_>>().join(" "))
            }
            LogFormat::Json => {
                let fields = fields.map(|(key, value)| format!("{}:{}", quoted(key), json(value)));
                format!("{{{}}}\n", fields.collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }
}

/// Returns a key for logfmt, which has no quotes for keys. Our own keys need none.
fn bare(key: &str) -> String {
    key.replace(|sign| sign == '=' || sign == '"' || needs_care(sign), "_")
}

/// Returns a value for logfmt, in quotes if it would otherwise be misread.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text)
            if !text.is_empty()
                && !text.contains(|sign| sign == '=' || sign == '"' || needs_care(sign)) =>
        {
            text.clone()
        }
        value => json(value),
    }
}

fn json(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        value => value.to_string(),
    }
}

/// Returns a string for JSON, which is valid in logfmt as well.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            sign if sign != ' ' && needs_care(sign) => {
                // All of them fit in four digits. Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(sign));
            }
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether a character is a blank, moves the cursor of a terminal or changes the direction
/// of the text after it. The log contains texts of others, who could use this to forge lines.
fn needs_care(sign: char) -> bool {
    let turns =
        matches!(sign, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    sign.is_whitespace() || sign.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_in_the_project_and_never_one_of_the_build_machine() {
        for (file, place) in [
            ("src/server/page/mod.rs", Some("server/page/mod.rs")),
            ("crates/exporter-web/src/web.rs", Some("exporter-web/web.rs")),
            ("/srv/cargo/registry/src/index/hyper-1.12.0/src/error.rs", None),
            ("crates/exporter-web/tests/x.rs", None),
        ] {
            assert_eq!(place_in_project(file).as_deref(), place, "{file}");
        }
    }

    #[test]
    fn each_key_comes_once_and_nothing_in_a_text_moves_a_cursor_or_ends_a_value() {
        let mut fields = Fields::default();
        fields.put("msg", "two words".into());
        fields.put("msg", "of a span".into());
        for (key, text) in [
            ("plain", "a/b:1,été"),
            ("empty", ""),
            ("odd key", "a=b"),
            ("text", "\"\\\n\t\u{1b}[2K\u{9b}\u{202e}\u{2028}"),
        ] {
            fields.put(key, text.into());
        }
        fields.put("number", 1.0.into());
        fields.put("is", true.into());
        assert_eq!(
            fields.write(LogFormat::Logfmt),
            "msg=\"two words\" plain=a/b:1,été empty=\"\" odd_key=\"a=b\" text=\"\\\"\\\\\\n\\t\\u001b[2K\\u009b\\u202e\\u2028\" number=1.0 is=true\n"
        );
        let json = fields.write(LogFormat::Json);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["text"], "\"\\\n\t\u{1b}[2K\u{9b}\u{202e}\u{2028}");
        assert_eq!((&read["msg"], &read["number"]), (&"two words".into(), &1.0.into()), "{json}");
        assert!(json.ends_with("}\n") && json.matches(char::is_control).count() == 1, "{json}");
    }
}

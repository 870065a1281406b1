//! Reads configuration files that people write.
//!
//! A file is opened without waiting for a device or a pipe, and read to a limit ([`read_text`]).
//! Its YAML becomes a [`Document`] whose every key knows its line, and [`At`] and [`Section`] walk
//! it: keys that nobody knows, keys given twice and values of a wrong type are problems, and none
//! of them is guessed at. [`Problems`] collects them, so that one run reports all, each with its
//! place and what to do.
//!
//! Any text of such a file may be a secret. An error quotes a value only by [`shown`], and a path
//! only by [`shown_path`].
//!
//! ```
//! use strict_config::{At, Document, File, Keys, Problems};
//!
//! const KEYS: Keys = Keys { sections: &[("", &["name"])], instead: |_| None, secrets: "" };
//!
//! let text = "nam: shop\n";
//! let mut problems = Problems::in_file("config.yaml".to_owned());
//! let name = Document::parse(text, &mut problems).and_then(|document| {
//!     let root = At::root(&document, File { text, keys: &KEYS }).section(&["name"], &mut problems)?;
//!     root.get("name")?.text(&mut problems).map(str::to_owned)
//! });
//! let error = problems.finish(name).unwrap_err();
//! let expected = "config.yaml:1: nam: unknown key; did you mean `name`? Allowed here: name";
//! assert_eq!(error.to_string(), expected);
//! ```

mod duration;
mod keys;
mod problems;
mod read;
mod secret_path;
mod shared;
mod tree;
mod yaml;

pub use duration::{days, duration, duration_or_none};
pub use keys::{Keys, Sections};
pub use problems::{Error, Problem, Problems, instead_of, nearest, shown};
pub use read::{Unreadable, name_of, open, read, read_pipe, read_text};
pub use secret_path::shown_path;
pub use shared::{SHARED, is_shared};
pub use tree::{At, BYTE_ORDER_MARK, File, Section, one_of, trimmed};
pub use yaml::Document;

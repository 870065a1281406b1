//! Reads configuration files that people write.
//!
//! A file is opened without waiting for a device or a pipe, and read to a limit ([`read_text`]).
//! Its YAML becomes a [`Document`] whose every key knows its line, and [`At`] and [`Section`] walk
//! it: keys that nobody knows, keys given twice and values of a wrong type are problems, and none
//! of them is guessed at. The keys are those that the reader itself asks for ([`keys_of`]), so that no
//! list of them is kept. [`Problems`] collects them, so that one run reports all, each with its
//! place and what to do.
//!
//! Any text of such a file may be a secret. An error quotes a value only by [`shown`], and a path
//! only by [`shown_path`].
//!
//! ```
//! use strict_config::{At, Document, File, Problems, Remedies, keys_of};
//!
//! fn read_name(root: At<'_>, problems: &mut Problems) -> Option<String> {
//!     root.section(problems)?.get("name")?.text(problems).map(str::to_owned)
//! }
//!
//! let keys = keys_of(Remedies { instead: |_| None, secrets: "" }, read_name);
//! let text = "nam: shop\n";
//! let mut problems = Problems::in_file("config.yaml".to_owned());
//! let document = Document::parse(text, &mut problems);
//! let name = document.and_then(|document| {
//!     read_name(At::root(&document, File { text, keys: &keys }), &mut problems)
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
mod words;
mod yaml;

pub use duration::{days, duration, duration_or_none};
pub use keys::{Keys, Remedies};
pub use problems::{Error, Place, Problem, Problems, instead_of, nearest, shown};
pub use read::{Unreadable, name_of, open, read, read_pipe, read_text};
pub use secret_path::shown_path;
pub use shared::{SHARED, is_shared};
pub use tree::{At, File, Section, keys_of};
pub use words::{BYTE_ORDER_MARK, one_of, trimmed};
pub use yaml::Document;

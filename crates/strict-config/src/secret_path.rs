//! Paths in errors. A user may write the secret itself under the key of its file: then there is no
//! such file, and the "path" must not be shown.

use std::path::Path;

/// The shortest name that can be a secret.
const SHORTEST_SECRET: usize = 16;

/// Returns a path for an error or the log. What looks like a secret is shown only if there is such
/// a file.
pub fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    if path.symlink_metadata().is_err() && looks_like_secret(&text) {
        return "the value, which looks like a secret and is not shown (this key takes the path of a file that contains one),"
            .to_owned();
    }
    text
}

/// Returns whether a text looks more like a secret than a path: it has letters that names of files
/// seldom have, or a part that looks random.
fn looks_like_secret(text: &str) -> bool {
    let is_odd = |c: char| c.is_control() || "~=+$!%^&*#?;|<>\"'`(){}[]\\".contains(c);
    text.chars().any(is_odd) || text.contains("-----BEGIN") || text.split('/').any(is_random)
}

/// Returns whether a name looks like a token: JSON in base64, many hexadecimal digits, or letters
/// of both cases and digits in one.
fn is_random(name: &str) -> bool {
    let has = |is: fn(&char) -> bool| name.chars().any(|c| is(&c));
    let is_mixed =
        has(char::is_ascii_digit) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    let is_hex = name.len() >= 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.len() >= SHORTEST_SECRET && (name.starts_with("eyJ") || is_mixed || is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_told_from_a_path() {
        for secret in [
            "hUnter2~Q8",
            "dGhpcyBpcyBubyBzZWNyZXQ=",
            "aB3dE6gH9jK2mN5pQ8sT",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwIn0.",
            "0123456789abcdef0123456789abcdef",
            "-----BEGIN PRIVATE KEY-----\nAAAA",
            "/etc/x/aB3dE6gH9jK2mN5pQ8sT",
            "first line\nsecond line",
        ] {
            assert!(looks_like_secret(secret), "{secret}");
        }
        for path in [
            "/run/secrets/azure-client-secret",
            "secret.txt",
            "/var/run/secrets/azure/tokens/azure-identity-token",
            "../Secrets/client secret",
            "C1.pem",
            "/etc/azure-billing-exporter/client-secret-2026-11-20",
        ] {
            assert!(!looks_like_secret(path), "{path}");
        }
    }

    #[test]
    fn a_file_that_is_there_is_named_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hUnter2~Q8");
        assert!(!shown_path(&path).contains("hUnter2"));
        std::fs::write(&path, "").unwrap();
        assert!(shown_path(&path).ends_with("/hUnter2~Q8"));
    }
}

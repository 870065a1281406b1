//! Compares passwords with their bcrypt hashes, one at a time, on a thread of their own. Results
//! are remembered, so that a scraper waits only once. A comparison takes some 60 ms; peers take
//! turns, so that a peer that guesses cannot keep others out. An unknown name takes as long as a
//! wrong password.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use tokio::task::spawn_blocking;

use super::peers::Peer;
use super::turns::Turns;
use super::web_file::Users;

/// The number of right and of wrong passwords that are remembered. They are counted separately, so
/// that guesses displace no right one.
const REMEMBERED: usize = 100;
/// The salt and hash, of `fakepassword`, that the password for an unknown name is compared with.
const NOBODY: &str = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The password is that of the user.
    Right,
    /// The password is wrong, or the user is unknown.
    Wrong,
}

/// The verdicts so far, and the queue for further comparisons.
#[derive(Debug)]
pub(super) struct Passwords {
    known: Arc<Mutex<Known>>,
    turns: Turns,
    /// The key of the digests; `None` if the system has no random numbers: then nothing is
    /// remembered.
    key: Option<hmac::Key>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            turns: Turns::default(),
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(),
        }
    }
}

impl Passwords {
    /// Returns the verdict on a password, by a comparison or from memory.
    pub(super) async fn verdict(
        &self,
        users: &Users,
        user: &str,
        password: &SecretSlice<u8>,
        peer: Peer,
    ) -> Verdict {
        let (hash, known_user) = match users.get(user) {
            Some(hash) => (hash.clone(), true),
            None => (hash_of_nobody(users), false),
        };
        let digest = self.digest(user, &hash, password);
        if let Some(verdict) = self.remembered(digest) {
            return verdict;
        }
        // Kept until the comparison ends, even if the client goes away before.
        let turn = self.turns.take(peer).await;
        // The request before may have been the same.
        if let Some(verdict) = self.remembered(digest) {
            return verdict;
        }
        let (password, known) = (password.clone(), self.known.clone());
        let compared = spawn_blocking(move || {
            let _turn = turn;
            let same = bcrypt::verify(password.expose_secret(), hash.expose_secret());
            let right = same.unwrap_or(false) && known_user;
            if let Some(digest) = digest {
                known.lock().unwrap_or_else(PoisonError::into_inner).remember(digest, right);
            }
            right
        });
        if compared.await.unwrap_or(false) { Verdict::Right } else { Verdict::Wrong }
    }

    /// Returns the digest that a verdict is stored under. It has a key, so that it does not reveal
    /// the password.
    fn digest(
        &self,
        user: &str,
        hash: &SecretString,
        password: &SecretSlice<u8>,
    ) -> Option<Digest> {
        let mut context = hmac::Context::with_key(self.key.as_ref()?);
        // All hashes have the same length; the length of the name separates the name from the
        // password.
        context.update(hash.expose_secret().as_bytes());
        context.update(&user.len().to_le_bytes());
        context.update(user.as_bytes());
        context.update(password.expose_secret());
        context.sign().as_ref().try_into().ok()
    }

    fn remembered(&self, digest: Option<Digest>) -> Option<Verdict> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = digest?;
        if known.right.contains(&digest) {
            return Some(Verdict::Right);
        }
        known.wrong.contains(&digest).then_some(Verdict::Wrong)
    }
}

type Digest = [u8; 32];

#[derive(Debug, Default)]
struct Known {
    right: HashSet<Digest>,
    wrong: HashSet<Digest>,
}

impl Known {
    fn remember(&mut self, digest: Digest, right: bool) {
        let verdicts = if right { &mut self.right } else { &mut self.wrong };
        if verdicts.len() >= REMEMBERED {
            verdicts.clear();
        }
        verdicts.insert(digest);
    }
}

/// Returns a hash for unknown names, whose comparison takes as long as the slowest of the users'
/// hashes.
fn hash_of_nobody(users: &Users) -> SecretString {
    let cost = |hash: &SecretString| {
        hash.expose_secret().parse::<bcrypt::HashParts>().map(|parts| parts.get_cost()).ok()
    };
    let dearest = users.values().filter_map(cost).max().unwrap_or(10);
    format!("$2y${dearest:02}${NOBODY}").into()
}

/// Returns the name and the password of an `Authorization` header.
pub(super) fn credentials(header: &HeaderValue) -> Option<(String, SecretSlice<u8>)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let user = String::from_utf8(decoded[..colon].to_vec()).ok()?;
    Some((user, decoded[colon + 1..].to_vec().into()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::stream::FuturesUnordered;
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    fn peer(number: u8) -> Peer {
        Peer::of(Ipv4Addr::new(127, 0, 0, number).into())
    }

    fn users() -> Users {
        let hash = bcrypt::hash("correct horse", 4).unwrap();
        Users::from([("prometheus".to_owned(), hash.into())])
    }

    #[tokio::test]
    async fn a_password_is_right_only_for_its_user_and_each_verdict_is_remembered() {
        let (passwords, users) = (Passwords::default(), users());
        for (user, password, verdict) in [
            ("prometheus", "correct horse", Verdict::Right),
            ("prometheus", "wrong horse", Verdict::Wrong),
            ("prometheus", "", Verdict::Wrong),
            ("nobody", "correct horse", Verdict::Wrong),
            ("", "fakepassword", Verdict::Wrong),
        ] {
            let password: SecretSlice<u8> = password.as_bytes().to_vec().into();
            let compared = passwords.verdict(&users, user, &password, peer(1)).await;
            assert_eq!(compared, verdict, "{user}");
            // The turn is taken, so that no comparison is possible and the verdict comes from
            // memory.
            let _turn = passwords.turns.take(peer(1)).await;
            let remembered = passwords.verdict(&users, user, &password, peer(1)).await;
            assert_eq!(remembered, verdict, "{user}");
        }
        // The hash for unknown names lets no client in, not even with its own password.
        let password: SecretSlice<u8> = b"fakepassword".to_vec().into();
        let nobody = hash_of_nobody(&Users::new());
        assert!(bcrypt::verify(password.expose_secret(), nobody.expose_secret()).unwrap());
        let nobody = passwords.verdict(&Users::new(), "x", &password, peer(1)).await;
        assert_eq!(nobody, Verdict::Wrong);
        // Another hash for the same name needs another comparison.
        let others = Users::from([("prometheus".to_owned(), bcrypt::hash("x", 4).unwrap().into())]);
        let password: SecretSlice<u8> = b"correct horse".to_vec().into();
        let other = passwords.verdict(&others, "prometheus", &password, peer(1)).await;
        assert_eq!(other, Verdict::Wrong);
    }

    #[tokio::test]
    async fn comparisons_wait_for_each_other_and_others_come_before_the_rest_of_a_peers() {
        let (passwords, users) = (Passwords::default(), users());
        let turn = passwords.turns.take(peer(1)).await;
        let guesses: Vec<SecretSlice<u8>> =
            (0..64).map(|guess| guess.to_string().into_bytes().into()).collect();
        let mut guessing: FuturesUnordered<_> = guesses
            .iter()
            .map(|guess| passwords.verdict(&users, "prometheus", guess, peer(1)))
            .collect();
        assert!(guessing.next().now_or_never().is_none(), "they wait");
        let password: SecretSlice<u8> = b"correct horse".to_vec().into();
        let right = passwords.verdict(&users, "prometheus", &password, peer(2));
        tokio::pin!(right);
        assert!(right.as_mut().now_or_never().is_none(), "it waits");
        drop(turn);
        let mut before = 0;
        let verdict = loop {
            tokio::select! {
                verdict = &mut right => break verdict,
                Some(guessed) = guessing.next() => {
                    assert_eq!(guessed, Verdict::Wrong);
                    before += 1;
                }
            }
        };
        assert_eq!(verdict, Verdict::Right);
        assert!(before < 4, "{before} guesses came first");
    }

    #[test]
    fn a_name_nobody_has_costs_as_much_as_the_dearest_hash() {
        let hash = |cost: u32| format!("$2y${cost:02}${NOBODY}").into();
        let users = Users::from([("a".to_owned(), hash(6)), ("b".to_owned(), hash(12))]);
        let parts: bcrypt::HashParts = hash_of_nobody(&users).expose_secret().parse().unwrap();
        assert_eq!(parts.get_cost(), 12);
    }

    #[test]
    fn credentials_are_read_from_the_basic_scheme_alone() {
        let read = |header: &'static str| {
            let (user, password) = credentials(&HeaderValue::from_static(header))?;
            Some((user, String::from_utf8(password.expose_secret().to_vec()).unwrap()))
        };
        let expected = Some(("me".to_owned(), "a:b".to_owned()));
        assert_eq!(read("Basic bWU6YTpi"), expected);
        assert_eq!(read("basic  bWU6YTpi "), expected);
        for wrong in ["", "Basic", "Basic !", "Basic bWU=", "Bearer bWU6YTpi", "Basic /zph"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

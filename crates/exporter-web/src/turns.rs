//! Turns for work that is done one at a time, given in rounds by peer: a peer with many requests
//! waits for its own, and does not delay the first of another.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::peers::Peer;

/// Gives turns to requests.
#[derive(Debug, Default)]
pub(super) struct Turns(Arc<Mutex<Queue>>);

/// The turn of one request. When it is dropped, the next turn begins.
#[derive(Debug)]
pub(super) struct Turn(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    is_taken: bool,
    /// Peers in the order of their turns, each with its requests in their order.
    waiting: VecDeque<(Peer, VecDeque<oneshot::Sender<Turn>>)>,
}

impl Turns {
    /// Waits for a turn. A caller that stops waiting loses only its own.
    pub(super) async fn take(&self, peer: Peer) -> Turn {
        loop {
            let waiting = {
                let mut queue = lock(&self.0);
                if !queue.is_taken {
                    queue.is_taken = true;
                    return Turn(self.0.clone());
                }
                queue.wait(peer)
            };
            if let Ok(turn) = waiting.await {
                return turn;
            }
        }
    }
}

impl Queue {
    fn wait(&mut self, peer: Peer) -> oneshot::Receiver<Turn> {
        let (turn, waiting) = oneshot::channel();
        match self.waiting.iter_mut().find(|(other, _)| *other == peer) {
            Some((_, requests)) => requests.push_back(turn),
            None => self.waiting.push_back((peer, VecDeque::from([turn]))),
        }
        waiting
    }

    /// Returns the request whose turn is next. The peer's following one comes after the first of
    /// every other peer.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some((peer, mut requests)) = self.waiting.pop_front() {
            let next = std::iter::from_fn(|| requests.pop_front()).find(|next| !next.is_closed());
            if !requests.is_empty() {
                self.waiting.push_back((peer, requests));
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = lock(&self.0);
            let next = queue.next();
            queue.is_taken = next.is_some();
            next
        };
        if let Some(next) = next {
            // A turn whose receiver is gone is dropped here, and so goes to the next request.
            let _ = next.send(Self(self.0.clone()));
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::Pin;

    use futures_util::FutureExt;

    use super::*;

    type Waiting<'t> = Vec<(u8, Pin<Box<dyn Future<Output = Turn> + 't>>)>;

    /// Returns the peers in the order in which their requests get their turns, after the end of one
    /// that is in progress.
    fn order(turn: Turn, mut waiting: Waiting<'_>) -> Vec<u8> {
        let mut order = Vec::new();
        drop(turn);
        while !waiting.is_empty() {
            let (place, turn) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(place, (_, turn))| Some((place, turn.now_or_never()?)))
                .expect("somebody has the turn");
            let others = waiting.iter_mut().enumerate().filter(|(other, _)| *other != place);
            assert!(others.filter_map(|(_, (_, turn))| turn.now_or_never()).next().is_none());
            order.push(waiting.remove(place).0);
            drop(turn);
        }
        order
    }

    /// Adds requests of peers, in this order.
    fn asked<'t>(turns: &'t Turns, peers: &[u8]) -> Waiting<'t> {
        let ask = |&peer: &u8| {
            let address = Ipv4Addr::new(127, 0, 0, peer);
            let mut turn: Pin<Box<dyn Future<Output = Turn>>> =
                Box::pin(turns.take(Peer::of(address.into())));
            assert!(turn.as_mut().now_or_never().is_none(), "it waits");
            (peer, turn)
        };
        peers.iter().map(ask).collect()
    }

    fn taken(turns: &Turns) -> Turn {
        let peer = Peer::of(Ipv4Addr::LOCALHOST.into());
        turns.take(peer).now_or_never().expect("nobody has the turn")
    }

    #[test]
    fn peers_take_turns_and_each_ones_requests_stay_in_order() {
        let turns = Turns::default();
        let turn = taken(&turns);
        let waiting = asked(&turns, &[1, 1, 1, 1, 2, 3, 3, 2]);
        assert_eq!(order(turn, waiting), [1, 2, 3, 1, 2, 3, 1, 1]);
        drop(taken(&turns));
    }

    #[test]
    fn whoever_stops_waiting_holds_up_nobody() {
        let turns = Turns::default();
        let turn = taken(&turns);
        let mut waiting = asked(&turns, &[1, 2, 1, 3]);
        waiting.drain(..2);
        assert_eq!(order(turn, waiting), [1, 3]);
        // A request that is dropped while it has the turn passes it on.
        let turn = taken(&turns);
        let waiting = asked(&turns, &[1, 2]);
        drop(turn);
        drop(waiting);
        drop(taken(&turns));
    }
}

//! Threads that only write answers. Reading a large bill computes for seconds at a time, and
//! meanwhile tokio checks no socket on the same threads, even if another thread is free.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// The number of threads. Answers copy bytes: two are more than enough.
const THREADS: usize = 2;

/// The threads. Their tasks end when this value is dropped.
pub(super) struct AnswerThreads {
    handle: Handle,
    /// Always there, until the value is dropped.
    runtime: Option<Runtime>,
}

impl AnswerThreads {
    pub(super) fn start() -> io::Result<Self> {
        let mut threads = Builder::new_multi_thread();
        threads.worker_threads(THREADS).thread_name("answers").enable_all();
        let runtime = threads.build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for AnswerThreads {
    fn drop(&mut self) {
        // A task of the other threads drops this value, and must not wait.
        if let Some(threads) = self.runtime.take() {
            threads.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    use super::*;
    use azure_billing_simulator::{Options, Simulator};
    use exporter_web::serve;

    #[tokio::test]
    async fn requests_are_answered_while_every_other_thread_computes() {
        let threads = AnswerThreads::start().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let site = Simulator::new(Options::default(), Arc::new(move || now)).router();
        let never = std::future::pending();
        let served = serve(listener, site, Arc::default(), Default::default(), never);
        threads.handle().spawn(served);
        // Blocks the only thread of the test's own runtime.
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        client.write_all(b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    }
}

//! Takes log lines to standard error: a bounded queue, and one thread that writes. A reader that
//! has stopped, such as a full pipe, stops only that thread; lines for which there is no room are
//! dropped and counted.
//!
//! `tracing-appender` would do the same, but it limits lines and not bytes, does not count lines
//! that could not be written, and, when it is dropped while the queue is full, prints to a standard
//! output that may be the same stopped pipe.

use std::io::{self, ErrorKind, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::{self, sleep};
use std::time::Duration;

use tracing::warn;

use crate::metrics::LogLines;

/// The most bytes in the queue: some five thousand lines.
const MOST_BYTES: usize = 1024 * 1024;
/// The time for which the end of the process waits for the last lines to be read.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The sender's end of the queue.
#[derive(Clone)]
pub(super) struct Queue {
    sender: Sender<Message>,
    /// Bytes of the lines that wait or are being written.
    bytes: Arc<AtomicUsize>,
    lines: Arc<LogLines>,
}

enum Message {
    Line(Vec<u8>),
    /// Requests a message when all before it is written or dropped.
    End(SyncSender<()>),
}

impl Queue {
    /// Starts the thread, which ends with the process.
    pub(super) fn start(bar: bool, lines: Arc<LogLines>) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let bytes = Arc::<AtomicUsize>::default();
        let writer = Writer { bar, inside_line: false, bytes: bytes.clone(), lines: lines.clone() };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok(Self { sender, bytes, lines })
    }

    /// Adds a line with its end, or drops it if there is no room; into an empty queue every line
    /// fits. Never waits.
    pub(super) fn push(&self, line: Vec<u8>) {
        let length = line.len();
        let before = self.bytes.fetch_add(length, Ordering::Relaxed);
        let is_full = before > 0 && before + length > MOST_BYTES;
        if is_full || self.sender.send(Message::Line(line)).is_err() {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            self.lines.drop_one();
        }
    }

    /// Waits until all lines so far are written, but not longer than [`LAST_LINES`].
    pub(super) fn finish(&self) {
        let (end, ended) = sync_channel(1);
        if self.sender.send(Message::End(end)).is_ok() {
            // Written or not, the process ends now.
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

/// Standard error. Besides this thread, only a progress bar writes to it.
struct Writer {
    bar: bool,
    /// True if the last line was written only in part.
    inside_line: bool,
    bytes: Arc<AtomicUsize>,
    lines: Arc<LogLines>,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        let (mut told, mut is_written) = (0, false);
        loop {
            let message = match messages.try_recv() {
                Err(TryRecvError::Empty) => {
                    // If nothing can be written, this warning would be dropped too, and counted
                    // again, without end.
                    let dropped = self.lines.dropped();
                    if is_written && dropped > told {
                        let lines = dropped - told;
                        warn!(lines, "log lines were dropped, because they were not read in time");
                        told = dropped;
                    }
                    messages.recv().ok()
                }
                message => message.ok(),
            };
            match message {
                Some(Message::Line(line)) => {
                    is_written = self.write(&line).is_ok();
                    if !is_written {
                        self.lines.drop_one();
                    }
                    self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                }
                // The receiver may have stopped waiting.
                Some(Message::End(end)) => _ = end.try_send(()),
                None => return,
            }
        }
    }

    /// Writes a line and waits until it is written, however long that takes.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.inside_line {
            write_whole(b"\n")?;
            self.inside_line = false;
        }
        if self.bar {
            // The bar leaves the cursor at its end; it is drawn again below this line.
            write_whole(CLEAR_LINE)?;
        }
        write_whole(line).inspect_err(|_| self.inside_line = true)
    }
}

/// Clears the current line of a terminal.
const CLEAR_LINE: &[u8] = b"\r\x1b[2K";

fn write_whole(mut bytes: &[u8]) -> io::Result<()> {
    /// The time between two attempts to write to a full pipe.
    const LOOK: Duration = Duration::from_millis(20);
    while !bytes.is_empty() {
        match stderr().write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Another process that shares the pipe has made it non-blocking; a line must not be cut
            // for that.
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(LOOK),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

//! A server on loopback whose answer depends only on the request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Writes the whole answer to a request, given its path and the endpoint.
type Answer = dyn Fn(&str, &str, &mut dyn Write) -> io::Result<()> + Send + Sync;

/// Answers each request on its own connection. The threads end with their connections.
pub(crate) fn serve(
    answer: impl Fn(&str, &str, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (served, answer) = (endpoint.clone(), Arc::<Answer>::from(Box::new(answer) as Box<Answer>));
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let (endpoint, answer) = (served.clone(), answer.clone());
            thread::spawn(move || {
                let mut socket = socket;
                if let Ok(path) = requested(&socket) {
                    // The client decides whether it reads to the end.
                    let _ = answer(&path, &endpoint, &mut socket);
                }
            });
        }
    });
    endpoint
}

/// Reads a whole request, and returns its path.
fn requested(socket: &TcpStream) -> io::Result<String> {
    let mut request = BufReader::new(socket);
    let (mut first, mut length) = (String::new(), 0);
    request.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        request.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    request.read_exact(&mut vec![0; length])?;
    Ok(first.split(' ').nth(1).unwrap_or_default().to_owned())
}

pub(crate) fn head(to: &mut dyn Write, status: &str) -> io::Result<()> {
    write!(to, "HTTP/1.1 {status}\r\nconnection: close\r\n\r\n")
}

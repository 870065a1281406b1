//! `healthcheck`: reports whether the exporter on this machine is alive. For `HEALTHCHECK` of
//! container images and for exec probes, where there is no curl.
//!
//! It needs no web config: a file that cannot be read, or was changed a moment ago, must not cause
//! the restart of an exporter that works. So it finds out by itself whether the exporter speaks
//! TLS. It sends no secret, and so need not check the certificate.

use std::io::{self, Write, stdout};
use std::iter::successors;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Error, Result, bail};
use exporter_web::ListenAddress;
use reqwest::{Client, Response};
use rustls::AlertDescription;
use tokio::time::timeout;

use super::wiring;
use crate::azure::transport;
use crate::cli::HealthcheckArgs;

/// The name that the exporter is asked for; it answers to it wherever it listens.
const HOST: &str = "localhost";
/// The time limit, less than the timeouts of Docker (30 s) and of our probes, so that the reason is
/// reported.
const LIMIT: Duration = Duration::from_secs(5);
/// The most bytes that are read. Health is one line; a longer answer comes from another program.
const ANSWER_BYTES: usize = 16 * 1024;

/// Prints that the exporter is alive.
///
/// # Errors
/// Returns an error if it is not alive, or does not answer.
pub(super) async fn run(args: &HealthcheckArgs) -> Result<()> {
    let address = &args.listen_address;
    let resolved = address.resolve().with_context(|| {
        format!("cannot resolve {address}; give the exporter's own --web.listen-address")
    })?;
    let addresses: Vec<SocketAddr> = resolved.into_iter().map(on_this_machine).collect();
    let path = format!("{}/-/healthy", args.path.prefix());
    let client = transport::unverified_client(HOST, &addresses).context(wiring::NO_CLIENT)?;
    let Ok(answer) = timeout(LIMIT, ask(&client, &path)).await else {
        bail!("not healthy: no answer from {address} within {LIMIT:?}");
    };
    let answer = answer.with_context(|| {
        format!(
            "cannot connect to {address}; is the exporter running, with this --web.listen-address?"
        )
    })?;
    // The exit code is the result; the text is for people.
    let _ = writeln!(stdout(), "{}", verdict(answer, address, &path)?);
    Ok(())
}

/// Returns the text for an exporter that is alive, or an error for any other answer.
fn verdict(answer: Answer, address: &ListenAddress, path: &str) -> Result<String> {
    let lets_in = match answer {
        Answer::Http { status: 200, .. } => return Ok("healthy".to_owned()),
        Answer::Http { status: 401, .. } => "only its users",
        Answer::Http { status: 429, .. } => "nobody for now, because its rate limit is reached",
        Answer::CertificateWanted => "only clients with a certificate",
        Answer::Http { status: 503, body } => bail!("{}", body.trim_end()),
        Answer::Http { status, .. } => {
            bail!(
                "{address} answers {path} with {status}: it is not azure-billing-exporter, or has another --web.route-prefix"
            )
        }
    };
    Ok(format!("alive, but it lets in {lets_in}: see its metrics for whether it polls"))
}

/// The answer of an exporter.
#[derive(Debug)]
enum Answer {
    Http {
        status: u16,
        body: String,
    },
    /// The exporter ends handshakes of clients that have no certificate.
    CertificateWanted,
}

/// Returns loopback for the address of every interface, which cannot be connected to.
fn on_this_machine(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn ask(client: &Client, path: &str) -> Result<Answer> {
    match asked(client, "http", path).await? {
        // The exporter answers so to plain HTTP if it speaks TLS.
        Answer::Http { status: 400, .. } => asked(client, "https", path).await,
        answer => Ok(answer),
    }
}

async fn asked(client: &Client, scheme: &str, path: &str) -> Result<Answer> {
    let answered = match client.get(format!("{scheme}://{HOST}{path}")).send().await {
        Ok(answer) => body(answer).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(answer) => Ok(answer),
        Err(error) if wants_certificate(&error) => Ok(Answer::CertificateWanted),
        // What stands above the root cause is the URL, which the user did not write.
        Err(error) if error.is_connect() => bail!("{}", Error::from(error).root_cause()),
        Err(_) => bail!("the answer is not HTTP"),
    }
}

async fn body(mut answer: Response) -> reqwest::Result<Answer> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES
        && let Some(chunk) = answer.chunk().await?
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(ANSWER_BYTES);
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer::Http { status: answer.status().as_u16(), body })
}

fn wants_certificate(error: &reqwest::Error) -> bool {
    type Cause<'a> = &'a (dyn std::error::Error + 'static);
    let mut causes = successors(Some(error as Cause<'_>), |error| {
        // An `io::Error` skips the error that it contains when it is asked for its source.
        let contained = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        contained.map(|error| error as Cause<'_>).or_else(|| error.source())
    });
    causes.any(|error| {
        let wanted = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        error.downcast_ref::<rustls::Error>() == Some(&wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_asked_on_loopback_and_any_other_address_as_it_is() {
        for (listens, asked) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
            ("[::1]:1", "[::1]:1"),
        ] {
            let listens: SocketAddr = listens.parse().unwrap();
            assert_eq!(on_this_machine(listens).to_string(), asked);
        }
    }
}

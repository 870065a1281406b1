//! `healthcheck`: reports whether the exporter on this machine is alive. For `HEALTHCHECK` of
//! container images and for exec probes, where there is no curl.
//!
//! It needs no web config: a file that cannot be read, or was changed a moment ago, must not cause
//! the restart of an exporter that works. So it finds out by itself whether the exporter speaks
//! TLS. It sends no secret, and so need not check the certificate.

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use exporter_web::ListenAddress;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::cli::HealthcheckArgs;

/// The time limit, less than the timeouts of Docker (30 s) and of our probes, so that the reason is
/// reported.
const LIMIT: Duration = Duration::from_secs(5);
/// The most bytes that are read. Health is one line; a longer answer comes from another program.
const ANSWER_BYTES: u64 = 16 * 1024;

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
    let Ok(answer) = timeout(LIMIT, ask(&addresses, &path)).await else {
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

async fn ask(addresses: &[SocketAddr], path: &str) -> Result<Answer> {
    let plain = TcpStream::connect(addresses).await?;
    match asked(plain, path).await? {
        // The exporter answers so to plain HTTP if it speaks TLS.
        Answer::Http { status: 400, .. } => ask_encrypted(addresses, path).await,
        answer => Ok(answer),
    }
}

async fn ask_encrypted(addresses: &[SocketAddr], path: &str) -> Result<Answer> {
    let stream = TcpStream::connect(addresses).await?;
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    let answer = async {
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        asked(stream, path).await
    };
    answer.await.or_else(|error| match error.downcast_ref::<std::io::Error>() {
        Some(refused) if wants_certificate(refused) => Ok(Answer::CertificateWanted),
        _ => Err(error),
    })
}

async fn asked(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> Result<Answer> {
    // With HTTP/1.0, the answer ends with the connection.
    let question = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let status = status.ok_or_else(|| anyhow!("the answer is not HTTP"))?;
    Ok(Answer::Http { status, body: body.to_owned() })
}

fn wants_certificate(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)))
}

/// A verifier that accepts any certificate, because nothing secret is sent to the server.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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

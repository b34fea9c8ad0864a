//! `sslmode` of the connection URL, in the meanings of libpq, over rustls.

use crate::StoreError;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::sync::Arc;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Reads the URL or key–value string, and builds the TLS side its `sslmode` asks for.
pub(crate) fn parse(url: &str) -> Result<(Config, MakeRustlsConnect), StoreError> {
    let verify = url.contains("sslmode=verify-full");
    // The driver knows only whether to encrypt; whom to trust is decided here.
    let plain = url.replace("sslmode=verify-full", "sslmode=require");
    // The text of the error is dropped: it may quote the password.
    let config: Config =
        plain.parse().map_err(|_| StoreError::Unavailable("its URL is not a PostgreSQL connection URL".to_owned()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = if verify && config.get_ssl_mode() == SslMode::Require {
        verified(provider)?
    } else {
        encrypted_only(provider)?
    };
    Ok((config, tls))
}

/// Certificate and host name must hold against the system's roots.
fn verified(provider: Arc<CryptoProvider>) -> Result<MakeRustlsConnect, StoreError> {
    // An error means that somebody installed a provider before, which serves as well.
    drop(CryptoProvider::install_default(Arc::unwrap_or_clone(provider)));
    MakeRustlsConnect::with_native_certs()
        .map(|(connect, _)| connect)
        .map_err(|_| StoreError::Unavailable("the system has no root certificates to verify it by".to_owned()))
}

/// `prefer` and `require`: as in libpq, against listeners only.
fn encrypted_only(provider: Arc<CryptoProvider>) -> Result<MakeRustlsConnect, StoreError> {
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

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
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_of_the_url() {
        for (parameter, mode) in [
            ("", SslMode::Prefer),
            ("?sslmode=disable", SslMode::Disable),
            ("?sslmode=prefer", SslMode::Prefer),
            ("?sslmode=require", SslMode::Require),
        ] {
            let (config, _) = parse(&format!("postgres://a:b@db.example/x{parameter}")).unwrap();
            assert_eq!(config.get_ssl_mode(), mode, "{parameter}");
        }
        assert!(parse("postgres://a:b@db.example/x?sslmode=nonsense").is_err());
        let socket = parse("postgresql:///x?user=a&host=/run/postgresql").unwrap().0;
        assert!(matches!(socket.get_hosts(), [tokio_postgres::config::Host::Unix(_)]));
    }
}

//! Connections to mail servers: which address, and TLS over it.

use super::{Forbids, Security, Server};
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection, in the open or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Wire for T {}

/// Connects to a server, over TLS where the address says so.
pub async fn connect(
    server: &Server,
    ca: Option<&str>,
    forbids: Forbids,
) -> std::io::Result<Box<dyn Wire>> {
    let stream = reach(server, forbids).await?;
    match server.security {
        Security::Tls => secure(stream, &server.host, ca).await,
        Security::Upgrade | Security::Loopback => Ok(Box::new(stream)),
    }
}

/// Wraps a connection into TLS; the server has to prove the name that it was called by.
pub async fn secure(
    stream: impl Wire + 'static,
    host: &str,
    ca: Option<&str>,
) -> std::io::Result<Box<dyn Wire>> {
    let config = match ca {
        Some(pem) => Arc::new(config(private_roots(pem)?)?),
        None => public_config()?,
    };
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| Error::new(ErrorKind::InvalidInput, "the server's name is none"))?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    Ok(Box::new(stream))
}

// The address that was checked is the one that is connected to, so a name that changes its mind in
// between gains nothing.
async fn reach(server: &Server, forbids: Forbids) -> std::io::Result<TcpStream> {
    let host = server.host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((host, server.port)).await?;
    let mut last = Error::new(ErrorKind::NotFound, "the name has no address to call");
    for address in found.filter(|address| !forbids(&url(*address))) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn url(address: SocketAddr) -> String {
    format!("https://{address}")
}

fn public_config() -> std::io::Result<Arc<ClientConfig>> {
    static PUBLIC: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(known) = PUBLIC.get() {
        return Ok(known.clone());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let made = Arc::new(config(roots)?);
    Ok(PUBLIC.get_or_init(|| made).clone())
}

fn private_roots(pem: &str) -> std::io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    match roots.is_empty() {
        true => Err(Error::new(
            ErrorKind::InvalidInput,
            "tls_ca holds no certificate in PEM",
        )),
        false => Ok(roots),
    }
}

fn config(roots: RootCertStore) -> std::io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

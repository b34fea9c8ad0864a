//! Serving on loopback: a listener elsewhere, a peer from elsewhere and a name of elsewhere are refused. The last
//! keeps web pages of the outside from reaching these parts by a name that they point here (DNS rebinding).

use crate::loopback::is_loopback_host;
use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

struct LoopbackListener(TcpListener);

impl Listener for LoopbackListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.0).await;
            if peer.ip().to_canonical().is_loopback() {
                return (stream, peer);
            }
            tracing::warn!(%peer, "refused a peer that is not on this machine");
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox listens on loopback addresses only"));
    }
    axum::serve(LoopbackListener(listener), router.layer(from_fn(check_host))).await
}

async fn check_host(request: Request, next: Next) -> Response {
    let named = request.uri().authority().map(|authority| authority.host().to_owned()).or_else(|| {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        let authority: axum::http::uri::Authority = host.parse().ok()?;
        Some(authority.host().to_owned())
    });
    if named.is_some_and(|host| is_loopback_host(&host)) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "This part answers to names of this machine only.\n").into_response()
    }
}

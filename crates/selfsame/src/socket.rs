//! The local socket: how the command line reaches a running server, so that one process owns an SQLite database and its
//! caches. Only the user the server runs as may open it.

use crate::admin::{Admin, Operation, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// One line of JSON each way.
#[derive(Serialize, Deserialize)]
struct Request {
    operator: String,
    operation: Operation,
}

/// No operation is larger.
const LINE_MAX: u64 = 64 * 1024;

/// The socket's file; removed with the server.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Nothing is left to do when it is gone already.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Socket {
    /// Binds `path`. A file left by a server that was killed is replaced; a living server is not.
    pub async fn bind(path: &Path) -> io::Result<Self> {
        if path.exists() {
            if UnixStream::connect(path).await.is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers on this socket"));
            }
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Answers until dropped.
    pub async fn serve(self, admin: Admin) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let admin = admin.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &admin).await {
                            tracing::debug!(%error, "a command went away");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the local socket failed");
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            }
        }
    }
}

async fn answer(stream: UnixStream, admin: &Admin) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => admin.run(request.operation, &request.operator).await,
        Err(error) => Err(Refusal::new("bad_request", format!("this server does not know the command: {error}"))),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    write.write_all(&text).await
}

/// Asks a running server; `None` when none answers.
pub async fn ask(path: &Path, operation: &Operation, operator: &str) -> Option<io::Result<Result<Value, Refusal>>> {
    let stream = UnixStream::connect(path).await.ok()?;
    Some(exchange(stream, operation, operator).await)
}

async fn exchange(mut stream: UnixStream, operation: &Operation, operator: &str) -> io::Result<Result<Value, Refusal>> {
    let request = Request { operator: operator.to_owned(), operation: operation.clone() };
    let mut text = serde_json::to_vec(&request)?;
    text.push(b'\n');
    stream.write_all(&text).await?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

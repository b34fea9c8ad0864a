//! The local socket: how the command line reaches a running server, so that one process owns an SQLite database and its
//! caches. Only the user the server runs as (and root) may open it, and the audit log names whoever did by what the
//! kernel says of them.

use crate::admin::{Admin, Operation, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// One line of JSON each way.
#[derive(Serialize, Deserialize)]
struct Request {
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

/// A directory that only we may enter, beside the socket's place: what is made in it is nobody else's from the first
/// moment, whatever the umask is.
struct Nursery(PathBuf);

impl Nursery {
    fn beside(path: &Path) -> io::Result<Self> {
        let nursery = Self(path.with_file_name(format!(".{}", std::process::id())));
        // A server that was killed may have left one.
        nursery.clear();
        std::fs::DirBuilder::new().mode(0o700).create(&nursery.0)?;
        Ok(nursery)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("s")
    }

    /// Empty but for a socket that never reached its place; what cannot be removed shows when it is in the way.
    fn clear(&self) {
        let _ = std::fs::remove_file(self.socket());
        let _ = std::fs::remove_dir(&self.0);
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Socket {
    /// Binds `path`. A socket left by a server that was killed is replaced; a living server is not, nor is any other
    /// file.
    pub async fn bind(path: &Path) -> io::Result<Self> {
        if UnixStream::connect(path).await.is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers on this socket"));
        }
        if std::fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket()) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "this is a file and not a socket"));
        }
        let nursery = Nursery::beside(path)?;
        let listener = UnixListener::bind(nursery.socket())?;
        std::fs::set_permissions(nursery.socket(), std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(nursery.socket(), path)?;
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
    let operator = user_name(stream.peer_cred()?.uid());
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => admin.run(request.operation, &operator).await,
        Err(error) => Err(Refusal::new("bad_request", format!("this server does not know the command: {error}"))),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    write.write_all(&text).await
}

/// The name of a Unix user, or the number where this machine has no name for it.
fn user_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    };
    users.lines().find_map(named).unwrap_or_else(|| format!("uid:{uid}"))
}

/// The user this process runs as, by the kernel's word like that of a socket's peer.
pub fn own_user() -> io::Result<String> {
    let (here, _there) = UnixStream::pair()?;
    Ok(user_name(here.peer_cred()?.uid()))
}

/// Whether a server answers there.
pub fn answers(path: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(path).is_ok()
}

/// Asks a running server; `None` when none answers.
pub async fn ask(path: &Path, operation: &Operation) -> Option<io::Result<Result<Value, Refusal>>> {
    let stream = UnixStream::connect(path).await.ok()?;
    Some(exchange(stream, operation).await)
}

async fn exchange(mut stream: UnixStream, operation: &Operation) -> io::Result<Result<Value, Refusal>> {
    let request = Request { operation: operation.clone() };
    let mut text = serde_json::to_vec(&request)?;
    text.push(b'\n');
    stream.write_all(&text).await?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use super::user_name;

    #[test]
    fn users_are_named_by_the_system() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_000_000_001), "uid:4000000001");
    }
}

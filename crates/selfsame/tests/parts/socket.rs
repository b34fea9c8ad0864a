//! The local socket's place in the file system.

use selfsame::socket::Socket;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sockets in `directory` that others could reach at this moment.
fn reachable(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        // Gone again meanwhile.
        let Ok(metadata) = entry.metadata() else { continue };
        let open = metadata.permissions().mode() & 0o077 != 0;
        if metadata.is_dir() && open {
            found.extend(reachable(&entry.path()));
        } else if metadata.file_type().is_socket() && open {
            found.push(format!("{} {:o}", entry.path().display(), metadata.permissions().mode()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_cannot_reach_it_for_a_moment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("admin.sock");
    let done = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let (done, directory) = (done.clone(), directory.path().to_owned());
        move || {
            let (mut seen, mut looks) = (Vec::new(), 0u64);
            while !done.load(Ordering::Relaxed) {
                seen.extend(reachable(&directory));
                looks += 1;
            }
            (seen, looks)
        }
    });
    for _ in 0..2000 {
        let socket = Socket::bind(&path).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(socket);
    }
    done.store(true, Ordering::Relaxed);
    let (seen, looks) = watcher.join().unwrap();
    assert!(looks > 1000, "{looks} looks see too little");
    assert!(seen.is_empty(), "{} times, {:?} …", seen.len(), seen.first());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn only_a_dead_servers_socket_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("admin.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let living = Socket::bind(&path).await.expect("the dead one gives way");
    assert!(Socket::bind(&path).await.is_err(), "the living one does not");
    drop(living);
    std::fs::write(&path, "somebody's file").unwrap();
    assert!(Socket::bind(&path).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's file");
}

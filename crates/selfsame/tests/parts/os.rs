//! Clock, randomness and key files of the real system.

use model::{Clock, Random};
use selfsame::os::{OsRandom, SystemClock, create_key_file, parse_key, read_secret_file};
use std::path::PathBuf;

fn scratch(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("selfsame-parts-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

#[test]
fn the_clock_runs_in_this_century() {
    let now = SystemClock.now();
    assert!(now.seconds() > 1_700_000_000 && now.seconds() < 4_000_000_000);
    assert!(SystemClock.now() >= now);
}

#[test]
fn t63_randomness_does_not_repeat() {
    let random: &dyn Random = &OsRandom;
    let draws: std::collections::BTreeSet<[u8; 16]> = (0..1000).map(|_| random.bytes::<16>()).collect();
    assert_eq!(draws.len(), 1000);
}

#[test]
fn a_key_file_is_private_read_back_and_never_overwritten() {
    let directory = scratch("key");
    let path = directory.join("root-key");
    let key = create_key_file(&path, &OsRandom).unwrap();
    let text = read_secret_file(&path, 1000).unwrap();
    assert!(parse_key(text.expose()).unwrap() == key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(create_key_file(&path, &OsRandom).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert!(parse_key(read_secret_file(&path, 1000).unwrap().expose()).unwrap() == key);
    assert!(read_secret_file(&path, 10).unwrap_err().contains("larger than 10 bytes"));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn keys_are_read_in_each_form_and_only_whole() {
    let bytes = [0xfbu8; 32];
    for text in [
        "fb".repeat(32),
        "FB".repeat(32),
        "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=".to_owned(),
        "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s".to_owned(),
        "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s=\n".to_owned(),
    ] {
        assert_eq!(parse_key(&text).unwrap().expose(), &bytes, "{text}");
    }
    for text in ["", "short", &"fb".repeat(31), &"zz".repeat(32), "+/v7+/v7+/v7+/v7+/v7+/v7"] {
        assert!(parse_key(text).is_none(), "{text}");
    }
}

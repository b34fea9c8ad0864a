//! What belongs to the operating system: the wall clock, its randomness, and files that hold keys.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use model::{Clock, Micros, Random, Secret};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everybody else is passed")]
    fn now(&self) -> Micros {
        let now = SystemTime::now();
        let micros = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()),
            Err(before) => i64::try_from(before.duration().as_micros()).map(std::ops::Neg::neg),
        };
        Micros(micros.unwrap_or(i64::MAX))
    }
}

/// The generator of the operating system, through aws-lc (T63).
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    /// Ends the process when there is no randomness: no secret may be made without it, and no caller could go on.
    #[allow(clippy::disallowed_methods, reason = "this is the randomness that everybody else is passed")]
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            tracing::error!("the operating system gives no randomness");
            std::process::abort();
        }
    }
}

/// 32 bytes, written as base64 (either alphabet, padded or not) or as 64 hexadecimal digits.
pub fn parse_key(text: &str) -> Option<Secret<[u8; 32]>> {
    let text = text.trim();
    if text.len() == 64 {
        return from_hex(text).map(Secret::new);
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .map(Secret::new)
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let bytes: Vec<u8> = digits?.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect();
    bytes.try_into().ok()
}

/// Makes a key file that only its owner can read, and returns the key. An existing file is never touched.
pub fn create_key_file(path: &Path, random: &dyn Random) -> io::Result<Secret<[u8; 32]>> {
    let key = random.bytes::<32>();
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", general_purpose::STANDARD.encode(key))?;
    file.sync_all()?;
    #[cfg(unix)]
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        // The name must survive a power cut too: what is sealed with this key is lost without it.
        File::open(directory)?.sync_all()?;
    }
    Ok(Secret::new(key))
}

/// A secret's text without the newline at its end. The error is a sentence that names the file and not the content.
pub fn read_secret_file(path: &Path, most_bytes: usize) -> Result<Secret<String>, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("secret file `{shown}` cannot be opened: {error}"))?;
    let mut text = String::new();
    file.take(most_bytes as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("secret file `{shown}` cannot be read: {error}"))?;
    if text.len() > most_bytes {
        return Err(format!("secret file `{shown}` is larger than {most_bytes} bytes"));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(Secret::new(text))
}

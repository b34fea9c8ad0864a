//! The release binary, built if needed, run in a temporary directory with the smallest configuration there is.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// Builds what ships: release, without the demo. Cargo does nothing when it is there already.
pub fn build() -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--release", "-p", "selfsame", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo build ended with {}", output.status));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    };
    messages.lines().filter_map(executable).next_back().ok_or_else(|| "the build gave no binary".to_owned())
}

/// A directory with configuration, key and database; removed when dropped.
#[derive(Debug)]
pub struct Site {
    binary: PathBuf,
    directory: PathBuf,
    address: SocketAddr,
}

impl Site {
    pub fn prepare(binary: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the site could not be prepared: {error}");
        let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).map_err(failed)?;
        let directory = std::env::temp_dir().join(format!("selfsame-bench-{}", std::process::id()));
        std::fs::create_dir(&directory).map_err(failed)?;
        let site = Self { binary: binary.to_path_buf(), directory, address };
        let mut key = [0_u8; 32];
        File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut key)).map_err(failed)?;
        let key: String = key.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(hex_digit).collect();
        std::fs::write(site.directory.join("root.key"), key).map_err(failed)?;
        std::fs::write(site.config(), configuration(address)).map_err(failed)?;
        let status = site.command(&["migrate", "up"]).status().map_err(failed)?;
        if status.success() { Ok(site) } else { Err(format!("`selfsame migrate up` ended with {status}")) }
    }

    fn config(&self) -> PathBuf {
        self.directory.join("selfsame.toml")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).arg("--config").arg(self.config()).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts the server and gives the time from spawn to the first 200 of `GET /health/ready`.
    pub fn start(&self) -> Result<(Running, Duration), String> {
        let begun = Instant::now();
        let child = self
            .command(&["serve", "--insecure-loopback"])
            .spawn()
            .map_err(|error| format!("the server did not start: {error}"))?;
        let mut running = Running { child };
        while begun.elapsed() < READY_WITHIN {
            if is_ready(self.address) {
                return Ok((running, begun.elapsed()));
            }
            if let Ok(Some(status)) = running.child.try_wait() {
                return Err(format!(
                    "the server ended with {status}; run it by hand with the same configuration to see why"
                ));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Err(format!("the server was not ready within {} s", READY_WITHIN.as_secs()))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("{} could not be removed: {error}", self.directory.display());
        }
    }
}

/// A server process; ended when dropped, whatever happened.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// `/proc/PID/status` as the kernel writes it.
    pub fn status(&self) -> Result<String, String> {
        let path = format!("/proc/{}/status", self.child.id());
        std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < STOPS_WITHIN {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        if self.child.kill().and_then(|()| self.child.wait().map(drop)).is_err() {
            eprintln!("process {} could not be ended", self.child.id());
        }
    }
}

fn hex_digit(half: u8) -> Option<char> {
    char::from_digit(u32::from(half), 16)
}

fn configuration(address: SocketAddr) -> String {
    format!(
        "[server]\npublic_origin = \"http://localhost:{}\"\nlisten = \"{address}\"\n\n\
         [database]\nurl = \"sqlite:selfsame.sqlite\"\n\n\
         [[secrets.keys]]\nid = \"bench\"\nfile = \"root.key\"\n\n\
         [mail]\nurl = \"smtp://127.0.0.1:9\"\nfrom = \"Selfsame <no-reply@selfsame.test>\"\n",
        address.port()
    )
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET /health/ready HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
            address.port()
        )?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start)
    };
    ask().is_ok_and(|start| start.ends_with(b" 200"))
}

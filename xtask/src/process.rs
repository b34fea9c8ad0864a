//! Child processes: found on the run's own search path, echoed as they speak, their closing lines kept for the table.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// What every child of this run sees: where it starts, and the search path with what was installed for it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub root: PathBuf,
    path: OsString,
}

impl Surroundings {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), path: std::env::var_os("PATH").unwrap_or_default() }
    }

    /// Puts a directory in front of the search path.
    pub fn prefer(&mut self, directory: &Path) -> Result<(), String> {
        let rest: Vec<PathBuf> = std::env::split_paths(&self.path).collect();
        self.path = std::env::join_paths(std::iter::once(directory.to_path_buf()).chain(rest))
            .map_err(|error| format!("{} can't be put on PATH: {error}", directory.display()))?;
        Ok(())
    }

    /// Where a program is, if it is on the search path.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|directory| directory.join(program)).find(|file| file.is_file())
    }

    pub fn command(&self, program: &str) -> Command {
        let program = self.find(program).unwrap_or_else(|| PathBuf::from(program));
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", &self.path).stdin(Stdio::null());
        command
    }

    /// The cargo that runs us.
    pub fn cargo(&self) -> Command {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = self.command(&cargo);
        // Set by `cargo run` for xtask alone.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command.env_remove(name);
        }
        if std::io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        command
    }
}

/// Runs to the end; an exit code other than 0 is an error that names the command.
pub fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Standard output of a command that must succeed.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", shown(command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} printed something that is not UTF-8", shown(command)))
}

/// Runs to the end, echoes both streams line by line, and gives back the lines that `keep` wants, unchanged.
pub fn succeed_keeping(command: &mut Command, keep: fn(&str) -> bool) -> (Result<(), String>, Vec<String>) {
    let name = shown(command);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut child = match command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return (Err(format!("{name}: {error}")), Vec::new()),
    };
    let out = child.stdout.take().map(|stream| echo(stream, std::io::stdout(), keep, Arc::clone(&kept)));
    let err = child.stderr.take().map(|stream| echo(stream, std::io::stderr(), keep, Arc::clone(&kept)));
    let status = child.wait();
    let mut echoed = true;
    for thread in [out, err].into_iter().flatten() {
        echoed &= thread.join().is_ok();
    }
    let outcome = match status {
        Ok(status) if status.success() && echoed => Ok(()),
        Ok(status) => Err(format!("{name} ended with {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    };
    let lines = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    (outcome, lines)
}

fn echo(
    stream: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    keep: fn(&str) -> bool,
    kept: Arc<Mutex<Vec<String>>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(stream.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            // A closed terminal must not stop the child, which goes on writing into this pipe.
            let _ = to.write_all(&line).and_then(|()| to.flush());
            let text = String::from_utf8_lossy(&line);
            if keep(&text) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(text.trim_end().to_owned());
            }
            line.clear();
        }
    })
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_both_streams_are_kept_and_the_exit_code_counts() {
        let surroundings = Surroundings::new(Path::new("/"));
        let mut command = surroundings.command("sh");
        command.args(["-c", "echo '# pass 3'; echo noise; echo '# fail 0' >&2; exit 4"]);
        let (outcome, lines) = succeed_keeping(&mut command, |line| line.starts_with("# "));
        assert!(outcome.unwrap_err().contains("exit status: 4"));
        assert_eq!(lines.len(), 2, "{lines:?}");
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let surroundings = Surroundings::new(Path::new("/"));
        assert!(succeed(&mut surroundings.command("no-such-program-here")).is_err());
        assert!(surroundings.find("sh").is_some());
    }
}

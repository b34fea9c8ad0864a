//! Where a figure was measured: without it no figure can be compared.

use std::process::Command;

#[derive(Debug, serde::Serialize)]
pub struct Machine {
    pub date: String,
    pub processor: String,
    pub cores: usize,
    pub memory_mib: u64,
    pub system: String,
    pub compiler: String,
}

impl Machine {
    pub fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal").and_then(|value| first_number(&value));
        let system = field(&read("/etc/os-release").replace('=', ":"), "PRETTY_NAME").unwrap_or_default();
        Self {
            date: said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: memory_kib.unwrap_or(0) / 1024,
            system: format!("{}, Linux {}", system.trim_matches('"'), read("/proc/sys/kernel/osrelease").trim()),
            compiler: said("rustc", &["--version"]),
        }
    }
}

/// The value of a `name: value` line.
pub fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

pub fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_kernel_writes_them() {
        let text = "Name:\tselfsame\nVmRSS:\t   14336 kB\n";
        assert_eq!(field(text, "VmRSS").and_then(|value| first_number(&value)), Some(14336));
        assert_eq!(field(text, "VmSwap"), None);
    }
}

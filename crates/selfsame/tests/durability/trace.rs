//! What `strace` saw: one tracer of all threads, so that the order of its lines is an order of time. A call has begun
//! before its first line was written, and nobody in the process could act on its end before its last line was.

use std::collections::HashMap;
use std::path::Path;

/// A system call, with the lines it began and ended at.
#[derive(Debug, Clone)]
pub struct Call {
    pub begun: usize,
    pub ended: usize,
    pub name: String,
    /// Its first argument.
    pub fd: i64,
    /// All bytes it carried, either way.
    pub data: Vec<u8>,
    pub result: i64,
    /// What `fd` was opened as, when it is a file.
    pub file: Option<String>,
}

impl Call {
    pub fn writes(&self) -> bool {
        matches!(self.name.as_str(), "write" | "writev" | "sendto" | "sendmsg" | "pwrite64" | "pwritev")
    }

    pub fn reads(&self) -> bool {
        matches!(self.name.as_str(), "read" | "readv" | "recvfrom" | "recvmsg")
    }

    pub fn syncs(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync") && self.result == 0
    }

    pub fn is_on(&self, file: &str) -> bool {
        self.file.as_deref().is_some_and(|name| name.ends_with(file))
    }

    pub fn holds(&self, text: &[u8]) -> bool {
        find(&self.data, text).is_some()
    }
}

/// Where `needle` begins.
pub fn find(data: &[u8], needle: &[u8]) -> Option<usize> {
    data.windows(needle.len()).position(|window| window == needle)
}

/// Arguments of `strace` that write what [`read`] understands; up to `bytes` of each buffer.
pub fn arguments(file: &Path, bytes: usize) -> Vec<String> {
    let calls = "trace=openat,close,accept4,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,\
                 fsync,fdatasync";
    let file = file.to_str().expect("a UTF-8 path");
    ["strace", "-f", "-qq", "--seccomp-bpf", "-xx", "-s", &bytes.to_string(), "-e", calls, "-o", file]
        .map(str::to_owned)
        .to_vec()
}

/// The process that the trace begins with.
pub fn first_process(text: &str) -> u32 {
    text.split_whitespace().next().and_then(|pid| pid.parse().ok()).expect("a process was traced")
}

/// Every call that ended, in the order they began.
pub fn read(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
    for (line, content) in text.lines().enumerate() {
        let Some((process, rest)) = content.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(head) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(process, (line, head.to_owned()));
        } else if let Some(tail) = rest.strip_prefix("<... ") {
            let (Some((begun, head)), Some((_, tail))) = (unfinished.remove(process), tail.split_once("resumed>"))
            else {
                continue;
            };
            calls.extend(parse(begun, line, &format!("{head}{tail}")));
        } else {
            calls.extend(parse(line, line, rest));
        }
    }
    name_files(&mut calls);
    calls.sort_by_key(|call| call.begun);
    calls
}

fn parse(begun: usize, ended: usize, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let fd = arguments.split([',', ')']).next()?.trim().parse().unwrap_or(-1);
    let result = result.split_whitespace().next()?.parse().unwrap_or(-1);
    Some(Call { begun, ended, name: name.to_owned(), fd, data: quoted(arguments), result, file: None })
}

/// The bytes of all strings, which `-xx` writes as `\x41` each.
fn quoted(arguments: &str) -> Vec<u8> {
    let strings = arguments.split('"').skip(1).step_by(2);
    let bytes = strings.flat_map(|string| string.split("\\x").skip(1));
    bytes.filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

/// A descriptor is the file that was opened last under its number, until it is closed.
fn name_files(calls: &mut [Call]) {
    calls.sort_by_key(|call| call.ended);
    let mut open: HashMap<i64, String> = HashMap::new();
    for call in calls {
        match call.name.as_str() {
            "openat" => drop(open.insert(call.result, String::from_utf8_lossy(&call.data).into_owned())),
            "accept4" => drop(open.remove(&call.result)),
            "close" => drop(open.remove(&call.fd)),
            _ => call.file = open.get(&call.fd).cloned(),
        }
    }
}

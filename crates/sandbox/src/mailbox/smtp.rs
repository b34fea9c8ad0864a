//! A strict, small SMTP receiver (RFC 5321, with SIZE, 8BITMIME, SMTPUTF8 and PIPELINING). Lines end with CRLF and with
//! nothing else: whoever sends otherwise learns it here and not from a mail system that reads two mails where one was
//! written.

use super::{Fate, Shared};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Bytes of one mail.
const SIZE_LIMIT: usize = 1024 * 1024;
/// RFC 5321 §4.5.3.1.4, with room for the parameters of extensions.
const COMMAND_LIMIT: usize = 1024;
/// RFC 5321 §4.5.3.1.6, without CRLF and without the dot that was put before another.
const TEXT_LINE_LIMIT: usize = 998;
/// RFC 5321 §4.5.3.1.8.
const RECIPIENT_LIMIT: usize = 100;
/// RFC 5321 §4.5.3.1.3 without the brackets.
const PATH_LIMIT: usize = 254;
const CONNECTION_LIMIT: usize = 32;
/// Commands in a row that are wrong before the connection ends.
const ERROR_LIMIT: usize = 20;
const IDLE_LIMIT: Duration = Duration::from_mins(1);

pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) if peer.ip().to_canonical().is_loopback() => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    if let Err(error) = Connection::new(stream, shared).run().await {
                        tracing::debug!(%error, "a mail connection ended early");
                    }
                    drop(place);
                });
            }
            Ok((_, peer)) => tracing::warn!(%peer, "refused a mail connection that is not from this machine"),
            Err(error) => {
                tracing::warn!(%error, "a mail connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// How a line came.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// Without its CRLF.
    Good(Vec<u8>),
    /// More than was asked for, dropped; whether it ended with CRLF all the same.
    TooLong { whole: bool },
    /// A CR or LF that is not part of a CRLF.
    BareEnding,
    /// The sender is gone.
    End,
}

/// Reads up to the next LF, keeping no more than `limit` bytes.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let mut too_long = false;
    // The last byte seen, and the one before it.
    let mut last = [0; 2];
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(Line::End);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |index| index + 1);
        if line.len() + taken <= limit {
            line.extend_from_slice(&available[..taken]);
        } else {
            too_long = true;
        }
        for byte in &available[taken.saturating_sub(2)..taken] {
            last = [last[1], *byte];
        }
        reader.consume(taken);
        if end.is_some() {
            break;
        }
    }
    if too_long {
        return Ok(Line::TooLong { whole: last == *b"\r\n" });
    }
    Ok(match line.strip_suffix(b"\r\n") {
        Some(content) if !content.contains(&b'\r') => Line::Good(content.to_vec()),
        _ => Line::BareEnding,
    })
}

struct Reply(&'static str);

const BAD_SEQUENCE: Reply = Reply("503 5.5.1 Bad sequence of commands");
const BAD_SYNTAX: Reply = Reply("501 5.5.4 Syntax error in parameters");
const BAD_PARAMETER: Reply = Reply("555 5.5.4 Parameter not recognised");
const LONG_LINE: Reply = Reply("500 5.6.0 A line is longer than 998 bytes");
const OK: Reply = Reply("250 2.0.0 OK");

/// A transaction (RFC 5321 §3.3).
struct Envelope {
    from: String,
    to: Vec<String>,
    utf8: bool,
}

struct Connection {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    greeted: bool,
    envelope: Option<Envelope>,
}

impl Connection {
    fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        Self { stream: BufReader::new(stream), shared, greeted: false, envelope: None }
    }

    async fn run(mut self) -> io::Result<()> {
        self.say("220 mailbox.localhost ESMTP example mailbox").await?;
        let mut errors = 0;
        while errors < ERROR_LIMIT {
            let line = match tokio::time::timeout(IDLE_LIMIT, read_line(&mut self.stream, COMMAND_LIMIT)).await {
                Err(_) => return self.say("421 4.4.2 Too long without a command").await,
                Ok(line) => line?,
            };
            let line = match line {
                Line::End => return Ok(()),
                Line::TooLong { .. } => {
                    errors += 1;
                    self.say("500 5.5.2 Line too long").await?;
                    continue;
                }
                Line::BareEnding => {
                    errors += 1;
                    self.say("500 5.5.2 A line ends with CR LF").await?;
                    continue;
                }
                Line::Good(line) => line,
            };
            let Ok(line) = String::from_utf8(line) else {
                errors += 1;
                self.say("500 5.5.2 Not UTF-8").await?;
                continue;
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "QUIT" => return self.say("221 2.0.0 Bye").await,
                "DATA" => {
                    if !self.data(rest).await? {
                        return Ok(());
                    }
                }
                "EHLO" => self.extended_hello(rest).await?,
                verb => {
                    let Reply(text) = self.command(verb, rest);
                    errors = if text.starts_with('5') { errors + 1 } else { 0 };
                    self.say(text).await?;
                }
            }
        }
        self.say("421 4.7.0 Too many errors").await
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        write(self.stream.get_mut(), text).await
    }

    async fn extended_hello(&mut self, name: &str) -> io::Result<()> {
        if !is_name(name) {
            return self.say(BAD_SYNTAX.0).await;
        }
        self.greeted = true;
        self.envelope = None;
        let answer = format!(
            "250-mailbox.localhost\r\n250-SIZE {SIZE_LIMIT}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING"
        );
        self.say(&answer).await
    }

    fn command(&mut self, verb: &str, rest: &str) -> Reply {
        match verb {
            "HELO" if is_name(rest) => {
                self.greeted = true;
                self.envelope = None;
                Reply("250 mailbox.localhost")
            }
            "NOOP" => OK,
            "RSET" if rest.is_empty() => {
                self.envelope = None;
                OK
            }
            "HELO" | "RSET" => BAD_SYNTAX,
            "VRFY" => Reply("252 2.1.5 Cannot verify, but will take the mail"),
            "MAIL" => self.mail(rest).unwrap_or_else(|reply| reply),
            "RCPT" => self.recipient(rest).unwrap_or_else(|reply| reply),
            _ => Reply("502 5.5.1 Command not known"),
        }
    }

    fn mail(&mut self, rest: &str) -> Result<Reply, Reply> {
        if !self.greeted || self.envelope.is_some() {
            return Err(BAD_SEQUENCE);
        }
        let (path, parameters) = path(rest, "FROM:")?;
        let mut utf8 = false;
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
                ("SIZE", size) => match size.parse::<usize>() {
                    Ok(size) if size <= SIZE_LIMIT => {}
                    Ok(_) => return Err(Reply("552 5.3.4 Too large")),
                    Err(_) => return Err(BAD_SYNTAX),
                },
                ("BODY", "7BIT" | "8BITMIME") => {}
                ("SMTPUTF8", "") => utf8 = true,
                _ => return Err(BAD_PARAMETER),
            }
        }
        if !path.is_empty() {
            check_mailbox(path, utf8)?;
        }
        if self.shared.refuses() {
            return Err(Reply("451 4.3.0 Try again later"));
        }
        self.envelope = Some(Envelope { from: path.to_owned(), to: Vec::new(), utf8 });
        Ok(Reply("250 2.1.0 OK"))
    }

    fn recipient(&mut self, rest: &str) -> Result<Reply, Reply> {
        let envelope = self.envelope.as_mut().ok_or(BAD_SEQUENCE)?;
        let (path, parameters) = path(rest, "TO:")?;
        if !parameters.trim().is_empty() {
            return Err(BAD_PARAMETER);
        }
        check_mailbox(path, envelope.utf8)?;
        if envelope.to.len() == RECIPIENT_LIMIT {
            return Err(Reply("452 4.5.3 Too many recipients"));
        }
        envelope.to.push(path.to_owned());
        Ok(Reply("250 2.1.5 OK"))
    }

    /// Whether the connection goes on.
    async fn data(&mut self, rest: &str) -> io::Result<bool> {
        if !rest.is_empty() {
            self.say(BAD_SYNTAX.0).await?;
            return Ok(true);
        }
        match &self.envelope {
            None => {
                self.say(BAD_SEQUENCE.0).await?;
                return Ok(true);
            }
            Some(envelope) if envelope.to.is_empty() => {
                self.say("554 5.5.1 No valid recipients").await?;
                return Ok(true);
            }
            Some(_) => {}
        }
        self.say("354 End with a dot on a line of its own").await?;
        let Ok(read) = tokio::time::timeout(IDLE_LIMIT, read_text(&mut self.stream)).await else {
            self.say("421 4.4.2 Too long without an end").await?;
            return Ok(false);
        };
        let Some(text) = read? else { return Ok(false) };
        let Some(envelope) = self.envelope.take() else { return Ok(false) };
        let raw = match text {
            Ok(raw) => raw,
            Err(Reply(text)) => {
                self.say(text).await?;
                return Ok(true);
            }
        };
        let fate = self.shared.drops();
        if fate != Some(Fate::Lost) {
            self.shared.keep(envelope.from, envelope.to, raw);
        }
        if fate.is_some() {
            return Ok(false);
        }
        self.say("250 2.0.0 Kept").await?;
        Ok(true)
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// The text of a mail up to the line that is one dot, with dots unstuffed (RFC 5321 §4.5.2). `None` when the sender
/// went away; a refusal is only given after the end, or the rest of the text would be read as commands.
async fn read_text(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Result<Vec<u8>, Reply>>> {
    let mut text = Vec::new();
    let mut refusal = None;
    let mut read = 0;
    // Only CR LF . CR LF ends a mail, so a dot after a bare ending is no end.
    let mut at_line_start = true;
    loop {
        let line = match read_line(reader, TEXT_LINE_LIMIT + 3).await? {
            Line::End => return Ok(None),
            Line::TooLong { whole } => {
                refusal.get_or_insert(LONG_LINE);
                read += TEXT_LINE_LIMIT;
                at_line_start = whole;
                continue;
            }
            Line::BareEnding => {
                refusal.get_or_insert(Reply("554 5.6.0 A line ends with CR LF, and neither stands alone"));
                read += 1;
                at_line_start = false;
                continue;
            }
            Line::Good(line) => line,
        };
        if line == b"." && at_line_start {
            return Ok(Some(refusal.map_or(Ok(text), Err)));
        }
        at_line_start = true;
        read += line.len() + 2;
        if read > 8 * SIZE_LIMIT {
            return Ok(None);
        }
        if text.len() + line.len() + 2 > SIZE_LIMIT {
            refusal.get_or_insert(Reply("552 5.3.4 Too large"));
        }
        let content = line.strip_prefix(b".").unwrap_or(&line);
        if content.len() > TEXT_LINE_LIMIT {
            refusal.get_or_insert(LONG_LINE);
        }
        if refusal.is_none() {
            text.extend_from_slice(content);
            text.extend_from_slice(b"\r\n");
        }
    }
}

/// The name that a client gives itself: a host name or an address literal.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic())
}

/// `FROM:<path> parameters`.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Reply> {
    let after = rest.get(..keyword.len()).filter(|start| start.eq_ignore_ascii_case(keyword));
    let after = after.map(|_| &rest[keyword.len()..]).ok_or(BAD_SYNTAX)?;
    let (path, parameters) = after.strip_prefix('<').and_then(|inner| inner.split_once('>')).ok_or(BAD_SYNTAX)?;
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(BAD_SYNTAX);
    }
    Ok((path, parameters))
}

fn check_mailbox(path: &str, utf8: bool) -> Result<(), Reply> {
    let one_at = path
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if path.len() > PATH_LIMIT || !one_at || path.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<') {
        return Err(Reply("553 5.1.3 Not a mailbox"));
    }
    if !utf8 && !path.is_ascii() {
        return Err(Reply("553 5.6.7 SMTPUTF8 is needed for this mailbox"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(bytes: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
        let mut reader = bytes;
        read_text(&mut reader).await.expect("reading from memory").map(|text| text.map_err(|reply| reply.0))
    }

    #[tokio::test]
    async fn dots_are_unstuffed_and_only_a_lone_dot_ends() {
        assert_eq!(text(b"a\r\n..b\r\n.c\r\n.\r\n").await, Some(Ok(b"a\r\n.b\r\nc\r\n".to_vec())));
        assert_eq!(text(b"a\r\n").await, None);
    }

    #[tokio::test]
    async fn a_dot_between_bare_endings_does_not_end_a_mail() {
        for smuggled in ["a\n.\r\nMAIL FROM:<b@c.example>\r\n", "a\r\n.\nMAIL\r\n", "a\r.\r\nMAIL\r\n"] {
            let whole = format!("{smuggled}\r\n.\r\n");
            let refused = text(whole.as_bytes()).await;
            assert!(matches!(refused, Some(Err(reply)) if reply.starts_with("554")), "{smuggled:?}");
        }
    }

    #[tokio::test]
    async fn long_lines_and_long_mails_are_refused() {
        let line = "x".repeat(998);
        assert!(matches!(text(format!("{line}\r\n.\r\n").as_bytes()).await, Some(Ok(_))));
        assert!(matches!(text(format!(".{line}\r\n.\r\n").as_bytes()).await, Some(Ok(_))));
        for long in [format!("x{line}"), format!("xx{line}x"), line.repeat(9)] {
            let refused = text(format!("{long}\r\n.\r\n").as_bytes()).await;
            assert!(matches!(refused, Some(Err(reply)) if reply.starts_with("500")));
            // A dot after a long line that ended otherwise is no end.
            assert_eq!(text(format!("{long}\n.\r\n").as_bytes()).await, None);
        }
        let mail = format!("{line}\r\n").repeat(1100);
        let refused = text(format!("{mail}.\r\n").as_bytes()).await;
        assert!(matches!(refused, Some(Err(reply)) if reply.starts_with("552")));
    }

    #[test]
    fn paths() {
        assert!(matches!(path("FROM:<a@b.example> SIZE=1", "FROM:"), Ok(("a@b.example", " SIZE=1"))));
        assert!(matches!(path("from:<>", "FROM:"), Ok(("", ""))));
        for wrong in ["FROM:a@b.example", "FROM <a@b.example>", "FROM:<a@b.example", "FROM:<a@b.example>x", "é"] {
            assert!(path(wrong, "FROM:").is_err(), "{wrong}");
        }
        assert!(check_mailbox("jürgen@bücher.example", true).is_ok());
        for wrong in ["", "a", "@b", "a@", "a@b@c", "a b@c.example", "jürgen@bücher.example"] {
            assert!(check_mailbox(wrong, false).is_err(), "{wrong}");
        }
    }
}

//! The mailbox over a raw connection.

use crate::world::{json, listener, run};
use sandbox::mailbox::{Fate, Mailbox};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

async fn start() -> Mailbox {
    Mailbox::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

struct Sender(BufReader<TcpStream>);

impl Sender {
    async fn connect(mailbox: &Mailbox) -> Self {
        let stream = TcpStream::connect(mailbox.address()).await.unwrap();
        let mut sender = Self(BufReader::new(stream));
        assert!(sender.reply().await.starts_with("220 "));
        assert!(sender.say("EHLO sender.example").await.contains("8BITMIME"));
        sender
    }

    /// All lines of one reply; empty when the connection ended.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.0.read_line(&mut reply).await.unwrap() == 0 || reply.as_bytes().get(start + 3) == Some(&b' ') {
                return reply;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.bytes(format!("{line}\r\n").as_bytes()).await
    }

    async fn bytes(&mut self, bytes: &[u8]) -> String {
        self.0.write_all(bytes).await.unwrap();
        self.reply().await
    }

    async fn mail(&mut self, to: &str, data: &[u8]) -> String {
        let from = self.say("MAIL FROM:<server@selfsame.example> BODY=8BITMIME SMTPUTF8").await;
        if !from.starts_with("250") {
            return from;
        }
        assert!(self.say(&format!("RCPT TO:<{to}>")).await.starts_with("250"));
        assert!(self.say("DATA").await.starts_with("354"));
        self.bytes(data).await
    }
}

const CODE_MAIL: &str = "From: Selfsame <server@selfsame.example>\r\n\
    To: ada@example.test\r\n\
    Subject: =?utf-8?B?WW91ciBjb2RlIOKAkyDDpA==?=\r\n\
    Date: Sun, 22 Nov 2026 06:00:00 +0000\r\n\
    Message-ID: <one@server.localhost>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\
    \r\n\
    --b\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\
    \r\n\
    Your code f=C3=BCr 2026 is =\r\n\
    123456.\r\n\
    --b\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    PHA+WW91ciBjb2RlIGlzIDxiPjEyMzQ1NjwvYj48c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+PC9w\r\n\
    Pg==\r\n\
    --b--\r\n\
    .\r\n";

#[tokio::test]
async fn a_mail_arrives_and_is_read() {
    let mailbox = start().await;
    let waiting = tokio::spawn({
        let mailbox = mailbox.clone();
        async move { mailbox.wait_for("ADA@example.test", |_| true, Duration::from_secs(5)).await }
    });
    let mut sender = Sender::connect(&mailbox).await;
    assert!(sender.mail("Ada@Example.test", CODE_MAIL.as_bytes()).await.starts_with("250"));
    assert!(sender.say("QUIT").await.starts_with("221"));
    let message = waiting.await.unwrap().unwrap();
    assert_eq!(message.subject, "Your code – ä");
    assert_eq!(message.message_id.as_deref(), Some("one@server.localhost"));
    assert_eq!(message.text.as_deref().map(str::trim_end), Some("Your code für 2026 is 123456."));
    assert!(message.html.as_deref().unwrap().contains("<b>123456</b>"));
    assert_eq!(message.code(6).as_deref(), Some("123456"));
    assert_eq!(
        (message.from.as_str(), message.to.as_slice()),
        ("server@selfsame.example", &["Ada@Example.test".to_owned()][..])
    );
    assert_eq!(message.date, "2026-11-22T06:00:00Z");
    assert_eq!(message.header("To").as_deref(), Some("ada@example.test"));
    let none = mailbox.wait_for("grace@example.test", |_| true, Duration::from_millis(20)).await;
    assert_eq!(none, None);
    let other = mailbox.wait_for("ada@example.test", |mail| mail.subject == "?", Duration::from_millis(20)).await;
    assert_eq!(other, None);
}

#[tokio::test]
async fn bytes_arrive_as_they_were() {
    let mailbox = start().await;
    let mut sender = Sender::connect(&mailbox).await;
    let data = "Subject: ä\r\n\r\n..one dot\r\n...\r\nübung\r\n.hidden\r\n.\r\n";
    assert!(sender.mail("jürgen@bücher.example", data.as_bytes()).await.starts_with("250"));
    let message = mailbox.messages().remove(0);
    assert_eq!(&*message.raw, "Subject: ä\r\n\r\n.one dot\r\n..\r\nübung\r\nhidden\r\n".as_bytes());
    assert!(message.is_to("jürgen@xn--bcher-kva.example"));
    // Everything in one go, as PIPELINING allows.
    let burst = "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";
    assert!(sender.bytes(burst.as_bytes()).await.starts_with("250"));
    for expected in ["250", "250", "354"] {
        assert!(sender.reply().await.starts_with(expected));
    }
    assert!(sender.bytes(b"\r\n.\r\nNOOP\r\n").await.starts_with("250 2.0.0 Kept"));
    assert!(sender.reply().await.starts_with("250"));
    assert_eq!(mailbox.messages()[1].to.len(), 2);
}

#[tokio::test]
async fn order_and_syntax_are_held() {
    let mailbox = start().await;
    let stream = TcpStream::connect(mailbox.address()).await.unwrap();
    let mut sender = Sender(BufReader::new(stream));
    sender.reply().await;
    for (line, code) in [
        ("MAIL FROM:<a@b.example>", "503"),
        ("HELO", "501"),
        ("HELO a.example", "250"),
        ("RCPT TO:<a@b.example>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:a@b.example", "501"),
        ("MAIL FROM:<a b@c.example>", "553"),
        ("MAIL FROM:<a@b.example> SIZE=9999999", "552"),
        ("MAIL FROM:<a@b.example> AUTH=x", "555"),
        ("MAIL FROM:<jürgen@b.example>", "553"),
        ("mail from:<a@b.example> size=10", "250"),
        ("MAIL FROM:<a@b.example>", "503"),
        ("DATA", "554"),
        ("RCPT TO:<>", "553"),
        ("RCPT TO:<a@b.example> NOTIFY=NEVER", "555"),
        ("RCPT TO:<a@b.example>", "250"),
        ("DATA now", "501"),
        ("RSET", "250"),
        ("RCPT TO:<a@b.example>", "503"),
        ("VRFY a", "252"),
        ("STARTTLS", "502"),
        ("NOOP", "250"),
        (&"x".repeat(2000), "500"),
        ("NOOP\nNOOP", "500"),
    ] {
        let reply = sender.say(line).await;
        assert!(reply.starts_with(code), "{line:.60}: {reply}");
        if line.contains('\n') {
            assert!(sender.reply().await.starts_with("250"), "the second line is whole");
        }
    }
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn nothing_can_be_smuggled_behind_a_bare_ending() {
    let mailbox = start().await;
    let mut sender = Sender::connect(&mailbox).await;
    let smuggled = b"a\n.\nMAIL FROM:<x@y.example>\nRCPT TO:<ada@example.test>\nDATA\nforged\r\n.\r\n";
    assert!(sender.mail("a@b.example", smuggled).await.starts_with("554"));
    assert!(sender.say("NOOP").await.starts_with("250 2.0.0 OK"));
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn limits_hold() {
    let mailbox = start().await;
    let mut sender = Sender::connect(&mailbox).await;
    let data = format!("{}.\r\n", "a line that is repeated\r\n".repeat(60_000));
    assert!(sender.mail("a@b.example", data.as_bytes()).await.starts_with("552"));
    assert!(mailbox.messages().is_empty());
    sender.say("MAIL FROM:<a@b.example>").await;
    for _ in 0..100 {
        assert!(sender.say("RCPT TO:<a@b.example>").await.starts_with("250"));
    }
    assert!(sender.say("RCPT TO:<a@b.example>").await.starts_with("452"));
    sender.say("RSET").await;
    for _ in 0..510 {
        assert!(sender.mail("a@b.example", b"\r\n.\r\n").await.starts_with("250"));
    }
    let kept = mailbox.messages();
    assert_eq!((kept.len(), kept[0].number, kept[499].number), (500, 11, 510));
    mailbox.clear();
    assert!(mailbox.messages().is_empty());
    for _ in 0..19 {
        assert!(sender.say("WHAT").await.starts_with("502"));
    }
    assert!(sender.say("WHAT").await.starts_with("502"));
    assert!(sender.reply().await.starts_with("421"));
}

#[tokio::test]
async fn faults_on_request() {
    let mailbox = start().await;
    let mut sender = Sender::connect(&mailbox).await;
    mailbox.refuse_next(1);
    assert!(sender.mail("a@b.example", b"\r\n.\r\n").await.starts_with("451"));
    assert!(sender.mail("a@b.example", b"\r\n.\r\n").await.starts_with("250"));
    assert_eq!(mailbox.messages().len(), 1);
    for (fate, kept) in [(Fate::Kept, 2), (Fate::Lost, 2)] {
        mailbox.drop_after_data(1, fate);
        assert_eq!(sender.mail("a@b.example", b"\r\n.\r\n").await, "");
        assert_eq!(mailbox.messages().len(), kept);
        sender = Sender::connect(&mailbox).await;
    }
    assert!(sender.mail("a@b.example", b"\r\n.\r\n").await.starts_with("250"));
}

#[tokio::test]
async fn it_listens_on_loopback_and_no_longer_than_it_is_held() {
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    assert!(Mailbox::start(anywhere).await.is_err());
    let mailbox = start().await;
    let address = mailbox.address();
    let kept = mailbox.clone();
    drop(mailbox);
    assert!(TcpStream::connect(address).await.is_ok());
    drop(kept);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    // Either refused, or accepted by the kernel just before and closed without a greeting.
    if let Ok(mut stream) = TcpStream::connect(address).await {
        let mut greeting = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut greeting)).await;
        assert!(greeting.is_empty());
    }
}

#[tokio::test]
async fn t47_the_page_shows_what_a_mail_says_as_text() {
    let mailbox = start().await;
    let hostile =
        "Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<img src=x onerror=alert(1)>\r\n.\r\n";
    let mut sender = Sender::connect(&mailbox).await;
    assert!(sender.mail("ada&amp@example.test", hostile.as_bytes()).await.starts_with("250"));
    let text = b"Subject: second\r\n\r\n</pre><script>alert(2)</script>\r\n.\r\n";
    assert!(sender.mail("ada@example.test", text).await.starts_with("250"));

    let (listener, port) = listener().await;
    run(listener, mailbox.router());
    let client = sandbox::loopback::client();
    let get = |path: &str| client.get(format!("http://mailbox.localhost:{port}{path}")).send();
    let response = get("/").await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
    let page = response.text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("http-equiv=\"refresh\""));
    assert!(page.find("second").unwrap() < page.find("alert(1)").unwrap(), "newest first");

    let number = mailbox.messages()[0].number;
    let caged = get(&format!("/messages/{number}/html")).await.unwrap();
    let policy = caged.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox") && !policy.contains("allow-scripts"));
    assert_eq!(get("/messages/999/html").await.unwrap().status(), 404);

    let messages = json(get("/messages.json").await.unwrap()).await;
    assert_eq!(messages[1]["subject"], "second");
    assert_eq!(messages.as_array().unwrap().len(), 2);
}

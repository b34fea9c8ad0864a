//! What reaches the log.

use model::{Address, MailId, Secret};
use selfsame::config::{Mail, Smtp, SmtpSecurity};
use selfsame::logging::{Format, subscriber};
use selfsame::mail::Rendered;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log(format: Format, filter: Option<&str>, write: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = subscriber(format, filter, false, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, write);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn t113_secrets_do_not_reach_the_log() {
    const CANARY: &str = "canary-51ce";
    let secret = Secret::new(CANARY.to_owned());
    let bytes = Secret::new(CANARY.as_bytes().to_vec());
    let smtp = Smtp {
        host: "relay.example".to_owned(),
        port: 465,
        security: SmtpSecurity::Tls,
        credentials: Some(("user".to_owned(), secret.clone())),
    };
    let mail = Mail { smtp, from: "a@b.example".to_owned() };
    let rendered = Rendered {
        to: Address::parse(&format!("{CANARY}@example.org")).unwrap(),
        subject: CANARY.to_owned(),
        text: CANARY.to_owned(),
        html: CANARY.to_owned(),
    };
    for format in [Format::Text, Format::Json] {
        let text = log(format, Some("trace"), || {
            tracing::error!(?secret, ?bytes, ?mail, ?rendered, "marker {secret:?}");
            let _span = tracing::error_span!("request", ?secret).entered();
            tracing::info!(nested = ?Some(&secret), "inside");
        });
        assert!(text.contains("marker [secret]"), "{text}");
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains(&format!("{:?}", CANARY.as_bytes())), "{text}");
    }
}

#[test]
fn json_lines_are_json_and_the_filter_holds() {
    let id = MailId::from_bytes([7; 16]);
    let text = log(Format::Json, None, || {
        tracing::debug!("not this");
        tracing::info!(mail = %id, "this\nin one line");
    });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{text}");
    let line: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!((line["level"].as_str(), line["mail"].as_str()), (Some("INFO"), Some(id.to_string().as_str())));
    assert!(subscriber(Format::Text, Some("=[nonsense"), false, std::io::sink).is_err());
}

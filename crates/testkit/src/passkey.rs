//! An authenticator made by hand (WebAuthn Level 3 §6), so that it can lie.

use crate::{Form, ORIGIN, Page};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const USER_PRESENT: u8 = 0x01;
pub const USER_VERIFIED: u8 = 0x04;
const NEW_CREDENTIAL: u8 = 0x40;

/// One credential, and what its authenticator says. The defaults are honest.
pub struct Authenticator {
    pub pair: EcdsaKeyPair,
    /// What it calls its credential.
    pub id: Vec<u8>,
    /// What it calls the user it was made for (§5.4.3).
    pub handle: Vec<u8>,
    pub origin: String,
    pub rp_id: String,
    pub flags: u8,
    pub counter: u32,
    /// COSE: −7 is ES256.
    pub algorithm: i8,
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Default for Authenticator {
    fn default() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .expect("of our own making");
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).expect("of our own making");
        let id = digest(&SHA256, pair.public_key().as_ref()).as_ref()[..20].to_vec();
        Self {
            pair,
            id,
            handle: Vec::new(),
            origin: ORIGIN.to_owned(),
            rp_id: url::Url::parse(ORIGIN)
                .expect("of our own making")
                .host_str()
                .expect("of our own making")
                .to_owned(),
            flags: USER_PRESENT | USER_VERIFIED,
            counter: 1,
            algorithm: -7,
        }
    }
}

impl Authenticator {
    pub fn new() -> Self {
        Self::default()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = &options["publicKey"]["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// §7.1: the answer to creation options.
    pub fn create(&mut self, options: &Value) -> String {
        self.handle =
            URL_SAFE_NO_PAD.decode(options["publicKey"]["user"]["id"].as_str().expect("a user")).expect("base64url");
        let mut data = self.data(self.flags | NEW_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("of our own making").to_be_bytes());
        data.extend(&self.id);
        // A COSE key in CBOR: kty EC2, the algorithm, P-256, x, y.
        let point = self.pair.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x1f + self.algorithm.unsigned_abs()]);
        data.extend([0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend(b"fmt");
        attestation.push(0x64);
        attestation.extend(b"none");
        attestation.push(0x67);
        attestation.extend(b"attStmt");
        attestation.extend([0xa0, 0x68]);
        attestation.extend(b"authData");
        attestation.extend([0x58, u8::try_from(data.len()).expect("of our own making")]);
        attestation.extend(data);
        let client = self.client_data("webauthn.create", options);
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key",
            "response": { "attestationObject": b64(&attestation), "clientDataJSON": b64(client.as_bytes()) },
            "clientExtensionResults": {},
        })
        .to_string()
    }

    /// §7.2: the answer to request options.
    pub fn get(&self, options: &Value) -> String {
        let client = self.client_data("webauthn.get", options);
        let data = self.data(self.flags);
        let signed = [&data[..], digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).expect("of our own making");
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key",
            "response": {
                "authenticatorData": b64(&data), "clientDataJSON": b64(client.as_bytes()),
                "signature": b64(signature.as_ref()), "userHandle": b64(&self.handle),
            },
            "clientExtensionResults": {},
        })
        .to_string()
    }
}

/// What a page asks of authenticators, and the form for the answer.
pub fn asked(page: &Page, path: &str) -> (Value, Form) {
    let document = page.document();
    let select = scraper::Selector::parse("form[data-passkey]").expect("a form for passkeys");
    let form = document.select(&select).find(|form| form.attr("action") == Some(path));
    let form = form.unwrap_or_else(|| panic!("no passkey is asked for at {path}: {}", page.body));
    assert!(form.attr("hidden").is_some(), "shown by the script that makes it work");
    let options =
        serde_json::from_str(form.attr("data-passkey").expect("a form for passkeys")).expect("a form for passkeys");
    let named = |form: &Form| form.fields.iter().any(|(name, _)| name == "ceremony");
    let form =
        page.forms().into_iter().find(|form| form.action.path() == path && named(form)).expect("a form for passkeys");
    (options, form)
}

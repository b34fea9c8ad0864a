//! The ceremonies of WebAuthn Level 3 §7, by the library.

use flows::{Challenge, Created, Named, NoPasskey, Owner};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder,
};

/// Passkeys of our origin. Users are verified always; no attestation is asked for, so that people choose their
/// authenticators.
pub struct Ceremonies(Option<Webauthn>);

impl Ceremonies {
    /// Bound to the host of `origin` (§5.1.2): who moves the server to another host leaves all passkeys behind. An address
    /// has none, and the configuration says that passkeys are off there.
    pub fn new(origin: &Url) -> Self {
        let of_host = |host: &str| WebauthnBuilder::new(host, origin).ok()?.rp_name(host).build().ok();
        Self(origin.domain().and_then(of_host))
    }

    fn get(&self) -> Result<&Webauthn, NoPasskey> {
        self.0.as_ref().ok_or(NoPasskey)
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, NoPasskey> {
    serde_json::from_str(text).map_err(|_| NoPasskey)
}

fn write(value: &impl Serialize) -> Result<String, NoPasskey> {
    serde_json::to_string(value).map_err(|_| NoPasskey)
}

/// What the library refused, for whoever looks into the log: its errors hold nothing of the answer.
fn refused(error: webauthn_rs::prelude::WebauthnError) -> NoPasskey {
    tracing::info!(%error, "a passkey was refused");
    NoPasskey
}

impl flows::Passkeys for Ceremonies {
    fn ask_for_new(&self, owner: &Owner<'_>) -> Result<Challenge, NoPasskey> {
        let known = owner.known.iter().map(|id| CredentialID::from(id.clone())).collect();
        let handle = Uuid::from_bytes(owner.handle);
        let (options, state) = self
            .get()?
            .start_passkey_registration(handle, owner.name, owner.display_name, Some(known))
            .map_err(refused)?;
        let mut options = serde_json::to_value(&options).map_err(|_| NoPasskey)?;
        // Whoever signs in with it has not said yet who they are, so it has to be found without being named (§5.4.6).
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        (selection["residentKey"], selection["requireResidentKey"]) = (json!("required"), json!(true));
        Ok(Challenge { options: options.to_string(), state: write(&state)? })
    }

    fn created(&self, answer: &str, state: &str) -> Result<Created, NoPasskey> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let state: PasskeyRegistration = read(state)?;
        let passkey = self.get()?.finish_passkey_registration(&answer, &state).map_err(refused)?;
        Ok(Created { credential: passkey.cred_id().clone(), key: write(&passkey)? })
    }

    fn ask(&self) -> Result<Challenge, NoPasskey> {
        let (options, state) = self.get()?.start_discoverable_authentication().map_err(refused)?;
        let mut options: Value = serde_json::to_value(&options).map_err(|_| NoPasskey)?;
        // Whether it is offered beside the addresses or asked for by a button is the page's business.
        if let Some(members) = options.as_object_mut() {
            members.remove("mediation");
        }
        Ok(Challenge { options: options.to_string(), state: write(&state)? })
    }

    fn named(&self, answer: &str) -> Result<Named, NoPasskey> {
        let answer: PublicKeyCredential = read(answer)?;
        let (handle, credential) = self.get()?.identify_discoverable_authentication(&answer).map_err(refused)?;
        Ok(Named { credential: credential.to_vec(), handle: handle.as_bytes().to_vec() })
    }

    fn verify(&self, answer: &str, state: &str, key: &str) -> Result<String, NoPasskey> {
        let answer: PublicKeyCredential = read(answer)?;
        let state: DiscoverableAuthentication = read(state)?;
        let mut passkey: Passkey = read(key)?;
        let used = self.get()?.finish_discoverable_authentication_v2(&answer, state, &passkey).map_err(refused)?;
        if !used.user_verified() {
            return Err(NoPasskey);
        }
        passkey.update_credential(&used);
        write(&passkey)
    }
}

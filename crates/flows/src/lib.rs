//! The journeys of a person: sign in, sign up, link, prove, step up, unlink.
//!
//! A journey is a [`Flow`]: plain data that is sealed and carried by the browser, so that starting one costs no
//! storage. [`Journeys::act`] takes a flow and what the person did and gives the [`Next`] thing to show; pages and the
//! JSON API call the same function. In between there is one read of facts, one pure decision of `linking`, and one
//! plan. What a journey needs from outside are the ports.

mod account;
mod authorize;
mod browser;
mod caller;
mod clients;
mod commit;
mod decide;
mod device;
mod flow;
pub mod forward_auth;
mod handover;
mod journeys;
mod logout;
mod mailbox;
mod pace;
mod passkeys;
mod ports;
mod prove;
mod pushed;
mod recover;
mod return_to;
mod routing;
mod seal;
mod second_factor;
mod surface;
mod tokens;
mod undo;

pub use account::{AccountView, MethodView, Removed};
pub use authorize::{Authorized, ConsentAsked, Leaving, RESUME_PATH, Reply, by_web};
pub use browser::{Browser, Device};
pub use caller::{Caller, Shown};
pub use clients::{Clients, NewToken, Registered, RegistryFault, client_of};
pub use device::{DEVICE_PATH, DeviceAnswered, DeviceAsked, DeviceEntry};
pub use flow::{
    Action, Destination, Fault, FaultKind, Field, Finished, Flow, Goal, HandoverRequest, Material, Next, PendingSignUp,
    ProofMethod, Proves, SealedFactor, SealedProof, Step, Typed,
};
pub use handover::{Handed, s256};
pub use journeys::{Application, Journeys, Settings};
pub use logout::LogoutNotice;
pub use mailbox::OutgoingMail;
pub use pace::Pace;
pub use passkeys::{Challenge, Created, Named, NoPasskey, Owner, PasskeyAnswer, PasskeyAsked, Passkeys};
pub use ports::{
    Admitted, ApplyError, Domains, Event, MailWriter, NotHashed, Passwords, PasswordsBusy, Present, Reads, Store,
    Unavailable, Upstream, Written,
};
pub use recover::RECOVERED;
pub use return_to::local_path;
pub use routing::Routing;
pub use seal::{KeyRing, SealError, digest};
pub use second_factor::{RecoveryCodes, SecondFactor, TotpAsked};
pub use surface::{Cookies, Landing, Place, form_token, session_hash, source_of};
pub use tokens::{Signer, TokenFault};
pub use undo::{UndoAsked, UndoStep, Undone};

/// Words of the decisions that surfaces show.
pub use linking::{Access, Element, EndSessions, PASSKEYS_MAX, Reason, UnusableBecause, offers};
/// What clients ask and are.
pub use protocol::oauth;
/// A provider's answer, as surfaces hand it on.
pub use protocol::oidc::CallbackParams;

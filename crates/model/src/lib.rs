//! The nouns of Selfsame: plain data and their invariants.
//!
//! Nothing here does I/O, reads a clock or makes randomness; both are traits that are passed in.
//! The words are those of the product's meaning: a *user* has *methods*; a *link* joins an *external identity* to a
//! user; *facts* are what a decision rests on, a *plan* is what it wants written.

mod address;
mod assertion;
mod audit;
mod authorization;
mod client;
mod connection;
mod device;
mod facts;
mod ids;
mod plan;
mod policy;
mod proof;
mod secret;
mod selection;
mod time;

pub use address::{Address, AddressError, masked};
pub use assertion::{Assertion, AssertionParts, DisplayClaims, Evidence, MailClaim};
pub use audit::{Actor, AuditEvent, ChainHead, EventKind, Personal};
pub use authorization::{
    AuthorizationFacts, ClientFacts, ClientOfUser, ClientQuery, ClientQueryBy, ConsentFacts, DueLogout,
    NewAuthorization, TokenFacts, TokenIdentity, TokenPerson,
};
pub use client::{ClientTokenFacts, RegisteredBy, RegistrationToken, RegistryFacts, RegistryQuery, StoredClient};
pub use connection::{
    ConnectionId, ConnectionState, ExternalIdentity, Namespace, OrganisationId, SubjectError, UpstreamSubject,
};
pub use device::{DeviceFacts, DeviceState, NewDeviceRequest};
pub use facts::{
    AddressFacts, AddressProof, CodeFacts, CredentialFacts, Facts, FactsQuery, GrantFacts, IdentityFacts, LinkFacts,
    LinkState, OwnerThrottle, PasskeyFacts, PasswordFacts, ProvenDomain, SessionFacts, SessionScope, ThrottleFacts,
    TotpFacts, Undoable, UserFacts, UserStatus,
};
pub use ids::{AuthorizationId, EventId, FlowId, IdError, LinkId, MailId, PasskeyId, SessionId, UserId};
pub use plan::{
    Change, Conflict, Expiring, Mail, MailBody, MailKind, NewGrant, NewLink, NewPasskey, NewSession, NewTotp, Plan,
};
pub use policy::{
    AssertedLevels, ConnectionPolicy, LinkOnMatch, LocalMethods, MailAuthority, MatchOn, OrganisationPolicy, Policy,
    ProfileSync, Purpose, SignUp,
};
pub use proof::{ActiveUser, Factor, FactorProof, Level, Method, MethodKind, Proof};
pub use secret::Secret;
pub use selection::{MethodSelection, ProviderFailure, SelectionPolicy};
pub use time::{Clock, DAY, HOUR, MINUTE, Micros, Random, SECOND};

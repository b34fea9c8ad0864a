//! The account as one snapshot: every method as a row, so that the last-method rule is visible.

use crate::caller::Caller;
use crate::method::{Kind, Provider, provider};
use crate::problem::Problem;
use crate::session::SessionView;
use crate::time::rfc3339;
use crate::{Answer, ProviderInfo};
use axum::Json;
use axum::response::IntoResponse;
use flows::{AccountView, Element, Journeys, MethodView, UnusableBecause};
use model::{AddressProof, Method};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    user: Owner,
    session: SessionView,
    /// Whether changes can be made now, without a `step_up` flow.
    fresh: bool,
    #[schema(format = DateTime)]
    fresh_until: String,
    methods: Vec<MethodRow>,
    /// Absent while one step is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<SecondFactor>,
    access: Access,
    addresses: Vec<AddressRow>,
    /// Providers that can be added by a `link` flow.
    can_connect: Vec<Provider>,
}

/// Whose account it is, for themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owner {
    name: String,
    /// A proven address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Email)]
    address: Option<String>,
}

/// The access graph: how many ways in open the account, and what several of them hang on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Access {
    ways: usize,
    /// The most shared first. Whoever loses or steals what all of them hang on has the account.
    shared: Vec<Shared>,
}

/// A mailbox or a provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shared {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Email)]
    mailbox: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Provider>,
    ways: usize,
}

/// The authenticator app that is asked for at every sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactor {
    #[schema(format = DateTime)]
    added_at: String,
    recovery_codes_left: usize,
}

/// One way to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MethodRow {
    kind: Kind,
    /// This session rests on it.
    used_now: bool,
    /// Whether it signs the person in today.
    usable: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unusable_because: Option<Unusable>,
    /// Whether it may be removed.
    removable: bool,
    /// The code of the reason why it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "last_method")]
    why: Option<&'static str>,
    /// The address, of codes and of links whose provider gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkView>,
}

/// An external identity that opens the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    #[schema(format = "uuid")]
    id: String,
    provider: Provider,
    /// How the person is called there. Anybody can choose any name: show it with `id_tail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The end of the provider's own id.
    id_tail: String,
    #[schema(format = DateTime)]
    linked_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// Why a method does not count today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unusable {
    PolicyForbids,
    NoProvenAddress,
    ConnectionNotConfigured,
    ConnectionDisabled,
    OldEpoch,
    NotForSignIn,
    LinkNotActive,
}

impl From<UnusableBecause> for Unusable {
    fn from(because: UnusableBecause) -> Self {
        match because {
            UnusableBecause::PolicyForbids => Self::PolicyForbids,
            UnusableBecause::NoProvenAddress => Self::NoProvenAddress,
            UnusableBecause::ConnectionNotConfigured => Self::ConnectionNotConfigured,
            UnusableBecause::ConnectionDisabled => Self::ConnectionDisabled,
            UnusableBecause::OldEpoch => Self::OldEpoch,
            UnusableBecause::NotForSignIn => Self::NotForSignIn,
            UnusableBecause::LinkNotActive => Self::LinkNotActive,
        }
    }
}

/// A proven address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddressRow {
    #[schema(format = Email)]
    address: String,
    proof: Proof,
    #[schema(format = DateTime)]
    proven_at: String,
}

/// How it was proven.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proof {
    /// By a provider known to send its own code.
    Vouched,
    /// By a provider that may speak for the domain.
    Authoritative,
    /// By a code that we sent.
    Loop,
}

impl From<AddressProof> for Proof {
    fn from(proof: AddressProof) -> Self {
        match proof {
            AddressProof::Vouched => Self::Vouched,
            AddressProof::Authoritative => Self::Authoritative,
            AddressProof::Loop => Self::Loop,
        }
    }
}

impl Shared {
    fn of(element: &Element, ways: usize, providers: &[ProviderInfo]) -> Self {
        match element {
            Element::Mailbox(address) => Self { mailbox: Some(address.to_string()), provider: None, ways },
            Element::Provider(id) => Self { mailbox: None, provider: Some(provider(providers, id)), ways },
        }
    }
}

impl MethodRow {
    fn of(method: &MethodView, providers: &[ProviderInfo]) -> Self {
        let link = method.link.as_ref();
        let address = match &method.method {
            Method::EmailCode { address } => Some(address),
            Method::Link { .. } => link.and_then(|link| link.address.as_ref()),
            Method::Password | Method::Passkey { .. } => None,
        };
        Self {
            kind: method.method.kind().into(),
            used_now: method.used_now,
            usable: method.unusable.is_none(),
            unusable_because: method.unusable.map(Into::into),
            removable: method.removable.is_ok(),
            why: method.removable.err().map(flows::Reason::code),
            address: address.map(ToString::to_string),
            link: link.map(|link| LinkView {
                id: link.id.to_string(),
                provider: crate::method::provider(providers, &link.connection),
                name: link.display.user_name.clone().or_else(|| link.display.name.clone()),
                id_tail: link.identity.subject.tail().to_owned(),
                linked_at: rfc3339(link.linked_at),
                last_used_at: link.last_used_at.map(rfc3339),
            }),
        }
    }
}

impl Account {
    fn of(view: &AccountView, providers: &[ProviderInfo]) -> Self {
        let session = &view.session;
        Self {
            user: Owner {
                name: view.name.clone(),
                address: view.user.addresses.first().map(|known| known.address.to_string()),
            },
            session: SessionView {
                id: session.id.to_string(),
                level: session.level.into(),
                method: session.method.name(),
                methods: vec![(&session.method).into()],
                authenticated_at: rfc3339(session.authenticated_at),
                expires_at: rfc3339(session.expires_at),
            },
            fresh: view.fresh,
            fresh_until: rfc3339(Journeys::fresh_until(session)),
            methods: view.methods.iter().map(|method| MethodRow::of(method, providers)).collect(),
            second_factor: view
                .user
                .totp
                .as_ref()
                .map(|totp| SecondFactor { added_at: rfc3339(totp.added_at), recovery_codes_left: totp.codes.len() }),
            access: Access {
                ways: view.access.ways,
                shared: view
                    .access
                    .shared
                    .iter()
                    .map(|(element, ways)| Shared::of(element, *ways, providers))
                    .collect(),
            },
            addresses: Journeys::addresses(&view.user)
                .into_iter()
                .map(|known| AddressRow {
                    address: known.address.to_string(),
                    proof: known.proof.into(),
                    proven_at: rfc3339(known.proven_at),
                })
                .collect(),
            can_connect: providers.iter().filter(|info| view.can_connect.contains(&info.id)).map(Into::into).collect(),
        }
    }
}

/// My account.
#[utoipa::path(
    get,
    path = "/api/v1/account",
    operation_id = "get_account",
    tag = "account",
    responses(
        (status = 200, description = "The account, as one snapshot", body = Account),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn show(caller: Caller) -> Answer {
    let view = caller.api.journeys.account(&caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    Ok(Json(Account::of(&view, &caller.api.providers)).into_response())
}

//! How nouns are written in columns.

use crate::StoreError;
use crate::value::Row;
use crate::value::corrupt;
use model::{
    AddressProof, ConnectionId, LinkState, OrganisationId, SessionScope, TotpFacts, UpstreamSubject, UserId, UserStatus,
};

pub(crate) fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Disabled => "disabled",
        UserStatus::Held => "held",
        UserStatus::Deleted => "deleted",
        UserStatus::Absorbed => "absorbed",
    }
}

pub(crate) fn status(name: &str) -> Option<UserStatus> {
    Some(match name {
        "active" => UserStatus::Active,
        "disabled" => UserStatus::Disabled,
        "held" => UserStatus::Held,
        "deleted" => UserStatus::Deleted,
        "absorbed" => UserStatus::Absorbed,
        _ => return None,
    })
}

pub(crate) fn link_state(name: &str) -> Option<LinkState> {
    Some(match name {
        "active" => LinkState::Active,
        "held" => LinkState::Held,
        "removed" => LinkState::Removed,
        _ => return None,
    })
}

/// Proofs are numbers, so that a statement can refuse to put a weaker one in the place of a stronger one.
pub(crate) fn proof_rank(proof: AddressProof) -> i64 {
    match proof {
        AddressProof::Vouched => 1,
        AddressProof::Authoritative => 2,
        AddressProof::Loop => 3,
    }
}

pub(crate) fn proof(rank: i64) -> Result<AddressProof, StoreError> {
    match rank {
        1 => Ok(AddressProof::Vouched),
        2 => Ok(AddressProof::Authoritative),
        3 => Ok(AddressProof::Loop),
        _ => Err(corrupt("an unknown kind of proof")),
    }
}

pub(crate) fn level(number: i64) -> Result<model::Level, StoreError> {
    number.try_into().map_err(corrupt)
}

pub(crate) fn subject(bytes: &[u8]) -> Result<UpstreamSubject, StoreError> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| UpstreamSubject::parse(text).ok())
        .ok_or_else(|| corrupt("an upstream subject that none can be"))
}

pub(crate) fn scope_name(scope: &SessionScope) -> String {
    match scope {
        SessionScope::Account => "account".to_owned(),
        SessionScope::Application => "application".to_owned(),
        SessionScope::Organisation { organisation } => format!("organisation:{organisation}"),
    }
}

pub(crate) fn scope(text: &str) -> Option<SessionScope> {
    Some(match text {
        "account" => SessionScope::Account,
        "application" => SessionScope::Application,
        _ => SessionScope::Organisation { organisation: OrganisationId::parse(text.strip_prefix("organisation:")?)? },
    })
}

/// Names of organisations, one space between two: no name holds one.
pub(crate) fn organisations(text: &str) -> Option<Vec<OrganisationId>> {
    text.split_ascii_whitespace().map(OrganisationId::parse).collect()
}

/// One step of a subject's origin.
pub(crate) fn origin(user: &UserId) -> String {
    format!("{user}/")
}

pub(crate) fn connection(text: &str) -> Option<ConnectionId> {
    ConnectionId::parse(text)
}

/// For types whose serialisation cannot fail: strings, enums and structs of them.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Four columns of a second factor, all of them null where there is none.
pub(crate) fn totp(row: &mut Row) -> Result<Option<TotpFacts>, StoreError> {
    let (secret, last_step) = (row.opt_bytes()?, row.opt_int()?);
    let (codes, added_at) = (row.opt_bytes()?, row.opt_time()?);
    let (Some(secret), Some(last_step), Some(codes), Some(added_at)) = (secret, last_step, codes, added_at) else {
        return Ok(None);
    };
    let (codes, rest) = codes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(corrupt("recovery codes do not have 32 bytes each"));
    }
    Ok(Some(TotpFacts { secret, last_step, codes: codes.to_vec(), added_at }))
}

//! The UserInfo response (OpenID Connect Core §5.3.2): more claims about a person the ID token already named.

use super::{Document, IdTokenClaims, OidcError, json};

/// Adds the claims of a UserInfo response. Its `sub` must be that of the ID token, else nothing is used (T60).
///
/// The subject itself always stays the ID token's: the response is not signed (T07).
pub fn merge_userinfo(id_claims: IdTokenClaims, userinfo: &[u8]) -> Result<IdTokenClaims, OidcError> {
    let claims = json::object(userinfo).ok_or(OidcError::Malformed(Document::UserInfo))?;
    if json::text(&claims, "sub") != Some(id_claims.sub.as_str()) {
        return Err(OidcError::UserInfoMismatch);
    }
    Ok(IdTokenClaims { userinfo: Some(claims), ..id_claims })
}

//! What an upstream statement about an address is worth: the authority table, as data.

use model::{Evidence, MailAuthority, MailClaim};

/// A provider we know: what `verified` means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceSource {
    /// Byte for byte, as the provider writes it (T21).
    pub issuer: &'static str,
    /// Domains whose mailboxes the issuer hosts itself.
    pub own_domains: &'static [&'static str],
    /// The issuer may speak for the domain in its hosted-domain claim (Google's `hd`).
    pub hosted_domain: bool,
    /// The issuer says when the owner of the domain verified the address (Microsoft's `xms_edov`).
    pub domain_owner_claim: bool,
    /// It sends a code of its own before it says `verified`.
    pub sends_code: bool,
}

/// The catalogue. A provider that is not here is vouched for by nobody but the operator.
const CATALOGUE: &[EvidenceSource] = &[
    EvidenceSource {
        issuer: "https://accounts.google.com",
        own_domains: &["gmail.com", "googlemail.com"],
        hosted_domain: true,
        domain_owner_claim: false,
        sends_code: true,
    },
    EvidenceSource {
        issuer: "https://appleid.apple.com",
        own_domains: &["icloud.com", "me.com", "mac.com", "privaterelay.appleid.com"],
        hosted_domain: false,
        domain_owner_claim: false,
        sends_code: true,
    },
    // The consumer tenant. Work tenants set any address on any account: only `xms_edov` counts there.
    EvidenceSource {
        issuer: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        own_domains: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
        hosted_domain: false,
        domain_owner_claim: true,
        sends_code: false,
    },
    EvidenceSource {
        issuer: "https://gitlab.com",
        own_domains: &[],
        hosted_domain: false,
        domain_owner_claim: false,
        sends_code: true,
    },
    EvidenceSource {
        issuer: "https://www.linkedin.com/oauth",
        own_domains: &[],
        hosted_domain: false,
        domain_owner_claim: false,
        sends_code: true,
    },
];

/// The one judgement about an upstream address.
pub fn evidence(mail: &MailClaim, authority: &MailAuthority) -> Evidence {
    if !mail.verified {
        return Evidence::Unproven;
    }
    if may_speak_for(mail, authority) {
        return Evidence::Authoritative;
    }
    let sends_code = catalogued(&authority.issuer).is_some_and(|source| source.sends_code);
    if sends_code || authority.vouched { Evidence::Vouched } else { Evidence::Claimed }
}

/// Whether this issuer hosts the mailboxes of a domain, as far as is known without asking it.
pub(crate) fn hosts(authority: &MailAuthority, domain: &str) -> bool {
    authority.authoritative_domains.iter().any(|own| own == domain)
        || catalogued(&authority.issuer).is_some_and(|source| source.own_domains.contains(&domain))
}

/// Whether this issuer may speak for this very domain.
fn may_speak_for(mail: &MailClaim, authority: &MailAuthority) -> bool {
    let domain = mail.address.domain();
    if hosts(authority, domain) {
        return true;
    }
    let Some(source) = catalogued(&authority.issuer) else { return false };
    (source.hosted_domain && mail.hosted_domain.as_deref() == Some(domain))
        || (source.domain_owner_claim && mail.domain_owner_verified)
}

fn catalogued(issuer: &str) -> Option<&'static EvidenceSource> {
    CATALOGUE.iter().find(|source| source.issuer == issuer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Address;

    fn mail(address: &str, verified: bool, hd: Option<&str>) -> MailClaim {
        MailClaim {
            address: Address::parse(address).unwrap(),
            verified,
            hosted_domain: hd.map(str::to_owned),
            domain_owner_verified: false,
        }
    }

    fn issuer(issuer: &str) -> MailAuthority {
        MailAuthority { issuer: issuer.to_owned(), ..MailAuthority::default() }
    }

    #[test]
    fn t27_only_an_authority_for_the_domain_is_authoritative() {
        let google = issuer("https://accounts.google.com");
        assert_eq!(evidence(&mail("a@gmail.com", true, None), &google), Evidence::Authoritative);
        assert_eq!(evidence(&mail("a@corp.example", true, Some("corp.example")), &google), Evidence::Authoritative);
        assert_eq!(evidence(&mail("a@corp.example", true, Some("other.example")), &google), Evidence::Vouched);
        assert_eq!(evidence(&mail("a@corp.example", true, None), &google), Evidence::Vouched);
        assert_eq!(evidence(&mail("a@gmail.com", false, None), &google), Evidence::Unproven);
        let generic = issuer("https://id.example");
        assert_eq!(evidence(&mail("a@gmail.com", true, Some("gmail.com")), &generic), Evidence::Claimed);
        let named = MailAuthority { vouched: true, ..issuer("https://id.example") };
        assert_eq!(evidence(&mail("a@gmail.com", true, None), &named), Evidence::Vouched);
        assert_eq!(evidence(&mail("a@gmail.com", false, None), &named), Evidence::Unproven);
    }

    #[test]
    fn t27_the_owner_of_a_domain_speaks_for_it_only_where_the_issuer_says_so() {
        let word = |address, verified_by_owner, issued_by| {
            let said = MailClaim { domain_owner_verified: verified_by_owner, ..mail(address, true, None) };
            evidence(&said, &issuer(issued_by))
        };
        let microsoft = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
        assert_eq!(word("a@outlook.com", false, microsoft), Evidence::Authoritative);
        assert_eq!(word("a@corp.example", true, microsoft), Evidence::Authoritative);
        assert_eq!(word("a@corp.example", false, microsoft), Evidence::Claimed);
        assert_eq!(word("a@corp.example", true, "https://accounts.google.com"), Evidence::Vouched);
    }

    #[test]
    fn t21_catalogue_is_keyed_by_exact_issuer() {
        for lookalike in [
            "https://accounts.google.com/",
            "http://accounts.google.com",
            "https://Accounts.google.com",
            "accounts.google.com",
        ] {
            assert_eq!(
                evidence(&mail("a@gmail.com", true, None), &issuer(lookalike)),
                Evidence::Claimed,
                "{lookalike}"
            );
        }
    }
}

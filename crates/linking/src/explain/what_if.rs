//! The single changes that are tried: each is a case of its own, with one thing other than it is.

use super::{Names, Supposed, account_of};
use crate::methods::required_level;
use crate::sign_in::SignInOutcome;
use model::{
    AddressProof, ConnectionPolicy, ConnectionState, Factor, FactorProof, IdentityFacts, Level, LinkId, LinkOnMatch,
    LinkState, Method, Micros, Proof, Purpose, SignUp, UserFacts, UserId, UserStatus,
};

struct Changes<'a> {
    case: &'a Supposed,
    tried: Vec<(String, Supposed)>,
}

/// Words that continue "If", and the case with that change. A change that changes nothing is not among them.
pub(super) fn changes(
    now: Micros,
    case: &Supposed,
    outcome: &SignInOutcome,
    name_of: Names<'_>,
) -> Vec<(String, Supposed)> {
    let mut changes = Changes { case, tried: Vec::new() };
    changes.said_upstream();
    changes.shown_by_the_person(now, outcome, name_of);
    changes.of_the_connection(name_of);
    changes.of_the_policy();
    changes.of_the_identity();
    changes.of_the_users(now);
    changes.tried
}

impl Changes<'_> {
    fn suppose(&mut self, words: impl Into<String>, change: impl FnOnce(&mut Supposed)) {
        let mut other = self.case.clone();
        change(&mut other);
        if other != *self.case {
            self.tried.push((words.into(), other));
        }
    }

    /// With the rules of the connection in question, where it is configured.
    fn suppose_rules(&mut self, words: impl Into<String>, change: impl FnOnce(&mut ConnectionPolicy)) {
        let id = self.case.parts.connection.clone();
        self.suppose(words, |case| {
            if let Some(rules) = case.policy.connections.get_mut(&id) {
                change(rules);
            }
        });
    }

    fn suppose_user(&mut self, words: impl Into<String>, user: UserId, change: impl FnOnce(&mut UserFacts)) {
        self.suppose(words, |case| {
            if let Some(user) = case.facts.users.iter_mut().find(|known| known.id == user) {
                change(user);
            }
        });
    }

    fn said_upstream(&mut self) {
        let Some(mail) = &self.case.parts.mail else { return };
        let (address, verified, domain) = (&mail.address, mail.verified, mail.address.domain().to_owned());
        let says = if verified { "did not call the address verified" } else { "called the address verified" };
        self.suppose(format!("the provider {says}"), |case| {
            if let Some(mail) = &mut case.parts.mail {
                mail.verified = !verified;
            }
        });
        self.suppose("the provider gave no address", |case| case.parts.mail = None);
        let entered = self.case.mailbox.is_some();
        let words = if entered {
            "no code had been entered".to_owned()
        } else {
            format!("the code that goes to {address} were entered")
        };
        self.suppose(words, |case| case.mailbox = (!entered).then(|| address.clone()));
        self.suppose_rules("nobody vouched for the provider", |rules| rules.mail_authority.vouched = false);
        self.suppose_rules("the operator vouched for the provider (`email_evidence = \"vouched\"`)", |rules| {
            rules.mail_authority.vouched = true;
        });
        self.suppose_rules(format!("the provider could speak for {domain}"), |rules| {
            let domains = &mut rules.mail_authority.authoritative_domains;
            if !domains.contains(&domain) {
                domains.push(domain.clone());
            }
        });
    }

    fn shown_by_the_person(&mut self, now: Micros, outcome: &SignInOutcome, name_of: Names<'_>) {
        let asked: Vec<(UserId, Method)> = match outcome {
            SignInOutcome::AskProof { user, methods } => methods.iter().map(|method| (*user, method.clone())).collect(),
            SignInOutcome::AskProofOfOne { candidates } => {
                candidates.iter().filter_map(|(user, methods)| Some((*user, methods.first()?.clone()))).collect()
            }
            _ => Vec::new(),
        };
        for (user, method) in asked {
            let Some(known) = self.case.facts.user(user) else { continue };
            let by = match &method {
                Method::Password => "its password".to_owned(),
                Method::EmailCode { address } => format!("a code to {address}"),
                Method::Link { connection, .. } => format!("a sign-in with {}", name_of(connection)),
                Method::Passkey { .. } => "a passkey".to_owned(),
            };
            let level = required_level(known, &self.case.policy);
            let words = format!("the person proved {} by {by}", account_of(known));
            self.suppose(words, |case| {
                case.proof = Some((Proof::of_checked(user, method, level, now), user));
            });
        }
        if let SignInOutcome::AskFactor { user } = outcome {
            let shown = FactorProof::of_checked(*user, Factor::Totp, now);
            self.suppose("the person showed their second factor", |case| {
                case.proof = case.proof.take().map(|(proof, named)| (proof.with(&shown), named));
                case.factor = Some(shown);
            });
        }
        self.suppose("the person asked for a separate account", |case| case.separate_confirmed = true);
        self.suppose("the person chose to switch", |case| case.switch_confirmed = true);
        self.suppose("nobody were signed in in this browser", |case| case.facts.session = None);
        for level in [Level::Two, Level::Three] {
            if level > self.case.parts.level {
                let words = format!("the provider asserted level {}", i64::from(level));
                self.suppose(words, |case| case.parts.level = level);
            }
        }
    }

    fn of_the_connection(&mut self, name_of: Names<'_>) {
        let id = self.case.parts.connection.clone();
        let name = name_of(&id);
        let Some(state) = self.case.facts.connection(&id).cloned() else { return };
        let change = |case: &mut Supposed, change: &dyn Fn(&mut ConnectionState)| {
            case.facts.connections.iter_mut().filter(|known| known.id == id).for_each(change);
        };
        let to = if state.enabled { "off" } else { "on" };
        self.suppose(format!("{name} were switched {to}"), |case| {
            change(case, &|state| state.enabled = !state.enabled);
        });
        let parts = self.case.parts.clone();
        self.suppose(format!("{name} were in the epoch in which the identity was seen"), |case| {
            change(case, &|state| {
                state.epoch = parts.epoch;
                state.namespace = parts.identity.namespace.clone();
            });
        });
    }

    fn of_the_policy(&mut self) {
        for (link_on_match, word) in
            [(LinkOnMatch::Off, "off"), (LinkOnMatch::Prove, "prove"), (LinkOnMatch::VerifiedEmail, "verified_email")]
        {
            let words = format!("`link_on_match` were \"{word}\"");
            self.suppose_rules(words, |rules| rules.link_on_match = link_on_match);
        }
        for (sign_up, word) in [(SignUp::Open, "open"), (SignUp::Closed, "closed")] {
            self.suppose_rules(format!("`sign_up` of the connection were \"{word}\""), |rules| rules.sign_up = sign_up);
        }
        self.suppose_rules("`purpose` were \"sign_in_and_link\"", |rules| rules.purpose = Purpose::SignInAndLink);
        self.suppose_rules("more links of the connection were allowed for one user", |rules| {
            rules.max_links_per_user = u32::MAX;
        });
        self.suppose_rules("the connection were not an organisation's", |rules| rules.organisation = None);
        self.suppose_rules("addresses led to nobody", |rules| rules.match_on.address = false);
        let codes = if self.case.policy.local.email_code { "did not sign people in" } else { "signed people in" };
        self.suppose(format!("codes to a mailbox {codes}"), |case| {
            case.policy.local.email_code = !case.policy.local.email_code;
        });
        self.suppose("policy asked for no higher level", |case| case.policy.required_level = Level::One);
    }

    fn of_the_identity(&mut self) {
        let identity = self.case.parts.identity.clone();
        let known = self.case.facts.identity.clone().filter(|known| known.identity == identity);
        match known.as_ref().and_then(|known| known.link.map(|link| (link, known))) {
            Some(((link, user, state), _)) => {
                if state == LinkState::Held {
                    self.suppose("the owner confirmed the link", |case| set_link(case, link, user, LinkState::Active));
                } else {
                    self.suppose("the link were put on hold", |case| set_link(case, link, user, LinkState::Held));
                }
                self.suppose("the link were removed", |case| set_link(case, link, user, LinkState::Removed));
            }
            None => {
                self.suppose("the identity had never been linked", |case| case.facts.identity = None);
                if let Some(owner) = self.case.facts.address_owner.and_then(|id| self.case.facts.user(id)) {
                    // Any id: the words name the account, not the link.
                    let link = (LinkId::from_bytes([0; 16]), owner.id, LinkState::Active);
                    self.suppose(format!("the identity were linked to {} already", account_of(owner)), |case| {
                        case.facts.identity = Some(IdentityFacts { identity, link: Some(link), was_removed: false });
                    });
                }
            }
        }
    }

    fn of_the_users(&mut self, now: Micros) {
        let holder = self.case.facts.identity.as_ref().and_then(|known| known.link).map(|(_, user, _)| user);
        let mut users: Vec<UserId> = holder.into_iter().chain(self.case.facts.address_owner).collect();
        users.dedup();
        for user in users {
            let Some(known) = self.case.facts.user(user).cloned() else { continue };
            let account = account_of(&known);
            if known.status == UserStatus::Active {
                self.suppose_user(format!("{account} were disabled"), user, |user| user.status = UserStatus::Disabled);
            } else {
                self.suppose_user(format!("{account} were active"), user, |user| user.status = UserStatus::Active);
            }
            let protected = if known.protected { "were not" } else { "were" };
            self.suppose_user(format!("{account} {protected} protected"), user, |user| {
                user.protected = !user.protected;
            });
            self.suppose_user(format!("{account} needed no higher level"), user, |user| {
                user.required_level = Level::One;
            });
            self.suppose_user(format!("{account} had no second factor"), user, |user| user.totp = None);
            self.of_the_organisations(&known, &account);
        }
        self.of_the_owner(now);
    }

    fn of_the_organisations(&mut self, user: &UserFacts, account: &str) {
        if !user.organisations.is_empty() {
            let words = format!("{account} were in no organisation");
            self.suppose_user(words, user.id, |user| user.organisations.clear());
        }
        let organisation = self.case.policy.organisation_of(&self.case.parts.connection).cloned();
        if let Some(organisation) = organisation.filter(|organisation| !user.is_member(organisation)) {
            let words = format!("{account} were a member of {organisation}");
            self.suppose_user(words, user.id, |user| user.organisations.push(organisation));
        }
    }

    fn of_the_owner(&mut self, now: Micros) {
        self.suppose("the address were nobody's here", |case| case.facts.address_owner = None);
        let asked =
            self.case.mailbox.clone().or_else(|| self.case.parts.mail.as_ref().map(|mail| mail.address.clone()));
        let (Some(owner), Some(asked)) = (self.case.facts.address_owner, asked) else { return };
        let Some(account) = self.case.facts.user(owner).map(account_of) else { return };
        self.suppose_user(format!("{account} had proven {asked} by a code here lately"), owner, |user| {
            user.addresses
                .iter_mut()
                .filter(|known| known.address == asked)
                .for_each(|known| (known.proof, known.proven_at) = (AddressProof::Loop, now));
        });
        let namespace = self.case.parts.identity.namespace.clone();
        self.suppose_user(format!("{account} had no identity of this provider"), owner, |user| {
            user.links.retain(|link| link.identity.namespace != namespace);
        });
    }
}

fn set_link(case: &mut Supposed, link: LinkId, user: UserId, state: LinkState) {
    if let Some(known) = &mut case.facts.identity {
        known.link = (state != LinkState::Removed).then_some((link, user, state));
        known.was_removed = state == LinkState::Removed;
    }
    for known in case.facts.users.iter_mut().filter(|known| known.id == user) {
        known.links.iter_mut().filter(|known| known.id == link).for_each(|known| known.state = state);
    }
}

//! Merging two users of one person, and taking them apart again.

use crate::draft::{Draft, Told, reference};
use crate::methods::{check_proof_by, own_level, own_methods, required_level, ways_in};
use crate::record::session_reference;
use crate::session::{SessionTerms, may_change_account, renew};
use crate::sign_in::in_scope;
use crate::{Context, Decision, Reason};
use model::{
    Address, AddressFacts, Change, EventKind, Facts, GrantFacts, Level, LinkFacts, LinkId, LinkState, MailKind, Method,
    OrganisationId, Policy, Proof, SessionId, Undoable, UserFacts, UserId, UserStatus,
};

/// What a merge would do, field by field: shown before it is done (T128).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergePreview {
    pub links: Vec<LinkId>,
    /// An organisation's, where the survivor is no member: they stay behind and open nothing until the merge is undone.
    pub links_left: Vec<LinkId>,
    pub addresses: Vec<Address>,
    /// The absorbed user's password stays behind; it opens nothing until the merge is undone.
    pub password_dropped: bool,
    /// Memberships are confirmed again by each organisation.
    pub memberships_dropped: Vec<OrganisationId>,
    /// The survivor takes the higher one.
    pub required_level: Level,
}

/// The same function for the page and for the plan.
pub fn preview_merge(policy: &Policy, survivor: &UserFacts, absorbed: &UserFacts) -> MergePreview {
    MergePreview {
        links: going(policy, survivor, absorbed).map(|link| link.id).collect(),
        links_left: living(absorbed)
            .filter(|link| !in_scope(policy, &link.connection, survivor))
            .map(|link| link.id)
            .collect(),
        addresses: absorbed.addresses.iter().map(|known| known.address.clone()).collect(),
        password_dropped: absorbed.password.is_some(),
        memberships_dropped: absorbed
            .organisations
            .iter()
            .filter(|organisation| !survivor.is_member(organisation))
            .cloned()
            .collect(),
        required_level: survivor.required_level.max(own_level(absorbed, policy)),
    }
}

#[derive(Clone, Copy)]
pub struct MergeInput<'a> {
    pub facts: &'a Facts,
    /// What the ticket says of the survivor: who asked, in which session, at which version.
    pub user: UserId,
    pub session: SessionId,
    pub user_version: i64,
    /// The user the person saw and named.
    pub absorbed: UserId,
    pub absorbed_version: i64,
    /// Fresh proof of that user, at its own level, in this browser (T127).
    pub proof: &'a Proof,
    pub terms: &'a SessionTerms,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    Merged,
    SignInFirst,
    StepUpFirst,
    Refused,
}

type Refusal = (MergeOutcome, Reason);

pub fn decide_merge(context: &Context<'_>, input: &MergeInput<'_>) -> Decision<MergeOutcome> {
    commit_merge(context, input).unwrap_or_else(|(outcome, reason)| Decision::without_plan(outcome, reason, Some(3)))
}

fn commit_merge(context: &Context<'_>, input: &MergeInput<'_>) -> Result<Decision<MergeOutcome>, Refusal> {
    let refuse = |reason| (MergeOutcome::Refused, reason);
    let (session, survivor) = input
        .facts
        .live_session(context.now)
        .filter(|(session, user)| user.id == input.user && session.id == input.session)
        .ok_or((MergeOutcome::SignInFirst, Reason::SessionExpired))?;
    let absorbed = input.facts.user(input.absorbed).filter(|user| user.status == UserStatus::Active);
    let absorbed = absorbed.ok_or_else(|| refuse(Reason::UserInactive))?;
    if absorbed.id == survivor.id {
        return Err(refuse(Reason::SameUser));
    }
    if survivor.version != input.user_version || absorbed.version != input.absorbed_version {
        return Err(refuse(Reason::TicketOutdated));
    }
    // Administrators are never merged by one person alone.
    if survivor.protected || absorbed.protected {
        return Err(refuse(Reason::ProofForProtected));
    }
    may_change_account(context, session, survivor).map_err(|reason| (MergeOutcome::StepUpFirst, reason))?;
    if input.proof.user() != absorbed.id {
        return Err(refuse(Reason::WrongUserProved));
    }
    let own = own_methods(absorbed, &input.facts.connections, context.policy);
    check_proof_by(context, absorbed, &own, input.proof).map_err(refuse)?;
    let preview = preview_merge(context.policy, survivor, absorbed);
    // The session goes on with the evidence it has: the user of the higher level takes in the other.
    let needed = preview.required_level.max(required_level(survivor, context.policy));
    if session.level < needed {
        return Err(refuse(Reason::LevelTooLow));
    }
    if exceeds_limit(context, survivor, absorbed) {
        return Err(refuse(Reason::LinkLimit));
    }

    let reason = Reason::Merged;
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.raise_both(survivor, absorbed);
    draft.expect_method(input.proof.method());
    for link in going(context.policy, survivor, absorbed) {
        move_link(&mut draft, link, absorbed.id, survivor.id);
    }
    for address in &preview.addresses {
        draft.push(Change::MoveAddress { address: address.clone(), from: absorbed.id, to: survivor.id });
    }
    draft.push(Change::MoveSubjects { from: absorbed.id, to: survivor.id });
    if preview.required_level != survivor.required_level {
        draft.push(Change::SetRequiredLevel { user: survivor.id, level: preview.required_level });
    }
    draft.push(Change::SetUserStatus { user: absorbed.id, status: UserStatus::Absorbed, at: context.now });
    draft.push(Change::EndSessionsOfUser { user: absorbed.id });
    draft.push(Change::EndSessionsOfUser { user: survivor.id });
    let proofs = vec![session_reference(session), reference(input.proof)];
    let session = renew(&mut draft, session, input.terms);
    let told = || Told { session: Some(session), proofs: proofs.clone(), ..Told::default() };
    let event = draft.own_event(survivor, EventKind::UsersMerged, reason, told());
    draft.own_event(absorbed, EventKind::UsersMerged, reason, told());
    draft.grant(
        event,
        survivor.id,
        Undoable::Merge {
            absorbed: absorbed.id,
            links: preview.links,
            addresses: preview.addresses,
            required_level: (survivor.required_level, preview.required_level),
        },
    );
    draft.notify(survivor, MailKind::Merged, &[]);
    draft.notify(absorbed, MailKind::Merged, &[]);
    Ok(Decision { outcome: MergeOutcome::Merged, reason, row: Some(3), plan: draft.into_plan() })
}

fn living(user: &UserFacts) -> impl Iterator<Item = &LinkFacts> {
    user.links.iter().filter(|link| link.state != LinkState::Removed)
}

/// The links that go along.
fn going<'a>(
    policy: &'a Policy,
    survivor: &'a UserFacts,
    absorbed: &'a UserFacts,
) -> impl Iterator<Item = &'a LinkFacts> {
    living(absorbed).filter(|link| in_scope(policy, &link.connection, survivor))
}

fn exceeds_limit(context: &Context<'_>, survivor: &UserFacts, absorbed: &UserFacts) -> bool {
    going(context.policy, survivor, absorbed).any(|link| {
        let present =
            living(survivor).chain(living(absorbed)).filter(|other| other.connection == link.connection).count();
        context.policy.connection(&link.connection).is_none_or(|rules| present > rules.max_links_per_user as usize)
    })
}

fn move_link(draft: &mut Draft<'_>, link: &LinkFacts, from: UserId, to: UserId) {
    draft.push(Change::MoveLink { link: link.id, identity: link.identity.clone(), from, to });
}

/// Both proofs again: one of what was the survivor's, one of what was the absorbed user's.
#[derive(Clone, Copy)]
pub struct UnmergeInput<'a> {
    pub facts: &'a Facts,
    pub session: SessionId,
    /// By a method that came with the absorbed user, or by the password that stayed behind.
    pub proof: &'a Proof,
    pub terms: &'a SessionTerms,
}

pub fn decide_unmerge(context: &Context<'_>, input: &UnmergeInput<'_>) -> Decision<MergeOutcome> {
    commit_unmerge(context, input).unwrap_or_else(|(outcome, reason)| Decision::without_plan(outcome, reason, None))
}

struct Merged<'a> {
    grant: &'a GrantFacts,
    absorbed: UserId,
    links: &'a [LinkId],
    addresses: &'a [Address],
    required_level: (Level, Level),
}

impl Merged<'_> {
    /// Whether a method came with the absorbed user.
    fn brought(&self, method: &Method) -> bool {
        match method {
            // Both stay with the user they were made for, and come back with them.
            Method::Password | Method::Passkey { .. } => false,
            Method::EmailCode { address } => self.addresses.contains(address),
            Method::Link { link, .. } => self.links.contains(link),
        }
    }

    /// What goes back: what came since stays with the survivor; what left since, or changed hands, is not taken back.
    fn links<'a>(&'a self, survivor: &'a UserFacts) -> impl Iterator<Item = &'a LinkFacts> {
        living(survivor).filter(|link| self.links.contains(&link.id))
    }

    fn addresses<'a>(&'a self, survivor: &'a UserFacts) -> impl Iterator<Item = &'a AddressFacts> {
        survivor.addresses.iter().filter(|known| self.addresses.contains(&known.address))
    }

    /// What the survivor requires once the other is gone: as before, unless it was changed since or another user that
    /// was merged in later may have asked for it too.
    fn level_of_survivor(&self, survivor: &UserFacts) -> Level {
        let (before, after) = self.required_level;
        if survivor.required_level == after && !self.grant.followed { before } else { survivor.required_level }
    }

    /// Both users as they will be.
    fn apart(&self, survivor: &UserFacts, absorbed: &UserFacts) -> (UserFacts, UserFacts) {
        let mut absorbed = absorbed.clone();
        absorbed.links.extend(self.links(survivor).cloned());
        absorbed.addresses.extend(self.addresses(survivor).cloned());
        let mut stays = survivor.clone();
        stays.required_level = self.level_of_survivor(survivor);
        stays.links.retain(|link| !self.links(survivor).any(|goes| goes.id == link.id));
        stays.addresses.retain(|known| !self.addresses.contains(&known.address));
        (stays, absorbed)
    }
}

fn merge_of<'a>(context: &Context<'_>, facts: &'a Facts) -> Result<Merged<'a>, Reason> {
    let grant = crate::undo::open_grant(context, facts)?;
    let Undoable::Merge { absorbed, links, addresses, required_level } = &grant.what else {
        return Err(Reason::UndoUnknown);
    };
    Ok(Merged { grant, absorbed: *absorbed, links, addresses, required_level: *required_level })
}

fn commit_unmerge(context: &Context<'_>, input: &UnmergeInput<'_>) -> Result<Decision<MergeOutcome>, Refusal> {
    let refuse = |reason| (MergeOutcome::Refused, reason);
    let merged = merge_of(context, input.facts).map_err(refuse)?;
    let (session, survivor) = input
        .facts
        .live_session(context.now)
        .filter(|(session, user)| session.id == input.session && user.id == merged.grant.user)
        .ok_or((MergeOutcome::SignInFirst, Reason::SessionExpired))?;
    let absorbed = input.facts.user(merged.absorbed).filter(|user| user.status == UserStatus::Absorbed);
    let absorbed = absorbed.ok_or_else(|| refuse(Reason::UserInactive))?;
    may_change_account(context, session, survivor).map_err(|reason| (MergeOutcome::StepUpFirst, reason))?;
    check_both(context, input, &merged, &session.method, survivor, absorbed).map_err(refuse)?;

    let reason = Reason::MergeUndone;
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::SpendGrant { event: merged.grant.event });
    draft.raise_both(survivor, absorbed);
    draft.expect_method(input.proof.method());
    draft.expect_method(&session.method);
    for link in merged.links(survivor) {
        move_link(&mut draft, link, survivor.id, absorbed.id);
    }
    for known in merged.addresses(survivor) {
        let address = known.address.clone();
        draft.push(Change::MoveAddress { address, from: survivor.id, to: absorbed.id });
    }
    draft.push(Change::ReturnSubjects { from: survivor.id, to: absorbed.id });
    let level = merged.level_of_survivor(survivor);
    if level != survivor.required_level {
        draft.push(Change::SetRequiredLevel { user: survivor.id, level });
    }
    draft.push(Change::SetUserStatus { user: absorbed.id, status: UserStatus::Active, at: context.now });
    draft.push(Change::EndSessionsOfUser { user: survivor.id });
    let proofs = vec![session_reference(session), reference(input.proof)];
    let session = renew(&mut draft, session, input.terms);
    let told = || Told { session: Some(session), proofs: proofs.clone(), ..Told::default() };
    draft.own_event(survivor, EventKind::ChangeUndone, reason, told());
    draft.own_event(absorbed, EventKind::ChangeUndone, reason, told());
    draft.notify(survivor, MailKind::Undone, &[]);
    Ok(Decision { outcome: MergeOutcome::Merged, reason, row: None, plan: draft.into_plan() })
}

/// The session rests on what was the survivor's own, the proof on what was the absorbed user's; and what is given back
/// leaves both a way in.
fn check_both(
    context: &Context<'_>,
    input: &UnmergeInput<'_>,
    merged: &Merged<'_>,
    own: &Method,
    survivor: &UserFacts,
    absorbed: &UserFacts,
) -> Result<(), Reason> {
    let proof = input.proof;
    let (survivor, absorbed) = merged.apart(survivor, absorbed);
    let usable = |user| own_methods(user, &input.facts.connections, context.policy);
    let stuck = |user| ways_in(user, &input.facts.connections, context.policy).is_empty();
    if stuck(&survivor) || stuck(&absorbed) {
        return Err(Reason::LastMethod);
    }
    if !usable(&survivor).contains(own) {
        return Err(Reason::MethodNotAllowed);
    }
    // Password and passkeys stayed behind; everything else is shown as the survivor's.
    let own_still = matches!(proof.method(), Method::Password | Method::Passkey { .. });
    let stayed = proof.user() == absorbed.id && own_still;
    if proof.user() != survivor.id && !stayed {
        return Err(Reason::WrongUserProved);
    }
    if !(stayed || merged.brought(proof.method())) {
        return Err(Reason::MethodNotAllowed);
    }
    check_proof_by(context, &absorbed, &usable(&absorbed), proof)
}

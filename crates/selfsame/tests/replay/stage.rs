//! One trace on the real server: who is there, what each of the model's acts is over HTTP, and what is stored afterwards.

use crate::cast::{Cast, connection, connection_of, password, provider};
use crate::seat::{By, Doing, Journey, LinkStart, Seat};
use crate::shown::{Shown, Sight};
use model::{Clock as _, ConnectionId, LinkState, MINUTE, UserId, UserStatus};
use modelcheck::act::{Act, reads};
use modelcheck::names::IDENTITY;
use modelcheck::setup::Setup;
use modelcheck::state::{CODE, DISABLED, LINK, PASSKEYS, PASSWORD, Person, State, USERS, identity_of, passkey_of};
use selfsame::admin::{Operation, Refusal, Who};
use selfsame::server::Server;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::passkey::Authenticator;
use testkit::{Browser, Person as Account, World};
use url::Url;

/// A link here may be made with any claim: the identity is known.
const NO_CLAIM: (u8, bool) = (0, false);

pub struct Stage<'w> {
    pub world: &'w World,
    pub setup: &'w Setup,
    pub cast: Cast,
    pub by: By,
    pub seats: [Seat<'w>; 2],
    /// What an application holds after a session was handed over.
    pub token: Option<String>,
    pub users: [Option<UserId>; USERS],
    /// Users with a later id belong to this trace.
    pub since: UserId,
    pub recycled: bool,
    /// Codes that came to each address so far.
    codes: BTreeMap<u8, usize>,
    /// Whose password a stored hash is of.
    pub hashes: BTreeMap<String, u8>,
    /// The victim's, and the attacker's.
    pub authenticators: [Authenticator; PASSKEYS],
    /// What authenticators call each user.
    handles: [Vec<u8>; USERS],
}

fn at(state: &State, user: u8) -> Option<u8> {
    state.db.addresses.iter().position(|known| known.owner == user + 1).map(|at| at as u8)
}

impl<'w> Stage<'w> {
    pub fn new(world: &'w World, setup: &'w Setup, number: usize, by: By) -> Self {
        // Every address of the network has its own throttles.
        let source = |person: u8| [127, person, (number >> 8) as u8, number as u8].into();
        let seats = [1, 2].map(|person| {
            let mut browser = world.browser();
            browser.address = source(person);
            Seat::new(world, browser, by)
        });
        // What was counted for other traces is forgotten, and only ids from now on are this trace's.
        world.advance(model::HOUR.times(13));
        let since = UserId::generate(world.clock.now(), &testkit::SeededRandom::new(number as u64));
        world.advance(model::SECOND);
        world.mailbox.clear();
        Self {
            world,
            setup,
            cast: Cast(number),
            by,
            seats,
            token: None,
            users: [None; USERS],
            since,
            recycled: false,
            codes: BTreeMap::new(),
            hashes: BTreeMap::new(),
            authenticators: std::array::from_fn(|_| Authenticator::new()),
            handles: Default::default(),
        }
    }

    /// The throw-away browser in which a first state is made, on a server with an open policy.
    pub fn builder(&self, server: &Server) -> Seat<'w> {
        let mut browser = Browser::of(server.router.clone());
        browser.address = [127, 3, (self.cast.0 >> 8) as u8, self.cast.0 as u8].into();
        Seat::new(self.world, browser, By::Pages)
    }

    /// The code that this step caused to be sent.
    pub async fn code_to(&mut self, address: u8) -> String {
        let wanted = self.codes.entry(address).or_default();
        *wanted += 1;
        let to = self.cast.address(address);
        let come = || {
            let mails = self.world.mailbox.messages().into_iter();
            mails.filter(|mail| mail.is_to(&to)).filter_map(|mail| mail.code(6)).collect::<Vec<_>>()
        };
        let enough = |_: &testkit::Message| come().len() >= *wanted;
        let found = self.world.mailbox.wait_for(&to, enough, Duration::from_secs(20)).await;
        assert!(found.is_some(), "code {wanted} for {to} did not come");
        come().pop().expect("it came")
    }

    /// The provider answers as this identity with this claim.
    pub fn says(&self, identity: u8, (claim, verified): (u8, bool)) -> String {
        let subject = self.cast.subject(identity);
        let mut person = Account::new(&subject, "");
        if let Some(address) = claim.checked_sub(1) {
            person = person.mail(&self.cast.address(address), serde_json::json!(verified));
        }
        provider(self.world, identity).put_person(person);
        subject
    }

    fn seat(&mut self, browser: u8) -> &mut Seat<'w> {
        &mut self.seats[usize::from(browser)]
    }

    /// Does what the model's act is over HTTP. `now` is what is stored; `link` the connection for which a link is started.
    pub async fn perform(&mut self, act: Act, now: &State, link: u8) -> Sight {
        match act {
            Act::Minutes => {
                self.world.advance(MINUTE.times(10));
                for seat in &mut self.seats {
                    (seat.journey, seat.link, seat.spent) = (None, None, None);
                }
                return Sight::Done { session: false };
            }
            Act::Recycle => {
                self.recycled = true;
                return Sight::Done { session: false };
            }
            Act::Disable { .. } | Act::Enable { .. } | Act::SetUser { .. } => return self.operate(act).await,
            Act::HandOver => return self.hand_over().await,
            Act::Unlink { b: 2, i } => return self.application("DELETE", &self.method_path(i).await, None).await,
            Act::SetPassword { b: 2 } => {
                let body = serde_json::json!({ "password": password(Person::Attacker) });
                return self.application("PUT", "/api/v1/account/password", Some(body)).await;
            }
            _ => {}
        }
        let b = act.browser().unwrap_or_else(|| panic!("{act:?} is not played"));
        let before = self.seat(b).browser.session();
        self.seat(b).last = None;
        let shown = self.journey(act, b, now, link).await;
        let after = self.seat(b).browser.session();
        let new = after.is_some() && after != before;
        let shown = match (act, shown) {
            // The page asks for the step-up, or to sign in, instead of saying so.
            (
                Act::Unlink { .. }
                | Act::SetPassword { .. }
                | Act::AddPasskey { .. }
                | Act::RemovePasskey { .. }
                | Act::StartLink { .. }
                | Act::ReturnToLink { .. },
                shown,
            ) => instead(shown),
            (_, shown) => shown,
        };
        let seat = self.seat(b);
        let of_journey = matches!(
            act,
            Act::Return { .. }
                | Act::Code { .. }
                | Act::Prove { .. }
                | Act::Separate { .. }
                | Act::Switch { .. }
                | Act::ReturnToLink { .. }
        );
        if of_journey && seat.last.is_some() {
            seat.spent = seat.last.take();
        }
        shown.sight(new)
    }

    async fn journey(&mut self, act: Act, b: u8, now: &State, link: u8) -> Shown {
        match act {
            Act::Return { i, a, verified, .. } => self.come_back(b, i, (a, verified)).await,
            Act::ReturnToLink { i, a, verified, .. } => self.come_back_to_link(b, i, (a, verified)).await,
            Act::Code { a, .. } => self.enter_code(b, a).await,
            Act::Prove { u, m, .. } => self.prove_in_journey(b, u, m).await,
            Act::Separate { .. } => self.go_on(b, Doing::Separate).await,
            Act::Switch { .. } => self.go_on(b, Doing::Switch).await,
            Act::SignUp { a, .. } => self.sign_up(b, a).await,
            Act::SignIn { u, m, .. } => self.sign_in(b, u, m, now).await,
            Act::StepUp { m, .. } => {
                let at = self.seat(b).begin("step_up").await;
                let user = now.sessions[usize::from(b)].of().unwrap_or_default();
                match at.state() {
                    Some("step_up") => self.prove(b, &at, user, m).await,
                    _ => instead(at),
                }
            }
            Act::SignOut { .. } => {
                let seat = self.seat(b);
                match seat.by {
                    By::Api => Shown::of_call(&seat.call("DELETE", "/session", None).await),
                    By::Pages => self.with_csrf(b, "/sign-out", &[]).await,
                }
            }
            Act::StartLink { .. } => {
                let seat = self.seat(b);
                seat.journey = None;
                let started = seat.start_link(connection(link)).await;
                let shown = match &started {
                    LinkStart::Away(_) => Shown::Finished,
                    LinkStart::Refused(shown) => shown.clone(),
                };
                seat.link = Some(started);
                shown
            }
            Act::Unlink { i, .. } => {
                let path = self.method_path(i).await;
                let seat = self.seat(b);
                match seat.by {
                    By::Api => Shown::of_call(&seat.call("DELETE", path.trim_start_matches("/api/v1"), None).await),
                    By::Pages => {
                        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
                        self.with_csrf(b, "/account/methods/remove", &[("method", &id)]).await
                    }
                }
            }
            Act::SetPassword { .. } => {
                let new = password(self.setup.person_at(b));
                let seat = self.seat(b);
                match seat.by {
                    By::Api => {
                        let body = serde_json::json!({ "password": new });
                        Shown::of_call(&seat.call("PUT", "/account/password", Some(body)).await)
                    }
                    By::Pages => self.with_csrf(b, "/account/password", &[("password", new)]).await,
                }
            }
            Act::AddPasskey { k, .. } => self.add_passkey(b, k, now).await,
            Act::RemovePasskey { k, .. } => {
                let id = self.passkey_id(k).await;
                self.with_csrf(b, "/account/methods/remove", &[("passkey", &id)]).await
            }
            Act::Again { .. } => {
                self.seat(b).again().await.unwrap_or_else(|| Shown::Refused("nothing to present again".to_owned()))
            }
            other => panic!("{other:?} is not played"),
        }
    }

    /// Posts an account form with the session's own token.
    async fn with_csrf(&mut self, b: u8, path: &str, fields: &[(&str, &str)]) -> Shown {
        let seat = self.seat(b);
        let account = seat.browser.get("/account").await;
        let csrf = account.hidden("csrf").unwrap_or_default();
        let fields: Vec<_> = std::iter::once(("csrf", csrf.as_str())).chain(fields.iter().copied()).collect();
        let page = seat.browser.post(path, &fields).await;
        // The page of a link that may not be removed says why, and has no form.
        if page.path() == "/account/methods/remove" && page.status.is_success() && !page.has_form(path) {
            return Shown::Refused("last_method".to_owned());
        }
        Shown::of_page(&page)
    }

    /// Comes back from a provider to sign in. What is somebody else's is brought here as an answer that they got.
    async fn come_back(&mut self, b: u8, i: u8, claim: (u8, bool)) -> Shown {
        if !self.setup.controls(self.setup.person_at(b), i) {
            let callback = self.answer_for(1 - b, i, claim).await;
            return self.seat(b).come_back(callback).await;
        }
        let shown = self.through_provider(b, i, claim).await;
        self.stand(b, shown, claim.0.checked_sub(1)).await
    }

    /// Signs in through a provider, as far as its answer leads.
    async fn through_provider(&mut self, b: u8, i: u8, claim: (u8, bool)) -> Shown {
        let subject = self.says(i, claim);
        let seat = self.seat(b);
        let at = seat.begin("sign_in").await;
        match seat.leave(&at, connection_of(i)).await {
            Ok(url) => {
                let callback = seat.at_provider(url, i, &subject).await;
                seat.come_back(callback).await
            }
            Err(shown) => shown,
        }
    }

    /// The journey of this browser stands here now; a code that was sent for it is read.
    async fn stand(&mut self, b: u8, shown: Shown, mailbox: Option<u8>) -> Shown {
        let asks = matches!(&shown, Shown::At { state, error: None, .. } if state == "mail_code");
        let code = match mailbox.filter(|_| asks) {
            Some(address) => Some(self.code_to(address).await),
            None => None,
        };
        let seat = self.seat(b);
        seat.link = None;
        seat.journey = Some(Journey { shown: shown.clone(), code });
        shown
    }

    /// The callback that somebody else got for a sign-in of their own.
    async fn answer_for(&mut self, b: u8, i: u8, claim: (u8, bool)) -> Url {
        let subject = self.says(i, claim);
        let seat = self.seat(b);
        let at = seat.begin("sign_in").await;
        let url = seat.leave(&at, connection_of(i)).await.expect("a provider to go to");
        seat.at_provider(url, i, &subject).await
    }

    async fn come_back_to_link(&mut self, b: u8, i: u8, claim: (u8, bool)) -> Shown {
        if !self.setup.controls(self.setup.person_at(b), i) {
            return self.linked_by_others(b, i, claim).await;
        }
        let subject = self.says(i, claim);
        let seat = self.seat(b);
        match seat.link.take() {
            Some(LinkStart::Away(url)) => {
                let callback = seat.at_provider(url, i, &subject).await;
                let shown = seat.come_back(callback).await;
                match shown.state() {
                    // The provider did not say that the person picked this account.
                    Some("confirm_link") => seat.act(&shown, Doing::Confirm).await,
                    _ => shown,
                }
            }
            Some(LinkStart::Refused(shown)) => shown,
            None => Shown::Refused("no link was started".to_owned()),
        }
    }

    /// Somebody else's answer is brought to this browser: to the link that was started here, with their code in it, or
    /// to one that a link to our pages is meant to start.
    async fn linked_by_others(&mut self, b: u8, i: u8, claim: (u8, bool)) -> Shown {
        let theirs = self.answer_for(1 - b, i, claim).await;
        let seat = self.seat(b);
        let Some(LinkStart::Away(url)) = seat.link.take() else {
            seat.browser.get(&format!("/account/methods/connect?connection={}", connection_of(i))).await;
            return seat.come_back(theirs).await;
        };
        let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
        let mut mixed = theirs.clone();
        let kept = theirs.query_pairs().filter(|(name, _)| name != "state");
        mixed.query_pairs_mut().clear().extend_pairs(kept).append_pair("state", &state.unwrap_or_default());
        seat.come_back(mixed).await
    }

    async fn enter_code(&mut self, b: u8, a: u8) -> Shown {
        let Some(journey) = self.seat(b).journey.clone().filter(|j| j.shown.state() == Some("mail_code")) else {
            return Shown::Refused("no page asks for a code".to_owned());
        };
        let own = reads(self.setup.person_at(b), a, self.recycled);
        // Who cannot open the mailbox tries the code of another journey, or any.
        let others = self.seat(1 - b).journey.as_ref().and_then(|journey| journey.code.clone());
        let code = journey.code.clone().filter(|_| own).or(others).unwrap_or_else(|| "000000".to_owned());
        let shown = self.seat(b).act(&journey.shown, Doing::Code(&code)).await;
        self.stand(b, shown, None).await
    }

    async fn go_on(&mut self, b: u8, doing: Doing<'_>) -> Shown {
        let Some(journey) = self.seat(b).journey.clone() else {
            return Shown::Refused("no journey to go on with".to_owned());
        };
        let shown = self.seat(b).act(&journey.shown, doing).await;
        self.stand(b, shown, None).await
    }

    async fn prove_in_journey(&mut self, b: u8, u: u8, m: u8) -> Shown {
        let Some(journey) = self.seat(b).journey.clone().filter(|j| j.shown.state() == Some("ask_proof")) else {
            return self.prove_elsewhere(b).await;
        };
        let shown = self.prove(b, &journey.shown, u, m).await;
        self.stand(b, shown, None).await
    }

    /// No page asks this browser for a proof: it sends what belongs to the other browser's journey.
    async fn prove_elsewhere(&mut self, b: u8) -> Shown {
        let Some(theirs) = self.seat(1 - b).journey.clone() else {
            return Shown::Refused("no page asks for a proof".to_owned());
        };
        let guess = password(self.setup.person_at(b));
        self.seat(b).act(&theirs.shown, Doing::Password(guess)).await
    }

    /// Shows a method where a page asks for it.
    async fn prove(&mut self, b: u8, at: &Shown, u: u8, m: u8) -> Shown {
        if let Some(key) = passkey_of(m) {
            return self.show_passkey(b, at, u, key).await;
        }
        match m {
            PASSWORD => {
                let typed = password(self.setup.person_at(b));
                self.seat(b).act(at, Doing::Password(typed)).await
            }
            code if code < LINK => {
                let asked = self.seat(b).act(at, Doing::SendCode).await;
                match &asked {
                    // A code that was entered in this very journey counts.
                    Shown::At { state, error: None, .. } if state == "mail_code" => {
                        let code = self.code_to(code - CODE).await;
                        self.seat(b).act(&asked, Doing::Code(&code)).await
                    }
                    _ => asked,
                }
            }
            link => {
                let identity = link - LINK;
                let subject = self.says(identity, NO_CLAIM);
                let seat = self.seat(b);
                match seat.leave(at, connection_of(identity)).await {
                    Ok(url) => {
                        let callback = seat.at_provider(url, identity, &subject).await;
                        seat.come_back(callback).await
                    }
                    Err(shown) => shown,
                }
            }
        }
    }

    async fn sign_up(&mut self, b: u8, a: u8) -> Shown {
        let (email, own) = (self.cast.address(a), reads(self.setup.person_at(b), a, self.recycled));
        let password = password(self.setup.person_at(b));
        let at = self.seat(b).begin("sign_up").await;
        let asked = self.seat(b).act(&at, Doing::SignUp { email: &email, password }).await;
        if !matches!(&asked, Shown::At { state, error: None, .. } if state == "mail_code") {
            return asked;
        }
        let sent = self.code_to(a).await;
        let guess = if sent == "000000" { "111111" } else { "000000" };
        self.seat(b).act(&asked, Doing::Code(if own { &sent } else { guess })).await
    }

    /// A sign-in of its own, beside whatever journey stands in this browser. Who is signed in as somebody else switches.
    async fn sign_in(&mut self, b: u8, u: u8, m: u8, now: &State) -> Shown {
        let shown = if let Some(identity) = identity_of(m) {
            self.through_provider(b, identity, NO_CLAIM).await
        } else if let Some(key) = passkey_of(m) {
            let at = self.seat(b).begin("sign_in").await;
            self.show_passkey(b, &at, u, key).await
        } else {
            let address = if m == PASSWORD { at(now, u) } else { Some(m - CODE) };
            let email = self.cast.address(address.unwrap_or_default());
            let at = self.seat(b).begin("sign_in").await;
            let asked = self.seat(b).act(&at, Doing::Email(&email)).await;
            match asked.state() {
                Some("password") => self.prove(b, &asked, u, m).await,
                _ => asked,
            }
        };
        match shown.state() {
            Some("ask_switch") => self.seat(b).act(&shown, Doing::Switch).await,
            _ => shown,
        }
    }

    /// Answers with a passkey as this user's, whosever it is.
    async fn show_passkey(&mut self, b: u8, at: &Shown, u: u8, key: u8) -> Shown {
        let Self { seats, authenticators, handles, .. } = self;
        let authenticator = &mut authenticators[usize::from(key)];
        authenticator.counter += 1;
        authenticator.handle.clone_from(&handles[usize::from(u)]);
        seats[usize::from(b)].show_passkey(at, authenticator).await
    }

    /// The page alone adds passkeys.
    async fn add_passkey(&mut self, b: u8, key: u8, now: &State) -> Shown {
        let Self { seats, authenticators, .. } = self;
        let authenticator = &mut authenticators[usize::from(key)];
        let shown = seats[usize::from(b)].add_passkey(authenticator).await;
        let user =
            now.sessions[usize::from(b)].of().or_else(|| self.users.iter().rposition(Option::is_some).map(|u| u as u8));
        if shown == Shown::Finished
            && let Some(user) = user
        {
            self.handles[usize::from(user)].clone_from(&self.authenticators[usize::from(key)].handle);
        }
        shown
    }

    /// The id of the passkey that an authenticator holds the key of.
    async fn passkey_id(&self, key: u8) -> String {
        let facts = self.facts().await;
        let mut known = facts.users.iter().flat_map(|user| &user.passkeys);
        let found = known.find(|known| known.credential == self.authenticators[usize::from(key)].id);
        found.map_or_else(|| model::PasskeyId::from_bytes([0; 16]), |known| known.id).to_string()
    }

    /// "Continue as …" to the application, which redeems what it gets.
    async fn hand_over(&mut self) -> Sight {
        let world = self.world;
        let seat = self.seat(0);
        let page = seat.browser.get(&world.handover_start()).await;
        if !page.has_form("/sign-in/continue") {
            return instead(Shown::of_page(&page)).sight(false);
        }
        let page = seat.browser.press(page.form("/sign-in/continue"), "choice", "continue").await;
        let code = page.url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        let call = world.redeem(&code.unwrap_or_default()).await;
        self.token = call.json["token"].as_str().map(str::to_owned);
        Shown::of_call(&call).sight(false)
    }

    /// A request of the application that was handed a session.
    async fn application(&mut self, method: &str, path: &str, body: Option<serde_json::Value>) -> Sight {
        let token = self.token.clone().unwrap_or_default();
        Shown::of_call(&self.world.with_token(method, path, body, &token).await).sight(false)
    }

    /// The API's path of the link that holds an identity now.
    async fn method_path(&self, i: u8) -> String {
        let subject = self.cast.subject(i);
        let facts = self.facts().await;
        let links = facts.users.iter().flat_map(|user| &user.links);
        let mut held = links
            .filter(|link| link.state != LinkState::Removed)
            .filter(|link| link.identity.subject.as_str() == subject && link.connection.as_str() == connection_of(i));
        let id = held.next().map_or_else(|| model::LinkId::from_bytes([0; 16]), |link| link.id);
        format!("/api/v1/account/methods/{id}")
    }

    async fn operate(&mut self, act: Act) -> Sight {
        let id = |c: u8| ConnectionId::parse(connection(c)).expect("a name");
        let operation = match act {
            Act::Disable { c, force } => Operation::ConnectionDisable { connection: id(c), force },
            Act::Enable { c } => Operation::ConnectionEnable { connection: id(c) },
            Act::SetUser { u, status } => {
                let to = match status {
                    modelcheck::state::ACTIVE => UserStatus::Active,
                    DISABLED => UserStatus::Disabled,
                    _ => UserStatus::Deleted,
                };
                let Some(user) = self.users[usize::from(u)] else { return Sight::Refused("nobody".to_owned()) };
                Operation::UserStatus { user: Who::Id(user), to }
            }
            other => panic!("{other:?} is not the operator's"),
        };
        match self.world.operate(operation).await {
            Ok(_) => Sight::Done { session: false },
            Err(Refusal { code, .. }) => Sight::Refused(code),
        }
    }
}

/// Where a page leads elsewhere instead of refusing: in words of the refusal.
fn instead(shown: Shown) -> Shown {
    match &shown {
        Shown::At { state, error: None, .. } if state == "step_up" => Shown::Refused("step_up_needed".to_owned()),
        Shown::At { state, error: None, .. } if state == "identify" => Shown::Refused("session_expired".to_owned()),
        _ => shown,
    }
}

/// The identities by connection, for reading links back.
pub fn identity_named(cast: Cast, id: &ConnectionId, subject: &str) -> Option<u8> {
    (0..IDENTITY.len() as u8).find(|i| connection_of(*i) == id.as_str() && cast.subject(*i) == subject)
}

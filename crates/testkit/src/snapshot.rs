//! Everybody's accounts as they stand, so that a test can say "nothing was touched" and mean all of it.

use crate::browser::Browser;
use crate::page::Page;
use crate::world::World;
use model::{FactsQuery, SessionFacts, UserFacts};
use std::time::Duration;
use store::UserFilter;

/// Users with methods, addresses and audit heads, and their sessions, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    pub users: Vec<UserFacts>,
    pub sessions: Vec<SessionFacts>,
}

impl Accounts {
    /// The one user who has this address.
    pub fn user(&self, address: &str) -> &UserFacts {
        let has = |user: &&UserFacts| user.addresses.iter().any(|known| known.address.as_str() == address);
        let mut found = self.users.iter().filter(has);
        let user = found.next().unwrap_or_else(|| panic!("nobody has {address}: {:?}", self.users));
        assert!(found.next().is_none(), "{address} belongs to several users");
        user
    }

    /// The one user with this name.
    pub fn named(&self, name: &str) -> &UserFacts {
        let mut found = self.users.iter().filter(|user| user.name == name);
        let user = found.next().unwrap_or_else(|| panic!("nobody is called {name}: {:?}", self.users));
        assert!(found.next().is_none(), "several users are called {name}");
        user
    }
}

impl World {
    /// Everybody, as they are stored now.
    pub async fn accounts(&self) -> Accounts {
        let store = &self.server.store;
        let filter = UserFilter { limit: 1000, ..UserFilter::default() };
        let ids: Vec<_> = store.users(&filter).await.expect("users").into_iter().map(|user| user.id).collect();
        let facts = store.facts(&FactsQuery { users: ids.clone(), ..FactsQuery::default() }).await.expect("facts");
        let mut users = facts.users;
        users.sort_by_key(|user| user.id);
        let mut sessions = Vec::new();
        for id in ids {
            sessions.extend(store.sessions_of(id).await.expect("sessions"));
        }
        Accounts { users, sessions }
    }

    /// As soon as this many mails have come for `address`: what is still on its way would be taken for an answer to
    /// what comes next.
    pub async fn mails_to(&self, address: &str, count: usize) {
        let come = || self.mailbox.messages().iter().filter(|mail| mail.is_to(address)).count();
        let enough = self.mailbox.wait_for(address, |_| come() >= count, Duration::from_secs(10)).await;
        assert!(enough.is_some(), "{} of {count} mails came for {address}", come());
    }

    /// Enters the code that was sent to `address` since `seen` mails were there.
    pub async fn enter_code(&self, browser: &mut Browser, page: &Page, address: &str, seen: usize) -> Page {
        let code = self.code_after(address, seen).await;
        browser.submit(page.form("/sign-in/code").with("code", &code)).await
    }

    /// Signs in through a provider that nobody vouches for: the code page comes first, and the person has the mailbox.
    pub async fn sign_in_with_code(&self, browser: &mut Browser, which: &str, subject: &str, address: &str) -> Page {
        let seen = self.mailbox.messages().len();
        let page = self.provider_sign_in(browser, which, subject).await;
        self.enter_code(browser, &page, address, seen).await
    }
}

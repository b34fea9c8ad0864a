//! At the end of every world the doctor looks at what is stored: whatever a test did, everything must agree.

use selfsame::config::Config;
use selfsame::doctor::{Finding, findings};
use selfsame::server::open_store;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Cursor, Part};

pub struct Checkup {
    config: Config,
    waived: AtomicBool,
    made_up: AtomicBool,
}

impl Checkup {
    pub fn new(config: Config) -> Self {
        Self { config, waived: AtomicBool::new(false), made_up: AtomicBool::new(false) }
    }

    /// The test wrote its users with plans of its own, so no event tells of their first links. All else must agree.
    pub fn allow_made_up_links(&self) {
        self.made_up.store(true, Ordering::Relaxed);
    }

    pub fn waive(&self) {
        self.waived.store(true, Ordering::Relaxed);
    }
}

/// Through a store of its own: the world's server may be stopped or cut off. Pages of three rows, so that every test
/// turns pages too.
async fn examine(config: &Config) -> Vec<Finding> {
    let store = open_store(config).await.expect("the database is there at the end");
    let policy = config.policy();
    let mut found = Vec::new();
    let mut at = Some(Cursor::start(Part::Users));
    while let Some(cursor) = at {
        let page = store.doctor_page(&cursor, 3).await.expect("a page");
        found.extend(page.rows.iter().flat_map(|row| findings(row, &policy)));
        at = page.next;
    }
    found
}

impl Drop for Checkup {
    fn drop(&mut self) {
        // A test that failed already says what is wrong by itself.
        if std::thread::panicking() || self.waived.load(Ordering::Relaxed) {
            return;
        }
        let found = std::thread::scope(|scope| {
            let work = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(examine(&self.config))
            };
            scope.spawn(work).join().expect("the doctor comes to an end")
        });
        let made_up = self.made_up.load(Ordering::Relaxed);
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        let lines: Vec<String> =
            lines.into_iter().filter(|line| !(made_up && line.contains(" link_without_event:"))).collect();
        assert!(lines.is_empty(), "at the end of the test the data does not agree:\n{}", lines.join("\n"));
    }
}

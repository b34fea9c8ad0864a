//! The name system, as a test writes it.

use async_trait::async_trait;
use selfsame::server::{TxtFailed, TxtResolver};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Texts by name. A name that is not there has none.
#[derive(Debug, Default)]
pub struct ScriptedNames(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    texts: BTreeMap<String, Vec<String>>,
    down: bool,
    asked: usize,
}

impl ScriptedNames {
    fn script<T>(&self, with: impl FnOnce(&mut Script) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.script(|script| script.texts.insert(name.to_owned(), texts));
    }

    /// No server answers, or they do again.
    pub fn set_down(&self, down: bool) {
        self.script(|script| script.down = down);
    }

    /// How often anything was asked.
    pub fn asked(&self) -> usize {
        self.script(|script| script.asked)
    }
}

#[async_trait]
impl TxtResolver for ScriptedNames {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtFailed> {
        self.script(|script| {
            script.asked += 1;
            if script.down {
                return Err(TxtFailed("no name server answers".to_owned()));
            }
            Ok(script.texts.get(name).cloned().unwrap_or_default())
        })
    }
}

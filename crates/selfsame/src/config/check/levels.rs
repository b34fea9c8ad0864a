//! What a provider's words about an authentication are worth.

use super::Check;
use crate::config::source::below;
use model::{AssertedLevels, Level};
use std::collections::BTreeMap;

impl Check<'_> {
    pub(super) fn asserted_levels(
        &mut self,
        path: &str,
        acr: &BTreeMap<String, i64>,
        amr: &BTreeMap<String, i64>,
    ) -> AssertedLevels {
        AssertedLevels {
            acr: self.levels(&below(path, "acr_levels"), acr),
            amr: self.levels(&below(path, "amr_levels"), amr),
        }
    }

    fn levels(&mut self, path: &str, asserted: &BTreeMap<String, i64>) -> BTreeMap<String, Level> {
        let mut levels = BTreeMap::new();
        for (value, level) in asserted {
            match Level::try_from(*level) {
                Ok(level) => drop(levels.insert(value.clone(), level)),
                Err(problem) => self.at(&format!("{path}.{value}"), problem),
            }
        }
        levels
    }
}

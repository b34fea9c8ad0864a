//! Who chooses the way in.

use super::Check;
use crate::config::checked::LocalMethod;
use model::{LocalMethods, MethodKind, MethodSelection, SelectionPolicy};

impl Check<'_> {
    /// A fallback that could never be used is a mistake.
    pub(super) fn selection(
        &mut self,
        path: &str,
        method_selection: MethodSelection,
        fallback: &[LocalMethod],
        local: LocalMethods,
    ) -> SelectionPolicy {
        if !fallback.is_empty() && method_selection != MethodSelection::ForceLinked {
            self.at(&format!("{path}.fallback"), "means something with `method_selection = \"force_linked\"` only");
        }
        let mut selection = SelectionPolicy { method_selection, ..SelectionPolicy::default() };
        for (index, method) in fallback.iter().enumerate() {
            let (kind, on) = match method {
                LocalMethod::Password => (MethodKind::Password, local.password),
                LocalMethod::EmailCode => (MethodKind::EmailCode, local.email_code),
                LocalMethod::Passkey => (MethodKind::Passkey, local.passkey),
            };
            if !on {
                self.at(&format!("{path}.fallback[{index}]"), "is switched off in `policy`");
            }
            selection.fallback.insert(kind);
        }
        selection
    }
}

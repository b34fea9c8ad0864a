//! A user's own methods and second factor.

use super::{Writer, id};
use crate::statements::write as sql;
use crate::value::Value;
use model::Conflict::{ProofSpent, Stale};
use model::{Change, NewPasskey, NewTotp};

impl Writer {
    pub(super) fn add_passkey(&mut self, new: &NewPasskey) {
        let values = vec![
            new.credential.as_slice().into(),
            new.id.as_bytes().into(),
            id(&new.user),
            new.handle.as_slice().into(),
            new.host.as_str().into(),
            new.key.as_str().into(),
            new.name.as_str().into(),
            new.at.into(),
        ];
        self.one(&sql::ADD_PASSKEY, Stale, values);
    }

    fn set_totp(&mut self, new: &NewTotp) {
        let values =
            vec![id(&new.user), new.secret.as_slice().into(), new.last_step.into(), joined(&new.codes), new.at.into()];
        self.one(&sql::SET_TOTP, Stale, values);
    }

    /// What was shown counts once: of two uses at the same time the second finds another row than it read.
    pub(super) fn second_factor(&mut self, change: &Change) {
        match change {
            Change::SetTotp(new) => self.set_totp(new),
            Change::UseTotp { user, was, step } => {
                self.one(&sql::USE_TOTP, ProofSpent, vec![(*step).into(), id(user), (*was).into()]);
            }
            Change::SetRecoveryCodes { user, was, codes } => {
                self.one(&sql::SET_RECOVERY_CODES, ProofSpent, vec![joined(codes), id(user), joined(was)]);
            }
            Change::RemoveTotp { user } => self.one(&sql::REMOVE_TOTP, Stale, vec![id(user)]),
            _ => {}
        }
    }
}

fn joined(digests: &[[u8; 32]]) -> Value {
    digests.concat().as_slice().into()
}

//! Pages as plain data with a template each. Whoever fills them in decides; they only show.

mod account;
mod applications;
mod device;
mod display;
mod error;
mod linking;
pub mod mail;
mod pieces;
mod recover;
pub mod route;
mod second_factor;
mod sign_in;
mod undo;

pub use account::{
    Access, Account, Activity, AddPasskey, AddressRow, Badge, ConfirmRemove, EventRow, Flash, MethodRow, Removal,
    SessionRow, SetPassword, Shared, StepUp, StepUpWhy,
};
pub use applications::{ApplicationRow, Applications, Consent, FormPost, LeaveFor, ReturnToApp};
pub use device::{DeviceAnswer, DeviceDone, TypeCode};
pub(crate) use display::in_sentence as display_in_sentence;
pub use display::{DisplayName, device_name, display_address, display_name};
pub use error::ErrorPage;
pub use linking::{ConfirmLink, Conflict, ConnectStart, LinkedDone, Notice, NoticeKind, ProviderAgain};
pub use pieces::{
    AccountCard, Action, ErrorText, ExternalCard, Field, Mark, PasskeyForm, ProofKind, ProofMethod, ProviderButton,
    Shell, SignedIn, Way,
};
pub use recover::{Recover, RecoverProof, Recovered};
pub use second_factor::{AddTotp, ConfirmFactor, FactorChange, FactorRow, QrCode, RecoveryCodes, SecondFactor};
pub use sign_in::{Code, CodePurpose, Continue, Password, SignIn, SignInWith, SignUp, SignedOut, SwitchUser};
pub use undo::{ConfirmRelease, OwnerStep, Standing, Undo};

/// `render` without the trait in scope at every call.
macro_rules! renders {
    ($($page:ident),+ $(,)?) => {$(
        impl $page {
            /// The whole document. Fails only when formatting fails.
            pub fn render(&self) -> Result<String, askama::Error> {
                askama::Template::render(self)
            }
        }
    )+};
}
pub(crate) use renders;

//! The second factor: asked for at a sign-in, set up, renewed and turned off.

use crate::pages::pieces::{ErrorText, PasskeyForm, Shell};
use crate::pages::{renders, route};
use askama::Template;
use model::Micros;
use std::fmt::Write as _;

/// One factor was shown, and this account has two.
#[derive(Debug, Clone, Template)]
#[template(path = "second_factor.html", whitespace = "minimize")]
pub struct SecondFactor {
    pub shell: Shell,
    pub flow: String,
    /// Whether recovery codes are left.
    pub can_recover: bool,
    pub passkey: Option<PasskeyForm>,
    /// Where somebody goes who would rather not.
    pub back_href: String,
    pub error: Option<ErrorText>,
}

/// A black and white picture as the path of an SVG, one unit per module, with the quiet zone of ISO/IEC 18004 §6.3.8.
#[derive(Debug, Clone)]
pub struct QrCode {
    pub size: usize,
    pub path: String,
}

impl QrCode {
    const QUIET: usize = 4;

    /// `None` where the text does not fit.
    pub fn of(text: &str) -> Option<Self> {
        // The least correction: a screen is clean, and the code stays coarse enough for an old phone.
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
        let width = code.width();
        let colors = code.into_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            // Neighbours of one colour are drawn as one.
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run.first() == Some(&qrcode::Color::Dark) {
                    let (left, top, length) = (x + Self::QUIET, y + Self::QUIET, run.len());
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
                }
                x += run.len();
            }
        }
        Some(Self { size: width + 2 * Self::QUIET, path })
    }
}

/// A secret for an authenticator app, and the first code of it.
#[derive(Debug, Clone, Template)]
#[template(path = "add_totp.html", whitespace = "minimize")]
pub struct AddTotp {
    pub shell: Shell,
    pub qr: Option<QrCode>,
    /// For a phone, where nothing can be scanned.
    pub uri: String,
    /// For somebody who types it.
    pub secret: String,
    /// Sealed.
    pub setup: String,
    pub error: Option<ErrorText>,
}

/// Said once.
#[derive(Debug, Clone, Template)]
#[template(path = "recovery_codes.html", whitespace = "minimize")]
pub struct RecoveryCodes {
    pub shell: Shell,
    /// The second factor was just set up, and not only its codes renewed.
    pub set_up: bool,
    pub codes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorChange {
    TurnOff,
    NewCodes,
}

/// What is about to happen to the second factor.
#[derive(Debug, Clone, Template)]
#[template(path = "confirm_factor.html", whitespace = "minimize")]
pub struct ConfirmFactor {
    pub shell: Shell,
    pub change: FactorChange,
    /// Why it cannot be.
    pub refused: Option<String>,
}

impl ConfirmFactor {
    fn words(&self, what: &str) -> String {
        let change = match self.change {
            FactorChange::TurnOff => "factor-off",
            FactorChange::NewCodes => "factor-codes",
        };
        self.shell.t(&format!("{change}-{what}"))
    }

    fn action(&self) -> &'static str {
        match self.change {
            FactorChange::TurnOff => route::REMOVE_TOTP,
            FactorChange::NewCodes => route::RECOVERY_CODES,
        }
    }
}

/// On the account page.
#[derive(Debug, Clone)]
pub struct FactorRow {
    pub added_at: Micros,
    pub codes_left: u32,
}

renders!(SecondFactor, AddTotp, RecoveryCodes, ConfirmFactor);

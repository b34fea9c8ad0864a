//! Which passwords are refused when they are set.
//!
//! SP 800-63B-4 §3.1.1.2 wants 15 characters where a password is the only factor, and a list of known passwords. We
//! take eight and judge by zxcvbn instead (score 3 of 4: at least 10⁸ guesses, which with our throttle no online guesser
//! reaches), because its lists and patterns refuse what 15 characters alone would allow (`passwordpassword1`) and allow
//! what a person can remember. No rules about kinds of characters.

use super::{MAX_BYTES, normalized};
use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

/// Counted in code points.
pub const MIN_CHARACTERS: usize = 8;
/// zxcvbn's effort grows faster than its input; what follows could only make the password stronger.
const JUDGED_CHARACTERS: usize = 256;

/// Why a password is refused: a key for the sentence shown, and zxcvbn's score of 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weak {
    pub feedback_key: &'static str,
    pub score: u8,
}

/// Every key [`strength`] can give.
pub const FEEDBACK_KEYS: [&str; 14] = [
    "too_short",
    "too_long",
    "guessable",
    "keyboard_row",
    "keyboard_pattern",
    "repeated_character",
    "repeated_pattern",
    "common_password",
    "similar_to_common",
    "sequence",
    "recent_year",
    "single_word",
    "date",
    "name",
];

/// Judges a password that somebody wants to set. `user_inputs` are texts that an attacker of this person tries first:
/// name, address, name of the service.
pub fn strength(password: &str, user_inputs: &[&str]) -> Result<(), Weak> {
    if password.len() > MAX_BYTES {
        return Err(Weak { feedback_key: "too_long", score: 0 });
    }
    let password = normalized(password);
    let judged: String = password.chars().take(JUDGED_CHARACTERS).collect();
    let parts: Vec<&str> = user_inputs.iter().flat_map(|input| parts_of(input)).collect();
    let entropy = zxcvbn(&judged, &parts);
    let score = u8::from(entropy.score());
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Weak { feedback_key: "too_short", score });
    }
    if entropy.score() >= Score::Three {
        return Ok(());
    }
    let warning = entropy.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    Err(Weak { feedback_key: warning.map_or("guessable", key), score })
}

/// `ada@example.org` is tried as a whole and in its parts.
fn parts_of(input: &str) -> impl Iterator<Item = &str> {
    let parts = input.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= 3);
    std::iter::once(input).chain(parts).filter(|part| !part.is_empty())
}

fn key(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => "keyboard_row",
        Warning::ShortKeyboardPatternsAreEasyToGuess => "keyboard_pattern",
        Warning::RepeatsLikeAaaAreEasyToGuess => "repeated_character",
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => "repeated_pattern",
        Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword => {
            "common_password"
        }
        Warning::ThisIsSimilarToACommonlyUsedPassword => "similar_to_common",
        Warning::SequencesLikeAbcAreEasyToGuess => "sequence",
        Warning::RecentYearsAreEasyToGuess => "recent_year",
        Warning::AWordByItselfIsEasyToGuess => "single_word",
        Warning::DatesAreOftenEasyToGuess => "date",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => "name",
    }
}

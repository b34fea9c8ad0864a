//! Every statement, named, in the SQL both engines share: `$1…` in order of first appearance, `ON CONFLICT`, no
//! functions of one dialect. PostgreSQL has a second text where it must lock a row that SQLite's single writer cannot
//! race for, and where its planner, that knows nothing of a young table yet, must be kept from walking it.

pub(crate) mod doctor;
pub(crate) mod read;
pub(crate) mod write;

/// One statement.
#[derive(Debug)]
pub struct Sql {
    pub name: &'static str,
    text: &'static str,
    postgres: Option<&'static str>,
}

impl Sql {
    pub fn sqlite(&self) -> &'static str {
        self.text
    }

    pub fn postgres(&self) -> &'static str {
        self.postgres.unwrap_or(self.text)
    }
}

/// All of them: a test prepares each on both engines and looks at its query plan.
pub fn all() -> impl Iterator<Item = &'static Sql> {
    read::ALL.iter().chain(doctor::ALL).chain(write::ALL).copied()
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr $(, postgres $postgres:expr)?;)*) => {
        $($(#[$doc])* pub(crate) static $name: $crate::Sql = $crate::Sql {
            name: stringify!($name),
            text: $text,
            postgres: $crate::statements::second!($($postgres)?),
        };)*
        pub(crate) static ALL: &[&$crate::Sql] = &[$(&$name),*];
    };
}
pub(crate) use statements;

macro_rules! second {
    () => {
        None
    };
    ($text:expr) => {
        Some($text)
    };
}
pub(crate) use second;

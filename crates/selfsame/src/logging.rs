//! Where log lines go and what they look like.
//!
//! Only `tracing` events are written. The records of the older `log` facade are left out on purpose: a database driver
//! writes statements with their parameters there (T113).

use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A line for people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logging was set up before")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// What is written when nobody asks for anything else.
pub const DEFAULT_FILTER: &str = "info";

/// Sends every event of this process to standard error. `filter` is in the syntax of `RUST_LOG`.
pub fn init(format: Format, filter: Option<&str>) -> Result<(), LoggingError> {
    let colours = std::io::stderr().is_terminal();
    let subscriber = subscriber(format, filter, colours, std::io::stderr)?;
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

/// The same to any writer.
pub fn subscriber<W>(
    format: Format,
    filter: Option<&str>,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter.unwrap_or(DEFAULT_FILTER))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        Format::Text => Box::new(builder.with_ansi(colours).finish()),
        Format::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

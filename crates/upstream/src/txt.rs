//! Texts in the domain name system (RFC 1035 §3.3.14): by what a domain shows whose it is.

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use std::time::Duration;
use tokio::sync::OnceCell;

/// No answer came, which says nothing about what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TxtFailed(pub String);

/// The name servers of the operating system, or what a test wrote.
#[async_trait]
pub trait TxtResolver: Send + Sync {
    /// The texts of `name`, their parts joined; empty where there is none.
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtFailed>;
}

/// The resolvers that this machine is set up with. Read when they are first needed.
#[derive(Default)]
pub struct SystemTxt(OnceCell<TokioResolver>);

/// For one try of one server.
const TIMEOUT: Duration = Duration::from_secs(5);

#[async_trait]
impl TxtResolver for SystemTxt {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtFailed> {
        let build = || async {
            let mut builder = TokioResolver::builder_tokio()?;
            builder.options_mut().timeout = TIMEOUT;
            // What was looked at is looked at anew.
            builder.options_mut().cache_size = 0;
            builder.build()
        };
        let failed = |error: &dyn std::fmt::Display| TxtFailed(error.to_string());
        let resolver = self.0.get_or_try_init(build).await.map_err(|error| failed(&error))?;
        // With its dot: no search domain of this machine is tried.
        let answer = match resolver.txt_lookup(format!("{name}.")).await {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(failed(&error)),
        };
        let text = |data: &RData| match data {
            RData::TXT(txt) => {
                let parts: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
                String::from_utf8(parts).ok()
            }
            _ => None,
        };
        Ok(answer.answers().iter().filter_map(|record| text(&record.data)).collect())
    }
}

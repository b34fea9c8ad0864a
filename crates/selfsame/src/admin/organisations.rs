//! Organisations: their members.

use super::{Admin, Answer, Refusal, Try, Who};
use crate::domains::DomainLine;
use linking::{Membership, decide_membership};
use model::{Actor, OrganisationId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One operation about organisations.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum OrganisationOperation {
    /// Those of the configuration.
    List {},
    /// Looks the domains up now: of one, or of all.
    Check {
        organisation: Option<OrganisationId>,
    },
    Members {
        organisation: OrganisationId,
        after: Option<UserId>,
        limit: u32,
    },
    /// Makes a user a member, or ends that; with `force` even where no way in of their own remains.
    Member {
        organisation: OrganisationId,
        user: Who,
        member: bool,
        force: bool,
    },
}

impl Admin {
    pub(super) async fn organisation(&self, operation: &OrganisationOperation, actor: &Actor) -> Answer {
        match operation {
            OrganisationOperation::List {} => Ok(self.organisations()),
            OrganisationOperation::Check { organisation } => {
                if let Some(organisation) = organisation {
                    self.known(organisation)?;
                }
                Ok(lines(&self.domains.check(organisation.as_ref()).await?))
            }
            OrganisationOperation::Members { organisation, after, limit } => {
                self.known(organisation)?;
                let members = self.store().members(organisation, *after, *limit).await?;
                let line = |member: &store::Member| json!({ "id": member.user, "name": member.name, "since": member.since.to_string() });
                Ok(members.iter().map(line).collect())
            }
            OrganisationOperation::Member { organisation, user, member, force } => {
                self.membership(organisation, user, *member, *force, actor).await
            }
        }
    }

    fn organisations(&self) -> serde_json::Value {
        let policy = self.journeys.policy();
        let connections = |id: &OrganisationId| {
            let of = |(_, rules): &(&_, &model::ConnectionPolicy)| rules.organisation.as_ref() == Some(id);
            policy.connections.iter().filter(of).map(|(id, _)| id.to_string()).collect::<Vec<_>>()
        };
        let line = |(id, rules): (&OrganisationId, &model::OrganisationPolicy)| {
            json!({
                "id": id, "connections": connections(id), "forced_connection": rules.forced_connection,
                "required_level": rules.required_level,
                "domains": lines(&self.domains.lines(Some(id))),
                "method_selection": policy.selection_of(Some(id)).method_selection,
            })
        };
        policy.organisations.iter().map(line).collect()
    }

    /// Nobody becomes a member of what is not configured; whoever is one of what was may be let go.
    fn known(&self, organisation: &OrganisationId) -> Result<(), Refusal> {
        if self.journeys.policy().organisations.contains_key(organisation) {
            return Ok(());
        }
        let message = "no such organisation; `selfsame organisation list` shows those of the configuration";
        Err(Refusal::new("organisation_not_found", message))
    }

    async fn membership(
        &self,
        organisation: &OrganisationId,
        user: &Who,
        member: bool,
        force: bool,
        actor: &Actor,
    ) -> Answer {
        if member {
            self.known(organisation)?;
        }
        self.change(user, |facts, id| {
            let decision = decide_membership(&self.context(actor), facts, id, organisation, member, force);
            let answer =
                |changed| json!({ "user": id, "organisation": organisation, "member": member, "changed": changed });
            match decision.outcome {
                Membership::Changed => Try::Apply(decision.plan, answer(true)),
                Membership::Nothing => Try::Answer(Ok(answer(false))),
                Membership::NotFound => Try::Answer(Err(Refusal::not_found())),
                Membership::LastMethod => Try::Answer(Err(Refusal::new(
                    "last_method",
                    "the organisation's links are this user's only way in; help them to another first, or repeat with \
                     --force",
                ))),
            }
        })
        .await
    }
}

fn lines(domains: &[DomainLine]) -> serde_json::Value {
    let line = |one: &DomainLine| {
        json!({
            "domain": one.domain, "organisation": one.organisation, "proven": one.proven, "record": one.record,
            "text": one.token, "seen_at": one.seen_at, "checked_at": one.checked_at, "problem": one.problem,
        })
    };
    domains.iter().map(line).collect()
}

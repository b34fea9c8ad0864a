//! `organisation`: tenants and their members.

use crate::admin::{Operation, OrganisationOperation, Who};
use clap::Subcommand;
use model::{OrganisationId, UserId};

#[derive(Debug, Subcommand)]
pub(super) enum Organisation {
    /// Those of the configuration, with their connections.
    List,
    /// Look domains up now. Each shows whose it is by the text that `list` names.
    Check {
        #[arg(value_parser = organisation)]
        organisation: Option<OrganisationId>,
    },
    /// Members of one.
    Members {
        #[arg(value_parser = organisation)]
        organisation: OrganisationId,
        /// Continue after this user.
        #[arg(long)]
        after: Option<UserId>,
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Make a user a member: id or address.
    AddMember {
        #[arg(value_parser = organisation)]
        organisation: OrganisationId,
        user: Who,
    },
    /// End a membership, and with it the links through the organisation's connections.
    RemoveMember {
        #[arg(value_parser = organisation)]
        organisation: OrganisationId,
        user: Who,
        /// Even where no other way in remains.
        #[arg(long)]
        force: bool,
    },
}

fn organisation(text: &str) -> Result<OrganisationId, String> {
    OrganisationId::parse(text).ok_or_else(|| "an organisation's name is 1 to 32 of a–z, 0–9 and -".to_owned())
}

pub(super) fn operation(command: &Organisation) -> Operation {
    Operation::Organisation(match command {
        Organisation::List => OrganisationOperation::List {},
        Organisation::Check { organisation } => OrganisationOperation::Check { organisation: organisation.clone() },
        Organisation::Members { organisation, after, limit } => {
            OrganisationOperation::Members { organisation: organisation.clone(), after: *after, limit: *limit }
        }
        Organisation::AddMember { organisation, user } => OrganisationOperation::Member {
            organisation: organisation.clone(),
            user: user.clone(),
            member: true,
            force: false,
        },
        Organisation::RemoveMember { organisation, user, force } => OrganisationOperation::Member {
            organisation: organisation.clone(),
            user: user.clone(),
            member: false,
            force: *force,
        },
    })
}

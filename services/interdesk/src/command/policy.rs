//! `interdesk policy`: how a workspace works, by versions.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{QueueId, ScheduleId, TenantId};
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::policy::{
    self, Activate, PolicyOutcome, PolicyWish, RollBack, Save, Target, diff, outward, words,
};
use interdesk_node::config::Config;
use interdesk_store::policies::{self, Policy, Version};
use interdesk_store::provision as rows;
use std::path::PathBuf;
use uuid::Uuid;

/// What to do with policies.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List the policies of a workspace.
    List {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
    },
    /// Print what a version says, the one in force unless told.
    Show {
        #[command(flatten)]
        which: Which,
        /// Which version.
        #[arg(long)]
        version: Option<i32>,
    },
    /// Print what is different between two versions.
    Diff {
        #[command(flatten)]
        which: Which,
        /// The version before.
        from: i32,
        /// The version after.
        to: i32,
    },
    /// Save what a file says as a new version.
    Save {
        #[command(flatten)]
        which: Which,
        /// The file, as JSON.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        note: String,
        /// What people call the policy.
        #[arg(long)]
        name: Option<String>,
        /// Put it in force too.
        #[arg(long)]
        activate: bool,
    },
    /// Put a version in force.
    Activate {
        #[command(flatten)]
        which: Which,
        /// Which version.
        version: i32,
        /// From when on, instead of now.
        #[arg(long)]
        from: Option<DateTime<Utc>>,
    },
    /// Go back to what an older version says.
    Rollback {
        #[command(flatten)]
        which: Which,
        /// Which version.
        version: i32,
        /// Why.
        #[arg(long)]
        note: Option<String>,
    },
}

/// Which policy is meant.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// The workspace's short name.
    #[arg(long)]
    workspace: String,
    /// What it decides: schedule, queue, rules, order, sla or absence.
    #[arg(long, value_parser = kind)]
    kind: PolicyKind,
    /// The id of the queue or schedule that it is about, or what the policy is called.
    #[arg(long)]
    subject: Option<String>,
}

fn kind(text: &str) -> Result<PolicyKind, String> {
    PolicyKind::parse(text)
        .ok_or_else(|| "use schedule, queue, rules, order, sla or absence".to_owned())
}

/// Does it.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = carry_out(&foundation, command).await;
    foundation.close().await;
    done
}

async fn carry_out(foundation: &Foundation, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { workspace } => list(foundation, &workspace).await,
        Command::Show { which, version } => {
            let found = version_of(foundation, &which, version).await?;
            say!("{}", serde_json::to_string_pretty(&outward(&found.body))?);
            Ok(())
        }
        Command::Diff { which, from, to } => {
            let before = version_of(foundation, &which, Some(from)).await?;
            let after = version_of(foundation, &which, Some(to)).await?;
            let lines = words(&diff(&outward(&before.body), &outward(&after.body)));
            match lines.is_empty() {
                true => say!("nothing is different"),
                false => say!("{}", lines.join("\n")),
            }
            Ok(())
        }
        Command::Save {
            which,
            file,
            note,
            name,
            activate,
        } => {
            let text =
                std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let body = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
            let save = |target| {
                PolicyWish::Save(Save {
                    target,
                    name,
                    body,
                    note,
                    activate,
                    from: None,
                })
            };
            wish(foundation, &which, save).await
        }
        Command::Activate {
            which,
            version,
            from,
        } => {
            let activate = |target| {
                PolicyWish::Activate(Activate {
                    target,
                    version,
                    from,
                })
            };
            wish(foundation, &which, activate).await
        }
        Command::Rollback {
            which,
            version,
            note,
        } => {
            let back = |target| {
                PolicyWish::RollBack(RollBack {
                    target,
                    to: version,
                    note,
                })
            };
            wish(foundation, &which, back).await
        }
    }
}

async fn list(foundation: &Foundation, workspace: &str) -> anyhow::Result<()> {
    let desk = &foundation.desk;
    let scope = TenantScope::new(find(foundation, workspace).await?);
    let transaction = desk.database.begin(scope).await?;
    let all = policies::list(&transaction, scope).await?;
    transaction.commit().await?;
    for policy in all {
        let active = policy
            .version
            .map_or("none".to_owned(), |it| it.to_string());
        let (kind, subject) = (policy.kind.as_str(), subject(&policy));
        let staged = match (policy.staged_version, policy.staged_permille) {
            (Some(version), Some(share)) => format!(", {version} for {share} of 1000"),
            _ => String::new(),
        };
        let (name, latest) = (&policy.name, policy.latest);
        say!("{kind:<9} {subject}  {name}: active {active}, newest {latest}{staged}");
    }
    Ok(())
}

fn subject(policy: &Policy) -> String {
    match policy.kind {
        PolicyKind::Schedule => ScheduleId(policy.id).to_string(),
        PolicyKind::Queue => QueueId(policy.id).to_string(),
        _ => TenantId(policy.id).to_string(),
    }
}

/// Finds the workspace of a short name.
async fn find(foundation: &Foundation, workspace: &str) -> anyhow::Result<TenantId> {
    let system = foundation.desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    Ok(tenant.id)
}

/// Finds what the policy that is meant is about; a schedule that is not there yet is `None`.
async fn about(
    foundation: &Foundation,
    tenant: TenantId,
    which: &Which,
) -> anyhow::Result<Option<Uuid>> {
    if which.kind.is_of_tenant() {
        return Ok(Some(tenant.0));
    }
    let Some(wanted) = &which.subject else {
        return Ok(None);
    };
    let by_id = match which.kind {
        PolicyKind::Schedule => wanted.parse::<ScheduleId>().ok().map(Uuid::from),
        _ => wanted.parse::<QueueId>().ok().map(Uuid::from),
    };
    if by_id.is_some() {
        return Ok(by_id);
    }
    let scope = TenantScope::new(tenant);
    let transaction = foundation.desk.database.begin(scope).await?;
    let all = policies::list(&transaction, scope).await?;
    transaction.commit().await?;
    let mut named = all
        .into_iter()
        .filter(|policy| policy.kind == which.kind && policy.name == *wanted);
    match (named.next(), named.next()) {
        (Some(policy), None) => Ok(Some(policy.id)),
        (None, _) => bail!("no policy is called {wanted:?}; name the id of what it is about"),
        _ => bail!("several policies are called {wanted:?}; name the id of what it is about"),
    }
}

async fn version_of(
    foundation: &Foundation,
    which: &Which,
    version: Option<i32>,
) -> anyhow::Result<Version> {
    let desk = &foundation.desk;
    let tenant = find(foundation, &which.workspace).await?;
    let id = about(foundation, tenant, which).await?;
    let id = id.context("name what the policy is about with --subject")?;
    let scope = TenantScope::new(tenant);
    let transaction = desk.database.begin(scope).await?;
    let version = match version {
        Some(version) => Some(version),
        None => policies::active(&transaction, scope, which.kind, id, desk.now())
            .await?
            .map(|active| active.version),
    };
    let version = version.context("no version is in force; name one with --version")?;
    let found = policies::version(&transaction, scope, which.kind, id, version).await?;
    transaction.commit().await?;
    found.with_context(|| format!("there is no version {version}"))
}

async fn wish(
    foundation: &Foundation,
    which: &Which,
    make: impl FnOnce(Target) -> PolicyWish,
) -> anyhow::Result<()> {
    let tenant = find(foundation, &which.workspace).await?;
    let target = Target {
        kind: which.kind,
        subject: about(foundation, tenant, which).await?,
        expected: None,
    };
    let wish = make(target);
    match policy::change_as_operator(&foundation.desk, tenant, &wish).await? {
        PolicyOutcome::Changed {
            version: Some(version),
            ..
        } => {
            say!("version {version}");
            Ok(())
        }
        PolicyOutcome::Changed { .. } | PolicyOutcome::Unchanged { .. } => Ok(()),
        refused => bail!("{}", refused.words()),
    }
}

//! `interdesk tenant`: the workspaces of the installation, for whoever runs it.
//!
//! It works over a connection of its own, in a role that the running desk cannot become.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use clap::{Args, Subcommand};
use interdesk_flow::terms::{self, NewTenant};
use interdesk_node::config::Config;
use interdesk_store::Operator;
use interdesk_store::terms::{Quotas, Tenant};

/// What to do with them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a workspace with one administrator, and print the token by which they choose a password.
    Create {
        /// The short name that people type at sign-in.
        slug: String,
        /// The name to show.
        #[arg(long)]
        name: String,
        /// The administrator's e-mail address.
        #[arg(long, value_name = "EMAIL")]
        admin: String,
        /// The administrator's name.
        #[arg(long, value_name = "NAME", default_value = "Administrator")]
        admin_name: String,
        #[command(flatten)]
        quotas: Wanted,
    },
    /// List all workspaces with what they use and may use.
    List,
    /// Keep everybody of a workspace out; what its customers write is kept.
    Suspend {
        /// The workspace's short name.
        slug: String,
        /// Why, for other operators.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Let them in again.
    Resume {
        /// The workspace's short name.
        slug: String,
    },
    /// Say how much a workspace may use: a number, 0 for any number, or `default`.
    Quota {
        /// The workspace's short name.
        slug: String,
        #[command(flatten)]
        quotas: Wanted,
    },
}

/// Quotas as they are typed; what is left out stays.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Agents who may sign in.
    #[arg(long, value_name = "NUMBER")]
    agents: Option<Bound>,
    /// Messages that agents send in a day.
    #[arg(long, value_name = "NUMBER")]
    messages_per_day: Option<Bound>,
    /// Bytes of files before agents may upload no more.
    #[arg(long, value_name = "BYTES")]
    storage_bytes: Option<Bound>,
    /// Points of the API in a minute.
    #[arg(long, value_name = "POINTS")]
    points_per_minute: Option<Bound>,
}

/// A number, or what the settings say.
#[derive(Debug, Clone, Copy)]
struct Bound(Option<i64>);

impl std::str::FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self(None));
        }
        let number: Option<i64> = text.parse().ok().filter(|number| *number >= 0);
        let number = number.ok_or("give a number, 0 for any number, or `default`")?;
        Ok(Self(Some(number)))
    }
}

impl Wanted {
    fn over(&self, before: Quotas) -> Quotas {
        let small = |wanted: Option<Bound>, before: Option<i32>| match wanted {
            None => before,
            Some(Bound(number)) => number.map(|number| i32::try_from(number).unwrap_or(i32::MAX)),
        };
        Quotas {
            agents: small(self.agents, before.agents),
            messages_per_day: small(self.messages_per_day, before.messages_per_day),
            storage_bytes: self.storage_bytes.map_or(before.storage_bytes, |it| it.0),
            points_per_minute: small(self.points_per_minute, before.points_per_minute),
        }
    }
}

/// Runs it.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = with_operator(&foundation, command).await;
    foundation.close().await;
    done
}

async fn with_operator(foundation: &Foundation, command: Command) -> anyhow::Result<()> {
    let (desk, operator) = (&foundation.desk, foundation.operator()?);
    match command {
        Command::Create {
            slug,
            name,
            admin,
            admin_name,
            quotas,
        } => {
            let new = NewTenant {
                slug,
                name,
                email: admin,
                admin: admin_name,
                quotas: quotas.over(Quotas::default()),
            };
            let created = terms::create(desk, &operator, &new).await?;
            say!("workspace {} ({})", new.slug, created.tenant);
            say!("administrator {} ({})", new.email, created.admin);
            let until = created.expires_at.format("%Y-%m-%d %H:%M");
            say!("token for passwordReset, good once until {until} UTC:");
            say!("{}", created.token.expose());
        }
        Command::List => list(foundation, &operator).await?,
        Command::Suspend { slug, reason } => {
            let changed = terms::suspend(desk, &operator, &slug, Some(&reason)).await?;
            tell(&slug, changed, "is suspended");
        }
        Command::Resume { slug } => {
            let changed = terms::suspend(desk, &operator, &slug, None).await?;
            tell(&slug, changed, "is not suspended");
        }
        Command::Quota { slug, quotas } => {
            let changed =
                terms::set_quotas(desk, &operator, &slug, |before| quotas.over(before)).await?;
            tell(&slug, changed, "has these quotas");
        }
    }
    Ok(())
}

fn tell(slug: &str, changed: bool, what: &str) {
    match changed {
        true => say!("{slug} {what}"),
        false => say!("{slug} {what} already"),
    }
}

async fn list(foundation: &Foundation, operator: &Operator) -> anyhow::Result<()> {
    let defaults = &foundation.desk.settings.quotas;
    for tenant in terms::list(operator).await? {
        let state = match tenant.suspended_at {
            None => "active".to_owned(),
            Some(at) => format!("suspended since {}", at.format("%Y-%m-%d %H:%M")),
        };
        let Tenant {
            slug,
            has_agents,
            has_inboxes,
            has_bytes,
            reason,
            ..
        } = &tenant;
        let may = |own: Option<i64>, default: u64| match own.unwrap_or(default as i64) {
            0 => "any".to_owned(),
            number => number.to_string(),
        };
        say!(
            "{slug}  {state}  agents {has_agents}/{}  inboxes {has_inboxes}  messages/day {}  \
             bytes {has_bytes}/{}  points/minute {}{}{reason}",
            may(tenant.agents.map(i64::from), defaults.agents.into()),
            may(
                tenant.messages_per_day.map(i64::from),
                defaults.messages_per_day.into()
            ),
            may(tenant.storage_bytes, defaults.storage_bytes),
            may(
                tenant.points_per_minute.map(i64::from),
                defaults.points_per_minute.into()
            ),
            if reason.is_empty() { "" } else { "  " },
        );
    }
    Ok(())
}

impl Foundation {
    /// Opens the operator's own connection.
    fn operator(&self) -> anyhow::Result<Operator> {
        let url = self.operator_url().context(
            "set OPERATOR_DATABASE_URL to the database, as a login that may become interdesk_operator",
        )?;
        Ok(Operator::new(&url, &interdesk_store::Limits::default())?)
    }
}

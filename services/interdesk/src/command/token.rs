//! `interdesk token`: prints an access token for an agent.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use interdesk_domain::scope::TenantScope;
use interdesk_node::config::Config;
use interdesk_node::token::{self, Bearer, Token};
use interdesk_store::provision as rows;

/// Prints a token that is valid for `auth.access_token_seconds`.
pub(crate) async fn run(config: Config, workspace: &str, email: &str) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let issued = issue(&foundation, workspace, email).await;
    foundation.close().await;
    say!("{}", issued?.text);
    Ok(())
}

async fn issue(foundation: &Foundation, workspace: &str, email: &str) -> anyhow::Result<Token> {
    let desk = &foundation.desk;
    let system = desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    let scope = TenantScope::new(tenant.id);
    let transaction = desk.database.begin(scope).await?;
    let agent = rows::find_agent(&transaction, scope, &email.to_lowercase()).await?;
    transaction.commit().await?;
    let agent = agent.with_context(|| format!("workspace {workspace:?} has no agent {email:?}"))?;
    let (issuer, _) = token::from_vault(&foundation.vault, &foundation.config.auth)?;
    let bearer = Bearer {
        subject: agent.id.to_string(),
        tenant: tenant.id.to_string(),
        session: None,
    };
    Ok(issuer.issue(desk.clock.as_ref(), &bearer)?)
}

//! Whoever runs the installation: tenants are added, kept out, and told how much they may use.
//!
//! A tenant that is suspended goes on to receive: webhooks and mails of its customers are stored and
//! wait, so that nothing is lost. Nobody of it gets in, by a sign-in, a token or a key.

use crate::credential::{self, RESET};
use crate::{Desk, Error, Events, tenant};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, TenantId};
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::provision::{self as rows, NewAgent};
use interdesk_store::resets::{self, NewReset};
use interdesk_store::terms::{self, Quotas, Tenant};
use interdesk_store::{Conn, Operator, outbox};

/// How long a new tenant's administrator may take to choose a password.
const FIRST_PASSWORD: Duration = Duration::days(7);

/// A tenant to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The short name that people type at sign-in.
    pub slug: String,
    /// The name to show.
    pub name: String,
    /// The first administrator's name at sign-in.
    pub email: String,
    /// The name that their colleagues will see.
    pub admin: String,
    /// How much it may use.
    pub quotas: Quotas,
}

/// A tenant that was added.
#[derive(Debug, Clone)]
pub struct Created {
    /// Which.
    pub tenant: TenantId,
    /// Its first administrator.
    pub admin: AgentId,
    /// The token by which they choose a password.
    pub token: Secret<String>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Why a tenant cannot be added or changed.
#[derive(Debug, thiserror::Error)]
pub enum TermsError {
    /// There is none of that name.
    #[error("there is no workspace {0:?}; see: interdesk tenant list")]
    Unknown(String),
    /// There is one of that name.
    #[error("workspace {0:?} exists already; choose another slug")]
    Exists(String),
    /// A short name cannot be so.
    #[error("{0:?} is no slug; use up to 63 of a-z, 0-9 and -, beginning with a letter or digit")]
    Slug(String),
    /// An address cannot be so.
    #[error("{0:?} is no address; give one of the form name@example.org")]
    Email(String),
    /// A name cannot be so.
    #[error("a name is missing or longer than 200 characters")]
    Name,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    /// Something failed.
    #[error(transparent)]
    Flow(#[from] Error),
}

/// Adds a tenant with one administrator, who has no password yet.
pub async fn create(
    desk: &Desk,
    operator: &Operator,
    new: &NewTenant,
) -> Result<Created, TermsError> {
    let email = check(new)?;
    let scope = TenantScope::new(desk.id());
    let (now, admin): (_, AgentId) = (desk.now(), desk.id());
    let expires_at = now + FIRST_PASSWORD;
    let drawn = credential::draw(RESET, scope.tenant())?;
    let transaction = operator.begin().await?;
    if terms::find(&transaction, &new.slug).await?.is_some() {
        transaction.rollback().await?;
        return Err(TermsError::Exists(new.slug.clone()));
    }
    rows::insert_tenant(&transaction, scope, &new.slug, new.name.trim(), 1, now).await?;
    terms::set(&transaction, scope.tenant(), &new.quotas, (None, ""), now).await?;
    let agent = NewAgent {
        id: admin,
        email: &email,
        name: new.admin.trim(),
        role: Role::Admin,
        password_hash: None,
        capacity: 3,
    };
    rows::insert_agent(&transaction, scope, &agent, now).await?;
    let reset = NewReset {
        id: desk.clock.new_uuid(),
        agent: admin,
        digest: Some(&drawn.digest),
        asked_at: now,
        expires_at,
    };
    resets::insert(&transaction, scope, &reset).await?;
    let told = [
        (
            AggregateKind::Tenant,
            scope.tenant().0,
            Event::TenantCreated {},
        ),
        (
            AggregateKind::Agent,
            admin.0,
            Event::AgentAdded { agent: admin },
        ),
    ];
    for (kind, id, event) in told {
        tell(desk, &transaction, scope, ((kind, id), 0), event).await?;
    }
    transaction.commit().await?;
    Ok(Created {
        tenant: scope.tenant(),
        admin,
        token: drawn.text,
        expires_at,
    })
}

fn check(new: &NewTenant) -> Result<String, TermsError> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let slug = new.slug.as_bytes();
    let begins = slug.first().is_some_and(|byte| is_letter(*byte));
    if !begins || slug.len() > 63 || !slug.iter().all(|byte| is_letter(*byte) || *byte == b'-') {
        return Err(TermsError::Slug(new.slug.clone()));
    }
    let email = new.email.trim().to_lowercase();
    let is_address = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !is_address
        || email.len() > 254
        || email.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Err(TermsError::Email(new.email.clone()));
    }
    for name in [&new.name, &new.admin] {
        let length = name.trim().chars().count();
        if length == 0 || length > 200 || name.contains('\0') {
            return Err(TermsError::Name);
        }
    }
    Ok(email)
}

/// Lists all tenants.
pub async fn list(operator: &Operator) -> Result<Vec<Tenant>, TermsError> {
    let transaction = operator.begin().await?;
    let found = terms::list(&transaction).await?;
    transaction.commit().await?;
    Ok(found)
}

/// Keeps everybody of a tenant out, for a reason; or lets them in again, without one. Returns whether
/// it was otherwise before.
pub async fn suspend(
    desk: &Desk,
    operator: &Operator,
    slug: &str,
    reason: Option<&str>,
) -> Result<bool, TermsError> {
    let now = desk.now();
    change(desk, operator, slug, |tenant| {
        let suspended_at = reason.map(|_| tenant.suspended_at.unwrap_or(now));
        (
            tenant.quotas(),
            suspended_at,
            reason.unwrap_or_default().to_owned(),
        )
    })
    .await
}

/// Says how much a tenant may use. Returns whether it was otherwise before.
pub async fn set_quotas(
    desk: &Desk,
    operator: &Operator,
    slug: &str,
    after: impl FnOnce(Quotas) -> Quotas,
) -> Result<bool, TermsError> {
    change(desk, operator, slug, |tenant| {
        (
            after(tenant.quotas()),
            tenant.suspended_at,
            tenant.reason.clone(),
        )
    })
    .await
}

async fn change(
    desk: &Desk,
    operator: &Operator,
    slug: &str,
    after: impl FnOnce(&Tenant) -> (Quotas, Option<DateTime<Utc>>, String),
) -> Result<bool, TermsError> {
    let transaction = operator.begin().await?;
    let Some(tenant) = terms::find(&transaction, slug).await? else {
        transaction.rollback().await?;
        return Err(TermsError::Unknown(slug.to_owned()));
    };
    let (quotas, suspended_at, reason) = after(&tenant);
    let before = (tenant.quotas(), tenant.suspended_at, tenant.reason);
    if before == (quotas, suspended_at, reason.clone()) {
        transaction.rollback().await?;
        return Ok(false);
    }
    let (scope, now) = (TenantScope::new(tenant.id), desk.now());
    terms::set(
        &transaction,
        tenant.id,
        &quotas,
        (suspended_at, &reason),
        now,
    )
    .await?;
    let version = rows::next_tenant_version(&transaction, scope).await?;
    let event = Event::TenantTermsChanged {
        suspended: suspended_at.is_some(),
    };
    let aggregate = (AggregateKind::Tenant, tenant.id.0);
    tell(desk, &transaction, scope, (aggregate, version - 1), event).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn tell(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (aggregate, version): ((AggregateKind, uuid::Uuid), i64),
    event: Event,
) -> Result<(), Error> {
    let context = tenant::operator();
    let mut events = Events::of(desk, scope, aggregate, version, &context);
    events.push(event);
    Ok(outbox::append(conn, events.list()).await?)
}

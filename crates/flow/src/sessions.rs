//! Who is signed in where.
//!
//! A session begins with a password and goes on by refresh tokens, each of which is good once. One
//! that comes a second time was stolen, from the client or by it: nobody can tell which, so the
//! session ends for both. An access token names its session and is refused as soon as that ended.

use crate::credential::{self, REFRESH};
use crate::oidc::ProviderSettings;
use crate::{Context, Desk, Error, Events, conflict, provision, sign_in};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, SessionId, TenantId};
use interdesk_domain::permission::{Permission, SessionEnd, Viewer};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::sessions::{self, Session};
use interdesk_store::{Conn, agents, outbox, roles, setup, terms};

/// For how long a second use of a used token is seen; afterwards it is refused like any other.
const REMEMBERED: Duration = Duration::days(7);
/// The longest name of a device, in characters.
const LONGEST_DEVICE: usize = 200;

/// Numbers about signing in that an installation may change.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// After how many wrong passwords in a row nobody signs in as somebody for a while.
    pub lock_after: i32,
    /// How long that while is.
    pub lock_for: Duration,
    /// For how long an unused session can be gone on with.
    pub session_for: Duration,
    /// How long a leave to choose a password anew is good.
    pub reset_for: Duration,
    /// The page where one is chosen; the token follows behind `#token=`.
    pub reset_url: Option<String>,
    /// What is said about signing in at a provider.
    pub providers: ProviderSettings,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            lock_after: 10,
            lock_for: Duration::minutes(15),
            session_for: Duration::days(30),
            reset_for: Duration::hours(1),
            reset_url: None,
            providers: ProviderSettings::default(),
        }
    }
}

/// A session with what keeps it going.
#[derive(Debug, Clone)]
pub struct Going {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who is signed in.
    pub agent: AgentId,
    /// Which session.
    pub session: SessionId,
    /// The token that is good once, for the next access token.
    pub refresh: Secret<String>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Begins a session of a locked agent.
pub(crate) async fn begin(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    device: &str,
) -> Result<Going, Error> {
    if terms::is_suspended(conn, scope).await? {
        return Err(Error::Suspended);
    }
    let now = desk.now();
    let session = Session {
        id: desk.id(),
        device: device
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_DEVICE)
            .collect(),
        created_at: now,
        seen_at: now,
        expires_at: now + desk.settings.sign_in.session_for,
    };
    sessions::insert(conn, scope, agent, &session).await?;
    let drawn = credential::draw(REFRESH, scope.tenant())?;
    let times = (now, now - REMEMBERED);
    sessions::rotate(conn, scope, session.id, &drawn.digest, times).await?;
    Ok(Going {
        tenant: scope.tenant(),
        agent,
        session: session.id,
        refresh: drawn.text,
        expires_at: session.expires_at,
    })
}

/// Goes on with a session by its refresh token, which is used up; `None` where it is good no more.
pub async fn refresh(
    desk: &Desk,
    token: &Secret<String>,
    trace: Option<String>,
) -> Result<Option<Going>, Error> {
    let Some(presented) = credential::read(REFRESH, token.expose()) else {
        return Ok(None);
    };
    let scope = TenantScope::new(presented.tenant);
    conflict::retry(|| use_up(desk, scope, &presented.digest, trace.clone())).await
}

async fn use_up(
    desk: &Desk,
    scope: TenantScope,
    digest: &[u8],
    trace: Option<String>,
) -> Result<Option<Going>, Error> {
    let now = desk.now();
    let transaction = desk.database.begin(scope).await?;
    let held = sessions::lock_by_token(&transaction, scope, digest, now).await?;
    let Some(held) = held.filter(|held| held.is_live) else {
        transaction.rollback().await?;
        return Ok(None);
    };
    if terms::is_suspended(&transaction, scope).await? {
        return Err(Error::Suspended);
    }
    if held.used_at.is_some() {
        let context = Context::system(trace, None);
        let own = [held.id];
        let ended = (false, own.as_slice(), SessionEnd::Reused);
        end(desk, &transaction, scope, held.agent_id, ended, &context).await?;
        transaction.commit().await?;
        desk.committed.notify_one();
        tracing::warn!(tenant.id = %scope.tenant(), session.id = %held.id, "a refresh token came twice, its session ended");
        return Ok(None);
    }
    let drawn = credential::draw(REFRESH, scope.tenant())?;
    let expires_at = now + desk.settings.sign_in.session_for;
    let times = (now, now - REMEMBERED);
    sessions::rotate(&transaction, scope, held.id, &drawn.digest, times).await?;
    sessions::renew(&transaction, scope, held.id, (now, expires_at)).await?;
    transaction.commit().await?;
    Ok(Some(Going {
        tenant: scope.tenant(),
        agent: held.agent_id,
        session: held.id,
        refresh: drawn.text,
        expires_at,
    }))
}

/// Whose sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One of one's own.
    Own(SessionId),
    /// All of somebody, and tokens without a session.
    AllOf(AgentId),
}

/// What became of ending sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOutcome {
    /// So many ended.
    Ended(usize),
    /// There is no such agent or session.
    NotFound,
    /// Somebody else's, and the role does not allow it.
    NotAllowed,
}

/// Ends sessions, as somebody wishes.
pub async fn sign_out(
    desk: &Desk,
    viewer: &Viewer,
    whose: Whose,
    context: &Context,
) -> Result<EndOutcome, Error> {
    conflict::retry(|| attempt(desk, viewer, whose, context)).await
}

async fn attempt(
    desk: &Desk,
    viewer: &Viewer,
    whose: Whose,
    context: &Context,
) -> Result<EndOutcome, Error> {
    let scope = viewer.scope();
    let transaction = desk.database.begin(scope).await?;
    let (agent, sessions) = match whose {
        Whose::Own(session) => (viewer.agent, vec![session]),
        Whose::AllOf(agent) => (agent, Vec::new()),
    };
    if agent != viewer.agent {
        let held = roles::find_of(&transaction, scope, agent).await?;
        let refusal = match held {
            None => Some(EndOutcome::NotFound),
            Some((_, _, grants)) => {
                let may = viewer.may(Permission::SessionsManage) && viewer.grants.covers(grants);
                (!may).then_some(EndOutcome::NotAllowed)
            }
        };
        if let Some(refusal) = refusal {
            transaction.rollback().await?;
            return Ok(refusal);
        }
    }
    let (all, reason) = match whose {
        Whose::Own(_) => (false, SessionEnd::SignedOut),
        Whose::AllOf(_) => (true, SessionEnd::Everywhere),
    };
    let ended = (all, sessions.as_slice(), reason);
    let ended = end(desk, &transaction, scope, agent, ended, context).await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(match (all, ended) {
        (false, 0) => EndOutcome::NotFound,
        (_, ended) => EndOutcome::Ended(ended),
    })
}

/// Ends the named sessions of an agent, or all others where `all` is set, and tells it; returns how
/// many went on before.
async fn end(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    (all, named, reason): (bool, &[SessionId], SessionEnd),
    context: &Context,
) -> Result<usize, Error> {
    let Some(locked) = setup::lock_agent(conn, scope, agent).await? else {
        return Ok(0);
    };
    let now = desk.now();
    let ended = sessions::end(conn, scope, agent, (all, named), (reason, now)).await?;
    if all {
        sessions::refuse_before(conn, scope, agent, now).await?;
    }
    if ended.is_empty() && !all {
        return Ok(0);
    }
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, locked.version, context);
    let session = if all { None } else { ended.first().copied() };
    let version = events.push(Event::SessionEnded {
        agent,
        session,
        reason,
    });
    agents::mark_version(conn, scope, agent, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(ended.len())
}

/// What became of another password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// It holds from now on; all other sessions ended.
    Changed,
    /// The one before was given wrongly, or too often so.
    Refused,
    /// It is too short or too long.
    Unfit,
}

/// The shortest password that may be chosen, in characters.
pub const SHORTEST: usize = 12;

/// Changes the viewer's own password; every other session of theirs ends.
pub async fn change_password(
    desk: &Desk,
    viewer: &Viewer,
    (before, after): (&Secret<String>, &Secret<String>),
    kept: Option<SessionId>,
    context: &Context,
) -> Result<PasswordOutcome, Error> {
    if after.expose().chars().count() < SHORTEST {
        return Ok(PasswordOutcome::Unfit);
    }
    let Some(hash) = provision::hash_apart(after).await else {
        return Ok(PasswordOutcome::Unfit);
    };
    let scope = viewer.scope();
    if !sign_in::proves(desk, scope, viewer.agent, before, context).await? {
        return Ok(PasswordOutcome::Refused);
    }
    conflict::retry(|| set_password(desk, viewer, &hash, kept, context)).await
}

async fn set_password(
    desk: &Desk,
    viewer: &Viewer,
    hash: &str,
    kept: Option<SessionId>,
    context: &Context,
) -> Result<PasswordOutcome, Error> {
    let (scope, agent) = (viewer.scope(), viewer.agent);
    let transaction = desk.database.begin(scope).await?;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        return Err(Error::Disabled);
    };
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, locked.version, context);
    let version = events.push(Event::PasswordChanged { agent });
    sessions::set_password(&transaction, scope, agent, hash, version).await?;
    let (kept, now): (Vec<SessionId>, _) = (kept.into_iter().collect(), desk.now());
    let reason = (SessionEnd::PasswordChanged, now);
    sessions::end(&transaction, scope, agent, (true, &kept), reason).await?;
    sessions::refuse_before(&transaction, scope, agent, now).await?;
    outbox::append(&transaction, events.list()).await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(PasswordOutcome::Changed)
}

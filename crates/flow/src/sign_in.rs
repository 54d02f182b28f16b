//! An agent proves who they are with a password, and with a code where they want it so.
//!
//! Whoever guesses learns nothing but that the guess was wrong: unknown workspaces, unknown people,
//! people without a password and wrong passwords get the same answer after the same work.

use crate::second_factor::{self, Checked};
use crate::sessions::{Going, begin};
use crate::{Context, Desk, Error, Events, conflict};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, TenantId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::read::agents::Login;
use interdesk_store::read::{agents as logins, tenants};
use interdesk_store::vault::Vault;
use interdesk_store::{agents, outbox, sessions};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Passwords that are checked at the same time: each takes 19 MiB and a core for a moment.
const AT_ONCE: usize = 2;
/// The longest password that is looked at, in bytes.
const LONGEST: usize = 1_024;
const WINDOW: Duration = Duration::from_secs(60);

/// What somebody says who wants in.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The short name of the tenant.
    pub workspace: String,
    /// The name at sign-in.
    pub email: String,
    /// What proves it.
    pub password: Secret<String>,
    /// The code of their authenticator, or a recovery code.
    pub code: Option<Secret<String>>,
    /// What the device says it is.
    pub device: String,
}

/// What became of the wish.
#[derive(Debug, Clone)]
pub enum SignInOutcome {
    /// They are who they say.
    SignedIn(Going),
    /// The password is right, and a code is asked for too.
    CodeNeeded,
    /// They did not prove it.
    Refused,
    /// Too many tries for this name within a minute.
    Throttled,
}

/// Checks a claim; `per_minute` tries are allowed for one name.
pub async fn sign_in(
    desk: &Desk,
    vault: &Vault,
    claim: &Claim,
    per_minute: u64,
    trace: Option<String>,
) -> Result<SignInOutcome, Error> {
    let workspace = claim.workspace.trim().to_lowercase();
    let email = claim.email.trim().to_lowercase();
    if tries(desk, "sign-in", &workspace, &email).await > per_minute {
        return Ok(SignInOutcome::Throttled);
    }
    let found = find(desk, &workspace, &email).await?;
    let hash = found
        .as_ref()
        .and_then(|(_, login)| login.password_hash.clone());
    let is_right = verify(hash.clone(), claim.password.clone()).await;
    let Some((tenant, login)) = found else {
        return Ok(SignInOutcome::Refused);
    };
    let (scope, agent) = (TenantScope::new(tenant), login.id);
    let proof = beside(desk, vault, (scope, agent), is_right, claim.code.as_ref()).await?;
    match judge(desk, scope, agent, (hash, proof), trace.clone()).await? {
        Proof::Wrong => Ok(SignInOutcome::Refused),
        Proof::Half => Ok(SignInOutcome::CodeNeeded),
        Proof::Whole => {
            let going = enter(desk, scope, agent, &claim.device, trace).await?;
            Ok(going.map_or(SignInOutcome::Refused, SignInOutcome::SignedIn))
        }
    }
}

/// Begins a session of who proved who they are; none where they may not sign in.
pub(crate) async fn enter(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    device: &str,
    trace: Option<String>,
) -> Result<Option<Going>, Error> {
    conflict::retry(|| record(desk, scope, agent, device, trace.clone())).await
}

/// How far somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Not at all.
    Wrong,
    /// The password is right, and the code is missing.
    Half,
    /// Wholly.
    Whole,
}

/// Judges a password and a code together, and counts them where they are wrong.
pub(crate) async fn proof(
    desk: &Desk,
    vault: &Vault,
    (scope, agent): (TenantScope, AgentId),
    (password, code): (&Secret<String>, Option<&Secret<String>>),
    context: &Context,
) -> Result<Proof, Error> {
    let (hash, is_right) = compare(desk, scope, agent, password).await?;
    let proof = beside(desk, vault, (scope, agent), is_right, code).await?;
    judge(desk, scope, agent, (hash, proof), context.trace.clone()).await
}

/// Says what a code adds to a password. Without the right one nobody learns whether a code is asked for.
async fn beside(
    desk: &Desk,
    vault: &Vault,
    (scope, agent): (TenantScope, AgentId),
    is_right: bool,
    code: Option<&Secret<String>>,
) -> Result<Proof, Error> {
    if !is_right {
        return Ok(Proof::Wrong);
    }
    let checked = second_factor::check(desk, vault, scope, agent, code).await?;
    Ok(match checked {
        Checked::Right => Proof::Whole,
        Checked::Missing => Proof::Half,
        Checked::Wrong => Proof::Wrong,
    })
}

/// Tells whether a password is that of an agent, and counts it where it is not.
pub(crate) async fn proves(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    password: &Secret<String>,
    context: &Context,
) -> Result<bool, Error> {
    let (hash, is_right) = compare(desk, scope, agent, password).await?;
    let proof = match is_right {
        true => Proof::Whole,
        false => Proof::Wrong,
    };
    let judged = judge(desk, scope, agent, (hash, proof), context.trace.clone()).await?;
    Ok(judged == Proof::Whole)
}

/// Compares a password with that of an agent, and returns what it was compared with.
async fn compare(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    password: &Secret<String>,
) -> Result<(Option<String>, bool), Error> {
    let transaction = desk.database.begin(scope).await?;
    let found = sessions::lock_tries(&transaction, scope, agent).await?;
    transaction.commit().await?;
    let hash = found.and_then(|found| found.password_hash);
    let is_right = verify(hash.clone(), password.clone()).await;
    Ok((hash, is_right))
}

/// Says whether a proof counts: not while the agent is locked, which looks like a wrong password from
/// outside, so that nobody learns who exists. After too many wrong ones in a row they are locked.
async fn judge(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    (hash, proof): (Option<String>, Proof),
    trace: Option<String>,
) -> Result<Proof, Error> {
    conflict::retry(|| count(desk, scope, agent, (&hash, proof), trace.clone())).await
}

async fn count(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    (hash, proof): (&Option<String>, Proof),
    trace: Option<String>,
) -> Result<Proof, Error> {
    let now = desk.now();
    let transaction = desk.database.begin(scope).await?;
    let Some(tries) = sessions::lock_tries(&transaction, scope, agent).await? else {
        transaction.rollback().await?;
        return Ok(Proof::Wrong);
    };
    let is_locked = tries.locked_until.is_some_and(|until| until > now);
    // A password that was changed while it was compared proves nothing any more.
    let is_stale = tries.password_hash != *hash;
    if is_locked || is_stale {
        transaction.rollback().await?;
        return Ok(Proof::Wrong);
    }
    let failed = match proof {
        Proof::Whole => 0,
        Proof::Half => tries.failed_sign_ins,
        Proof::Wrong if tries.password_hash.is_none() => tries.failed_sign_ins,
        Proof::Wrong => tries.failed_sign_ins + 1,
    };
    if failed == tries.failed_sign_ins {
        transaction.rollback().await?;
        return Ok(proof);
    }
    if failed < desk.settings.sign_in.lock_after {
        sessions::set_tries(&transaction, scope, agent, failed, None).await?;
        transaction.commit().await?;
        return Ok(proof);
    }
    let until = now + desk.settings.sign_in.lock_for;
    sessions::set_tries(&transaction, scope, agent, 0, Some(until)).await?;
    if let Some(locked) = agents::lock(&transaction, scope, agent).await? {
        let aggregate = (AggregateKind::Agent, agent.0);
        let context = Context::system(trace, None);
        let mut events = Events::of(desk, scope, aggregate, locked.version, &context);
        let version = events.push(Event::SignInLocked { agent });
        agents::mark_version(&transaction, scope, agent, version).await?;
        outbox::append(&transaction, events.list()).await?;
    }
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(Proof::Wrong)
}

/// Counts a try of a kind for a name. A cache that does not answer lets people in, rather than nobody.
pub(crate) async fn tries(desk: &Desk, what: &str, workspace: &str, email: &str) -> u64 {
    // The key is a digest, so that neither the cache nor its logs hold addresses.
    let name = Sha256::digest(format!("{workspace}\n{email}").as_bytes());
    let name: String = name[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match desk.cache.hit(&format!("{what}:{name}"), WINDOW).await {
        Ok(count) => count,
        Err(error) => {
            tracing::warn!(error = %error, "a try to sign in could not be counted");
            0
        }
    }
}

pub(crate) async fn find(
    desk: &Desk,
    workspace: &str,
    email: &str,
) -> Result<Option<(TenantId, Login)>, Error> {
    // PostgreSQL refuses NUL in texts, and nobody is called so.
    if workspace.contains('\0') || email.contains('\0') {
        return Ok(None);
    }
    let transaction = desk.database.begin_system().await?;
    let tenant = tenants::find_by_slug(&transaction, workspace).await?;
    transaction.commit().await?;
    let Some(tenant) = tenant else {
        return Ok(None);
    };
    let scope = TenantScope::new(tenant);
    let transaction = desk.database.begin(scope).await?;
    let login = logins::find_login(&transaction, scope, email).await?;
    transaction.commit().await?;
    Ok(login.map(|login| (tenant, login)))
}

/// Compares on a thread of its own; without a hash it works as long and fails.
async fn verify(hash: Option<String>, password: Secret<String>) -> bool {
    static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
    let Ok(_place) = PLACES.acquire().await else {
        return false;
    };
    let compared = tokio::task::spawn_blocking(move || matches(hash.as_deref(), &password));
    compared.await.unwrap_or(false)
}

fn matches(hash: Option<&str>, password: &Secret<String>) -> bool {
    if password.expose().len() > LONGEST {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or_else(|| nobody())) else {
        return false;
    };
    let verified = Argon2::default().verify_password(password.expose().as_bytes(), &parsed);
    hash.is_some() && verified.is_ok()
}

/// Returns the hash that is compared where nobody was found.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let hash = Argon2::default().hash_password_with_salt(b"nobody", b"nobody's own salt");
        hash.map(|hash: argon2::password_hash::phc::PasswordHash| hash.to_string())
            .unwrap_or_default()
    })
}

async fn record(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    device: &str,
    trace: Option<String>,
) -> Result<Option<Going>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let Some(agent) = agents::lock(&transaction, scope, agent).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let aggregate = (AggregateKind::Agent, agent.id.0);
    let context = Context::agent(agent.id, trace);
    let mut events = Events::of(desk, scope, aggregate, agent.version, &context);
    let version = events.push(Event::AgentSignedIn { agent: agent.id });
    agents::mark_presence(&transaction, scope, agent.id, agent.presence, version).await?;
    outbox::append(&transaction, events.list()).await?;
    let going = begin(desk, &transaction, scope, agent.id, device).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(Some(going))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_somebody_matches() {
        let hash = Argon2::default().hash_password_with_salt(b"open sesame", b"0123456789abcdef");
        let hash: argon2::password_hash::phc::PasswordHash = hash.expect("the salt is long enough");
        let hash = hash.to_string();
        let secret = |text: &str| Secret::new(text.to_owned());
        assert!(matches(Some(&hash), &secret("open sesame")));
        assert!(!matches(Some(&hash), &secret("open sesam")));
        assert!(!matches(Some("no hash"), &secret("open sesame")));
        assert!(!matches(None, &secret("nobody")));
        assert!(nobody().starts_with("$argon2id$"));
    }
}

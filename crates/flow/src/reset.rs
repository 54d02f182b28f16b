//! A password is chosen without the one before, by a leave that is good once.
//!
//! The leave is a token that comes by mail, through the mailbox by which the workspace tells its
//! people things, or that somebody at the command line passes on. Whoever asks for a mail learns
//! nothing: it is asked for in the same words whether the account exists or not.

use crate::credential::{self, RESET};
use crate::deliver::Courier;
use crate::{Context, Desk, Error, Events, conflict, notify, provision, sign_in};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::email::notice::Notice;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::SessionEnd;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::resets::{self, NewReset, Unsent};
use interdesk_store::{inboxes, notifications, outbox, sessions, setup, terms};

/// How many leaves of an agent may be good at once.
const MOST: i64 = 3;
/// How many mails are sent at once.
const PAGE: i64 = 50;
/// How long a try may take before another is made.
const LEASE: Duration = Duration::seconds(120);
/// How often a mail is tried before it is given up.
const TRIES: i32 = 5;

/// Asks for a mail with a leave; `false` where this name was asked for too often within a minute.
pub async fn ask(desk: &Desk, workspace: &str, email: &str, most: u64) -> Result<bool, Error> {
    let workspace = workspace.trim().to_lowercase();
    let email = email.trim().to_lowercase();
    if sign_in::tries(desk, "reset", &workspace, &email).await > most {
        return Ok(false);
    }
    let Some((tenant, login)) = sign_in::find(desk, &workspace, &email).await? else {
        return Ok(true);
    };
    // Who signs in by another service gets no password by the back door.
    if login.password_hash.is_none() {
        return Ok(true);
    }
    let (scope, now) = (TenantScope::new(tenant), desk.now());
    let transaction = desk.database.begin(scope).await?;
    let has_enough = resets::count_good(&transaction, scope, login.id, now).await? >= MOST;
    if !has_enough && !terms::is_suspended(&transaction, scope).await? {
        let new = NewReset {
            id: desk.clock.new_uuid(),
            agent: login.id,
            digest: None,
            asked_at: now,
            expires_at: now + desk.settings.sign_in.reset_for,
        };
        resets::insert(&transaction, scope, &new).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Gives a leave to somebody at the command line, who passes it on.
pub async fn give(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
) -> Result<(Secret<String>, DateTime<Utc>), Error> {
    let drawn = credential::draw(RESET, scope.tenant())?;
    let now = desk.now();
    let new = NewReset {
        id: desk.clock.new_uuid(),
        agent,
        digest: Some(&drawn.digest),
        asked_at: now,
        expires_at: now + desk.settings.sign_in.reset_for,
    };
    let transaction = desk.database.begin(scope).await?;
    resets::insert(&transaction, scope, &new).await?;
    transaction.commit().await?;
    Ok((drawn.text, new.expires_at))
}

/// What became of choosing a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// It holds from now on; all sessions ended.
    Changed,
    /// The leave is not good, or not any more.
    Refused,
    /// The password is too short or too long.
    Unfit,
}

/// Chooses a password by a leave, which is used up with all others of the agent.
pub async fn choose(
    desk: &Desk,
    token: &Secret<String>,
    password: &Secret<String>,
    trace: Option<String>,
) -> Result<ResetOutcome, Error> {
    let Some(presented) = credential::read(RESET, token.expose()) else {
        return Ok(ResetOutcome::Refused);
    };
    let scope = TenantScope::new(presented.tenant);
    let transaction = desk.database.begin(scope).await?;
    let found = resets::lock(&transaction, scope, &presented.digest, desk.now()).await?;
    let is_suspended = terms::is_suspended(&transaction, scope).await?;
    transaction.rollback().await?;
    if is_suspended {
        return Err(Error::Suspended);
    }
    // Only who has a leave lets the desk hash.
    if found.is_none() {
        return Ok(ResetOutcome::Refused);
    }
    if password.expose().chars().count() < crate::sessions::SHORTEST {
        return Ok(ResetOutcome::Unfit);
    }
    let Some(hash) = provision::hash_apart(password).await else {
        return Ok(ResetOutcome::Unfit);
    };
    conflict::retry(|| set(desk, scope, &presented.digest, &hash, trace.clone())).await
}

async fn set(
    desk: &Desk,
    scope: TenantScope,
    digest: &[u8],
    hash: &str,
    trace: Option<String>,
) -> Result<ResetOutcome, Error> {
    let now = desk.now();
    let transaction = desk.database.begin(scope).await?;
    let Some(leave) = resets::lock(&transaction, scope, digest, now).await? else {
        transaction.rollback().await?;
        return Ok(ResetOutcome::Refused);
    };
    let agent = leave.agent_id;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        transaction.rollback().await?;
        return Ok(ResetOutcome::Refused);
    };
    let context = Context::agent(agent, trace);
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, locked.version, &context);
    let version = events.push(Event::PasswordChanged { agent });
    sessions::set_password(&transaction, scope, agent, hash, version).await?;
    let reason = (SessionEnd::PasswordChanged, now);
    sessions::end(&transaction, scope, agent, (true, &[]), reason).await?;
    sessions::refuse_before(&transaction, scope, agent, now).await?;
    resets::end_all(&transaction, scope, agent, now).await?;
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(ResetOutcome::Changed)
}

/// Sends the mails that wait, of all tenants, and returns how many tries were made.
pub async fn send(desk: &Desk, courier: &Courier) -> Result<usize, Error> {
    let system = desk.database.begin_system().await?;
    let waiting = resets::list_unsent(&system, desk.now(), PAGE).await?;
    system.commit().await?;
    let count = waiting.len();
    for one in waiting {
        if let Err(error) = send_one(desk, courier, &one).await {
            tracing::warn!(%error, tenant.id = %one.tenant_id, "a mail about a password has to wait");
        }
    }
    Ok(count)
}

async fn send_one(desk: &Desk, courier: &Courier, one: &Unsent) -> Result<(), Error> {
    let (scope, now) = (TenantScope::new(one.tenant_id), desk.now());
    let drawn = credential::draw(RESET, scope.tenant())?;
    let transaction = desk.database.begin(scope).await?;
    let times = (now, now + LEASE);
    let claimed = resets::claim(&transaction, scope, one.id, &drawn.digest, times).await?;
    let Some(claimed) = claimed else {
        resets::settle(&transaction, scope, one.id).await?;
        return Ok(transaction.commit().await?);
    };
    let inbox = match notifications::find_mail_inbox(&transaction, scope).await? {
        Some(inbox) => inboxes::find(&transaction, scope, inbox).await?,
        None => None,
    };
    transaction.commit().await?;
    let text = words(desk, &drawn.text);
    let sent = match &inbox {
        None => Err("the workspace has no mailbox that tells its people things".to_owned()),
        Some(inbox) => {
            let notice = Notice {
                id: one.id,
                to: &claimed.email,
                subject: "Choose a new password",
                text: &text,
                written_at: now,
            };
            let sent = notify::send_notice(desk, courier, inbox, &notice).await;
            sent.map_err(|failed| failed.detail)
        }
    };
    if let Err(detail) = &sent {
        tracing::warn!(tenant.id = %one.tenant_id, detail, "a mail about a password did not leave");
    }
    if sent.is_ok() || inbox.is_none() || claimed.tries >= TRIES {
        let transaction = desk.database.begin(scope).await?;
        resets::settle(&transaction, scope, one.id).await?;
        transaction.commit().await?;
    }
    Ok(())
}

fn words(desk: &Desk, token: &Secret<String>) -> String {
    let settings = &desk.settings.sign_in;
    let minutes = settings.reset_for.num_minutes();
    let way = match &settings.reset_url {
        Some(url) => format!("Choose one here:\n\n{url}#token={}", token.expose()),
        None => format!("Choose one with this token:\n\n{}", token.expose()),
    };
    format!(
        "Somebody asked for a new password for you. {way}\n\nIt is good once, for {minutes} minutes. \
         If it was not you, do nothing: your password stays as it is.\n\nNobody reads answers to this \
         mail.\n"
    )
}

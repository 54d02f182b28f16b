//! A second proof beside the password: the codes of an authenticator (RFC 6238), and codes that are
//! good once for who lost it.
//!
//! Six digits, SHA-1 and 30 seconds are what every authenticator does. A code of the half minute before
//! or after counts too, since clocks differ, and none counts twice (RFC 6238, section 5.2). Guesses are
//! counted like wrong passwords.

use crate::reseal::Resealed;
use crate::sign_in::{self, Proof};
use crate::{Context, Desk, Error, Events, conflict};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::read::related::{self, Wanted};
use interdesk_store::read::tenants;
use interdesk_store::second_factors::{self as store, Factor};
use interdesk_store::vault::Vault;
use interdesk_store::{Conn, agents, outbox, roles, setup};
use sha2::{Digest, Sha256};
use totp_rs::Totp;

/// As long as the digest that codes are made of, as RFC 4226 (section 4, R6) recommends.
const BYTES: usize = 20;
/// How many recovery codes there are.
const CODES: usize = 10;
/// How many letters of five bits each has.
const LETTERS: usize = 16;
/// Letters and digits that nobody mistakes for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A secret that an authenticator takes.
#[derive(Debug, Clone)]
pub struct Begun {
    /// In base32, to be typed.
    pub secret: Secret<String>,
    /// As `otpauth://…`, to be shown as a QR code.
    pub uri: Secret<String>,
}

/// What became of making a secret.
#[derive(Debug, Clone)]
pub enum BeginOutcome {
    /// Here it is; sign-ins ask for codes once one was confirmed.
    Begun(Begun),
    /// The password is another, or was given wrongly too often.
    Refused,
    /// Sign-ins ask for codes already.
    AlreadyOn,
}

/// Makes a secret for the viewer, in place of one that was not confirmed.
pub async fn begin(
    desk: &Desk,
    vault: &Vault,
    viewer: &Viewer,
    password: &Secret<String>,
    context: &Context,
) -> Result<BeginOutcome, Error> {
    let (scope, agent) = (viewer.scope(), viewer.agent);
    if !sign_in::proves(desk, scope, agent, password, context).await? {
        return Ok(BeginOutcome::Refused);
    }
    let mut bytes = [0; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::NoRandomNumbers)?;
    let sealed = vault.seal(&purpose(agent), &bytes);
    let sealed = sealed.map_err(|_| Error::NoRandomNumbers)?;
    let transaction = desk.database.begin(scope).await?;
    let workspace = tenants::find(&transaction, scope).await?;
    let wanted = Wanted {
        agents: vec![agent],
        ..Wanted::default()
    };
    let reader = related::find(&transaction, scope, &wanted).await?.agents;
    let is_begun = store::begin(&transaction, scope, agent, &sealed, desk.now()).await?;
    transaction.commit().await?;
    if !is_begun {
        return Ok(BeginOutcome::AlreadyOn);
    }
    let issuer = workspace.map(|it| it.name).unwrap_or_default();
    let name = reader
        .into_iter()
        .next()
        .map(|it| it.email)
        .unwrap_or_default();
    Ok(BeginOutcome::Begun(shown(agent, &bytes, &issuer, &name)?))
}

fn shown(agent: AgentId, bytes: &[u8], issuer: &str, name: &str) -> Result<Begun, Error> {
    // A colon parts the two in the address, so neither may have one.
    let plain = |text: &str| text.replace(':', " ");
    let totp = totp_rs::Builder::new()
        .with_secret(bytes)
        .with_issuer(Some(plain(issuer)))
        .with_account_name(plain(name))
        .build()
        .map_err(|_| unreadable(agent))?;
    let uri = totp.to_url().map_err(|_| unreadable(agent))?;
    Ok(Begun {
        secret: Secret::new(totp_rs::Secret::from(bytes).to_base32()),
        uri: Secret::new(uri),
    })
}

/// What became of confirming a secret.
#[derive(Debug, Clone)]
pub enum ConfirmOutcome {
    /// Sign-ins ask for codes from now on. Each of these is good once instead, and shown once.
    On(Vec<Secret<String>>),
    /// It is not the code of this moment.
    Refused,
    /// There is no secret that waits for a code.
    NotBegun,
}

/// Confirms the viewer's secret by its first code.
pub async fn confirm(
    desk: &Desk,
    vault: &Vault,
    viewer: &Viewer,
    code: &Secret<String>,
    context: &Context,
) -> Result<ConfirmOutcome, Error> {
    conflict::retry(|| confirm_once(desk, vault, viewer, code, context)).await
}

async fn confirm_once(
    desk: &Desk,
    vault: &Vault,
    viewer: &Viewer,
    code: &Secret<String>,
    context: &Context,
) -> Result<ConfirmOutcome, Error> {
    let (scope, agent) = (viewer.scope(), viewer.agent);
    let transaction = desk.database.begin(scope).await?;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        return Err(Error::Disabled);
    };
    let factor = store::lock(&transaction, scope, agent).await?;
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_none()) else {
        transaction.rollback().await?;
        return Ok(ConfirmOutcome::NotBegun);
    };
    let Some(step) = step_of(desk, vault, agent, &factor, code)? else {
        transaction.rollback().await?;
        return Ok(ConfirmOutcome::Refused);
    };
    let codes = draw_codes()?;
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| digest(agent, code)).collect();
    store::use_step(&transaction, scope, agent, step).await?;
    store::confirm(&transaction, scope, agent, &digests, desk.now()).await?;
    tell(
        desk,
        &transaction,
        scope,
        (agent, locked.version),
        true,
        context,
    )
    .await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(ConfirmOutcome::On(codes))
}

/// What became of going on without codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveOutcome {
    /// Sign-ins ask for none any more.
    Off,
    /// They asked for none.
    NotOn,
    /// Password and code do not prove it, or were given wrongly too often.
    Refused,
    /// There is no such agent.
    NotFound,
    /// Somebody else's, and the role does not allow it.
    NotAllowed,
}

/// What the viewer says to go on without codes.
#[derive(Debug, Clone)]
pub struct Own {
    /// Their password.
    pub password: Secret<String>,
    /// A code of the authenticator, or a recovery code.
    pub code: Secret<String>,
}

/// Takes the viewer's own second proof away.
pub async fn remove_own(
    desk: &Desk,
    vault: &Vault,
    viewer: &Viewer,
    own: &Own,
    context: &Context,
) -> Result<RemoveOutcome, Error> {
    let (scope, agent) = (viewer.scope(), viewer.agent);
    let said = (&own.password, Some(&own.code));
    match sign_in::proof(desk, vault, (scope, agent), said, context).await? {
        Proof::Whole => off(desk, scope, agent, context).await,
        Proof::Half | Proof::Wrong => Ok(RemoveOutcome::Refused),
    }
}

/// Takes the second proof of another agent away who lost it, where they may no more than the viewer.
pub async fn remove(
    desk: &Desk,
    viewer: &Viewer,
    agent: AgentId,
    context: &Context,
) -> Result<RemoveOutcome, Error> {
    let scope = viewer.scope();
    let transaction = desk.database.begin(scope).await?;
    let held = roles::find_of(&transaction, scope, agent).await?;
    transaction.commit().await?;
    let Some((_, _, grants)) = held else {
        return Ok(RemoveOutcome::NotFound);
    };
    // Whoever holds a stolen session may not take away what the owner would stop them by.
    let is_other = agent != viewer.agent;
    if !(is_other && viewer.may(Permission::SessionsManage) && viewer.grants.covers(grants)) {
        return Ok(RemoveOutcome::NotAllowed);
    }
    off(desk, scope, agent, context).await
}

/// Takes an agent's second proof away, for somebody at the command line too.
pub async fn off(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    context: &Context,
) -> Result<RemoveOutcome, Error> {
    conflict::retry(|| off_once(desk, scope, agent, context)).await
}

async fn off_once(
    desk: &Desk,
    scope: TenantScope,
    agent: AgentId,
    context: &Context,
) -> Result<RemoveOutcome, Error> {
    let transaction = desk.database.begin(scope).await?;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        transaction.rollback().await?;
        return Ok(RemoveOutcome::NotFound);
    };
    if !store::remove(&transaction, scope, agent).await? {
        transaction.rollback().await?;
        return Ok(RemoveOutcome::NotOn);
    }
    tell(
        desk,
        &transaction,
        scope,
        (agent, locked.version),
        false,
        context,
    )
    .await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(RemoveOutcome::Off)
}

async fn tell(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (agent, version): (AgentId, i64),
    is_on: bool,
    context: &Context,
) -> Result<(), Error> {
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, version, context);
    let version = events.push(Event::SecondFactorChanged { agent, is_on });
    agents::mark_version(conn, scope, agent, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(())
}

/// What a code says beside the right password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is right, or none is asked for.
    Right,
    /// One is asked for, and there is none.
    Missing,
    /// It is not right.
    Wrong,
}

/// Checks a code and uses it up.
pub(crate) async fn check(
    desk: &Desk,
    vault: &Vault,
    scope: TenantScope,
    agent: AgentId,
    code: Option<&Secret<String>>,
) -> Result<Checked, Error> {
    let transaction = desk.database.begin(scope).await?;
    let factor = store::lock(&transaction, scope, agent).await?;
    let checked = match (factor.filter(|it| it.confirmed_at.is_some()), code) {
        (None, _) => Checked::Right,
        (Some(_), None) => Checked::Missing,
        (Some(factor), Some(code)) => {
            use_up(desk, vault, &transaction, (scope, agent), &factor, code).await?
        }
    };
    transaction.commit().await?;
    Ok(checked)
}

async fn use_up(
    desk: &Desk,
    vault: &Vault,
    conn: &Conn,
    (scope, agent): (TenantScope, AgentId),
    factor: &Factor,
    code: &Secret<String>,
) -> Result<Checked, Error> {
    if let Some(step) = step_of(desk, vault, agent, factor, code)? {
        store::use_step(conn, scope, agent, step).await?;
        return Ok(Checked::Right);
    }
    let digest = digest(agent, code);
    match store::use_code(conn, scope, agent, &digest, desk.now()).await? {
        true => Ok(Checked::Right),
        false => Ok(Checked::Wrong),
    }
}

/// Returns the half minute that a code belongs to, where it may be used now.
fn step_of(
    desk: &Desk,
    vault: &Vault,
    agent: AgentId,
    factor: &Factor,
    code: &Secret<String>,
) -> Result<Option<i64>, Error> {
    let opened = vault.open(&purpose(agent), &factor.secret);
    let opened = opened.map_err(|_| unreadable(agent))?;
    let totp = totp(agent, opened.expose())?;
    // People type what they see, in two groups.
    let digits: String = code.expose().split_whitespace().collect();
    let now = u64::try_from(desk.now().timestamp()).unwrap_or_default();
    let step = totp.check(&digits, now);
    let step = step.and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| *step > factor.last_step))
}

fn totp(agent: AgentId, secret: &[u8]) -> Result<Totp, Error> {
    let built = totp_rs::Builder::new().with_secret(secret).build();
    built.map_err(|_| unreadable(agent))
}

fn draw_codes() -> Result<Vec<Secret<String>>, Error> {
    let mut bytes = [0; CODES * LETTERS];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::NoRandomNumbers)?;
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let code = |part: &[u8]| {
        let groups: Vec<String> = part
            .chunks(4)
            .map(|four| four.iter().map(letter).collect())
            .collect();
        Secret::new(groups.join("-"))
    };
    Ok(bytes.chunks(LETTERS).map(code).collect())
}

fn digest(agent: AgentId, code: &Secret<String>) -> Vec<u8> {
    let letters: String = code
        .expose()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    Sha256::digest(format!("{agent}\n{letters}").as_bytes()).to_vec()
}

fn purpose(agent: AgentId) -> String {
    format!("second factor of {agent}")
}

fn unreadable(agent: AgentId) -> Error {
    Error::Sealed {
        what: purpose(agent),
    }
}

/// Seals the secrets of a tenant's agents anew under the newest key.
pub(crate) async fn reseal(
    desk: &Desk,
    vault: &Vault,
    scope: TenantScope,
    resealed: &mut Resealed,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    for kept in store::lock_all(&transaction, scope).await? {
        let name = purpose(kept.agent_id);
        match vault.reseal(&name, &kept.secret) {
            Ok(None) => resealed.current += 1,
            Ok(Some(anew)) => {
                store::set_secret(&transaction, scope, kept.agent_id, &anew).await?;
                resealed.keys += 1;
            }
            Err(error) => resealed.unreadable.push(format!("{name}: {error}")),
        }
    }
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: the last six of its eight digits.
        let agent = AgentId(uuid::Uuid::nil());
        let totp = totp(agent, b"12345678901234567890").expect("a secret of 160 bits");
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.check(code, at), Some(at / 30), "{code}");
            assert_eq!(totp.check(code, at + 90), None, "{code} is too old");
        }
    }

    #[test]
    fn recovery_codes_are_drawn_apart_and_read_however_they_are_typed() {
        let codes = draw_codes().expect("random numbers");
        let mut texts: Vec<&String> = codes.iter().map(Secret::expose).collect();
        assert!(
            texts
                .iter()
                .all(|text| text.len() == 19 && text.matches('-').count() == 3)
        );
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), CODES);
        let agent = AgentId(uuid::Uuid::nil());
        let typed = Secret::new(codes[0].expose().replace('-', " ").to_uppercase());
        assert_eq!(digest(agent, &typed), digest(agent, &codes[0]));
        assert_ne!(
            digest(AgentId(uuid::Uuid::max()), &typed),
            digest(agent, &typed)
        );
    }
}

//! Signing in at an identity provider: OpenID Connect, authorization code with PKCE.
//!
//! The page asks for a sign-in to be begun and gets an address to send the person to, and a verifier
//! that it keeps. The provider sends the person back to the page with a code, which the page hands in
//! together with the verifier. So a code that somebody else put into the page is worth nothing there
//! (RFC 9700, section 4.5), and neither is one that was read on its way. What the provider
//! says is believed only after its signature, issuer, audience, time and nonce were found right, and only
//! about the one sign-in that was begun at it (OpenID Connect Core, section 3.1.3.7).
//!
//! No call happens inside a transaction: a sign-in is taken out first, and used up whatever comes of it.

mod id_token;
mod person;
mod relying_party;

pub use relying_party::{RelyingParty, Unavailable};

use crate::credential::{self, CHALLENGE};
use crate::reseal::Resealed;
use crate::sessions::Going;
use crate::{Desk, Error, sign_in};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::id::{IdentityProviderId, TenantId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::identity_providers::{self, IdentityProvider};
use interdesk_store::provider_sign_ins::{self, Begun as Kept};
use interdesk_store::read::tenants;
use interdesk_store::terms;
use interdesk_store::vault::{Vault, random_text};
use person::Admission;
use sha2::{Digest, Sha256};

/// Bytes of a verifier: 64 letters, of the 43 to 128 that RFC 7636 wants.
const VERIFIER: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 16;

/// Numbers about signing in at a provider that an installation may change.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// How long a sign-in that was begun waits for its answer.
    pub wait_for: Duration,
    /// How many sign-ins of a workspace may be begun in a minute.
    pub begins_per_minute: u64,
    /// For how long what a provider says about itself is not asked for again.
    pub fresh_for: Duration,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            wait_for: Duration::minutes(10),
            begins_per_minute: 600,
            fresh_for: Duration::minutes(10),
        }
    }
}

/// Lists the providers of a workspace, for who is not signed in; none where there is no such workspace.
pub async fn list(desk: &Desk, workspace: &str) -> Result<Vec<IdentityProvider>, Error> {
    let Some(scope) = find_workspace(desk, workspace).await? else {
        return Ok(Vec::new());
    };
    let transaction = desk.database.begin(scope).await?;
    let found = identity_providers::list(&transaction, scope).await?;
    transaction.commit().await?;
    Ok(found)
}

/// Where somebody wants to sign in.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The short name of the tenant.
    pub workspace: String,
    /// At which provider.
    pub provider: IdentityProviderId,
    /// The page that the provider sends them back to.
    pub redirect_url: String,
    /// Whom the provider may expect.
    pub login_hint: Option<String>,
}

/// A sign-in that waits for the provider's answer.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where to send the person.
    pub url: String,
    /// What the address carries and comes back with the code.
    pub state: Secret<String>,
    /// What the page keeps and hands in with the code.
    pub verifier: Secret<String>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What became of beginning.
#[derive(Debug, Clone)]
pub enum BeginOutcome {
    /// The provider is asked.
    Begun(Begun),
    /// There is no such workspace or provider.
    NotFound,
    /// The page is none that the provider may send people back to.
    BadRedirect,
    /// Too many were begun within a minute.
    Throttled,
    /// The provider does not say where people sign in.
    Unavailable(Unavailable),
}

/// Begins a sign-in at a provider.
pub async fn begin(desk: &Desk, party: &RelyingParty, ask: &Ask) -> Result<BeginOutcome, Error> {
    let settings = &desk.settings.sign_in.providers;
    let Some(scope) = find_workspace(desk, &ask.workspace).await? else {
        return Ok(BeginOutcome::NotFound);
    };
    let tries = sign_in::tries(desk, "provider", &scope.tenant().to_string(), "").await;
    if tries > settings.begins_per_minute {
        return Ok(BeginOutcome::Throttled);
    }
    let Some(provider) = find_provider(desk, scope, ask.provider).await? else {
        return Ok(BeginOutcome::NotFound);
    };
    if !provider.redirect_urls.contains(&ask.redirect_url) {
        return Ok(BeginOutcome::BadRedirect);
    }
    let known = match party.know(desk, &provider.issuer).await {
        Ok(known) => known,
        Err(unavailable) => return Ok(BeginOutcome::Unavailable(unavailable)),
    };
    let state = credential::draw(CHALLENGE, scope.tenant())?;
    let drawn = |bytes| random_text(bytes).map_err(|_| Error::NoRandomNumbers);
    let (verifier, nonce) = (drawn(VERIFIER)?, drawn(NONCE)?);
    let kept = Kept {
        provider_id: provider.id,
        challenge: Sha256::digest(verifier.as_bytes()).to_vec(),
        nonce,
        redirect_url: ask.redirect_url.clone(),
        expires_at: desk.now() + settings.wait_for,
    };
    let transaction = desk.database.begin(scope).await?;
    if terms::is_suspended(&transaction, scope).await? {
        return Err(Error::Suspended);
    }
    provider_sign_ins::insert(&transaction, scope, &state.digest, &kept, desk.now()).await?;
    transaction.commit().await?;
    let challenge = URL_SAFE_NO_PAD.encode(&kept.challenge);
    let mut scopes = vec!["openid"];
    scopes.extend(provider.scopes.iter().map(String::as_str));
    let scopes = scopes.join(" ");
    let mut url = known.metadata.authorization_endpoint.clone();
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &ask.redirect_url)
        .append_pair("scope", &scopes)
        .append_pair("state", state.text.expose())
        .append_pair("nonce", &kept.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if let Some(hint) = &ask.login_hint {
        query.append_pair("login_hint", hint);
    }
    drop(query);
    Ok(BeginOutcome::Begun(Begun {
        url: url.into(),
        state: state.text,
        verifier: Secret::new(verifier),
        expires_at: kept.expires_at,
    }))
}

/// What the provider sent the person back with, and what the page kept.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The `state` of the address.
    pub state: Secret<String>,
    /// The `code` of the address.
    pub code: Secret<String>,
    /// The `iss` of the address, where it has one (RFC 9207).
    pub issuer: Option<String>,
    /// What the page kept.
    pub verifier: Secret<String>,
    /// What the device says it is.
    pub device: String,
}

/// What became of the answer.
#[derive(Debug, Clone)]
pub enum FinishOutcome {
    /// They are who the provider says.
    SignedIn(Going),
    /// No sign-in waits for this answer, or not any more, or another page began it.
    Expired,
    /// What the provider says cannot be believed, or it refuses the code.
    Refused {
        /// Why, for who set the provider up.
        why: String,
    },
    /// The provider knows them, and they are nobody here.
    NotAdmitted(Admission),
    /// The provider does not answer.
    Unavailable(Unavailable),
}

pub use person::Admission as NotAdmitted;

/// Signs somebody in by a provider's answer.
pub async fn finish(
    desk: &Desk,
    vault: &Vault,
    party: &RelyingParty,
    answer: &Answer,
    trace: Option<String>,
) -> Result<FinishOutcome, Error> {
    let Some(presented) = credential::read(CHALLENGE, answer.state.expose()) else {
        return Ok(FinishOutcome::Expired);
    };
    let scope = TenantScope::new(presented.tenant);
    let Some((kept, provider)) = take(desk, scope, &presented.digest).await? else {
        return Ok(FinishOutcome::Expired);
    };
    if Sha256::digest(answer.verifier.expose().as_bytes()).as_slice() != kept.challenge {
        return Ok(FinishOutcome::Expired);
    }
    let secret = open(vault, scope.tenant(), &provider)?;
    let exchange = relying_party::Exchange {
        provider: &provider,
        secret: secret.as_ref(),
        kept: &kept,
        answer,
    };
    let said = match party.exchange(desk, &exchange).await {
        Ok(said) => said,
        Err(relying_party::Failed::Refused(why)) => {
            let (provider, tenant) = (provider.id, scope.tenant());
            tracing::warn!(tenant.id = %tenant, %provider, why, "a sign-in at a provider was refused");
            return Ok(FinishOutcome::Refused { why });
        }
        Err(relying_party::Failed::Unavailable(unavailable)) => {
            return Ok(FinishOutcome::Unavailable(unavailable));
        }
    };
    let agent = match person::admit(desk, scope, &provider, &said, trace.clone()).await? {
        Ok(agent) => agent,
        Err(admission) => return Ok(FinishOutcome::NotAdmitted(admission)),
    };
    let going = sign_in::enter(desk, scope, agent, &answer.device, trace).await?;
    Ok(match going {
        Some(going) => FinishOutcome::SignedIn(going),
        None => FinishOutcome::NotAdmitted(Admission::Disabled),
    })
}

async fn find_workspace(desk: &Desk, workspace: &str) -> Result<Option<TenantScope>, Error> {
    let workspace = workspace.trim().to_lowercase();
    if workspace.contains('\0') {
        return Ok(None);
    }
    let transaction = desk.database.begin_system().await?;
    let tenant = tenants::find_by_slug(&transaction, &workspace).await?;
    transaction.commit().await?;
    Ok(tenant.map(TenantScope::new))
}

async fn find_provider(
    desk: &Desk,
    scope: TenantScope,
    id: IdentityProviderId,
) -> Result<Option<IdentityProvider>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let found = identity_providers::find_many(&transaction, scope, &[id]).await?;
    transaction.commit().await?;
    let found = found.into_iter().next();
    Ok(found.filter(|it| it.retired_at.is_none()))
}

async fn take(
    desk: &Desk,
    scope: TenantScope,
    state: &[u8],
) -> Result<Option<(Kept, IdentityProvider)>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let kept = provider_sign_ins::take(&transaction, scope, state, desk.now()).await?;
    transaction.commit().await?;
    let Some(kept) = kept else {
        return Ok(None);
    };
    let provider = find_provider(desk, scope, kept.provider_id).await?;
    Ok(provider.map(|provider| (kept, provider)))
}

/// Names what a client secret is sealed for.
pub(crate) fn purpose(provider: IdentityProviderId) -> String {
    format!("client secret of {provider}")
}

fn open(
    vault: &Vault,
    tenant: TenantId,
    provider: &IdentityProvider,
) -> Result<Option<Secret<String>>, Error> {
    let Some(sealed) = &provider.client_secret else {
        return Ok(None);
    };
    let purpose = purpose(provider.id);
    let opened = vault.open(&purpose, sealed).ok();
    let text = opened.and_then(|bytes| String::from_utf8(bytes.expose().clone()).ok());
    match text {
        Some(text) => Ok(Some(Secret::new(text))),
        None => Err(Error::Sealed {
            what: format!("the {purpose} of {tenant}"),
        }),
    }
}

/// Seals client secrets anew that an older key sealed.
pub(crate) async fn reseal(
    desk: &Desk,
    vault: &Vault,
    scope: TenantScope,
    resealed: &mut Resealed,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    for mut provider in identity_providers::lock_sealed(&transaction, scope).await? {
        let name = purpose(provider.id);
        let sealed = provider.client_secret.as_deref().unwrap_or_default();
        match vault.reseal(&name, sealed) {
            Ok(None) => resealed.current += 1,
            Ok(Some(anew)) => {
                provider.client_secret = Some(anew);
                identity_providers::set(&transaction, scope, &provider).await?;
                resealed.keys += 1;
            }
            Err(error) => resealed.unreadable.push(format!("{name}: {error}")),
        }
    }
    transaction.commit().await?;
    Ok(())
}

//! Identity providers: where people prove who they are, and what their groups mean here.
//!
//! Whoever sets one up can sign in as anybody, since it is believed about who somebody is: so it takes
//! somebody who may everything that an administrator may.

use super::{
    Answer, Hand, Missing, SetupOutcome, fault, missing, name_faults, none, refuse, word_faults,
};
use crate::oidc::{self, RelyingParty};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::IdentityProviderId;
use interdesk_domain::permission::{GivenRole, GroupRule, Permission, Role, Viewer};
use interdesk_store::identity_providers::{self, IdentityProvider};
use interdesk_store::vault::Vault;
use interdesk_store::{Conn, roles};
use serde::Serialize;
use url::Url;

/// The most providers, groups, scopes and pages there may be.
const MOST: usize = 100;
/// The longest text of a provider, in bytes.
const LONGEST: usize = 1_000;

/// A provider that is set up or changed; what is left out stays.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProviderChange {
    /// Which; a new one without it.
    pub provider: Option<IdentityProviderId>,
    /// What stands on the button.
    pub name: Option<String>,
    /// The issuer's URL, as the provider writes it.
    pub issuer: Option<String>,
    /// What the provider calls this desk.
    pub client_id: Option<String>,
    /// What proves this desk to it; `Some(None)` for a public client.
    pub client_secret: Option<Option<String>>,
    /// What is asked for beside `openid`.
    pub scopes: Option<Vec<String>>,
    /// Which claim names groups.
    pub groups_claim: Option<String>,
    /// Which group gives which role, the first that fits.
    pub group_roles: Option<Vec<GroupRule>>,
    /// The role of who is in none of them; `Some(None)` where they are not let in.
    pub fallback: Option<Option<GivenRole>>,
    /// Whether somebody new becomes an agent.
    pub creates_agents: Option<bool>,
    /// Whether addresses count of which it does not say that they are verified.
    pub trusts_email: Option<bool>,
    /// The pages that it may send people back to.
    pub redirect_urls: Option<Vec<String>>,
}

/// A provider at which nobody signs in any more.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderRetire {
    /// Which.
    pub provider: IdentityProviderId,
}

/// The change with what seals its secret.
#[derive(Serialize)]
struct Sealing<'a> {
    #[serde(flatten)]
    change: &'a ProviderChange,
    #[serde(skip)]
    vault: &'a Vault,
}

/// Sets a provider up, or changes one, as somebody wishes who may; an issuer that is new has to answer.
pub async fn set_provider(
    desk: &Desk,
    (vault, party): (&Vault, &RelyingParty),
    viewer: &Viewer,
    change: &ProviderChange,
    key: Option<&str>,
    context: &Context,
) -> Result<SetupOutcome, Error> {
    // Nobody else has the desk call addresses.
    if !may_set_up(viewer) {
        return Ok(SetupOutcome::NotAllowed);
    }
    if let Some(issuer) = &change.issuer
        && let Err(unavailable) = party.try_out(desk, issuer).await
    {
        let faults = vec![fault(
            "issuer",
            Problem::Contradiction,
            unavailable.to_string(),
        )];
        return Ok(SetupOutcome::Invalid { faults });
    }
    let sealing = Sealing { change, vault };
    Wish::new(desk, viewer, key, context).fulfil(&sealing).await
}

fn may_set_up(viewer: &Viewer) -> bool {
    let may = viewer.may(Permission::SignInConfigure);
    may && viewer.grants.covers(Role::Admin.grants())
}

impl Verb for Sealing<'_> {
    type Outcome = SetupOutcome;
    const OPERATION: &'static str = "identity_provider";
    const KEY_REUSED: SetupOutcome = SetupOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        self.apply(&Hand { wish, conn }).await
    }
}

impl Sealing<'_> {
    async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let (conn, scope, change) = (hand.conn, hand.wish.scope(), self.change);
        let before = match change.provider {
            Some(id) => {
                let found = identity_providers::lock(conn, scope, id).await?;
                Some(found.ok_or(missing(Missing::IdentityProvider))?)
            }
            None => None,
        };
        let after = self.after(hand, before.as_ref())?;
        none(faults(&after, change))?;
        let rules = change.group_roles.iter().flatten().map(|rule| rule.gives);
        for given in rules.chain(change.fallback.flatten()) {
            hand.check_role(given).await?;
        }
        if identity_providers::is_name_taken(conn, scope, &after.name, change.provider).await? {
            return refuse(SetupOutcome::NameTaken);
        }
        if before.is_none() && identity_providers::list(conn, scope).await?.len() >= MOST {
            let mend = format!("have at most {MOST} providers");
            return refuse(SetupOutcome::Invalid {
                faults: vec![fault("", Problem::TooLarge, mend)],
            });
        }
        if before.as_ref() == Some(&after) {
            return refuse(SetupOutcome::Unchanged { id: after.id.0 });
        }
        identity_providers::set(conn, scope, &after).await?;
        let provider = after.id;
        hand.tell(Event::IdentityProviderChanged { provider })
            .await?;
        Ok(SetupOutcome::Changed { id: provider.0 })
    }

    fn after(
        &self,
        hand: &Hand<'_>,
        before: Option<&IdentityProvider>,
    ) -> Result<IdentityProvider, Halt<SetupOutcome>> {
        let (change, wish) = (self.change, hand.wish);
        let fresh = || IdentityProvider {
            id: wish.desk.id(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            groups_claim: "groups".to_owned(),
            group_roles: serde_json::json!([]),
            fallback_role: None,
            fallback_role_id: None,
            creates_agents: false,
            trusts_email: false,
            redirect_urls: Vec::new(),
            created_at: wish.now(),
            retired_at: None,
        };
        let mut it = before.cloned().unwrap_or_else(fresh);
        let texts = [
            (&mut it.name, &change.name),
            (&mut it.issuer, &change.issuer),
            (&mut it.client_id, &change.client_id),
            (&mut it.groups_claim, &change.groups_claim),
        ];
        for (place, text) in texts {
            if let Some(text) = text {
                text.trim().clone_into(place);
            }
        }
        if let Some(scopes) = &change.scopes {
            scopes.clone_into(&mut it.scopes);
        }
        if let Some(urls) = &change.redirect_urls {
            urls.clone_into(&mut it.redirect_urls);
        }
        if let Some(rules) = &change.group_roles {
            it.group_roles = serde_json::to_value(rules).map_err(|source| Error::Unreadable {
                what: "the groups of an identity provider",
                source,
            })?;
        }
        if let Some(fallback) = change.fallback {
            it.fallback_role = fallback.map(|given| given.role);
            it.fallback_role_id = fallback.and_then(|given| given.own);
        }
        it.creates_agents = change.creates_agents.unwrap_or(it.creates_agents);
        it.trusts_email = change.trusts_email.unwrap_or(it.trusts_email);
        if let Some(secret) = &change.client_secret {
            let seal = |secret: &String| self.vault.seal(&oidc::purpose(it.id), secret.as_bytes());
            let sealed = secret.as_ref().map(seal).transpose();
            it.client_secret = sealed.map_err(|_| Error::NoRandomNumbers)?;
        }
        Ok(it)
    }
}

/// Says what is wrong with a provider as it would be.
fn faults(it: &IdentityProvider, change: &ProviderChange) -> Vec<Fault> {
    let mut faults = name_faults("name", &it.name);
    let texts = [
        ("issuer", &it.issuer),
        ("clientId", &it.client_id),
        ("groupsClaim", &it.groups_claim),
    ];
    for (path, text) in texts {
        if text.is_empty() {
            faults.push(fault(path, Problem::Empty, "say it"));
        } else if text.len() > LONGEST || text.contains(char::is_control) {
            let mend = format!("use at most {LONGEST} bytes without line breaks");
            faults.push(fault(path, Problem::TooLarge, mend));
        }
    }
    if let Some(secret) = change.client_secret.iter().flatten().next()
        && (secret.is_empty() || secret.len() > LONGEST)
    {
        let mend = format!("give a secret of 1 to {LONGEST} bytes, or null for a public client");
        faults.push(fault("clientSecret", Problem::TooLarge, mend));
    }
    let issuer = Url::parse(&it.issuer);
    if !issuer.is_ok_and(|url| url.query().is_none() && url.fragment().is_none()) {
        let mend = "give the URL that the provider's tokens have as iss, without ? and #";
        faults.push(fault("issuer", Problem::Contradiction, mend));
    }
    for (place, scope) in it.scopes.iter().enumerate() {
        // RFC 6749, section 3.3.
        let is_fit = !scope.is_empty()
            && scope
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !is_fit {
            let mend = "give scopes one by one, without spaces and quotes";
            faults.push(fault(
                &format!("scopes[{place}]"),
                Problem::Contradiction,
                mend,
            ));
        }
    }
    let groups = change.group_roles.iter().flatten().map(|rule| &rule.group);
    faults.extend(word_faults("groupRoles", groups));
    let lists = [
        ("scopes", it.scopes.len()),
        ("redirectUrls", it.redirect_urls.len()),
    ];
    for (path, _) in lists.into_iter().filter(|(_, count)| *count > MOST) {
        faults.push(fault(
            path,
            Problem::TooLarge,
            format!("use at most {MOST}"),
        ));
    }
    if it.redirect_urls.is_empty() {
        let mend = "name the page that the provider sends people back to";
        faults.push(fault("redirectUrls", Problem::Empty, mend));
    }
    for (place, url) in it.redirect_urls.iter().enumerate() {
        if !is_page(url) {
            let path = format!("redirectUrls[{place}]");
            let mend = "give a page by https, or by http on this machine, without #";
            faults.push(fault(&path, Problem::Contradiction, mend));
        }
    }
    let may_create = it.fallback_role.is_some() || it.group_roles != serde_json::json!([]);
    if it.creates_agents && !may_create {
        let mend = "say which role new people get, by groupRoles or fallbackRole";
        faults.push(fault("createsAgents", Problem::Contradiction, mend));
    }
    faults
}

fn is_page(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    is_safe && url.fragment().is_none() && text.len() <= LONGEST
}

impl ProviderRetire {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        if !may_set_up(hand.wish.viewer) {
            return refuse(SetupOutcome::NotAllowed);
        }
        let (conn, scope, provider) = (hand.conn, hand.wish.scope(), self.provider);
        let found = identity_providers::lock(conn, scope, provider).await?;
        let found = found.ok_or(missing(Missing::IdentityProvider))?;
        let retired = IdentityProvider {
            client_secret: None,
            retired_at: Some(hand.wish.now()),
            ..found
        };
        identity_providers::set(conn, scope, &retired).await?;
        hand.tell(Event::IdentityProviderChanged { provider })
            .await?;
        Ok(SetupOutcome::Changed { id: provider.0 })
    }
}

impl Hand<'_> {
    /// Refuses a role that is none of the tenant's.
    async fn check_role(&self, given: GivenRole) -> Result<(), Halt<SetupOutcome>> {
        match (given.role, given.own) {
            (Role::Custom, Some(own)) => {
                let found = roles::lock(self.conn, self.wish.scope(), own).await?;
                found.map(drop).ok_or(missing(Missing::Role))
            }
            (Role::Custom, None) => Err(missing(Missing::Role)),
            _ => Ok(()),
        }
    }
}

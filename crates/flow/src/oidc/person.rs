//! Who somebody is here, of whom a provider said who they are there.

use super::relying_party::Said;
use crate::{Context, Desk, Error, Events, conflict, quota};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::{GivenRole, Role, role_of_groups};
use interdesk_domain::routing::model::AgentKind;
use interdesk_domain::scope::TenantScope;
use interdesk_store::identity_providers::{self, IdentityProvider};
use interdesk_store::provision::{self, NewAgent};
use interdesk_store::workspace::{self, ProfileChange};
use interdesk_store::{Conn, accounts, agents, outbox, roles, setup};
use serde_json::{Map, Value};

/// How many groups of a person are looked at.
const MOST_GROUPS: usize = 1_000;
/// How many units of work somebody new may hold.
const CAPACITY: i32 = 3;

/// Why somebody is nobody here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The provider was given up meanwhile.
    Gone,
    /// There is no agent of theirs, and signing in makes none.
    Unknown,
    /// The provider gives no address, or does not say that it is verified.
    EmailUnverified,
    /// The agent with their address has another account at the provider.
    OtherAccount,
    /// None of their groups may come in.
    NoRole,
    /// They may not sign in any more.
    Disabled,
    /// The tenant has as many agents who may sign in as it may.
    QuotaExceeded,
}

/// Finds, links or adds the agent that an account belongs to, and gives them the role of their groups.
pub(super) async fn admit(
    desk: &Desk,
    scope: TenantScope,
    provider: &IdentityProvider,
    said: &Said,
    trace: Option<String>,
) -> Result<Result<AgentId, Admission>, Error> {
    conflict::retry(|| attempt(desk, scope, provider, said, trace.clone())).await
}

async fn attempt(
    desk: &Desk,
    scope: TenantScope,
    provider: &IdentityProvider,
    said: &Said,
    trace: Option<String>,
) -> Result<Result<AgentId, Admission>, Error> {
    let transaction = desk.database.begin(scope).await?;
    // The lock lets first sign-ins of one account come one after the other.
    let admitted = match identity_providers::lock(&transaction, scope, provider.id).await? {
        None => Err(Admission::Gone),
        Some(provider) => {
            let door = Door {
                desk,
                conn: &transaction,
                scope,
                provider,
                said,
                trace,
            };
            door.admit().await?
        }
    };
    match admitted {
        Ok(_) => {
            transaction.commit().await?;
            desk.committed.notify_one();
        }
        Err(_) => transaction.rollback().await?,
    }
    Ok(admitted)
}

struct Door<'a> {
    desk: &'a Desk,
    conn: &'a Conn,
    scope: TenantScope,
    provider: IdentityProvider,
    said: &'a Said,
    trace: Option<String>,
}

impl Door<'_> {
    async fn admit(&self) -> Result<Result<AgentId, Admission>, Error> {
        let (conn, scope, now) = (self.conn, self.scope, self.desk.now());
        let account = (self.provider.id, self.said.subject.as_str());
        let rules = self.provider.rules()?;
        let groups = groups(&self.said.claims, &self.provider.groups_claim);
        let role = role_of_groups(&rules, self.provider.fallback(), &groups);
        // Without a rule about groups the provider says who people are, and not what they may.
        if role.is_none() && !rules.is_empty() {
            return Ok(Err(Admission::NoRole));
        }
        if let Some(known) = accounts::find(conn, scope, account.0, account.1).await? {
            if known.disabled_at.is_some() {
                return Ok(Err(Admission::Disabled));
            }
            accounts::mark_seen(conn, scope, account, now).await?;
            self.keep_role(known.agent_id, role.filter(|_| !rules.is_empty()))
                .await?;
            return Ok(Ok(known.agent_id));
        }
        let email = match email(&self.said.claims, self.provider.trusts_email) {
            Some(email) => email,
            None => return Ok(Err(Admission::EmailUnverified)),
        };
        let agent = match accounts::find_by_email(conn, scope, &email).await? {
            Some(known) if known.disabled_at.is_some() => return Ok(Err(Admission::Disabled)),
            Some(known) => known.agent_id,
            None => match role.filter(|_| self.provider.creates_agents) {
                None => return Ok(Err(Admission::Unknown)),
                Some(role) => match self.add(&email, role).await? {
                    Ok(agent) => agent,
                    Err(admission) => return Ok(Err(admission)),
                },
            },
        };
        if !accounts::link(conn, scope, account, agent, now).await? {
            return Ok(Err(Admission::OtherAccount));
        }
        self.tell(agent, |agent| Event::AgentAccountLinked {
            agent,
            provider: self.provider.id,
        })
        .await?;
        self.keep_role(agent, role.filter(|_| !rules.is_empty()))
            .await?;
        Ok(Ok(agent))
    }

    /// Adds somebody new, who is offline and in no team.
    async fn add(
        &self,
        email: &str,
        given: GivenRole,
    ) -> Result<Result<AgentId, Admission>, Error> {
        let (conn, scope, now) = (self.conn, self.scope, self.desk.now());
        if !quota::has_room_for_agent(self.desk, conn, scope).await? {
            return Ok(Err(Admission::QuotaExceeded));
        }
        let Some(given) = self.present(given).await? else {
            return Ok(Err(Admission::NoRole));
        };
        let (id, name): (AgentId, _) = (self.desk.id(), name(&self.said.claims, email));
        let agent = NewAgent {
            id,
            email,
            name: &name,
            role: Role::Agent,
            password_hash: None,
            capacity: CAPACITY,
        };
        provision::insert_agent(conn, scope, &agent, now).await?;
        let profile = ProfileChange {
            id,
            name: &name,
            role: Role::Agent,
            kind: AgentKind::Person,
            languages: &[],
            schedule: None,
            disabled_at: None,
            version: 1,
        };
        workspace::set_profile(conn, scope, &profile).await?;
        roles::give(conn, scope, id, (given.role, given.own), 1).await?;
        let context = Context::system(self.trace.clone(), None);
        let aggregate = (AggregateKind::Agent, id.0);
        let mut events = Events::of(self.desk, scope, aggregate, 0, &context);
        events.push(Event::AgentAdded { agent: id });
        outbox::append(conn, events.list()).await?;
        Ok(Ok(id))
    }

    /// Gives somebody the role of their groups, where that is another. The last administrator stays one,
    /// since nobody could mend it afterwards.
    async fn keep_role(&self, agent: AgentId, given: Option<GivenRole>) -> Result<(), Error> {
        let (conn, scope) = (self.conn, self.scope);
        let Some(given) = given else { return Ok(()) };
        let Some(held) = roles::find_of(conn, scope, agent).await? else {
            return Ok(());
        };
        let Some(given) = self.present(given).await? else {
            let provider = self.provider.id;
            tracing::warn!(%provider, %agent, "the role of a group is gone, the agent keeps the one they have");
            return Ok(());
        };
        if (held.0, held.1) == (given.role, given.own) {
            return Ok(());
        }
        if held.0 == Role::Admin && setup::count_admins(conn, scope, agent).await? == 0 {
            tracing::warn!(%agent, "groups would leave no administrator, the last one stays");
            return Ok(());
        }
        let version = self
            .tell(agent, |agent| Event::AgentUpdated {
                agent,
                changed: vec!["role".to_owned()],
            })
            .await?;
        roles::give(conn, scope, agent, (given.role, given.own), version).await?;
        Ok(())
    }

    /// Locks a role of the tenant's own, so that it stays until it is given; none where it is gone.
    async fn present(&self, given: GivenRole) -> Result<Option<GivenRole>, Error> {
        Ok(match (given.role, given.own) {
            (Role::Custom, Some(own)) => roles::lock(self.conn, self.scope, own)
                .await?
                .map(|_| given),
            (Role::Custom, None) => None,
            _ => Some(GivenRole { own: None, ..given }),
        })
    }

    /// Adds an event to an agent and returns their version after it.
    async fn tell(
        &self,
        agent: AgentId,
        event: impl FnOnce(AgentId) -> Event,
    ) -> Result<i64, Error> {
        let (conn, scope) = (self.conn, self.scope);
        let locked = setup::lock_agent(conn, scope, agent).await?;
        let locked = locked.ok_or(Error::Disabled)?;
        let context = Context::system(self.trace.clone(), None);
        let aggregate = (AggregateKind::Agent, agent.0);
        let mut events = Events::of(self.desk, scope, aggregate, locked.version, &context);
        let version = events.push(event(agent));
        agents::mark_version(conn, scope, agent, version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(version)
    }
}

/// Reads the address, in the small letters that agents are found by; none that is not verified.
fn email(claims: &Map<String, Value>, trusts: bool) -> Option<String> {
    let is_verified = match claims.get("email_verified") {
        Some(Value::Bool(is)) => *is,
        // Some providers write it as a word.
        Some(Value::String(word)) => word == "true",
        Some(_) => false,
        None => trusts,
    };
    let email = claims.get("email")?.as_str()?.trim().to_lowercase();
    let is_fit = email.contains('@')
        && email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    (is_verified && is_fit).then_some(email)
}

/// Reads the name, or takes what stands before the address's @.
fn name(claims: &Map<String, Value>, email: &str) -> String {
    let text = |name: &str| {
        let text: String = claims
            .get(name)?
            .as_str()?
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        let text: String = text.trim().chars().take(120).collect();
        (!text.is_empty()).then_some(text)
    };
    let own = || email.split('@').next().unwrap_or(email).to_owned();
    text("name")
        .or_else(|| text("preferred_username"))
        .unwrap_or_else(own)
}

/// Reads the groups from a claim; dots lead into objects, unless a claim is called so as a whole.
fn groups(claims: &Map<String, Value>, path: &str) -> Vec<String> {
    let whole = claims.get(path);
    let found = whole.or_else(|| {
        let mut steps = path.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    });
    let word = |value: &Value| value.as_str().map(str::to_owned);
    match found {
        Some(Value::Array(list)) => list.iter().filter_map(word).take(MOST_GROUPS).collect(),
        Some(one) => word(one).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn an_address_counts_where_it_is_verified() {
        let own = Some("a.b@example.org".to_owned());
        for (given, untrusted, trusted) in [
            (
                json!({"email": " A.B@Example.org", "email_verified": true}),
                own.clone(),
                own.clone(),
            ),
            (
                json!({"email": "a.b@example.org", "email_verified": "true"}),
                own.clone(),
                own.clone(),
            ),
            (
                json!({"email": "a.b@example.org", "email_verified": false}),
                None,
                None,
            ),
            (
                json!({"email": "a.b@example.org", "email_verified": 1}),
                None,
                None,
            ),
            (json!({"email": "a.b@example.org"}), None, own.clone()),
            (
                json!({"email": "a b@example.org", "email_verified": true}),
                None,
                None,
            ),
            (json!({"email": "a.b", "email_verified": true}), None, None),
            (json!({"email_verified": true}), None, None),
        ] {
            let read = |trusts| email(&claims(given.clone()), trusts);
            assert_eq!((read(false), read(true)), (untrusted, trusted), "{given}");
        }
    }

    #[test]
    fn groups_are_found_wherever_providers_put_them() {
        for (given, path, expected) in [
            (json!({"groups": ["a", "b", 3]}), "groups", vec!["a", "b"]),
            (json!({"groups": "a"}), "groups", vec!["a"]),
            (
                json!({"realm_access": {"roles": ["a"]}}),
                "realm_access.roles",
                vec!["a"],
            ),
            (
                json!({"https://example.org/groups": ["a"]}),
                "https://example.org/groups",
                vec!["a"],
            ),
            (json!({"groups": {"a": true}}), "groups", vec![]),
            (json!({}), "groups", vec![]),
        ] {
            assert_eq!(groups(&claims(given.clone()), path), expected, "{given}");
        }
    }

    #[test]
    fn somebody_without_a_name_is_called_by_their_address() {
        let email = "agent7@example.org";
        for (given, expected) in [
            (json!({"name": " Agent\u{7} 7 "}), "Agent 7"),
            (json!({"name": " ", "preferred_username": "seven"}), "seven"),
            (json!({}), "agent7"),
        ] {
            assert_eq!(name(&claims(given.clone()), email), expected, "{given}");
        }
    }
}

//! Setting up a tenant from a blueprint: agents, teams, queues, inboxes.

mod workspace;

pub use workspace::{LinePlan, ProfilePlan, WorkspacePlan};

use crate::{Context, Desk, Effect, Error, Events};
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use interdesk_channels::Credentials;
use interdesk_domain::event::{Actor, AggregateKind, Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::attachments::{self, FileRules};
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision::{self as rows, NewAgent};
use interdesk_store::vault::{self, Vault};
use interdesk_store::{Transaction, outbox};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// What a tenant is set up from; the JSON form is what `interdesk seed --file` reads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// The short name that people type at sign-in.
    pub slug: String,
    /// The name to show.
    pub name: String,
    /// Who answers.
    pub agents: Vec<AgentPlan>,
    /// Where work waits.
    pub queues: Vec<QueuePlan>,
    /// The accounts that customers write to.
    pub inboxes: Vec<InboxPlan>,
    /// How the workspace works; every default without it.
    #[serde(default)]
    pub workspace: WorkspacePlan,
}

/// An agent to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentPlan {
    /// The name at sign-in.
    pub email: String,
    /// The name that colleagues see.
    pub name: String,
    /// The password; without one the agent signs in otherwise.
    pub password: Option<String>,
    /// What the agent may do.
    pub role: Role,
    /// Units of work that the agent may hold, 0 to 1,000.
    #[serde(default = "three")]
    pub capacity: i32,
    /// The names of the agent's teams.
    pub teams: Vec<String>,
}

fn three() -> i32 {
    3
}

/// A queue to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuePlan {
    /// The name to show.
    pub name: String,
    /// How long an offer waits for its agent, in seconds.
    #[serde(default = "thirty")]
    pub offer_seconds: i32,
    /// The names of the teams that serve it.
    pub teams: Vec<String>,
}

fn thirty() -> i32 {
    30
}

/// An inbox to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxPlan {
    /// The kind of app.
    pub channel: ChannelKind,
    /// The name to show.
    pub name: String,
    /// The provider's id of the account.
    pub account_id: String,
    /// Where to send instead of the channel's configured base URL.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The name of the queue where its conversations wait.
    pub queue: String,
    /// The provider's secrets; sealed before they reach the database.
    pub credentials: Credentials,
    /// Which files are kept, where it is not what the settings say.
    #[serde(default)]
    pub files: FilePlan,
}

/// Which files of an inbox are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilePlan {
    /// The largest, in bytes.
    pub max_bytes: Option<i64>,
    /// The types, `image/*` for all of a family.
    pub types: Option<Vec<String>>,
}

/// What was set up.
#[derive(Debug, Clone, Serialize)]
pub struct Provisioned {
    /// The tenant.
    pub tenant: String,
    /// Its agents.
    pub agents: Vec<ProvisionedAgent>,
    /// Its inboxes.
    pub inboxes: Vec<ProvisionedInbox>,
}

/// An agent that was added.
#[derive(Debug, Clone, Serialize)]
pub struct ProvisionedAgent {
    #[serde(skip)]
    agent: AgentId,
    /// The id.
    pub id: String,
    /// The name at sign-in.
    pub email: String,
}

/// An inbox that was connected.
#[derive(Debug, Clone, Serialize)]
pub struct ProvisionedInbox {
    /// The id.
    pub id: String,
    /// The kind of app.
    pub channel: ChannelKind,
    /// The name.
    pub name: String,
    /// The provider's id of the account.
    pub account_id: String,
    /// Where the provider's webhooks go, or the widgets' requests, below the desk's address.
    pub webhook_path: String,
}

/// Why a blueprint cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// There is a tenant of that name already.
    #[error("workspace {0:?} exists already; choose another slug")]
    Exists(String),
    /// An inbox names a queue that is not there.
    #[error("inboxes[{index}].queue is {queue:?}, which is none of the queues; name one of them")]
    UnknownQueue {
        /// Which inbox of the list.
        index: usize,
        /// The name that it gives.
        queue: String,
    },
    /// How the workspace works names something that is not there.
    #[error("there is no {kind} {name:?} in the blueprint; name one that it has")]
    UnknownName {
        /// What kind of thing.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A policy cannot be taken as it is.
    #[error("the policy {kind} {name} cannot be taken: {why}")]
    Policy {
        /// What it decides.
        kind: &'static str,
        /// What it is called.
        name: String,
        /// What is wrong, and how to mend it.
        why: String,
    },
    /// A password cannot be hashed.
    #[error("agents[{0}].password cannot be hashed; choose one of 1 to 1,000 characters")]
    Password(usize),
    /// A secret cannot be sealed.
    #[error("inboxes[{0}].credentials cannot be sealed")]
    Sealing(usize),
    /// Something failed.
    #[error(transparent)]
    Flow(#[from] Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
}

/// Sets up a tenant in one transaction.
pub async fn provision(
    desk: &Desk,
    vault: &Vault,
    blueprint: &Blueprint,
) -> Result<Provisioned, ProvisionError> {
    let system = desk.database.begin_system().await?;
    let found = rows::find_tenant(&system, &blueprint.slug).await?;
    system.commit().await?;
    if found.is_some() {
        return Err(ProvisionError::Exists(blueprint.slug.clone()));
    }
    let tenant: TenantId = desk.id();
    let scope = TenantScope::new(tenant);
    let transaction = desk.database.begin(scope).await?;
    let mut builder = Builder {
        desk,
        scope,
        transaction: &transaction,
        events: Vec::new(),
    };
    builder.tenant(blueprint).await?;
    let teams = builder.teams(blueprint).await?;
    let agents = builder.agents(blueprint, &teams).await?;
    let queues = builder.queues(blueprint, &teams).await?;
    let inboxes = builder.inboxes(vault, blueprint, &queues).await?;
    outbox::append(&transaction, &builder.events).await?;
    let of_email = |(id, plan): (&AgentId, &AgentPlan)| (plan.email.clone(), *id);
    let ids: Vec<AgentId> = agents.iter().map(|agent| agent.agent).collect();
    let known = workspace::Known {
        teams,
        agents: ids.iter().zip(&blueprint.agents).map(of_email).collect(),
        queues,
    };
    builder.workspace(blueprint, &known).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(Provisioned {
        tenant: tenant.to_string(),
        agents,
        inboxes,
    })
}

struct Builder<'a> {
    desk: &'a Desk,
    scope: TenantScope,
    transaction: &'a Transaction,
    events: Vec<Envelope>,
}

impl Builder<'_> {
    async fn tenant(&mut self, blueprint: &Blueprint) -> Result<(), ProvisionError> {
        let connected = blueprint.inboxes.len() as i64;
        let (slug, name) = (&blueprint.slug, &blueprint.name);
        let version = 1 + connected;
        rows::insert_tenant(
            self.transaction,
            self.scope,
            slug,
            name,
            version,
            self.desk.now(),
        )
        .await?;
        let id = self.scope.tenant().0;
        self.tell(AggregateKind::Tenant, id, 0, Event::TenantCreated {});
        Ok(())
    }

    async fn teams(
        &self,
        blueprint: &Blueprint,
    ) -> Result<HashMap<String, TeamId>, ProvisionError> {
        let of_agents = blueprint.agents.iter().flat_map(|agent| &agent.teams);
        let of_queues = blueprint.queues.iter().flat_map(|queue| &queue.teams);
        let names: BTreeSet<&String> = of_agents.chain(of_queues).collect();
        let mut teams = HashMap::new();
        for name in names {
            let id = self.desk.id();
            rows::insert_team(self.transaction, self.scope, id, name, self.desk.now()).await?;
            teams.insert(name.clone(), id);
        }
        Ok(teams)
    }

    async fn agents(
        &mut self,
        blueprint: &Blueprint,
        teams: &HashMap<String, TeamId>,
    ) -> Result<Vec<ProvisionedAgent>, ProvisionError> {
        let mut added = Vec::new();
        let mut hashes: HashMap<&str, String> = HashMap::new();
        for (index, plan) in blueprint.agents.iter().enumerate() {
            let id: AgentId = self.desk.id();
            let email = plan.email.to_lowercase();
            // Hashing is slow on purpose; agents of one blueprint may share a password.
            if let Some(password) = plan
                .password
                .as_deref()
                .filter(|it| !hashes.contains_key(it))
            {
                let hash = hash(password).ok_or(ProvisionError::Password(index))?;
                hashes.insert(password, hash);
            }
            let hash = plan
                .password
                .as_deref()
                .and_then(|password| hashes.get(password));
            let agent = NewAgent {
                id,
                email: &email,
                name: &plan.name,
                role: plan.role,
                password_hash: hash.map(String::as_str),
                capacity: plan.capacity,
            };
            rows::insert_agent(self.transaction, self.scope, &agent, self.desk.now()).await?;
            for team in &plan.teams {
                rows::insert_member(self.transaction, self.scope, teams[team], id).await?;
            }
            self.tell(
                AggregateKind::Agent,
                id.0,
                0,
                Event::AgentAdded { agent: id },
            );
            added.push(ProvisionedAgent {
                agent: id,
                id: id.to_string(),
                email,
            });
        }
        Ok(added)
    }

    async fn queues(
        &self,
        blueprint: &Blueprint,
        teams: &HashMap<String, TeamId>,
    ) -> Result<HashMap<String, QueueId>, ProvisionError> {
        let mut queues = HashMap::new();
        for plan in &blueprint.queues {
            let id = self.desk.id();
            let (name, seconds) = (&plan.name, plan.offer_seconds);
            rows::insert_queue(
                self.transaction,
                self.scope,
                id,
                name,
                seconds,
                self.desk.now(),
            )
            .await?;
            for team in &plan.teams {
                rows::insert_queue_team(self.transaction, self.scope, id, teams[team]).await?;
            }
            queues.insert(name.clone(), id);
        }
        Ok(queues)
    }

    async fn inboxes(
        &mut self,
        keys: &Vault,
        blueprint: &Blueprint,
        queues: &HashMap<String, QueueId>,
    ) -> Result<Vec<ProvisionedInbox>, ProvisionError> {
        let mut connected = Vec::new();
        for (index, plan) in blueprint.inboxes.iter().enumerate() {
            let queue = queues.get(&plan.queue).copied();
            let queue_id = queue.ok_or_else(|| ProvisionError::UnknownQueue {
                index,
                queue: plan.queue.clone(),
            })?;
            let id: InboxId = self.desk.id();
            let inbox = Inbox {
                id,
                tenant_id: self.scope.tenant(),
                // 160 bits: nobody finds an inbox by trying.
                public_id: vault::random_text(20).map_err(|_| ProvisionError::Sealing(index))?,
                channel: plan.channel,
                name: plan.name.clone(),
                account_id: plan.account_id.clone(),
                endpoint: plan.endpoint.clone(),
                queue_id,
                credentials: complete(plan)
                    .and_then(|credentials| seal(keys, id, &credentials))
                    .ok_or(ProvisionError::Sealing(index))?,
                enabled: true,
                created_at: self.desk.now(),
            };
            inboxes::insert(self.transaction, self.scope, &inbox).await?;
            let rules = FileRules {
                max_file_bytes: plan.files.max_bytes,
                file_types: plan.files.types.clone(),
            };
            attachments::set_rules(self.transaction, self.scope, id, &rules).await?;
            let event = Event::InboxConnected {
                inbox: id,
                channel: plan.channel,
            };
            let tenant = self.scope.tenant().0;
            self.tell(AggregateKind::Tenant, tenant, 1 + index as i64, event);
            connected.push(ProvisionedInbox {
                id: id.to_string(),
                channel: plan.channel,
                name: plan.name.clone(),
                account_id: plan.account_id.clone(),
                webhook_path: webhook_path(&inbox),
            });
        }
        Ok(connected)
    }

    fn tell(&mut self, kind: AggregateKind, id: uuid::Uuid, version: i64, event: Event) {
        let context = Context {
            actor: Actor::Operator,
            trace: None,
            cause: None,
            effect: Effect::default(),
        };
        let mut events = Events::of(self.desk, self.scope, (kind, id), version, &context);
        events.push(event);
        self.events.extend(events.into_list());
    }
}

/// Returns where the provider's webhooks of an inbox go, or its widgets' requests, below the desk's
/// address.
pub fn webhook_path(inbox: &Inbox) -> String {
    if inbox.channel == ChannelKind::Webchat {
        return format!("/widget/{}", inbox.public_id);
    }
    format!("/webhooks/{}/{}", inbox.channel.as_str(), inbox.public_id)
}

/// Puts in what nobody has to think of: a mailbox's own address, and the secret that signs its reply
/// tokens, or a web chat's sessions.
fn complete(plan: &InboxPlan) -> Option<Credentials> {
    let mut credentials = plan.credentials.clone();
    if plan.channel == ChannelKind::Email {
        let address = || plan.account_id.clone();
        let own = credentials.others.entry("address".to_owned());
        own.or_insert_with(address);
    }
    let signs_itself = matches!(plan.channel, ChannelKind::Email | ChannelKind::Webchat);
    if signs_itself && credentials.webhook_secrets.is_empty() {
        credentials
            .webhook_secrets
            .push(vault::random_text(32).ok()?);
    }
    Some(credentials)
}

/// Hashes a password; `None` for one that is empty or too long.
pub(crate) fn hash(password: &str) -> Option<String> {
    if password.is_empty() || password.len() > 1000 {
        return None;
    }
    let hash: PasswordHash = argon2::Argon2::default()
        .hash_password(password.as_bytes())
        .ok()?;
    Some(hash.to_string())
}

/// Hashes a password on a thread of its own.
pub(crate) async fn hash_apart(password: &Secret<String>) -> Option<String> {
    let password = password.clone();
    let hashed = tokio::task::spawn_blocking(move || hash(password.expose()));
    hashed.await.ok().flatten()
}

fn seal(vault: &Vault, inbox: InboxId, credentials: &Credentials) -> Option<Vec<u8>> {
    let plain = serde_json::to_vec(credentials).ok()?;
    vault.seal(&inbox.to_string(), &plain).ok()
}

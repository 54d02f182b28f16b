//! The agent service as a whole: schema, transports and the live queue.

use crate::cors::OriginError;
use crate::documents::ManifestError;
use crate::files::{self, Files};
use crate::{
    Documents, GraphqlTransport, Origins, Statuses, Tokens, TransportLimits, live, tokens,
    transport,
};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use interdesk_bus::Bus;
use interdesk_flow::Desk;
use interdesk_flow::oidc::RelyingParty;
use interdesk_graphql::{DeskSchema, Hub, Limits, limits::Sizes, schema};
use interdesk_node::config::Config;
use interdesk_node::provider;
use interdesk_node::token::{self, KeyError};
use interdesk_store::vault::Vault;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The agent service; clones share everything.
#[derive(Clone)]
pub struct Service {
    transport: GraphqlTransport<DeskSchema>,
    hub: Hub,
    instance: String,
    stop: CancellationToken,
    graphiql: bool,
    files: Files,
    /// The public keys of tokens.
    jwks: serde_json::Value,
}

impl Service {
    /// Builds the service; cancelling `stop` ends its sockets and its live queue.
    ///
    /// # Errors
    ///
    /// Fails when the cryptographic library refuses a key, or when the manifest of trusted documents
    /// cannot be used.
    pub fn new(
        desk: &Desk,
        config: &Config,
        vault: &Vault,
        stop: CancellationToken,
    ) -> Result<Self, ServiceError> {
        let (issuer, verifier) = token::from_vault(vault, &config.auth)?;
        let jwks = verifier.jwks();
        let hub = Hub::new(desk.database.clone(), config.graphql.subscription_buffer);
        let issuer = tokens::issuer(desk, issuer);
        let executor = schema(
            desk.clone(),
            hub.clone(),
            issuer,
            vault.clone(),
            relying_party(config)?,
            limits(config),
        );
        let authenticate = Arc::new(Tokens::new(desk.clone(), verifier));
        let files = Files {
            desk: desk.clone(),
            authenticate: authenticate.clone(),
        };
        let transport = GraphqlTransport::new(
            executor,
            authenticate,
            transport_limits(config),
            stop.clone(),
        )
        .with_statuses(match config.graphql.draft_statuses {
            true => Statuses::Draft,
            false => Statuses::Settled,
        })
        .with_documents(documents(config)?)
        .with_origins(Origins::parse(&config.graphql.allowed_origins)?);
        let instance = desk.clock.new_uuid().simple().to_string();
        let graphiql = config.graphql.graphiql;
        Ok(Self {
            transport,
            hub,
            instance,
            stop,
            graphiql,
            files,
            jwks,
        })
    }

    /// Mounts `/graphql`, `/graphql/ws` and `/files`, and GraphiQL at `/` where the settings want
    /// it.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let keys = self.jwks.clone();
        config.route(
            "/.well-known/jwks.json",
            web::get().to(move || {
                let keys = keys.to_string();
                async move {
                    HttpResponse::Ok()
                        .content_type("application/jwk-set+json")
                        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
                        .body(keys)
                }
            }),
        );
        files::configure(config, self.files.clone());
        transport::configure(config, self.transport.clone(), self.graphiql);
    }

    /// Follows the bus until the service stops: without it subscribers see events late.
    pub async fn live(self, bus: Arc<dyn Bus>) -> anyhow::Result<()> {
        live::follow(self.hub, bus, self.instance, self.stop).await;
        Ok(())
    }
}

/// Says why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A key is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file that `graphql.trusted_documents` names cannot be read.
    #[error("graphql.trusted_documents: {path} cannot be read: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The client that calls identity providers cannot be made.
    #[error("identity providers cannot be called: {0}")]
    Providers(#[from] reqwest::Error),
    /// The setting `graphql.allowed_origins` cannot be used.
    #[error("graphql.allowed_origins: {0}")]
    Origins(#[from] OriginError),
    /// The file that `graphql.trusted_documents` names is no manifest.
    #[error("graphql.trusted_documents: {0}")]
    Manifest(#[from] ManifestError),
}

fn documents(config: &Config) -> Result<Documents, ServiceError> {
    let alone = config.graphql.trusted_only;
    let Some(path) = config.graphql.trusted_documents.clone() else {
        let none = Documents::default();
        return Ok(if alone { none.alone() } else { none });
    };
    let manifest = std::fs::read_to_string(&path);
    let manifest = manifest.map_err(|source| ServiceError::File { path, source })?;
    Ok(Documents::read(&manifest, alone)?)
}

fn relying_party(config: &Config) -> Result<RelyingParty, ServiceError> {
    let is_private = config.auth.allow_private_providers;
    let timeout = Duration::from_secs(config.auth.provider_timeout_seconds);
    let client = provider::client(timeout, is_private)?;
    let forbids: fn(&str) -> bool = match is_private {
        true => |_| false,
        false => provider::is_forbidden_url,
    };
    Ok(RelyingParty::new(client, forbids, is_private))
}

fn limits(config: &Config) -> Limits {
    Limits {
        sizes: Sizes {
            tokens: config.graphql.max_tokens,
            aliases: config.graphql.max_aliases,
            directives: config.graphql.max_directives,
            root_fields: config.graphql.max_root_fields,
        },
        depth: config.graphql.max_depth,
        cost: config.graphql.max_complexity,
        cost_per_minute: config.graphql.cost_per_minute,
        suggestions: config.graphql.suggestions,
        introspection: config.graphql.introspection,
        count: config.graphql.count_limit,
        sign_in_tries_per_minute: config.auth.login_attempts_per_minute,
    }
}

fn transport_limits(config: &Config) -> TransportLimits {
    TransportLimits {
        max_body_bytes: config.http.graphql_max_body_bytes,
        max_message_bytes: config.http.graphql_max_body_bytes,
        max_tokens: config.graphql.max_tokens,
        max_operations_per_socket: config.graphql.max_subscriptions_per_socket,
        max_buffered_messages: config.graphql.subscription_buffer,
        init_timeout: Duration::from_secs(config.graphql.init_timeout_seconds),
        keep_alive: Duration::from_secs(config.graphql.keepalive_seconds),
        ..TransportLimits::default()
    }
}

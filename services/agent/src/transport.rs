//! The transport as a value, and the routes it is mounted on.

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use async_graphql::{Data, Executor};
use tokio_util::sync::CancellationToken;

use crate::{
    authenticate::{AuthRefusal, Authenticate, RequestInfo},
    cors::Origins,
    documents::Documents,
    graphiql,
    http::{self, Statuses},
    limits::TransportLimits,
    ws,
};

/// Serves one executor over HTTP, server-sent events and WebSocket; clones share everything.
pub struct GraphqlTransport<E: Executor> {
    pub(crate) executor: E,
    pub(crate) limits: Arc<TransportLimits>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) statuses: Statuses,
    pub(crate) documents: Arc<Documents>,
    pub(crate) origins: Arc<Origins>,
    authenticate: Arc<dyn Authenticate>,
}

impl<E: Executor> Clone for GraphqlTransport<E> {
    fn clone(&self) -> Self {
        Self {
            executor: self.executor.clone(),
            limits: self.limits.clone(),
            shutdown: self.shutdown.clone(),
            statuses: self.statuses,
            documents: self.documents.clone(),
            origins: self.origins.clone(),
            authenticate: self.authenticate.clone(),
        }
    }
}

impl<E: Executor> GraphqlTransport<E> {
    /// Builds a transport; cancelling `shutdown` closes every socket with 1012 and ends every stream.
    pub fn new(
        executor: E,
        authenticate: Arc<dyn Authenticate>,
        limits: TransportLimits,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            executor,
            limits: Arc::new(limits),
            shutdown,
            statuses: Statuses::default(),
            documents: Arc::default(),
            origins: Arc::default(),
            authenticate,
        }
    }

    /// Answers with these statuses instead of the settled ones.
    #[must_use]
    pub fn with_statuses(self, statuses: Statuses) -> Self {
        Self { statuses, ..self }
    }

    /// Lets clients ask for these documents by their hash.
    #[must_use]
    pub fn with_documents(self, documents: Documents) -> Self {
        Self {
            documents: Arc::new(documents),
            ..self
        }
    }

    /// Lets pages of these origins call from browsers.
    #[must_use]
    pub fn with_origins(self, origins: Origins) -> Self {
        Self {
            origins: Arc::new(origins),
            ..self
        }
    }

    pub(crate) async fn authenticate(
        &self,
        bearer: Option<&str>,
        request: &RequestInfo,
    ) -> Result<Data, AuthRefusal> {
        let data = self.authenticate.authenticate(bearer, request).await?;
        Ok(request.complete(data))
    }
}

/// Mounts `/graphql` and `/graphql/ws`, and GraphiQL at `/` when `graphiql` is true.
///
/// WebSockets are accepted on both paths.
pub fn configure<E: Executor>(
    config: &mut ServiceConfig,
    transport: GraphqlTransport<E>,
    graphiql: bool,
) {
    config
        .app_data(web::Data::new(transport))
        .service(web::resource("/graphql").route(web::route().to(http::serve::<E>)))
        .service(web::resource("/graphql/ws").route(web::get().to(ws::serve::<E>)));
    if graphiql {
        graphiql::configure(config);
    }
}

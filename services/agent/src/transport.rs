//! The transport as a value, and the routes it is mounted on.

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use async_graphql::{Data, Executor};
use tokio_util::sync::CancellationToken;

use crate::{
    authenticate::{AuthRefusal, Authenticate, RequestInfo},
    graphiql, http,
    limits::TransportLimits,
    ws,
};

/// Serves one executor over HTTP and WebSocket; clones share everything.
pub struct GraphqlTransport<E: Executor> {
    pub(crate) executor: E,
    pub(crate) limits: Arc<TransportLimits>,
    pub(crate) shutdown: CancellationToken,
    authenticate: Arc<dyn Authenticate>,
}

impl<E: Executor> Clone for GraphqlTransport<E> {
    fn clone(&self) -> Self {
        Self {
            executor: self.executor.clone(),
            limits: self.limits.clone(),
            shutdown: self.shutdown.clone(),
            authenticate: self.authenticate.clone(),
        }
    }
}

impl<E: Executor> GraphqlTransport<E> {
    /// Builds a transport; cancelling `shutdown` closes every socket with 1012.
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
            authenticate,
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

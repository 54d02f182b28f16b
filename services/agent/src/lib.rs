//! Serves agents: GraphQL over HTTP, server-sent events and WebSocket, and GraphiQL for development.
//!
//! The transports are our own over async-graphql as executor, because the two
//! specifications (GraphQL over HTTP, graphql-transport-ws) say more about
//! statuses and close codes than the stock integration keeps.

pub mod authenticate;
pub mod cors;
pub mod documents;
mod files;
pub mod graphiql;
pub mod http;
pub mod limits;
mod live;
mod operation;
pub mod search;
mod service;
mod tokens;
mod trace;
pub mod transport;
pub mod ws;

pub use authenticate::{AuthRefusal, Authenticate, RequestInfo, SessionExpiry, TraceParent};
pub use cors::Origins;
pub use documents::Documents;
pub use http::Statuses;
pub use limits::TransportLimits;
pub use service::Service;
pub use tokens::Tokens;
pub use transport::{GraphqlTransport, configure};

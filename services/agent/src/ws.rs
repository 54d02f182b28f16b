//! GraphQL over WebSocket, protocol `graphql-transport-ws`.
//!
//! What a message means is decided in `machine`, which does no IO; `socket`
//! moves bytes and runs operations, all in one task per socket.
//!
//! A slow client: at `max_buffered_messages` waiting messages the socket stops
//! polling its operations and reading its client, and when the buffer stays
//! full for `slow_client_timeout` it closes with 1013, a code after which
//! clients reconnect and resume from their cursor. Memory stays bounded and
//! nothing is dropped silently.

mod close;
mod machine;
mod message;
mod socket;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Payload},
};
use async_graphql::Executor;

use self::{close::Close, socket::Socket};
use crate::{GraphqlTransport, RequestInfo, authenticate::text};

/// Name of the one sub-protocol served.
pub const PROTOCOL: &str = "graphql-transport-ws";

/// Upgrades a request to a WebSocket and serves it in a task of its own.
pub async fn serve<E: Executor>(
    request: HttpRequest,
    body: Payload,
    transport: web::Data<GraphqlTransport<E>>,
) -> HttpResponse {
    let upgraded = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]);
    let (response, session, incoming) = match upgraded {
        Ok(upgraded) => upgraded,
        Err(error) => return error.error_response(),
    };
    if !response
        .headers()
        .contains_key(header::SEC_WEBSOCKET_PROTOCOL)
    {
        // The handshake has to succeed for the client to learn the reason.
        actix_web::rt::spawn(session.close(Some(Close::Subprotocol.into())));
        return response;
    }
    let info = RequestInfo::of(&request);
    let authorization = text(&request, header::AUTHORIZATION.as_str());
    let transport = transport.get_ref().clone();
    let socket = Socket::new(session, incoming, transport, info, authorization);
    actix_web::rt::spawn(socket.run());
    response
}

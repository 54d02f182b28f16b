//! One socket: frames in and out, its operations, its clocks; one task for all of them.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, sync::Arc};

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, Message, MessageStream, ProtocolError, Session,
};
use async_graphql::{Data, Executor, Response};
use futures::{Sink, SinkExt, StreamExt, future::BoxFuture, stream::BoxStream};
use serde_json::{Map, Value as Json};
use tokio::time::{
    Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep_until, timeout,
};
use tokio_stream::{StreamMap, StreamNotifyClose};

use super::{
    close::Close,
    machine::{Act, Machine},
    message::ServerMessage,
};
use crate::{
    AuthRefusal, GraphqlTransport, RequestInfo, SessionExpiry,
    authenticate::bearer,
    operation::{self, Wanted},
    trace::Traced,
};

type Operations = StreamMap<Arc<str>, StreamNotifyClose<BoxStream<'static, Response>>>;

/// Serves one client until either side ends the socket.
pub(super) struct Socket<E: Executor> {
    session: Session,
    incoming: AggregatedMessageStream,
    transport: GraphqlTransport<E>,
    info: Arc<RequestInfo>,
    authorization: Option<String>,
    machine: Machine,
    authenticating: Option<BoxFuture<'static, Result<Data, AuthRefusal>>>,
    data: Arc<Data>,
    operations: Operations,
    outbox: VecDeque<Message>,
    last_heard: Instant,
    keep_alive: Interval,
    /// Ends the wait for `connection_init`, later the session of the token.
    deadline: Pin<Box<Sleep>>,
    /// Ends the patience with a client that does not read.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Why the loop ended; a dead or gone peer is told nothing.
enum End {
    Close(Close),
    Gone,
}

impl<E: Executor> Socket<E> {
    pub(super) fn new(
        session: Session,
        incoming: MessageStream,
        transport: GraphqlTransport<E>,
        info: RequestInfo,
        authorization: Option<String>,
    ) -> Self {
        let limits = &transport.limits;
        let now = Instant::now();
        let mut keep_alive = interval_at(now + limits.keep_alive, limits.keep_alive);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            session,
            incoming: incoming
                .max_frame_size(limits.max_message_bytes)
                .aggregate_continuations()
                .max_continuation_size(limits.max_message_bytes),
            machine: Machine::new(limits.max_operations_per_socket),
            info: Arc::new(info),
            authorization,
            authenticating: None,
            data: Arc::default(),
            operations: StreamMap::new(),
            outbox: VecDeque::new(),
            last_heard: now,
            keep_alive,
            deadline: Box::pin(sleep_until(now + limits.init_timeout)),
            stalled: None,
            transport,
        }
    }

    /// Runs the socket to its end.
    pub(super) async fn run(mut self) {
        let sockets = metrics::gauge!("graphql_sockets");
        sockets.increment(1.0);
        let end = self.serve().await;
        sockets.decrement(1.0);
        // Operations end before the client hears the reason, so nothing follows it.
        self.operations.clear();
        let code = match &end {
            End::Close(close) => close.code(),
            End::Gone => 1006,
        };
        metrics::counter!("graphql_sockets_closed_total", "code" => code.to_string()).increment(1);
        if let End::Close(close) = end {
            let patience = self.transport.limits.close_timeout;
            let _ = timeout(patience, self.say_goodbye(close)).await;
        }
    }

    async fn say_goodbye(mut self, close: Close) {
        for message in std::mem::take(&mut self.outbox) {
            if self.session.send(message).await.is_err() {
                return;
            }
        }
        let _ = self.session.close(Some(close.into())).await;
    }

    async fn serve(&mut self) -> End {
        let shutdown = self.transport.shutdown.clone();
        let shutdown = shutdown.cancelled();
        tokio::pin!(shutdown);
        loop {
            let full = self.outbox.len() >= self.transport.limits.max_buffered_messages;
            self.watch_stall(full);
            let step = tokio::select! {
                biased;
                () = &mut shutdown => Err(End::Close(Close::Restart)),
                room = room(&mut self.session), if !self.outbox.is_empty() => self.write(room),
                () = or_never(self.stalled.as_mut()) => Err(End::Close(Close::SlowClient)),
                () = self.deadline.as_mut() => self.on_deadline(),
                frame = self.incoming.next(), if !full => self.on_frame(frame),
                data = or_never(self.authenticating.as_mut()) => self.on_authenticated(data),
                _ = self.keep_alive.tick() => self.on_tick(full),
                Some((id, response)) = self.operations.next(), if !full => {
                    self.on_response(id, response)
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn watch_stall(&mut self, full: bool) {
        if !full {
            self.stalled = None;
        } else if self.stalled.is_none() {
            let end = Instant::now() + self.transport.limits.slow_client_timeout;
            self.stalled = Some(Box::pin(sleep_until(end)));
        }
    }

    fn write(&mut self, room: bool) -> Result<(), End> {
        let Some(message) = self.outbox.pop_front() else {
            return Ok(());
        };
        if !room || Pin::new(&mut self.session).start_send(message).is_err() {
            return Err(End::Gone);
        }
        Ok(())
    }

    fn on_deadline(&mut self) -> Result<(), End> {
        Err(End::Close(if self.machine.awaits_init() {
            Close::InitTimeout
        } else {
            Close::Forbidden(AuthRefusal::Expired)
        }))
    }

    fn on_frame(
        &mut self,
        frame: Option<Result<AggregatedMessage, ProtocolError>>,
    ) -> Result<(), End> {
        self.last_heard = Instant::now();
        match frame {
            None => Err(End::Gone),
            Some(Err(error)) => Err(End::Close(broken(&error))),
            Some(Ok(AggregatedMessage::Text(text))) => {
                let act = self.machine.receive(&text);
                self.act(act)
            }
            Some(Ok(AggregatedMessage::Binary(_))) => Err(End::Close(Close::BadMessage(
                "messages are text, not binary".into(),
            ))),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                self.outbox.push_back(Message::Pong(bytes));
                Ok(())
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Close(_))) => Err(End::Close(Close::Normal)),
        }
    }

    fn act(&mut self, act: Act) -> Result<(), End> {
        match act {
            Act::Rest => {}
            Act::Authenticate(payload) => self.authenticate(&payload)?,
            Act::Pong(payload) => self.send(&ServerMessage::Pong { payload }),
            Act::Start(id, wanted) => self.start(id, *wanted),
            Act::Stop(id) => {
                self.operations.remove(&id);
            }
            Act::TooMany(id) => {
                let limit = self.transport.limits.max_operations_per_socket;
                let message =
                    format!("a socket has at most {limit} operations, complete one first");
                let error = operation::error("TOO_MANY_OPERATIONS", message);
                let mut response = Response::from_errors(vec![error]);
                operation::complete(&mut response, &Traced::of(&self.info).id);
                let payload = response.errors;
                self.send(&ServerMessage::Error {
                    id: &id,
                    payload: &payload,
                });
            }
            Act::Close(close) => return Err(End::Close(close)),
        }
        Ok(())
    }

    fn authenticate(&mut self, payload: &Map<String, Json>) -> Result<(), End> {
        let token = token(payload, self.authorization.as_deref())
            .map_err(|refusal| End::Close(refusal.into()))?;
        // The client did its part in time; how long the check takes is not its fault.
        self.deadline.as_mut().reset(never());
        let (transport, info) = (self.transport.clone(), self.info.clone());
        self.authenticating = Some(Box::pin(async move {
            transport.authenticate(token.as_deref(), &info).await
        }));
        Ok(())
    }

    fn on_authenticated(&mut self, data: Result<Data, AuthRefusal>) -> Result<(), End> {
        self.authenticating = None;
        let data = data.map_err(|refusal| End::Close(refusal.into()))?;
        let expiry = SessionExpiry::of(&data).map(Instant::from_std);
        self.deadline.as_mut().reset(expiry.unwrap_or_else(never));
        self.data = Arc::new(data);
        self.machine.acknowledge();
        self.send(&ServerMessage::ConnectionAck);
        Ok(())
    }

    fn start(&mut self, id: Arc<str>, wanted: Wanted) {
        let traced = Traced::of(&self.info);
        match wanted.prepare(&self.transport.documents, self.transport.limits.max_tokens) {
            Ok((mut request, _)) => {
                traced.tell(&mut request);
                let results = self
                    .transport
                    .executor
                    .execute_stream(request, Some(self.data.clone()));
                let results = traced.follow(results);
                self.operations.insert(id, StreamNotifyClose::new(results));
            }
            Err(mut response) => {
                operation::complete(&mut response, &traced.id);
                self.machine.ended(&id);
                self.send(&ServerMessage::of(&id, &response));
            }
        }
    }

    fn on_response(&mut self, id: Arc<str>, response: Option<Response>) -> Result<(), End> {
        let Some(response) = response else {
            self.machine.ended(&id);
            self.send(&ServerMessage::Complete { id: &id });
            return Ok(());
        };
        let message = ServerMessage::of(&id, &response);
        if matches!(message, ServerMessage::Error { .. }) {
            // An `error` message ends the operation, no `complete` follows it.
            self.operations.remove(&id);
            self.machine.ended(&id);
        }
        self.send(&message);
        Ok(())
    }

    fn on_tick(&mut self, full: bool) -> Result<(), End> {
        if full {
            // Nothing is read meanwhile, so silence proves nothing; the stall clock decides.
            return Ok(());
        }
        if self.last_heard.elapsed() > self.transport.limits.keep_alive * 2 {
            return Err(End::Gone);
        }
        self.outbox.push_back(Message::Ping(Default::default()));
        Ok(())
    }

    fn send(&mut self, message: &ServerMessage<'_>) {
        match serde_json::to_string(message) {
            Ok(text) => self.outbox.push_back(Message::Text(text.into())),
            Err(error) => tracing::error!(%error, "a GraphQL message could not be written as JSON"),
        }
    }
}

async fn room(session: &mut Session) -> bool {
    poll_fn(|context| Pin::new(&mut *session).poll_ready(context))
        .await
        .is_ok()
}

async fn or_never<F: Future + Unpin>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

fn never() -> Instant {
    // Far enough for any process, near enough for every timer.
    Instant::now() + std::time::Duration::from_secs(60 * 60 * 24 * 365)
}

/// Finds the token: in the payload, or where a server-side client put it, in the handshake.
fn token(
    payload: &Map<String, Json>,
    authorization: Option<&str>,
) -> Result<Option<String>, AuthRefusal> {
    if let Some(token) = payload.get("token").filter(|token| !token.is_null()) {
        let token = token.as_str().ok_or(AuthRefusal::Invalid)?;
        return Ok(Some(token.to_owned()));
    }
    let given = ["Authorization", "authorization"]
        .into_iter()
        .find_map(|key| payload.get(key));
    let value = match given {
        None | Some(Json::Null) => authorization,
        Some(Json::String(value)) => Some(value.as_str()),
        Some(_) => return Err(AuthRefusal::Invalid),
    };
    Ok(bearer(value)?.map(str::to_owned))
}

fn broken(error: &ProtocolError) -> Close {
    match error {
        // A message of many frames that grows past the limit arrives as an IO error.
        ProtocolError::Overflow | ProtocolError::Io(_) => Close::TooBig,
        _ => Close::Protocol,
    }
}

//! A server on a free port with a schema of a few fields.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, dev::ServerHandle};
use async_graphql::{
    Context, Data, Error, ErrorExtensions, Object, Schema, SimpleObject, Subscription,
};
use futures::{Stream, StreamExt, stream};
use interdesk_agent::{
    AuthRefusal, Authenticate, Documents, GraphqlTransport, RequestInfo, SessionExpiry, Statuses,
    TraceParent, TransportLimits, configure,
};
use interdesk_graphql::ResumeAfter;
use tokio_util::sync::CancellationToken;

/// Runs until it is dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    /// Subscriptions that run now.
    pub(crate) open: Arc<AtomicUsize>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(TransportLimits::default())
    }

    pub(crate) fn with(limits: TransportLimits) -> Self {
        Self::of(limits, Statuses::default())
    }

    /// Starts a server that runs these documents and nothing else.
    pub(crate) fn of_documents(documents: Documents) -> Self {
        let (limits, statuses) = (TransportLimits::default(), Statuses::default());
        Self::new(limits, statuses, documents)
    }

    pub(crate) fn of(limits: TransportLimits, statuses: Statuses) -> Self {
        Self::new(limits, statuses, Documents::default())
    }

    fn new(limits: TransportLimits, statuses: Statuses, documents: Documents) -> Self {
        let open = Arc::new(AtomicUsize::new(0));
        let schema = Schema::build(Query, Mutation::default(), Events)
            .data(open.clone())
            .finish();
        let shutdown = CancellationToken::new();
        let transport = GraphqlTransport::new(schema, Arc::new(Tokens), limits, shutdown.clone());
        let transport = transport.with_statuses(statuses).with_documents(documents);
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let transport = transport.clone();
                    App::new().configure(move |config| configure(config, transport, true))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receive.recv().unwrap();
        Self {
            address,
            shutdown,
            open,
            handle,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Waits until `count` subscriptions run.
    pub(crate) async fn open_subscriptions(&self, count: usize) {
        for _ in 0..200 {
            if self.open.load(Ordering::SeqCst) == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{} subscriptions are open, not {count}",
            self.open.load(Ordering::SeqCst)
        );
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Viewer(&'static str);

struct Tokens;

#[async_trait::async_trait]
impl Authenticate for Tokens {
    async fn authenticate(
        &self,
        bearer: Option<&str>,
        _request: &RequestInfo,
    ) -> Result<Data, AuthRefusal> {
        let mut data = Data::default();
        match bearer {
            None => return Ok(data),
            Some("good") => {}
            Some("slow") => tokio::time::sleep(Duration::from_millis(300)).await,
            Some("short") => {
                data.insert(SessionExpiry(Instant::now() + Duration::from_millis(300)));
            }
            Some("expired") => return Err(AuthRefusal::Expired),
            Some("unavailable") => return Err(AuthRefusal::Unavailable),
            Some(_) => return Err(AuthRefusal::Invalid),
        }
        data.insert(Viewer("agent"));
        Ok(data)
    }
}

struct Query;

#[Object]
impl Query {
    async fn hello(
        &self,
        #[graphql(default_with = "String::from(\"world\")")] name: String,
    ) -> String {
        format!("hello {name}")
    }

    async fn viewer(&self, context: &Context<'_>) -> Option<&'static str> {
        context.data_opt::<Viewer>().map(|viewer| viewer.0)
    }

    async fn trace_parent(&self, context: &Context<'_>) -> Option<String> {
        context
            .data_opt::<TraceParent>()
            .map(|trace| trace.0.clone())
    }

    async fn refused(&self) -> Option<Result<String, Error>> {
        Some(Err(
            Error::new("not yours").extend_with(|_, e| e.set("code", "NOT_FOUND"))
        ))
    }

    async fn sum(&self, values: Vec<i32>) -> i32 {
        values.iter().sum()
    }

    async fn broken(&self) -> Result<String, Error> {
        Err(Error::new("out of order"))
    }
}

#[derive(Default)]
struct Mutation {
    count: AtomicI64,
}

#[Object]
impl Mutation {
    async fn bump(&self) -> i64 {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }
}

struct Events;

/// Something with a place.
#[derive(SimpleObject)]
struct Numbered {
    number: u32,
    cursor: String,
}

#[Subscription]
impl Events {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// Counts to five from where the client was.
    async fn numbered(&self, context: &Context<'_>) -> Result<impl Stream<Item = Numbered>, Error> {
        let seen = match context.data_opt::<ResumeAfter>() {
            Some(ResumeAfter(cursor)) => cursor.trim_start_matches("n-").parse()?,
            None => 0,
        };
        Ok(stream::iter(seen + 1..=5).map(|number| Numbered {
            number,
            cursor: format!("n-{number}"),
        }))
    }

    /// Says one thing and then stays quiet.
    async fn quiet(&self, context: &Context<'_>) -> impl Stream<Item = bool> {
        let open = Open::new(context.data_unchecked::<Arc<AtomicUsize>>().clone());
        stream::once(async { true })
            .chain(stream::pending())
            .map(move |value| {
                let _ = &open;
                value
            })
    }

    /// Says a kilobyte as often as it is asked.
    async fn flood(&self, context: &Context<'_>) -> impl Stream<Item = String> {
        let open = Open::new(context.data_unchecked::<Arc<AtomicUsize>>().clone());
        stream::repeat("x".repeat(1024)).inspect(move |_| {
            let _ = &open;
        })
    }

    async fn refused(&self) -> Result<stream::Empty<i32>, Error> {
        Err(Error::new("too old").extend_with(|_, e| e.set("code", "RESYNC_REQUIRED")))
    }
}

/// Counts a subscription from its start to its drop.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

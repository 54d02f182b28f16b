//! Every setting of the program, declared once.
//!
//! A line reads: name, type = default, unit, accepted values. The doc comment
//! is what the printed reference says.

use std::{net::IpAddr, path::PathBuf};

use serde::Deserialize;

use super::{
    Check, Key, Secret,
    key::{IntoDefault, Setting, Unset},
};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

macro_rules! settings {
    (
        $( $(#[doc = $top_doc:literal])+
           $top:ident: $top_type:ty = $top_default:expr, $top_unit:literal, $top_check:expr; )+
        $( [$section:ident: $Section:ident = $section_doc:literal]
           $( $(#[doc = $doc:literal])+
              $name:ident: $type:ty = $default:expr, $unit:literal, $check:expr; )+ )+
    ) => {
        /// Every setting of the program.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $( $(#[doc = $top_doc])+ pub $top: $top_type, )+
            $( #[doc = $section_doc] pub $section: $Section, )+
        }

        $(
            #[doc = $section_doc]
            #[derive(Debug, Clone, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $Section {
                $( $(#[doc = $doc])+ pub $name: $type, )+
            }
        )+

        /// Lists every setting, in the order of the reference.
        pub fn keys() -> Vec<Key> {
            vec![
                $( Key {
                    section: "",
                    name: stringify!($top),
                    kind: <$top_type as Setting>::KIND,
                    default: IntoDefault::into_default($top_default),
                    unit: $top_unit,
                    check: $top_check,
                    doc: concat!($($top_doc),+).trim_ascii(),
                }, )+
                $( $( Key {
                    section: stringify!($section),
                    name: stringify!($name),
                    kind: <$type as Setting>::KIND,
                    default: IntoDefault::into_default($default),
                    unit: $unit,
                    check: $check,
                    doc: concat!($($doc),+).trim_ascii(),
                }, )+ )+
            ]
        }

        /// Says what a section of the file is about.
        pub(super) fn section_doc(section: &str) -> &'static str {
            match section {
                $( stringify!($section) => $section_doc, )+
                _ => "",
            }
        }
    };
}

const POSTGRES: Check = Check::Url(&["postgres", "postgresql"]);
const WEB: Check = Check::Url(&["http", "https"]);

settings! {
    /// Whether this is somebody's own machine: turns `graphql.graphiql`, `graphql.introspection`, `graphql.suggestions`, `providers.allow_private_callbacks` and `auth.allow_private_providers` on unless they are set.
    development: bool = false, "flag", Check::Any;
    /// The folder for everything that the program writes itself: the private PostgreSQL, generated keys, files.
    data_dir: PathBuf = "./.interdesk", "folder", Check::NotEmpty;
    /// The key that seals credentials and signs tokens: 32 bytes in base64; several as `2:…,1:…`, where the highest number seals. Generated into `<data_dir>/secret.key` when unset.
    secret_key: Option<Secret<String>> = Unset, "base64", Check::NotEmpty;

    [http: Http = "The HTTP server of every role."]
    /// Address to listen on.
    bind: IpAddr = "127.0.0.1", "address", Check::Address;
    /// Port to listen on; 0 takes a free one.
    port: u16 = 8080, "port", Check::Whole(0, 65_535);
    /// Threads that serve requests; 0 takes one per processor.
    workers: usize = 0, "threads", Check::Whole(0, 256);
    /// Largest webhook body; a larger one is answered 413.
    max_body_bytes: usize = 8_388_608, "bytes", Check::Whole(1_024, 67_108_864);
    /// Largest GraphQL request body; a larger one is answered 413.
    graphql_max_body_bytes: usize = 1_048_576, "bytes", Check::Whole(1_024, 16_777_216);
    /// Address under which people and providers reach this desk; derived from `bind` and `port` when unset.
    public_url: Option<String> = Unset, "URL", WEB;

    [database: Database = "PostgreSQL."]
    /// Database to use, as a login that cannot bypass row-level security; a private PostgreSQL under `data_dir` is started when unset.
    url: Option<Secret<String>> = Unset, "URL", POSTGRES;
    /// The same database as the owner of its tables, used by `interdesk migrate`.
    migration_url: Option<Secret<String>> = Unset, "URL", POSTGRES;
    /// The same database as a login that may become `interdesk_operator`, used by `interdesk tenant`; `migration_url` when unset.
    operator_url: Option<Secret<String>> = Unset, "URL", POSTGRES;
    /// Connections for work inside one tenant.
    pool_size: usize = 16, "connections", Check::Whole(1, 1_000);
    /// Connections for work across tenants, such as the relay and timers.
    system_pool_size: usize = 4, "connections", Check::Whole(1, 100);
    /// Longest time to wait for a connection from a pool.
    pool_wait_ms: u64 = 5_000, "milliseconds", Check::Whole(10, 120_000);
    /// Longest time that one statement may run.
    statement_timeout_ms: u64 = 10_000, "milliseconds", Check::Whole(100, 600_000);

    [bus: Bus = "The message bus."]
    /// RabbitMQ to use; an in-process bus with the same promises when unset.
    url: Option<Secret<String>> = Unset, "URL", Check::Url(&["amqp", "amqps"]);
    /// What stands before every name at the broker, so that several desks can share one.
    prefix: String = "", "text", Check::Any;
    /// Parts into which tenants are spread; every process of a desk needs the same number.
    shards: u16 = 4, "shards", Check::Whole(1, 256);
    /// Events that the delivery consumer of one shard holds before it acknowledges.
    prefetch: u16 = 64, "events", Check::Whole(1, 10_000);
    /// Publishes that may wait for their confirm at once.
    confirm_window: usize = 128, "events", Check::Whole(1, 10_000);
    /// Waiting times before an event that failed is tried again, one per further try; after the last it goes to the dead letters.
    retry_delays_ms: Vec<u64> = [1_000, 5_000, 30_000, 120_000], "milliseconds", Check::Whole(1, 3_600_000);

    [cache: Cache = "Presence, throttles and other short-lived facts."]
    /// Redis to use; kept in process when unset.
    url: Option<Secret<String>> = Unset, "URL", Check::Url(&["redis"]);

    [receive: Receive = "Taking in webhooks."]
    /// Webhooks that one commit serves at most.
    max_batch: usize = 64, "webhooks", Check::Whole(1, 1_000);
    /// How long webhooks wait for the end of a commit that runs before they begin the next beside it.
    max_wait_us: u64 = 1_000, "microseconds", Check::Whole(0, 100_000);
    /// Webhooks that may wait for a commit; beyond it they are answered 503.
    max_queue: usize = 4_096, "webhooks", Check::Whole(1, 1_000_000);
    /// Commits that run at once.
    workers: usize = 3, "tasks", Check::Whole(1, 64);

    [mail: Mail = "Taking in mails."]
    /// Address to listen on for servers that hand mails over.
    bind: IpAddr = "127.0.0.1", "address", Check::Address;
    /// Port for LMTP; 0 takes a free one, and no LMTP is taken when unset.
    lmtp_port: Option<u16> = Unset, "port", Check::Whole(0, 65_535);
    /// Port for SMTP, for a server in front that speaks no LMTP; 0 takes a free one, and no SMTP is taken when unset.
    smtp_port: Option<u16> = Unset, "port", Check::Whole(0, 65_535);
    /// Name that the desk greets mail servers with.
    name: String = "localhost", "name", Check::NotEmpty;
    /// Largest mail; a larger one is refused.
    max_bytes: usize = 37_748_736, "bytes", Check::Whole(1_024, 268_435_456);
    /// Connections at once; one more is told to come again.
    max_connections: usize = 32, "connections", Check::Whole(1, 10_000);
    /// How long a mail server may be silent.
    command_timeout_seconds: u64 = 300, "seconds", Check::Whole(1, 3_600);
    /// Whether mailboxes with IMAP credentials are read.
    imap: bool = true, "flag", Check::Any;
    /// How often a mailbox is looked at although its server told nothing; also how fast new inboxes are noticed.
    imap_poll_seconds: u64 = 60, "seconds", Check::Whole(1, 1_500);
    /// Mailboxes that one process reads at once.
    imap_connections: usize = 200, "mailboxes", Check::Whole(1, 10_000);

    [routing: Routing = "Choosing agents for work items."]
    /// Work items that one commit of a router hands out at most.
    pass_limit: usize = 200, "work items", Check::Whole(1, 100_000);
    /// Members of a queue that the stored explanation of one decision lists at most; the rest is counted.
    explain_members: usize = 50, "agents", Check::Whole(1, 100_000);
    /// Time without events after which a router is dropped whose tenant has nothing that waits; the next event opens it again.
    idle_seconds: u64 = 900, "seconds", Check::Whole(1, 86_400);
    /// Age at which what a router knows is compared with the database.
    check_seconds: u64 = 30, "seconds", Check::Whole(1, 3_600);
    /// How long a work item is not offered again to an agent who declined it.
    decline_cooldown_seconds: u64 = 60, "seconds", Check::Whole(0, 86_400);

    [delivery: Delivery = "Sending replies to providers."]
    /// Messages that are sent at once.
    concurrency: usize = 16, "messages", Check::Whole(1, 1_000);
    /// Longest time to wait for a provider's answer.
    timeout_seconds: u64 = 20, "seconds", Check::Whole(1, 300);
    /// Tries after which a message counts as failed.
    max_attempts: u32 = 6, "tries", Check::Whole(1, 100);
    /// Age at which a message whose sending was cut off becomes unknown; longer than `timeout_seconds`.
    unknown_after_seconds: u64 = 60, "seconds", Check::Whole(2, 3_600);
    /// Age at which a reply that nobody began to send, because its event was lost or the bus is away, is sent without it; looked for as often.
    overdue_after_seconds: u64 = 30, "seconds", Check::Whole(1, 3_600);

    [files: Files = "Files that come and go with messages."]
    /// Folder to keep files in; `<data_dir>/files` when unset. Processes of one desk need the same one, or a bucket.
    folder: Option<String> = Unset, "folder", Check::NotEmpty;
    /// Bucket of an S3-compatible store to keep files in instead of a folder.
    s3_bucket: Option<String> = Unset, "bucket", Check::NotEmpty;
    /// Address of the S3-compatible store; Amazon's own when unset.
    s3_endpoint: Option<String> = Unset, "URL", WEB;
    /// Region of the bucket.
    s3_region: String = "us-east-1", "region", Check::NotEmpty;
    /// Access key of the bucket.
    s3_access_key: Option<Secret<String>> = Unset, "key", Check::NotEmpty;
    /// Secret key of the bucket.
    s3_secret_key: Option<Secret<String>> = Unset, "key", Check::NotEmpty;
    /// Largest file that is kept, unless its inbox says otherwise.
    max_bytes: u64 = 104_857_600, "bytes", Check::Whole(1, 10_737_418_240);
    /// Types of files that are not kept, divided by commas, `family/*` for all of a family; an inbox that lists its types overrides it.
    refused_types: String = "application/vnd.microsoft.portable-executable,application/x-executable,application/x-mach-binary", "types", Check::Any;
    /// How long a link to a file is valid.
    link_seconds: u64 = 600, "seconds", Check::Whole(10, 86_400);
    /// Files that are fetched from providers at once.
    fetch_concurrency: usize = 8, "files", Check::Whole(1, 256);
    /// Longest time that fetching one file may take.
    fetch_timeout_seconds: u64 = 120, "seconds", Check::Whole(1, 3_600);
    /// Tries after which a file counts as failed until an agent asks again.
    fetch_attempts: u32 = 8, "tries", Check::Whole(1, 100);
    /// How long an upload waits for its message, and a file for one that refers to it, before it is deleted.
    idle_hours: u64 = 24, "hours", Check::Whole(1, 8_760);

    [relay: Relay = "Publishing events from the log."]
    /// Events that are published in one turn.
    page: usize = 1_000, "events", Check::Whole(1, 100_000);
    /// How often the relay looks when nothing wakes it.
    poll_ms: u64 = 200, "milliseconds", Check::Whole(10, 60_000);
    /// How long published events are kept for subscribers who come back.
    retention_days: u32 = 7, "days", Check::Whole(1, 3_650);

    [audit: Audit = "The audit log."]
    /// Leaves after which a checkpoint is signed.
    checkpoint_every: u64 = 256, "leaves", Check::Whole(1, 1_000_000);
    /// Time after which a checkpoint is signed even for fewer leaves.
    checkpoint_seconds: u64 = 10, "seconds", Check::Whole(1, 86_400);

    [presence: Presence = "Who is at the desk."]
    /// How long an agent stays present without a sign of life.
    lease_seconds: u64 = 300, "seconds", Check::Whole(5, 86_400);

    [auth: Auth = "Logging in."]
    /// Name that tokens carry as their issuer.
    issuer: String = "interdesk", "text", Check::NotEmpty;
    /// Name that tokens carry as their audience.
    audience: String = "interdesk-desk", "text", Check::NotEmpty;
    /// How long an access token is valid.
    access_token_seconds: u64 = 900, "seconds", Check::Whole(30, 2_592_000);
    /// How long an unused session can be gone on with by its refresh token.
    session_days: u64 = 30, "days", Check::Whole(1, 400);
    /// Wrong passwords in a row after which nobody signs in as somebody for a while.
    lock_after: u32 = 10, "passwords", Check::Whole(1, 1_000);
    /// How long that while is.
    lock_minutes: u64 = 15, "minutes", Check::Whole(1, 10_080);
    /// How long a token to choose a password anew is good.
    reset_minutes: u64 = 60, "minutes", Check::Whole(1, 10_080);
    /// Page where a password is chosen anew, for the mail: the token follows behind `#token=`; the mail brings the token alone when unset.
    reset_url: Option<String> = Unset, "URL", WEB;
    /// How long a sign-in at an identity provider waits for the provider's answer.
    provider_minutes: u64 = 10, "minutes", Check::Whole(1, 120);
    /// Sign-ins at identity providers that may be begun per workspace and minute.
    provider_begins_per_minute: u64 = 600, "sign-ins", Check::Whole(1, 1_000_000);
    /// Longest time to wait for an answer of an identity provider.
    provider_timeout_seconds: u64 = 10, "seconds", Check::Whole(1, 120);
    /// How long what an identity provider says about itself, its keys too, is not asked for again.
    provider_fresh_seconds: u64 = 600, "seconds", Check::Whole(1, 86_400);
    /// Whether identity providers in private networks, and without TLS, are called; on where `development` is.
    allow_private_providers: bool = false, "flag", Check::Any;
    /// Login attempts per account and minute.
    login_attempts_per_minute: u32 = 10, "attempts", Check::Whole(1, 10_000);

    [quota: Quota = "How much a workspace may use, where `interdesk tenant quota` says nothing else; 0 for any number. What customers write is never refused."]
    /// Agents who may sign in.
    agents: u32 = 10_000, "agents", Check::Whole(0, 1_000_000);
    /// Messages that agents send in a day.
    messages_per_day: u32 = 1_000_000, "messages", Check::Whole(0, 1_000_000_000);
    /// Bytes of files before agents may upload no more.
    storage_bytes: u64 = 1_099_511_627_776, "bytes", Check::Whole(0, 1_125_899_906_842_624);
    /// Points that all of a workspace have per minute, over all instances; not counted where `graphql.cost_per_minute` is 0.
    points_per_minute: u32 = 1_000_000, "points", Check::Whole(0, 1_000_000_000);

    [graphql: Graphql = "The API for developers and the dashboard."]
    /// Whether the GraphiQL page is served; on in development unless set.
    graphiql: bool = false, "flag", Check::Any;
    /// Whether everybody may ask for the schema, else it needs the permission SCHEMA_READ; on in development unless set.
    introspection: bool = false, "flag", Check::Any;
    /// Whether errors propose names that would have been right; on in development unless set.
    suggestions: bool = false, "flag", Check::Any;
    /// Whether answers in `application/graphql-response+json` have the statuses of the draft of GraphQL over HTTP: 294 for data beside errors, 422 for what can be read but not executed.
    draft_statuses: bool = false, "flag", Check::Any;
    /// Origins whose pages may call the API from browsers, divided by commas, as `https://desk.example.org`; `*` alone for any, none when empty.
    allowed_origins: String = "", "origins", Check::Any;
    /// File with the documents that clients ask for by their hash: a JSON object of SHA-256 and document, or the manifest that a client's compiler writes.
    trusted_documents: Option<String> = Unset, "file", Check::NotEmpty;
    /// Whether operations that are not in `trusted_documents` are refused.
    trusted_only: bool = false, "flag", Check::Any;
    /// Deepest nesting of one operation.
    max_depth: usize = 12, "levels", Check::Whole(1, 100);
    /// Highest cost of one operation, as the schema says it with `@cost` and `@listSize`.
    max_complexity: usize = 2_000, "points", Check::Whole(1, 1_000_000);
    /// Points that each agent and each API key has per minute, over all instances; 0 for any number, of workspaces too.
    cost_per_minute: u32 = 60_000, "points", Check::Whole(0, 10_000_000);
    /// Tokens of one document, and fields that it becomes when its fragments are spread.
    max_tokens: usize = 5_000, "tokens", Check::Whole(100, 1_000_000);
    /// Fields of one document that have another name than their own.
    max_aliases: usize = 50, "aliases", Check::Whole(0, 100_000);
    /// Directives of one document.
    max_directives: usize = 50, "directives", Check::Whole(0, 100_000);
    /// Fields at the top of one operation.
    max_root_fields: usize = 20, "fields", Check::Whole(1, 10_000);
    /// How far `totalCount` and the numbers of views count conversations; beyond it they are null.
    count_limit: u32 = 1_000, "conversations", Check::Whole(1, 1_000_000);
    /// Subscriptions that one socket may hold.
    max_subscriptions_per_socket: usize = 50, "subscriptions", Check::Whole(1, 10_000);
    /// How long a new socket may take to introduce itself.
    init_timeout_seconds: u64 = 10, "seconds", Check::Whole(1, 300);
    /// Time between signs of life on an idle socket.
    keepalive_seconds: u64 = 15, "seconds", Check::Whole(1, 300);
    /// Events that may wait for a slow subscriber; beyond it the subscription ends and can be resumed.
    subscription_buffer: usize = 256, "events", Check::Whole(1, 100_000);

    [providers: Providers = "Where the channels' providers are."]
    /// Base address of the WhatsApp Cloud API.
    whatsapp_base_url: String = "https://graph.facebook.com", "URL", WEB;
    /// Version of the WhatsApp Cloud API.
    whatsapp_version: String = "v24.0", "version", Check::NotEmpty;
    /// Base address of the Telegram Bot API.
    telegram_base_url: String = "https://api.telegram.org", "URL", WEB;
    /// How often WhatsApp and Telegram are asked how each account is, and which templates it has.
    check_seconds: u64 = 300, "seconds", Check::Whole(10, 86_400);
    /// Whether calls to private and loopback addresses are allowed; on in development unless set.
    allow_private_callbacks: bool = false, "flag", Check::Any;

    [widget: Widget = "The web chat on tenants' pages."]
    /// Proxies before this desk whose `x-forwarded-for` is believed, as addresses and networks separated by commas; without any the address of the connection counts.
    trusted_proxies: String = "", "networks", Check::Any;
    /// How long a visitor's session runs unless the widget renews it.
    session_hours: u64 = 24, "hours", Check::Whole(1, 720);
    /// Sessions that one address may begin at one inbox in a minute.
    sessions_per_minute: u64 = 30, "sessions", Check::Whole(1, 100_000);
    /// Messages that one visitor may write in a minute.
    messages_per_minute: u64 = 60, "messages", Check::Whole(1, 100_000);
    /// How long a link by which a visitor goes on in another app is good.
    app_link_minutes: u64 = 60, "minutes", Check::Whole(5, 10_080);
    /// Live feeds that one process serves at once; beyond it widgets are answered 503 and come again.
    max_feeds: usize = 10_000, "feeds", Check::Whole(1, 1_000_000);

    [telemetry: Telemetry = "Logs, traces and metrics."]
    /// Form of the log lines.
    log_format: LogFormat = "text", "form", Check::OneOf(&["text", "json"]);
    /// Which log lines are written, as `level` or `target=level,…`.
    log_filter: String = "info,actix_server=warn,lapin=error", "filter", Check::NotEmpty;
    /// OpenTelemetry collector (OTLP over HTTP); no traces are exported when unset.
    otlp_endpoint: Option<String> = Unset, "URL", WEB;
    /// Encoding of exported traces.
    otlp_protocol: String = "http/protobuf", "protocol", Check::OneOf(&["http/protobuf", "http/json"]);
    /// Share of new traces that is exported; a trace that came in from outside keeps its sender's choice.
    sample_ratio: f64 = 1.0, "share", Check::Fraction(0.0, 1.0);

    [shutdown: Shutdown = "Ending the program."]
    /// How long work under way may take to finish before it is cut.
    drain_seconds: u64 = 20, "seconds", Check::Whole(0, 3_600);
}

impl Config {
    /// The address under which people and providers reach this desk.
    pub fn public_url(&self) -> String {
        match &self.http.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!(
                "http://{}",
                std::net::SocketAddr::new(self.http.bind, self.http.port)
            ),
        }
    }
}

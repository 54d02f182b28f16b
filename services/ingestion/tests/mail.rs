//! The door for mail servers: what is answered when, and how much is taken.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_flow::attach::Files;
use interdesk_flow::provision::{Blueprint, provision};
use interdesk_flow::{Desk, Settings};
use interdesk_ingestion::{
    Batcher, Dialect, Limits, ListenLimits, Listener, MailDirectory, MailIntake,
};
use interdesk_store::Database;
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const HELLO: &str = "From: Customer 12 <customer12@example.org>\r\nMessage-ID: <1@example.org>\r\n\
                     Subject: Hello\r\n\r\n";

struct Door {
    world: World,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Door {
    async fn open(dialect: Dialect) -> Self {
        Self::open_before(dialect, |desk| desk.database.clone()).await
    }

    /// Opens a door before a database that may be another one than the directory's.
    async fn open_before(dialect: Dialect, storing: fn(&Desk) -> Database) -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        let key = base64::engine::general_purpose::STANDARD.encode([7; 32]);
        let vault = Arc::new(Vault::parse(&key).unwrap());
        let inbox = |address: &str| {
            json!({ "channel": "email", "name": address, "account_id": address,
                "queue": "Mail", "credentials": {} })
        };
        let blueprint = json!({
            "slug": "mail", "name": "Mail", "agents": [],
            "queues": [{ "name": "Mail", "teams": [] }],
            "inboxes": [inbox("support@desk.example"), inbox("sales@desk.example")],
        });
        let blueprint: Blueprint = serde_json::from_value(blueprint).unwrap();
        provision(&desk, &vault, &blueprint).await.unwrap();

        let directory = MailDirectory::new(desk.database.clone(), vault);
        let storing = Desk {
            database: storing(&desk),
            ..desk
        };
        let limits = Limits {
            max_batch: 8,
            max_wait: Duration::ZERO,
            max_queue: 8,
            workers: 1,
        };
        let stop = CancellationToken::new();
        let intake = MailIntake {
            desk: storing.clone(),
            directory: Arc::new(directory),
            batcher: Batcher::start(storing, limits, stop.clone()),
        };
        let limits = ListenLimits {
            name: "desk.example".to_owned(),
            max_bytes: 20_000,
            max_connections: 2,
            patience: Duration::from_secs(5),
        };
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(local, dialect, limits).await.unwrap();
        let address = listener.address().unwrap();
        tokio::spawn(listener.run(intake, stop.clone()));
        Self {
            world,
            address,
            stop,
        }
    }

    async fn server(&self) -> Server {
        let stream = TcpStream::connect(self.address).await.unwrap();
        Server(BufReader::new(stream))
    }

    async fn count(&self, query: &'static str) -> i64 {
        self.world.test.count_as_owner(query).await
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A server that hands mails over.
struct Server(BufReader<TcpStream>);

impl Server {
    async fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line);
            let count = tokio::time::timeout(Duration::from_secs(20), read).await;
            assert!(count.unwrap().unwrap() > 0, "the desk hung up");
            if line.as_bytes()[3] != b'-' {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, words: &str) {
        self.0.get_mut().write_all(words.as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n")).await;
        self.hear().await
    }

    /// Goes up to the mail itself; returns the last answer.
    async fn begin(&mut self, hello: &str, recipients: &[&str]) -> String {
        let mut answer = self.ask(hello).await;
        assert!(answer.starts_with("250"), "{answer}");
        answer = self.ask("MAIL FROM:<customer12@example.org>").await;
        assert!(answer.starts_with("250"), "{answer}");
        for recipient in recipients {
            answer = self.ask(&format!("RCPT TO:<{recipient}>")).await;
        }
        if answer.starts_with("250") {
            answer = self.ask("DATA").await;
        }
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_has_an_answer_and_each_inbox_one_message() {
    let door = Door::open(Dialect::Lmtp).await;
    let mut server = door.server().await;
    assert!(server.hear().await.starts_with("220 desk.example LMTP"));
    let recipients = [
        "Support@desk.example",
        "support+anything@desk.example",
        "sales@desk.example",
    ];
    assert!(
        server
            .begin("LHLO mx.example", &recipients)
            .await
            .starts_with("354")
    );
    server.say(&format!("{HELLO}One\r\n..two\r\n.\r\n")).await;
    for _ in recipients {
        assert!(server.hear().await.starts_with("250"));
    }
    let words = "SELECT count(*) FROM messages WHERE text = E'One\\n.two'";
    assert_eq!(door.count(words).await, 2);
    let unknown = server
        .begin("LHLO mx.example", &["nobody@desk.example"])
        .await;
    assert!(unknown.starts_with("550 5.1.1"), "{unknown}");
    assert!(server.ask("QUIT").await.starts_with("221"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_not_taken_while_the_database_is_away() {
    let away = |_: &Desk| {
        let limits = interdesk_store::Limits {
            connections: 1,
            system_connections: 1,
            statement_timeout: Duration::from_secs(1),
            wait: Duration::from_millis(300),
        };
        Database::new("postgres://nobody@127.0.0.1:1/nothing", &limits).unwrap()
    };
    let door = Door::open_before(Dialect::Smtp, away).await;
    let mut server = door.server().await;
    server.hear().await;
    let answer = server
        .begin("EHLO mx.example", &["support@desk.example"])
        .await;
    assert!(answer.starts_with("354"), "{answer}");
    server.say(&format!("{HELLO}Hello\r\n.\r\n")).await;
    let answer = server.hear().await;
    assert!(answer.starts_with("451"), "{answer}");
    assert_eq!(door.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_dot_between_two_whole_line_ends_ends_a_mail() {
    let door = Door::open(Dialect::Smtp).await;
    let mut server = door.server().await;
    server.hear().await;
    server
        .begin("EHLO mx.example", &["support@desk.example"])
        .await;
    let smuggled = "one\n.\nMAIL FROM:<evil@example.org>\n.\r\ntwo\r\n.\n\r\n.\r\n";
    server.say(&format!("{HELLO}{smuggled}")).await;
    assert!(server.hear().await.starts_with("250"));
    assert!(server.ask("NOOP").await.starts_with("250 2.0.0 ok"));
    assert_eq!(door.count("SELECT count(*) FROM messages").await, 1);
    let whole = "SELECT count(*) FROM messages WHERE text LIKE '%evil%two%'";
    assert_eq!(door.count(whole).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_and_the_next_mail_is_taken() {
    let door = Door::open(Dialect::Smtp).await;
    let mut server = door.server().await;
    server.hear().await;
    server
        .begin("EHLO mx.example", &["support@desk.example"])
        .await;
    server
        .say(&format!("{HELLO}{}\r\n.\r\n", "x".repeat(200_000)))
        .await;
    assert!(server.hear().await.starts_with("552 5.3.4"));
    let answer = server.ask("MAIL FROM:<a@example.org> SIZE=20001").await;
    assert!(answer.starts_with("552"), "{answer}");
    let answer = server.ask(&format!("NOOP {}", "x".repeat(10_000))).await;
    assert!(answer.starts_with("500"), "{answer}");
    let answer = server
        .begin("EHLO mx.example", &["support@desk.example"])
        .await;
    assert!(answer.starts_with("354"), "{answer}");
    server.say(&format!("{HELLO}Hello\r\n.\r\n")).await;
    assert!(server.hear().await.starts_with("250"));

    // One connection more than there is room for is told to come again.
    let mut second = door.server().await;
    assert!(second.hear().await.starts_with("220"));
    let mut third = door.server().await;
    assert!(third.hear().await.starts_with("421"));
    for _ in 0..19 {
        assert!(second.ask("WHAT").await.starts_with("500"));
    }
    assert!(second.ask("WHAT").await.starts_with("500"));
    assert!(second.hear().await.starts_with("421"));

    // Who waits for more is told that the desk stops.
    door.stop.cancel();
    assert!(server.hear().await.starts_with("421"));
}

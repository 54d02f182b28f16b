//! Commands that say what is wrong.

use crate::harness::{
    Column, Desk, Plan, Program, TELEGRAM, TestDatabase, WHATSAPP, telegram, until, whatsapp,
};
use interdesk_simulator::Content;
use interdesk_simulator::account::{Account, Telegram, WhatsApp};
use serde_json::Value;

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let database = TestDatabase::empty().await;
    let doctor = program("doctor", &["doctor"], &database)
        // Nothing listens on the first port.
        .set("AMQP_URL", "amqp://guest:guest@127.0.0.1:1/%2f")
        .set("INTERDESK_HTTP_PORT", "0")
        .finish()
        .await;
    assert!(!doctor.success, "{}", doctor.text());
    let line = |start: &str| {
        let found = doctor.out.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start:?} in {}", doctor.text()))
    };
    assert!(line("FAIL  broker").contains("AMQP_URL"), "{}", doctor.out);
    assert!(
        line("FAIL  migrations").contains("interdesk migrate"),
        "{}",
        doctor.out
    );
    assert!(!doctor.text().contains("guest:guest"), "{}", doctor.text());

    let migrated = program("migrate", &["migrate"], &database).finish().await;
    assert!(migrated.success, "{}", migrated.text());
    let doctor = program("doctor again", &["doctor"], &database)
        .set("INTERDESK_HTTP_PORT", "0")
        .finish()
        .await;
    assert!(doctor.success, "{}", doctor.text());
    let folder = doctor
        .out
        .lines()
        .find(|line| line.starts_with("ok    files: folder "));
    assert!(folder.is_some(), "{}", doctor.text());

    let doctor = program("doctor without bucket", &["doctor"], &database)
        .set("INTERDESK_HTTP_PORT", "0")
        // Nothing listens there either.
        .set("INTERDESK_FILES_S3_ENDPOINT", "http://127.0.0.1:1")
        .set("INTERDESK_FILES_S3_BUCKET", "desk")
        .set("INTERDESK_FILES_S3_ACCESS_KEY", "test")
        .set("INTERDESK_FILES_S3_SECRET_KEY", "test-secret")
        .finish()
        .await;
    assert!(!doctor.success, "{}", doctor.text());
    let bucket = doctor
        .out
        .lines()
        .find(|line| line.starts_with("FAIL  files: bucket desk: "));
    assert!(bucket.is_some(), "{}", doctor.text());
    assert!(!doctor.text().contains("test-secret"), "{}", doctor.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_to_nobody_is_no_fault() {
    let database = TestDatabase::fresh().await;
    for command in [
        &["doctor"][..],
        &["config"],
        &["config", "--markdown"],
        &["schema"],
        &["topology"],
        &["migrate"],
        &["seed", "--demo"],
        &[
            "token",
            "--workspace",
            "demo",
            "--agent",
            "agent1@example.org",
        ],
        &["audit", "verify"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["vault", "reseal"],
        &["dead", "list"],
        &["dead", "retry"],
    ] {
        let done = program(&command.join(" "), command, &database)
            .set("INTERDESK_HTTP_PORT", "0")
            .unread()
            .finish()
            .await;
        assert!(done.success, "{command:?}: {}", done.log);
        assert!(!done.log.contains("panicked"), "{command:?}: {}", done.log);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_sealed_anew_and_retired() {
    let database = TestDatabase::fresh().await;
    let run = async |command: &[&str], keys: &str| {
        let program = program(&command.join(" "), command, &database);
        program.set("INTERDESK_SECRET_KEY", keys).finish().await
    };
    let new = "2:CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
    let both = format!("{new},1:{KEY}");
    for command in [&["seed", "--demo"][..], &["keys", "rotate"]] {
        let done = run(command, KEY).await;
        assert!(done.success, "{}", done.text());
    }
    let blind = run(&["vault", "reseal"], new).await;
    assert!(!blind.success);
    assert!(blind.out.contains("NOT OPENED inbox_"), "{}", blind.out);
    let sealed = run(&["vault", "reseal"], &both).await;
    assert!(sealed.success, "{}", sealed.text());
    assert!(
        sealed.out.starts_with("sealed with key 2: 6 inboxes, 1"),
        "{}",
        sealed.out
    );

    let rotated = run(&["keys", "rotate"], new).await;
    let id = rotated.out.split(' ').next().unwrap();
    let listed = run(&["keys", "list"], new).await;
    let expect = format!("{id} signs\n");
    assert!(listed.out.starts_with(&expect), "{}", listed.text());
    assert!(listed.out.ends_with(" proves\n"), "{}", listed.out);
    let retired = run(&["keys", "retire", id], new).await;
    assert!(retired.success, "{}", retired.text());
    assert!(!run(&["keys", "retire", id], new).await.success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_brings_updates_from_the_moment_at_which_it_was_told_where_to() {
    let desk = Desk::start(Column::Local, "telegram-webhook", Plan::default()).await;
    let bot = telegram(desk.webhook_url(TELEGRAM));
    // As BotFather makes one: without an address, without a secret, reactions not asked for.
    let info = format!("{}/bot{}/getWebhookInfo", desk.simulator.url(), bot.token);
    let secret = bot.secret_token.clone();
    let fresh = Telegram {
        webhook_url: String::new(),
        secret_token: None,
        allowed_updates: Some(vec!["message".to_owned()]),
        ..bot.clone()
    };
    desk.simulator.add_account(Account::Telegram(fresh.clone()));
    let url = desk.url("ingestion");
    let set = async |workspace: &str| {
        let named = [
            "telegram",
            "webhook",
            "set",
            "--workspace",
            workspace,
            "--url",
            &url,
        ];
        desk.run(&named).await
    };
    desk.write(TELEGRAM, "5550000071", Content::text("Is anybody there?"));
    let unknown = set("nobody").await;
    assert!(
        !unknown.success && unknown.log.contains("nobody"),
        "{}",
        unknown.text()
    );

    let done = set("telegram-webhook-local").await;
    assert!(done.success, "{}", done.text());
    assert!(
        done.out.contains("brings the updates of telegram"),
        "{}",
        done.out
    );
    let answer = reqwest::get(&info).await.expect("an answer").text().await;
    let told: Value = serde_json::from_str(&answer.expect("a body")).expect("JSON");
    let told = &told["result"];
    assert_eq!(told["url"], bot.webhook_url.as_str(), "{told}");
    let wanted = told["allowed_updates"].to_string();
    for kind in ["message_reaction", "business_message", "my_chat_member"] {
        assert!(wanted.contains(kind), "{wanted}");
    }
    desk.write(TELEGRAM, "5550000071", Content::text("Hello?"));
    until("the words, proven by the inbox's secret", async || {
        let texts = "SELECT text FROM messages ORDER BY id";
        desk.database
            .texts(texts)
            .await
            .contains(&"Hello?".to_owned())
    })
    .await;

    // A token that Telegram does not know any more is told in words, and never shown.
    let other = Telegram {
        token: format!("{TELEGRAM}:another"),
        ..fresh
    };
    desk.simulator.add_account(Account::Telegram(other));
    let refused = set("telegram-webhook-local").await;
    assert!(!refused.success, "{}", refused.text());
    for secret in [bot.token, secret.expect("a secret")] {
        assert!(!refused.text().contains(&secret), "{}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meta_brings_what_happens_at_a_number_to_the_desk_that_asked_and_proves_it_before() {
    let desk = Desk::start(Column::Local, "whatsapp-webhook", Plan::default()).await;
    let number = whatsapp(desk.webhook_url(WHATSAPP));
    let nowhere = interdesk_simulator::account::WhatsApp {
        webhook_url: "http://127.0.0.1:9/another/desk".to_owned(),
        ..number.clone()
    };
    desk.simulator.add_account(Account::WhatsApp(nowhere));
    let set = async |url: &str| {
        let named = [
            "whatsapp",
            "webhook",
            "set",
            "--workspace",
            "whatsapp-webhook-local",
            "--url",
            url,
        ];
        desk.run(&named).await
    };
    // Where nobody knows the verify token Meta brings nothing.
    let refused = set(&desk.simulator.url()).await;
    assert!(!refused.success, "{}", refused.text());
    assert!(
        !refused.text().contains(&number.verify_token),
        "{}",
        refused.text()
    );
    let done = set(&desk.url("ingestion")).await;
    assert!(done.success, "{}", done.text());
    desk.write(WHATSAPP, "15550100071", Content::text("Hello?"));
    until("the words", async || {
        let texts = "SELECT text FROM messages";
        desk.database.texts(texts).await == ["Hello?"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_notifications_is_public_https_and_its_secret_is_shown_once() {
    let database = TestDatabase::fresh().await;
    let seeded = program("seed", &["seed", "--demo"], &database)
        .finish()
        .await;
    assert!(seeded.success, "{}", seeded.text());
    let hook = async |workspace: &str, url: Option<&str>| {
        let mut arguments = vec!["sla", "hook", "--workspace", workspace];
        arguments.extend(url.into_iter().flat_map(|url| ["--url", url]));
        program("hook", &arguments, &database).finish().await
    };
    for (url, why) in [
        ("http://hooks.example.org/sla", "https://"),
        ("https://127.0.0.1/sla", "private network"),
        ("https://10.0.0.7/sla", "private network"),
        ("https://[::1]/sla", "private network"),
    ] {
        let refused = hook("demo", Some(url)).await;
        assert!(!refused.success, "{url}");
        assert!(refused.log.contains(why), "{url}: {}", refused.text());
    }
    let hooks = "SELECT count(*) FROM notification_hooks";
    assert_eq!(database.count(hooks).await, 0);
    let public = Some("https://hooks.example.org/sla");
    let first = hook("demo", public).await;
    assert!(first.out.starts_with("whsec_"), "{}", first.text());
    let second = hook("demo", public).await;
    assert_ne!(first.out, second.out, "a new secret each time");
    assert_eq!(database.count(hooks).await, 1);
    let away = hook("demo", None).await;
    assert!(away.success && !away.out.contains("whsec_"));
    assert_eq!(database.count(hooks).await, 0);
    assert!(!hook("nobody", public).await.success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whatsapp_group_is_made_shown_filled_emptied_and_deleted() {
    let desk = Desk::start(Column::Local, "whatsapp-group", Plan::default()).await;
    let group = async |act: &[&str]| {
        let mut words = vec!["whatsapp", "group", "--workspace", "whatsapp-group-local"];
        words.extend(act);
        desk.run(&words).await
    };
    let long = "x".repeat(129);
    let refused = group(&["create", &long]).await;
    assert!(!refused.success, "{}", refused.text());
    assert!(
        refused.log.contains("subject: it has 129"),
        "{}",
        refused.text()
    );
    let made = group(&["create", "Customers of Ada", "--approval"]).await;
    assert!(
        made.success && made.out.contains("by webhook"),
        "{}",
        made.text()
    );
    let id = desk.simulator.groups().remove(0);

    let link = group(&["link", &id]).await;
    assert!(
        link.out.starts_with("https://chat.whatsapp.com/"),
        "{}",
        link.text()
    );
    let other = group(&["link", &id, "--anew"]).await;
    assert_ne!(link.out, other.out);

    let nobody = group(&["requests", &id]).await;
    assert!(nobody.out.contains("nobody asks"), "{}", nobody.text());
    for number in ["15550100081", "15550100082"] {
        assert!(desk.simulator.ask_to_join(&id, number));
    }
    let asking = group(&["requests", &id]).await;
    assert!(
        asking.out.contains("J15550100081 15550100081"),
        "{}",
        asking.text()
    );
    assert!(group(&["approve", &id, "J15550100081"]).await.success);
    assert!(group(&["reject", &id, "J15550100082"]).await.success);
    assert!(
        !group(&["approve", &id, "J15550100082"]).await.success,
        "they do not ask any more"
    );
    let inside = desk.simulator.group_people(&id);
    assert_eq!(inside.as_deref(), Some(&["15550100081".to_owned()][..]));

    assert!(group(&["remove", &id, "+15550100081"]).await.success);
    assert!(
        !group(&["remove", &id, "15550100081"]).await.success,
        "they are out"
    );
    assert!(group(&["delete", &id]).await.success);
    assert_eq!(desk.simulator.group_people(&id), None);
    let gone = group(&["delete", &id]).await;
    assert!(
        !gone.success && gone.log.contains("does not exist"),
        "{}",
        gone.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_business_app_is_asked_for_once_each() {
    let desk = Desk::start(Column::Local, "whatsapp-sync", Plan::default()).await;
    let sync = async |what: &str| {
        let words = [
            "whatsapp",
            "sync",
            "--workspace",
            "whatsapp-sync-local",
            what,
        ];
        desk.run(&words).await
    };
    let refused = sync("contacts").await;
    assert!(
        !refused.success,
        "a number of its own has no app: {}",
        refused.text()
    );
    let shared = WhatsApp {
        coexistence: true,
        ..whatsapp(desk.webhook_url(WHATSAPP))
    };
    let token = shared.access_token.clone();
    desk.simulator.add_account(Account::WhatsApp(shared));
    for what in ["contacts", "history"] {
        let done = sync(what).await;
        assert!(done.success && done.out.contains(what), "{}", done.text());
        let again = sync(what).await;
        assert!(!again.success, "{}", again.text());
        assert!(again.log.contains("requested before"), "{}", again.text());
        assert!(!again.text().contains(&token), "{}", again.text());
    }
    // What comes stands in its order under the name of the address book, and asks nobody.
    let texts = "SELECT text FROM messages ORDER BY version";
    until("the chats and the photo", async || {
        let files = "SELECT count(*) FROM attachments WHERE state = 'stored'";
        desk.database.texts(texts).await == ["Do you have this lamp?", "image", "We do, in red."]
            && desk.database.count(files).await == 1
    })
    .await;
    let stands = "SELECT c.status || ' ' || p.name FROM conversations c
        JOIN contacts p ON p.id = c.contact_id";
    let expected = ["resolved Customer 99, blue parcel"];
    assert_eq!(desk.database.texts(stands).await, expected);
    let work = "SELECT count(*) FROM work_items";
    assert_eq!(desk.database.count(work).await, 0);
    // The customer's next words open the first episode, behind what was said before.
    desk.write(WHATSAPP, "15550100099", Content::text("And in blue?"));
    until("the new words", async || {
        desk.database.texts(texts).await.last().map(String::as_str) == Some("And in blue?")
            && desk.database.count(work).await == 1
    })
    .await;
    let conversations = "SELECT count(*) FROM conversations";
    assert_eq!(desk.database.count(conversations).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_setting_is_refused_by_its_name() {
    let done = Program::new("unknown setting", &["run"])
        .set("INTERDESK_HTTP_PROT", "8081")
        .finish()
        .await;
    assert!(!done.success);
    assert!(done.log.contains("INTERDESK_HTTP_PROT"), "{}", done.log);
    assert!(done.log.contains("INTERDESK_HTTP_PORT"), "{}", done.log);
    let done = Program::new("malformed setting", &["run"])
        .set("INTERDESK_HTTP_PORT", "many")
        .finish()
        .await;
    assert!(!done.success);
    assert!(done.log.contains("INTERDESK_HTTP_PORT"), "{}", done.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_desk_does_not_run_without_a_broker() {
    let database = TestDatabase::fresh().await;
    let done = program("no broker", &["run", "ingestion"], &database)
        .finish()
        .await;
    assert!(!done.success);
    assert!(done.log.contains("AMQP_URL"), "{}", done.log);
}

pub(crate) fn program(name: &str, arguments: &[&str], database: &TestDatabase) -> Program {
    Program::new(name, arguments)
        .set("DATABASE_URL", database.url())
        .set("MIGRATION_DATABASE_URL", database.owner_url())
        .set("INTERDESK_SECRET_KEY", KEY)
}

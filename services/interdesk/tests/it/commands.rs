//! Commands that say what is wrong.

use crate::harness::{Program, TestDatabase};

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

fn program(name: &str, arguments: &[&str], database: &TestDatabase) -> Program {
    Program::new(name, arguments)
        .set("DATABASE_URL", database.url())
        .set("MIGRATION_DATABASE_URL", database.owner_url())
        .set("INTERDESK_SECRET_KEY", KEY)
}

//! Policies: saved, refused, compared, staged, put in force, rolled back.

use crate::bench::{Bench, to_save};
use chrono::Duration;
use interdesk_domain::condition::Problem;
use interdesk_domain::id::QueueId;
use interdesk_domain::policy::PolicyKind;
use interdesk_flow::policy::{
    Activate, ImportHolidays, PolicyOutcome, PolicyWish, Retire, RollBack, Save, Stage, Target,
    Unstage, diff, words,
};
use interdesk_flow::setup::{QueueChange, SetupOutcome, SetupWish};
use interdesk_store::policies;
use serde_json::{Value, json};

const QUEUE: PolicyKind = PolicyKind::Queue;
const SCHEDULE: PolicyKind = PolicyKind::Schedule;

fn queue(bench: &Bench, body: Value) -> Save {
    to_save(QUEUE, Some(bench.queue.0), body)
}

fn target(kind: PolicyKind, bench: &Bench) -> Target {
    Target {
        kind,
        subject: Some(bench.queue.0),
        expected: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_found_for_every_moment_at_which_it_was_in_force() {
    let bench = Bench::fresh().await;
    let (start, scope, id) = (bench.desk.now(), bench.admin.scope(), bench.queue.0);
    bench.world.clock.advance(Duration::seconds(10));
    bench.save(queue(&bench, json!({"mode": "push"}))).await;
    let later = bench.desk.now() + Duration::hours(1);
    let tomorrow = Save {
        from: Some(later),
        ..queue(&bench, json!({"mode": "pull"}))
    };
    bench.save(tomorrow).await;

    let transaction = bench.begin().await;
    let at = async |at| {
        policies::active(&transaction, scope, QUEUE, id, at)
            .await
            .unwrap()
    };
    assert_eq!(at(start).await, None);
    let now = at(bench.desk.now()).await.unwrap();
    assert_eq!((now.version, &now.body["mode"]), (1, &json!("push")));
    let then = at(later).await.unwrap();
    assert_eq!((then.version, &then.body["mode"]), (2, &json!("pull")));
    let next = policies::next_change(&transaction, scope, bench.desk.now()).await;
    assert_eq!(next.unwrap(), Some(later));
    assert_eq!(
        bench.events().await,
        [
            "policy_changed",
            "policy_changed",
            "policy_changed",
            "policy_changed"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_refused_with_their_path_and_mend() {
    let bench = Bench::fresh().await;
    let faults = async |kind, body: Value| {
        let subject = (kind == QUEUE).then_some(bench.queue.0);
        let save = to_save(kind, subject, body);
        match bench.wish(&bench.admin, PolicyWish::Save(save)).await {
            PolicyOutcome::Invalid { faults } => faults,
            other => panic!("{other:?}"),
        }
    };
    let found = faults(QUEUE, json!({"mode": "shout"})).await;
    assert_eq!(found[0].path, "mode");
    assert!(found[0].mend.contains("push"), "{found:?}");
    let found = faults(
        QUEUE,
        json!({"ladder": [{"after_seconds": 5, "relax": {"skills": []}}]}),
    );
    assert_eq!(found.await[0].path, "ladder[0].relax");
    let rule = json!([{"name": "x", "when": {"any": []}, "then": {}}]);
    let found = faults(PolicyKind::Rules, rule).await;
    assert!(found[0].path.starts_with("[0].when"), "{found:?}");
    let nowhere = json!({"zone": "Mars/Olympus", "week": []});
    let found = faults(SCHEDULE, nowhere).await;
    assert_eq!(found[0].path, "zone");
    let twice = json!({"clock": "first_reply", "within_ms": 1, "hours": "calendar"});
    let level = json!([{"id": bench.queue, "name": "x", "targets": [twice, twice]}]);
    assert_eq!(faults(PolicyKind::Sla, level).await[0].path, "[0].targets");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_names_only_what_exists_in_its_own_workspace() {
    let bench = Bench::fresh().await;
    let other = bench.world.tenant().await;
    let foreign = bench.world.queue(other, &[]).await;
    let rules = |queue: QueueId, skill: &str| {
        let skills = json!({"has": {"name": skill, "level": 1}});
        let rule = json!([{"name": "all", "when": {"business_hours":
            {"schedule": "office", "is": "open"}},
            "then": {"queue": queue.to_string(), "skills": skills}}]);
        PolicyWish::Save(to_save(PolicyKind::Rules, None, rule))
    };
    let refused = bench.wish(&bench.admin, rules(foreign, "law")).await;
    let PolicyOutcome::Invalid { faults } = refused else {
        panic!("{refused:?}");
    };
    assert!(faults.iter().all(|fault| fault.problem == Problem::Unknown));
    let mut paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    paths.sort_unstable();
    let expect = [
        "[0].then.queue",
        "[0].then.skills.has.name",
        "[0].when.business_hours.schedule",
    ];
    assert_eq!(paths, expect);

    let week = json!({"zone": "Europe/Vienna", "week": [{"from": 1980, "to": 2460}]});
    bench.save(to_save(SCHEDULE, None, week)).await;
    let learn = format!(
        "INSERT INTO agent_skills (agent_id, skill, tenant_id, level) VALUES ('{}', 'law', '{}', 1)",
        bench.agent.agent.0, bench.agent.tenant.0
    );
    bench.world.test.execute_as_owner(&learn).await;
    let taken = bench.wish(&bench.admin, rules(bench.queue, "law")).await;
    assert!(matches!(taken, PolicyOutcome::Changed { .. }), "{taken:?}");
    let foreign = to_save(QUEUE, Some(foreign.0), json!({}));
    let foreign = bench.wish(&bench.admin, PolicyWish::Save(foreign)).await;
    assert_eq!(foreign, PolicyOutcome::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_an_older_version_is_refused() {
    let bench = Bench::fresh().await;
    let expecting = |expected| {
        let mut save = queue(&bench, json!({}));
        save.target.expected = Some(expected);
        PolicyWish::Save(save)
    };
    let (one, two) = tokio::join!(
        bench.wish(&bench.admin, expecting(0)),
        bench.wish(&bench.admin, expecting(0))
    );
    let stale = PolicyOutcome::Stale { latest: 1 };
    assert!((one == stale) != (two == stale), "{one:?} {two:?}");
    let done = bench.wish(&bench.admin, expecting(1)).await;
    assert!(matches!(
        done,
        PolicyOutcome::Changed {
            version: Some(2),
            ..
        }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_tried_on_a_share_and_taken_back_by_an_equal_one() {
    let bench = Bench::fresh().await;
    let (scope, id) = (bench.admin.scope(), bench.queue.0);
    bench.save(queue(&bench, json!({"mode": "offer"}))).await;
    let second = Save {
        activate: false,
        ..queue(&bench, json!({"mode": "push"}))
    };
    bench.save(second).await;
    let target = target(QUEUE, &bench);
    let stage = Stage {
        target,
        version: 2,
        permille: 100,
    };
    bench.wish(&bench.admin, PolicyWish::Stage(stage)).await;
    let now = async || {
        let transaction = bench.begin().await;
        let at = bench.desk.now();
        policies::active(&transaction, scope, QUEUE, id, at)
            .await
            .unwrap()
            .unwrap()
    };
    let staged = now().await;
    assert_eq!((staged.version, staged.staged_version), (1, Some(2)));
    assert_eq!(staged.staged_body.unwrap()["mode"], "push");
    assert_eq!(staged.staged_permille, Some(100));
    let unstage = PolicyWish::Unstage(Unstage { target });
    bench.wish(&bench.admin, unstage.clone()).await;
    assert_eq!(now().await.staged_version, None);
    let again = bench.wish(&bench.admin, unstage).await;
    assert!(matches!(again, PolicyOutcome::Unchanged { .. }));

    let activate = |version| {
        PolicyWish::Activate(Activate {
            target,
            version,
            from: None,
        })
    };
    bench.world.clock.advance(Duration::seconds(1));
    bench.wish(&bench.admin, activate(2)).await;
    assert_eq!(now().await.version, 2);
    let back = bench.wish(&bench.admin, activate(1)).await;
    assert_eq!(back, PolicyOutcome::WasActive);
    bench.world.clock.advance(Duration::seconds(1));
    let back = RollBack {
        target,
        to: 1,
        note: Some("too loud".to_owned()),
    };
    bench.wish(&bench.admin, PolicyWish::RollBack(back)).await;
    let third = now().await;
    assert_eq!((third.version, &third.body["mode"]), (3, &json!("offer")));
    let transaction = bench.begin().await;
    let history = policies::history(&transaction, scope, QUEUE, id, i32::MAX, 10).await;
    let history = history.unwrap();
    assert_eq!(history[0].note, "back to version 1: too loud");
    assert_eq!(history[0].made_by, Some(bench.admin.agent));
    assert!(diff(&history[2].body, &history[0].body).is_empty());
    let said = words(&diff(&history[2].body, &history[1].body));
    assert_eq!(said, ["mode: \"offer\" becomes \"push\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn holidays_of_a_calendar_become_a_version_and_a_bad_line_is_named() {
    let bench = Bench::fresh().await;
    let week = json!({"zone": "Europe/Vienna", "week": [{"from": 1980, "to": 2460}]});
    let id = bench.save(to_save(SCHEDULE, None, week)).await;
    let import = |calendar: &str| {
        PolicyWish::ImportHolidays(ImportHolidays {
            target: Target {
                kind: SCHEDULE,
                subject: Some(id),
                expected: None,
            },
            calendar: calendar.to_owned(),
            from_year: Some(2027),
            until_year: Some(2028),
            activate: true,
        })
    };
    let bad = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n";
    let refused = bench.wish(&bench.admin, import(bad)).await;
    let PolicyOutcome::Invalid { faults } = refused else {
        panic!("{refused:?}");
    };
    assert!(faults[0].mend.contains("line 3"), "{faults:?}");
    let good = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Day off\nDTSTART;VALUE=DATE:20270105\n\
                END:VEVENT\nEND:VCALENDAR\n";
    bench.world.clock.advance(Duration::seconds(1));
    let done = bench.wish(&bench.admin, import(good)).await;
    assert!(
        matches!(
            done,
            PolicyOutcome::Changed {
                version: Some(2),
                ..
            }
        ),
        "{done:?}"
    );
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let active = policies::active(&transaction, scope, SCHEDULE, id, bench.desk.now()).await;
    let body = active.unwrap().unwrap().body;
    assert_eq!(body["holidays"]["dates"]["2027-01-05"]["name"], "Day off");
    assert_eq!(bench.events().await.last().unwrap(), "schedule_changed");
    let again = bench.wish(&bench.admin, import(good)).await;
    assert!(
        matches!(again, PolicyOutcome::Unchanged { .. }),
        "{again:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_in_use_is_not_given_up_and_its_name_is_its_own() {
    let bench = Bench::fresh().await;
    let week = json!({"zone": "UTC", "week": []});
    let id = bench.save(to_save(SCHEDULE, None, week.clone())).await;
    let twice = to_save(SCHEDULE, None, week);
    let twice = bench.wish(&bench.admin, PolicyWish::Save(twice)).await;
    assert_eq!(twice, PolicyOutcome::NameTaken);
    let hours = |schedule: Option<uuid::Uuid>| {
        SetupWish::Queue(QueueChange {
            queue: Some(bench.queue),
            name: None,
            schedule: Some(schedule.map(Into::into)),
            offer_seconds: None,
        })
    };
    let used = bench.set_up(&bench.admin, hours(Some(id))).await;
    assert!(matches!(used, SetupOutcome::Changed { .. }), "{used:?}");
    let target = Target {
        kind: SCHEDULE,
        subject: Some(id),
        expected: None,
    };
    let retire = PolicyWish::Retire(Retire { target });
    let refused = bench.wish(&bench.admin, retire.clone()).await;
    assert!(
        matches!(refused, PolicyOutcome::InUse { .. }),
        "{refused:?}"
    );
    bench.set_up(&bench.admin, hours(None)).await;
    let done = bench.wish(&bench.admin, retire).await;
    assert!(matches!(done, PolicyOutcome::Changed { .. }), "{done:?}");
    let gone = bench.set_up(&bench.admin, hours(Some(id))).await;
    assert!(matches!(gone, SetupOutcome::NotFound { .. }), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_change_policies() {
    let bench = Bench::fresh().await;
    let save = PolicyWish::Save(queue(&bench, json!({})));
    let refused = bench.wish(&bench.agent, save).await;
    assert_eq!(refused, PolicyOutcome::NotAllowed);
    assert!(bench.events().await.is_empty());
}

//! Service levels as people read them: clocks, explanations, who owned the wait, reports.

use crate::support::{Asked, Workspace, operation};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::*;
use interdesk_domain::permission::Role;
use interdesk_domain::permission::Viewer;
use interdesk_domain::policy::ServiceLevel;
use interdesk_domain::schedule::{Schedule, Timeline};
use interdesk_domain::sla::{self, Book, Moment, Party, Rollups, State, What, evaluate};
use interdesk_store::sla::Clock;
use interdesk_store::{sla as rows, sla_rollups};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What the desk's clocks would have written of one conversation.
pub(crate) struct Told<'a> {
    pub(crate) conversation: ConversationId,
    pub(crate) episode: EpisodeId,
    pub(crate) queue: QueueId,
    /// Minutes after the beginning, and what happened.
    pub(crate) moments: &'a [(i64, What)],
}

/// A workspace that promises a first reply within an hour of its opening times.
pub(crate) struct Promise {
    tenant: TenantId,
    book: Book,
    policy: sla::PolicyVersion,
    schedule: ScheduleId,
    began: DateTime<Utc>,
}

impl Promise {
    /// Writes schedule and policy; the desk is open from 9 to 17 every day.
    pub(crate) async fn make(asked: &Asked, tenant: TenantId) -> Self {
        let schedule: ScheduleId = asked.desk.id();
        let policy: PolicyId = asked.desk.id();
        let week: Vec<_> = (0..7)
            .map(|day| json!({"from": day * 1440 + 540, "to": day * 1440 + 1020}))
            .collect();
        let hours = json!({"zone": "UTC", "week": week, "holidays": {}});
        let levels = json!([{"id": policy, "name": "Gold", "targets": [
            {"clock": "first_reply", "within_ms": 3_600_000, "hours": "business"},
            {"clock": "total_resolution", "within_ms": 28_800_000, "hours": "calendar"},
        ]}]);
        let of = tenant.0;
        let began = asked.desk.now();
        let before = began - TimeDelta::days(10);
        let statement = format!(
            "INSERT INTO policies (tenant_id, kind, id, name, latest, version, created_at) VALUES
                ('{of}', 'schedule', '{0}', 'Office', 1, 1, '{before}'),
                ('{of}', 'sla', '{of}', 'Promises', 1, 1, '{before}');
             INSERT INTO policy_versions (tenant_id, kind, id, version, body, note, made_at,
                effective_from) VALUES
                ('{of}', 'schedule', '{0}', 1, '{hours}', '', '{before}', '{before}'),
                ('{of}', 'sla', '{of}', 1, '{levels}', '', '{before}', '{before}');",
            schedule.0
        );
        asked.world.test.execute_as_owner(&statement).await;
        let levels: Vec<ServiceLevel> = serde_json::from_value(levels).unwrap();
        let hours: Schedule = serde_json::from_value(hours).unwrap();
        let timeline = Timeline::from_versions([(before, Arc::new(hours))]).unwrap();
        let policies = levels.iter().map(|level| level.policy(1, before));
        Self {
            tenant,
            book: Book::new(policies, [(schedule, timeline)]).unwrap(),
            policy: sla::PolicyVersion { policy, version: 1 },
            schedule,
            began,
        }
    }

    /// Writes what the clocks of a conversation say, as of the last thing that happened.
    pub(crate) async fn tell(&self, asked: &Asked, told: &Told<'_>) {
        let governs = [
            (0, What::PolicyChanged(Some(self.policy))),
            (0, What::ScheduleChanged(Some(self.schedule))),
        ];
        let all = governs.iter().chain(told.moments);
        let moments: Vec<Moment> = all
            .map(|(minute, what)| Moment {
                at: self.began + TimeDelta::minutes(*minute),
                event: asked.desk.id(),
                what: *what,
            })
            .collect();
        let now = moments.last().unwrap().at;
        let report = evaluate(moments.iter().copied(), &self.book, now).unwrap();
        let clocks: Vec<Clock> = report
            .figures()
            .into_iter()
            .map(|figures| clock(told, &figures))
            .collect();
        let scope = interdesk_domain::scope::TenantScope::new(self.tenant);
        let transaction = asked.desk.database.begin(scope).await.unwrap();
        let written: Vec<rows::Moment> = (1..)
            .zip(&moments)
            .map(|(position, moment)| rows::Moment {
                episode_id: told.episode,
                position,
                at: moment.at,
                event_id: moment.event,
                what: rows::Moment::write(moment.what).unwrap(),
                queue_id: Some(told.queue),
                team_id: None,
                agent_id: None,
            })
            .collect();
        rows::insert_moments(&transaction, scope, &written)
            .await
            .unwrap();
        let read = rows::Conversation {
            conversation_id: told.conversation,
            episode_id: told.episode,
            version: 1,
        };
        rows::upsert_conversations(&transaction, scope, &[read])
            .await
            .unwrap();
        rows::upsert_clocks(&transaction, scope, &clocks)
            .await
            .unwrap();
        let zone = sla_rollups::find_zone(&transaction, scope).await.unwrap();
        let mut sums = Rollups::new(zone);
        for clock in &clocks {
            sums.add(&clock.figures(), clock.place());
        }
        sla_rollups::apply(&transaction, scope, &sums, None)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
}

fn clock(told: &Told<'_>, figures: &sla::Figures) -> Clock {
    Clock {
        episode_id: told.episode,
        conversation_id: told.conversation,
        clock: figures.id.clock,
        started_by: figures.id.started_by,
        number: figures.number as i32,
        policy_id: figures.policy.map(|policy| policy.policy),
        policy_version: figures.policy.map(|policy| policy.version as i32),
        priority: figures.priority,
        within_ms: figures.within_ms,
        hours: figures.hours,
        schedule_id: figures.schedule,
        started_at: figures.started_at,
        ended_at: figures.ended.map(|ended| ended.at),
        ended_how: figures.ended.map(|ended| ended.how),
        ended_by: figures.ended.map(|ended| ended.event),
        counted_ms: figures.counted_ms,
        counting_since: figures.counting_since,
        paused_in: figures.paused_in,
        deadline: figures.deadline,
        breached_at: figures.breached_at,
        outcome: figures.outcome,
        queue_id: Some(told.queue),
        team_id: None,
        agent_id: None,
        next_wake_up: None,
    }
}

const OPENED: What = What::Opened {
    by: Party::Customer,
};

async fn supervisor(asked: &Asked, workspace: &Workspace) -> Viewer {
    let tenant = workspace.viewer.tenant;
    let (role, presence) = (Role::Supervisor, Presence::Online);
    asked.world.person(tenant, role, presence, 0).await
}

/// The desk of one workspace with three conversations: one waits for its first reply, one was
/// answered in time and resolved, one too late.
async fn told(asked: &Asked, workspace: &Workspace) -> (Promise, EpisodeId) {
    let (tenant, queue) = (workspace.viewer.tenant, workspace.queue);
    let promise = Promise::make(asked, tenant).await;
    let more = asked
        .world
        .waiting_many(tenant, queue, workspace.inbox, 2)
        .await;
    let shown = asked
        .ask(
            &workspace.viewer,
            "query($id: ID!) { conversation(id: $id) { episode { id } } }",
            json!({"id": workspace.conversation.to_string()}),
        )
        .await;
    let episode = shown["conversation"]["episode"]["id"].as_str().unwrap();
    let episode: EpisodeId = episode.parse().unwrap();
    let waits = Told {
        conversation: workspace.conversation,
        episode,
        queue,
        moments: &[(0, OPENED), (0, What::CustomerMessage), (0, What::Queued)],
    };
    promise.tell(asked, &waits).await;
    for (made, minutes) in more.iter().zip([20, 90]) {
        let waiting = What::Became(State::WaitingForCustomer);
        let moments = [
            (0, OPENED),
            (0, What::CustomerMessage),
            (0, What::Queued),
            (5, What::Accepted { offer: None }),
            (5, What::Became(State::Open)),
            (minutes, What::AgentReply),
            (minutes, waiting),
            (minutes + 10, What::CustomerMessage),
            (minutes + 15, What::Became(State::Resolved)),
        ];
        let answered = Told {
            conversation: made.conversation,
            episode: made.episode,
            queue,
            moments: &moments,
        };
        promise.tell(asked, &answered).await;
    }
    (promise, episode)
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_tell_where_they_stand_and_an_explanation_sums_to_that() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    told(&asked, &workspace).await;
    asked.world.clock.advance(TimeDelta::minutes(50));
    let variables = json!({"id": workspace.conversation.to_string()});
    let document = operation("ConversationSla");
    let shown = asked
        .ask(&workspace.viewer, &document, variables.clone())
        .await;
    let clocks = shown["conversation"]["slaClocks"].as_array().unwrap();
    let first = clocks
        .iter()
        .find(|clock| clock["clock"] == "FIRST_REPLY")
        .unwrap();
    let minutes = |minutes: i64| json!(minutes * 60_000);
    assert_eq!(first["state"], "COUNTING");
    assert_eq!(first["outcome"], "OPEN");
    assert_eq!(first["isAtRisk"], true);
    assert_eq!(first["elapsedMs"], minutes(50));
    assert_eq!(first["remainingMs"], minutes(10));
    assert_eq!(first["remainingWallMs"], minutes(10));
    assert_eq!(first["targetMs"], minutes(60));
    assert_eq!(first["schedule"], "Office");
    assert_eq!(first["policy"]["name"], "Gold");
    assert_eq!(first["policy"]["version"], 1);
    let total = clocks
        .iter()
        .find(|clock| clock["clock"] == "TOTAL_RESOLUTION")
        .unwrap();
    assert_eq!(
        (&total["isAtRisk"], &total["hours"]),
        (&json!(false), &json!("CALENDAR"))
    );
    let ledger = &shown["conversation"]["episode"]["waitLedger"];
    assert_eq!(ledger["systemMs"], minutes(50));

    // In the evening the team is closed; what the target has left stays as it is.
    asked.world.clock.advance(TimeDelta::hours(12));
    let shown = asked
        .ask(&workspace.viewer, &document, variables.clone())
        .await;
    let clocks = shown["conversation"]["slaClocks"].as_array().unwrap();
    let first = clocks
        .iter()
        .find(|clock| clock["clock"] == "FIRST_REPLY")
        .unwrap();
    assert_eq!(
        (&first["state"], &first["outcome"]),
        (&json!("CLOSED"), &json!("BREACHED"))
    );
    assert_eq!(first["breachedAt"], first["deadline"]);
    assert_eq!(first["opensAt"], "2026-03-03T09:00:00+00:00");
    assert_eq!(first["elapsedMs"], minutes(8 * 60));
    let parts = [
        "agentMs",
        "customerMs",
        "thirdPartyMs",
        "systemMs",
        "closedHoursMs",
    ];
    let ledger = &shown["conversation"]["episode"]["waitLedger"];
    let sum: i64 = parts
        .iter()
        .map(|part| ledger[part].as_i64().unwrap())
        .sum();
    assert_eq!(json!(sum), ledger["wallMs"]);
    assert_eq!(ledger["wallMs"], minutes(12 * 60 + 50));
    assert_eq!(ledger["closedHoursMs"], minutes(4 * 60 + 50));

    let variables = json!({"clock": first["id"]});
    let explained = asked
        .ask(&workspace.viewer, &operation("ExplainSla"), variables)
        .await;
    let explained = &explained["explainSla"];
    assert_eq!(explained["elapsedMs"], first["elapsedMs"]);
    assert_eq!(explained["clock"]["id"], first["id"]);
    let intervals = explained["intervals"].as_array().unwrap();
    let counted = intervals.iter().filter(|one| one["why"] == "COUNTED");
    let counted: i64 = counted.map(|one| one["lengthMs"].as_i64().unwrap()).sum();
    assert_eq!(json!(counted), explained["elapsedMs"]);
    assert!(
        intervals
            .windows(2)
            .all(|pair| pair[0]["to"] == pair[1]["from"])
    );
    assert_eq!(intervals.last().unwrap()["why"], "CLOSED");
    let entries = explained["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["what"] == "breached" && entry["at"] == first["deadline"])
    );
    for id in [
        "",
        "x.y.z",
        "episode_01h2xcejqtf2nbrexx3vqjhp41.first_reply.event_01h2xcejqtf2nbrexx3vqjhp41",
    ] {
        let nothing = asked
            .ask(
                &workspace.viewer,
                &operation("ExplainSla"),
                json!({"clock": id}),
            )
            .await;
        assert_eq!(nothing["explainSla"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_what_ended_and_what_runs_and_shows_what_is_behind() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let other = asked.workspace().await;
    told(&asked, &workspace).await;
    told(&asked, &other).await;
    asked.world.clock.advance(TimeDelta::minutes(50));
    let boss = supervisor(&asked, &workspace).await;
    let variables =
        json!({"from": "2026-03-01", "to": "2026-03-31", "groupBy": ["QUEUE", "POLICY"]});
    let document = operation("SlaReport");
    let shown = asked.ask(&boss, &document, variables.clone()).await;
    let report = &shown["slaReport"];
    assert_eq!(
        (&report["zone"], &report["restatedAt"]),
        (&json!("UTC"), &Value::Null)
    );
    let rows = report["rows"].as_array().unwrap();
    let first = rows
        .iter()
        .find(|row| row["clock"] == "FIRST_REPLY")
        .unwrap();
    let numbers = [
        "ended",
        "met",
        "breached",
        "void",
        "noTarget",
        "fulfilled",
        "running",
        "atRisk",
        "overdue",
    ];
    let told: Vec<_> = numbers
        .iter()
        .map(|name| first[name].as_i64().unwrap())
        .collect();
    assert_eq!(told, [2, 1, 1, 0, 0, 2, 1, 1, 0]);
    assert_eq!(first["metPercent"], 50.0);
    assert_eq!(first["queue"]["id"], workspace.queue.to_string());
    assert_eq!(first["policy"]["name"], "Gold");
    assert_eq!(first["meanMs"], 55 * 60_000);
    let within = |name: &str, minutes: i64| {
        let (told, exact) = (first[name].as_i64().unwrap(), minutes * 60_000);
        assert!((told - exact).abs() * 50 <= exact, "{name}: {told}");
    };
    within("p50Ms", 20);
    within("p90Ms", 90);
    within("p99Ms", 90);

    // Every number has as many clocks behind it as it says, all of this workspace.
    let behind = operation("SlaBehind");
    for row in rows {
        for (number, name) in [
            ("ENDED", "ended"),
            ("MET", "met"),
            ("BREACHED", "breached"),
            ("VOID", "void"),
            ("NO_TARGET", "noTarget"),
            ("FULFILLED", "fulfilled"),
            ("RUNNING", "running"),
            ("AT_RISK", "atRisk"),
            ("OVERDUE", "overdue"),
        ] {
            let variables = json!({"key": row["key"], "number": number});
            let shown = asked.ask(&boss, &behind, variables.clone()).await;
            let nodes = shown["slaBehind"]["nodes"].as_array().unwrap();
            assert_eq!(
                json!(nodes.len()),
                row[name],
                "{number} of {}",
                row["clock"]
            );
            assert!(
                nodes
                    .iter()
                    .all(|node| node["conversation"]["id"] != Value::Null)
            );
            let foreign = asked
                .ask(&supervisor(&asked, &other).await, &behind, variables)
                .await;
            let nodes = foreign["slaBehind"]["nodes"].as_array().unwrap();
            assert!(
                nodes
                    .iter()
                    .all(|node| node["queue"]["id"] != workspace.queue.to_string())
            );
        }
    }

    // Nobody else sees the work of all: not an agent, not another workspace.
    let request = asked.request(&workspace.viewer, &document, variables.clone());
    assert_eq!(asked.code(request).await, "FORBIDDEN");
    let key = json!({"key": first["key"], "number": "MET"});
    let request = asked.request(&workspace.viewer, &behind, key);
    assert_eq!(asked.code(request).await, "FORBIDDEN");
    let filter = json!({"queueIds": [workspace.queue.to_string()]});
    let foreign = json!({"from": "2026-03-01", "to": "2026-03-31", "filter": filter});
    let foreign = asked
        .ask(&supervisor(&asked, &other).await, &document, foreign)
        .await;
    assert_eq!(foreign["slaReport"]["rows"], json!([]));

    // Each day apart has no running clocks; days beyond the report have nothing.
    let daily = json!({"from": "2026-03-01", "to": "2026-03-31", "groupBy": ["DAY"]});
    let shown = asked.ask(&boss, &document, daily).await;
    let rows = shown["slaReport"]["rows"].as_array().unwrap().clone();
    assert!(
        rows.iter()
            .all(|row| row["day"] == "2026-03-02" && row["running"] == Value::Null)
    );
    let later = json!({"from": "2026-03-03", "to": "2026-03-31", "groupBy": ["DAY"]});
    assert_eq!(
        asked.ask(&boss, &document, later).await["slaReport"]["rows"],
        json!([])
    );
    for (from, to) in [("2026-03-02", "2026-03-01"), ("2020-01-01", "2026-03-01")] {
        let request = asked.request(&boss, &document, json!({"from": from, "to": to}));
        assert_eq!(asked.code(request).await, "BAD_INPUT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_clocks_come_in_order_and_resume_where_they_were_left() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (_, episode) = told(&asked, &workspace).await;
    let watch = |after: Value| {
        let document = operation("LiveSlaClocks");
        let request = asked.request(&workspace.viewer, &document, json!({"after": after}));
        asked.schema.clone().execute_stream(request).boxed()
    };
    let event = |seq: u64| {
        let conversation = workspace.conversation;
        let clocks = vec![sla::Clock::FirstReply];
        Envelope {
            id: asked.desk.id::<EventId>(),
            tenant: workspace.viewer.tenant,
            seq: Some(seq),
            schema_version: SCHEMA_VERSION,
            aggregate: Aggregate {
                kind: AggregateKind::Conversation,
                id: conversation.0,
                version: 1,
            },
            actor: Actor::System,
            cause: None,
            occurred_at: asked.desk.now(),
            trace: None,
            event: Event::SlaClocksChanged {
                conversation,
                episode,
                clocks,
            },
        }
    };
    let log = async |seq: u64| {
        let envelope = event(seq);
        let body = serde_json::to_string(&Envelope {
            seq: None,
            ..envelope.clone()
        })
        .unwrap();
        let of = workspace.viewer.tenant.0;
        let statement = format!(
            "WITH row AS (INSERT INTO outbox (event_id, tenant_id, kind, body)
                VALUES ('{}', '{of}', 'sla_clocks_changed', '{body}') RETURNING pos, logged_at
             ), seq AS (INSERT INTO tenant_seqs (tenant_id, seq) VALUES ('{of}', {seq})
                ON CONFLICT (tenant_id) DO UPDATE SET seq = {seq})
             INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
             SELECT {seq}, '{of}', {seq}, pos, logged_at FROM row",
            envelope.id.0,
        );
        asked.world.test.execute_as_owner(&statement).await;
        let body = serde_json::to_vec(&envelope).unwrap();
        asked.hub.publish(workspace.viewer.tenant, &body);
    };
    let mut live = watch(Value::Null);
    let next = async |stream: &mut (
                               dyn futures::Stream<Item = async_graphql::Response> + Unpin + Send
                           )| {
        let response = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
        let response = response.unwrap().unwrap();
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()["slaClocks"].clone()
    };
    let first = next(&mut live).await;
    let clocks = first["clocks"].as_array().unwrap();
    assert!(
        clocks.iter().any(|clock| clock["state"] == "COUNTING"),
        "{first}"
    );
    log(1).await;
    let change = next(&mut live).await;
    assert_eq!(change["kind"], "sla_clocks_changed");
    assert_eq!(change["changed"], json!(["FIRST_REPLY"]));
    assert_eq!(change["clocks"][0]["state"], "COUNTING");
    assert_eq!(
        change["conversation"]["id"],
        workspace.conversation.to_string()
    );
    log(2).await;
    let mut resumed = watch(change["cursor"].clone());
    assert_eq!(next(&mut resumed).await["seq"], 2);
}

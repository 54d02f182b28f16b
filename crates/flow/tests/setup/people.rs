//! Agents, teams, queues and contacts.

use crate::bench::Bench;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::condition::Value;
use interdesk_domain::id::*;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_domain::routing::model::{AgentKind, Capacity};
use interdesk_flow::setup::{
    AgentUpdate, ContactUpdate, Missing, QueueChange, QueueTeam, ReasonSet, SetupOutcome,
    SetupWish, TeamChange, TeamMember, TimeOffAdd,
};
use interdesk_store::workspace::{self, Profile};
use interdesk_store::{absences, routing, skills};
use std::collections::BTreeMap;

fn update(agent: AgentId) -> AgentUpdate {
    AgentUpdate {
        agent,
        name: None,
        role: None,
        kind: None,
        languages: None,
        skills: None,
        capacity: None,
        schedule: None,
        disabled: None,
        presence: None,
        reason: None,
    }
}

async fn profile(bench: &Bench, agent: AgentId) -> Profile {
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let found = workspace::find_profiles(&transaction, scope, &[agent]).await;
    found.unwrap().remove(0)
}

fn is_changed(outcome: &SetupOutcome) -> bool {
    matches!(outcome, SetupOutcome::Changed { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_set_up_is_as_it_was() {
    let bench = Bench::fresh().await;
    let profile = profile(&bench, bench.agent.agent).await;
    assert_eq!(profile.capacity(), Capacity::of_total(3));
    assert_eq!(profile.kind, AgentKind::Person);
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let memberships = routing::list_memberships(&transaction, scope, &[bench.agent.agent]).await;
    let memberships = memberships.unwrap();
    assert_eq!((memberships[0].rank, memberships[0].most), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_may_fall_below_what_is_held() {
    let bench = Bench::fresh().await;
    let agent = bench.agent.agent;
    let hold = format!(
        "UPDATE agent_loads SET load = 3 WHERE agent_id = '{}'",
        agent.0
    );
    bench.world.test.execute_as_owner(&hold).await;
    let lower = AgentUpdate {
        capacity: Some(Capacity::of_total(1)),
        skills: Some(BTreeMap::from([("law".to_owned(), 3)])),
        kind: Some(AgentKind::Assistant),
        languages: Some(vec!["pt-BR".to_owned()]),
        ..update(agent)
    };
    let wish = SetupWish::AgentUpdate(lower);
    assert!(is_changed(&bench.set_up(&bench.admin, wish.clone()).await));
    let after = profile(&bench, agent).await;
    assert_eq!((after.load, after.total), (3, 1));
    assert_eq!(after.kind, AgentKind::Assistant);
    let again = bench.set_up(&bench.admin, wish).await;
    assert_eq!(again, SetupOutcome::Unchanged { id: agent.0 });
    assert_eq!(bench.events().await, ["agent_updated"]);
    let more = AgentUpdate {
        capacity: Some(Capacity::of_total(1001)),
        ..update(agent)
    };
    let refused = bench
        .set_up(&bench.admin, SetupWish::AgentUpdate(more))
        .await;
    assert!(
        matches!(refused, SetupOutcome::Invalid { .. }),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_changes_skills_and_presence_of_their_own_people_alone() {
    let bench = Bench::fresh().await;
    let tenant = bench.admin.tenant;
    let supervisor = bench
        .world
        .person(tenant, Role::Supervisor, Presence::Online, 3)
        .await;
    let wish = |of: &Viewer| {
        SetupWish::AgentUpdate(AgentUpdate {
            skills: Some(BTreeMap::from([("law".to_owned(), 2)])),
            presence: Some(Presence::Busy),
            ..update(of.agent)
        })
    };
    let stranger = bench.set_up(&supervisor, wish(&bench.agent)).await;
    assert_eq!(stranger, SetupOutcome::NotAllowed);
    let colleague = bench.set_up(&bench.agent, wish(&bench.agent)).await;
    assert_eq!(colleague, SetupOutcome::NotAllowed);
    let own = bench.world.agent(tenant, 3).await;
    bench
        .world
        .queue(tenant, &[supervisor.agent, own.agent])
        .await;
    assert!(is_changed(&bench.set_up(&supervisor, wish(&own)).await));
    assert_eq!(profile(&bench, own.agent).await.presence, Presence::Busy);
    let capacity = AgentUpdate {
        capacity: Some(Capacity::of_total(9)),
        ..update(own.agent)
    };
    let refused = bench
        .set_up(&supervisor, SetupWish::AgentUpdate(capacity))
        .await;
    assert_eq!(refused, SetupOutcome::NotAllowed);
    assert_eq!(
        bench.events().await,
        ["agent_updated", "agent_presence_changed"]
    );
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let known = skills::list_all(&transaction, scope).await.unwrap();
    assert_eq!((known.len(), known[0].level), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_one() {
    let bench = Bench::fresh().await;
    let demote = AgentUpdate {
        role: Some(Role::Agent),
        ..update(bench.admin.agent)
    };
    let wish = SetupWish::AgentUpdate(demote);
    let refused = bench.set_up(&bench.admin, wish.clone()).await;
    assert_eq!(refused, SetupOutcome::LastAdmin);
    let tenant = bench.admin.tenant;
    bench
        .world
        .person(tenant, Role::Admin, Presence::Away, 3)
        .await;
    assert!(is_changed(&bench.set_up(&bench.admin, wish).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_serve_queues_by_rank_and_limit() {
    let bench = Bench::fresh().await;
    let team = SetupWish::Team(TeamChange {
        team: None,
        name: Some("Specialists".to_owned()),
        schedule: None,
    });
    let SetupOutcome::Changed { id } = bench.set_up(&bench.admin, team.clone()).await else {
        panic!("no team");
    };
    let taken = bench.set_up(&bench.admin, team).await;
    assert_eq!(taken, SetupOutcome::NameTaken);
    let team = TeamId(id);
    let queue = SetupWish::Queue(QueueChange {
        queue: None,
        name: Some("Law".to_owned()),
        schedule: None,
        offer_seconds: Some(45),
    });
    let SetupOutcome::Changed { id } = bench.set_up(&bench.admin, queue).await else {
        panic!("no queue");
    };
    let (queue, agent) = (QueueId(id), bench.agent.agent);
    let member = |rank| SetupWish::TeamMember(TeamMember { team, agent, rank });
    assert!(is_changed(
        &bench.set_up(&bench.admin, member(Some(1))).await
    ));
    let serve = |rank| {
        SetupWish::QueueTeam(QueueTeam {
            queue,
            team,
            rank,
            most: Some(2),
        })
    };
    assert!(is_changed(
        &bench.set_up(&bench.admin, serve(Some(2))).await
    ));
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let list = routing::list_memberships(&transaction, scope, &[agent]).await;
    let list = list.unwrap();
    let law = list.iter().find(|one| one.queue_id == queue).unwrap();
    assert_eq!((law.rank, law.most), (3, Some(2)));
    transaction.commit().await.unwrap();
    let wrong = bench.set_up(&bench.admin, member(Some(10))).await;
    assert!(matches!(wrong, SetupOutcome::Invalid { .. }));
    assert!(is_changed(&bench.set_up(&bench.admin, serve(None)).await));
    assert!(is_changed(&bench.set_up(&bench.admin, member(None)).await));
    let expect = [
        "team_changed",
        "queue_changed",
        "team_changed",
        "queue_changed",
        "queue_changed",
        "team_changed",
    ];
    assert_eq!(bench.events().await, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_off_words_and_the_switch_are_events() {
    let bench = Bench::fresh().await;
    let now = bench.desk.now();
    let off = |hours| {
        SetupWish::TimeOffAdd(TimeOffAdd {
            agent: bench.agent.agent,
            from: now + Duration::hours(1),
            until: now + Duration::hours(hours),
            note: "dentist".to_owned(),
        })
    };
    let wrong = bench.set_up(&bench.admin, off(1)).await;
    assert!(matches!(wrong, SetupOutcome::Invalid { .. }), "{wrong:?}");
    assert!(is_changed(&bench.set_up(&bench.admin, off(3)).await));
    let (transaction, scope) = (bench.begin().await, bench.admin.scope());
    let listed = absences::list_all(&transaction, scope, now).await.unwrap();
    assert_eq!(listed[0].ends_at, now + Duration::hours(3));
    transaction.commit().await.unwrap();
    let word = SetupWish::ReasonSet(ReasonSet {
        name: "Lunch".to_owned(),
        presence: Presence::Away,
    });
    assert!(is_changed(&bench.set_up(&bench.admin, word.clone()).await));
    let again = bench.set_up(&bench.admin, word).await;
    assert!(matches!(again, SetupOutcome::Unchanged { .. }));
    let stop = SetupWish::AssistantsStop(true);
    let refused = bench.set_up(&bench.agent, stop.clone()).await;
    assert_eq!(refused, SetupOutcome::NotAllowed);
    assert!(is_changed(&bench.set_up(&bench.admin, stop).await));
    let expect = [
        "agent_updated",
        "presence_reason_changed",
        "assistants_stopped",
    ];
    assert_eq!(bench.events().await, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_contact_is_changed_by_part() {
    let bench = Bench::fresh().await;
    let waiting = bench.world.waiting(bench.admin.tenant, bench.queue).await;
    let contact = waiting.contact;
    let known = |attributes: &[(&str, Option<Value>)], vip| {
        let attributes = attributes.iter().cloned();
        SetupWish::ContactUpdate(ContactUpdate {
            contact,
            attributes: attributes
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            vip,
            segments: None,
            schedule: None,
        })
    };
    let plan = Some(Value::Text("gold".to_owned()));
    let first = known(&[("plan", plan), ("seats", Some(Value::Number(3)))], None);
    assert!(is_changed(&bench.set_up(&bench.agent, first).await));
    let vip = known(&[], Some(true));
    let refused = bench.set_up(&bench.agent, vip.clone()).await;
    assert_eq!(refused, SetupOutcome::NotAllowed);
    assert!(is_changed(&bench.set_up(&bench.admin, vip).await));
    assert!(is_changed(
        &bench
            .set_up(&bench.agent, known(&[("plan", None)], None))
            .await
    ));
    let query = format!(
        "SELECT count(*) FROM contacts WHERE id = '{}' AND vip AND attributes = '{{\"seats\": 3}}'",
        contact.0
    );
    assert_eq!(bench.world.test.count_as_owner(query.leak()).await, 1);
    let other = bench.world.tenant().await;
    let foreign = bench.world.agent(other, 3).await;
    let refused = bench.set_up(&foreign, known(&[("plan", None)], None)).await;
    let what = Missing::Contact;
    assert_eq!(refused, SetupOutcome::NotFound { what });
}

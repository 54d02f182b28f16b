//! Sums of clocks are what the clocks come to, whatever happens to these.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Cell, End, Hours, Outcome, Rollups, Tally};
use interdesk_store::read::Window;
use interdesk_store::read::sla_report::{self, Filter, Which};
use interdesk_store::sla::{self, Clock};
use interdesk_store::{Transaction, sla_rollups};
use interdesk_testkit::World;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn sometimes(&mut self) -> bool {
        self.below(3) > 0
    }
}

fn begin() -> DateTime<Utc> {
    "2026-10-23T22:00:00Z".parse().unwrap()
}

/// A clock that ended, runs, was met, broken or undecided, by chance; `n` names it.
fn clock(n: u128, dice: &mut Dice) -> Clock {
    let started_at = begin() + TimeDelta::minutes(dice.below(8_000) as i64);
    let counted_ms = (dice.below(1 << 20) * dice.below(1 << 10)) as i64;
    let ended = dice.sometimes();
    let fulfilled = dice.sometimes();
    let version = dice.below(3) as i32;
    let within_ms = (version > 0).then_some(40_000_000);
    let late = within_ms.is_some_and(|within| counted_ms >= within);
    let outcome = match (within_ms, late, ended, fulfilled) {
        (None, ..) => Outcome::NoTarget,
        (_, true, ..) => Outcome::Breached,
        (_, _, false, _) => Outcome::Open,
        (_, _, _, true) => Outcome::Met,
        (_, _, _, false) => Outcome::Void,
    };
    let names = [
        interdesk_domain::sla::Clock::FirstReply,
        interdesk_domain::sla::Clock::AgentWork,
    ];
    let end = started_at + TimeDelta::milliseconds(counted_ms);
    Clock {
        episode_id: EpisodeId(Uuid::from_u128(n)),
        conversation_id: ConversationId(Uuid::from_u128(n + 1_000)),
        clock: names[dice.below(2) as usize],
        started_by: EventId(Uuid::from_u128(n)),
        number: 1,
        policy_id: (version > 0).then_some(PolicyId(Uuid::from_u128(7))),
        policy_version: (version > 0).then_some(version),
        priority: dice.below(2) as i16,
        within_ms,
        hours: Some(Hours::Calendar),
        schedule_id: None,
        started_at,
        ended_at: ended.then_some(end),
        ended_how: ended.then_some(if fulfilled {
            End::Fulfilled
        } else {
            End::Stopped
        }),
        ended_by: ended.then_some(EventId(Uuid::from_u128(n + 1))),
        counted_ms,
        counting_since: (!ended).then_some(started_at),
        paused_in: None,
        deadline: within_ms.map(|within| started_at + TimeDelta::milliseconds(within)),
        breached_at: late.then_some(end),
        outcome,
        queue_id: dice
            .sometimes()
            .then(|| QueueId(Uuid::from_u128(dice.below(3).into()))),
        team_id: dice
            .sometimes()
            .then(|| TeamId(Uuid::from_u128(dice.below(2).into()))),
        agent_id: None,
        next_wake_up: None,
    }
}

async fn kept(
    transaction: &Transaction,
    scope: TenantScope,
    filter: &Filter,
) -> BTreeMap<Cell, Tally> {
    let days = ("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
    let mut kept = BTreeMap::new();
    let take = |cell, tally, _| {
        if tally != Tally::default() {
            assert!(kept.insert(cell, tally).is_none(), "{cell:?} is there once");
        }
    };
    sla_report::each_cell(transaction, scope, filter, days, take)
        .await
        .unwrap();
    kept
}

fn owned(rollups: &Rollups) -> BTreeMap<Cell, Tally> {
    rollups
        .cells()
        .map(|(cell, tally)| (*cell, tally.clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_equal_a_recount_after_random_histories_and_corrections() {
    let world = World::fresh().await;
    let tenant = world.tenant().await;
    world
        .test
        .execute_as_owner("UPDATE tenants SET zone = 'Europe/Berlin'")
        .await;
    let scope = TenantScope::new(tenant);
    let mut dice = Dice(20_261_122);
    let mut clocks: BTreeMap<u128, Clock> = BTreeMap::new();
    for round in 0..40 {
        let transaction = world.test.database.begin(scope).await.unwrap();
        let zone = sla_rollups::find_zone(&transaction, scope).await.unwrap();
        assert_eq!(zone, Tz::Europe__Berlin);
        let mut changes = Rollups::new(zone);
        let mut rows = BTreeMap::new();
        let mut gone = Vec::new();
        for _ in 0..=dice.below(30) {
            let n = u128::from(dice.below(300));
            let before = clocks.get(&n).cloned();
            if rows.contains_key(&n)
                || gone
                    .iter()
                    .any(|(id, _)| *id == EpisodeId(Uuid::from_u128(n)))
            {
                continue;
            }
            if let Some(before) = &before {
                changes.take(&before.figures(), before.place());
            }
            if before.is_some() && dice.below(8) == 0 {
                let before = clocks.remove(&n).unwrap();
                gone.push((before.episode_id, before.id()));
                continue;
            }
            // A correction gives the same run of the same clock other figures.
            let mut after = clock(n, &mut dice);
            after.clock = before.map_or(after.clock, |before| before.clock);
            changes.add(&after.figures(), after.place());
            rows.insert(n, after.clone());
            clocks.insert(n, after);
        }
        let rows: Vec<Clock> = rows.into_values().collect();
        sla::upsert_clocks(&transaction, scope, &rows)
            .await
            .unwrap();
        sla::delete_clocks(&transaction, scope, &gone)
            .await
            .unwrap();
        let restated = (round % 2 == 1).then(begin);
        sla_rollups::apply(&transaction, scope, &changes, restated)
            .await
            .unwrap();
        let recount = sla_rollups::recount(&transaction, scope, zone)
            .await
            .unwrap();
        let sums = kept(&transaction, scope, &Filter::default()).await;
        assert_eq!(sums, owned(&recount), "round {round}");
        assert!(round < 10 || sums.len() > 50);
        transaction.commit().await.unwrap();
    }

    // Another zone has other days and the same sums.
    world
        .test
        .execute_as_owner("UPDATE tenants SET zone = 'Pacific/Apia'")
        .await;
    let transaction = world.test.database.begin(scope).await.unwrap();
    let ended = |sums: &BTreeMap<Cell, Tally>| sums.values().map(Tally::ended).sum::<i64>();
    let before = kept(&transaction, scope, &Filter::default()).await;
    let rebuilt = sla_rollups::rebuild(&transaction, scope).await.unwrap();
    let after = kept(&transaction, scope, &Filter::default()).await;
    assert_eq!(after, owned(&rebuilt));
    assert_eq!(ended(&before), ended(&after));
    assert_ne!(before, after);

    // Every filter gives what it says, and the clocks behind a number are as many as the number.
    for queue in [None, Some(QueueId(Uuid::from_u128(1)))] {
        let filter = Filter {
            clocks: vec![interdesk_domain::sla::Clock::FirstReply],
            queues: Some(vec![queue]),
            priorities: Some(vec![1]),
            ..Filter::default()
        };
        let fits = |cell: &Cell| {
            cell.clock == filter.clocks[0] && cell.queue == queue && cell.priority == 1
        };
        let expected: BTreeMap<Cell, Tally> = after
            .iter()
            .filter(|(cell, _)| fits(cell))
            .map(|(cell, tally)| (*cell, tally.clone()))
            .collect();
        assert_eq!(kept(&transaction, scope, &filter).await, expected);
        let breached: i64 = expected.values().map(|tally| tally.breached).sum();
        let which = Which::Ended {
            from: begin() - TimeDelta::days(1),
            to: begin() + TimeDelta::days(90_000),
            outcomes: vec![Outcome::Breached],
            fulfilled: false,
        };
        let mut seen = Vec::new();
        let mut window = Window {
            after: None,
            before: None,
            limit: 2,
            from_end: false,
        };
        loop {
            let page = sla_report::list(&transaction, scope, &filter, &which, &window)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            window.after = last
                .ended_at
                .map(|at| (at, last.episode_id, last.started_by));
            seen.extend(page);
        }
        assert_eq!(seen.len() as i64, breached);
        assert!(seen.is_sorted_by_key(|clock| (clock.ended_at, clock.episode_id)));
        let running = sla_report::count_running(&transaction, scope, &filter, begin())
            .await
            .unwrap();
        let counted: i64 = running.iter().map(|found| found.running).sum();
        let fits = |clock: &&Clock| {
            clock.ended_at.is_none() && clock.queue_id == queue && clock.priority == 1
        };
        let own = clocks
            .values()
            .filter(fits)
            .filter(|clock| clock.clock == filter.clocks[0]);
        assert_eq!(counted, own.count() as i64);
    }
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_add_to_the_same_sums_at_once_both_count_and_neither_waits_for_ever() {
    let world = World::fresh().await;
    let scope = TenantScope::new(world.tenant().await);
    let add = |seed: u64| {
        let database = world.test.database.clone();
        async move {
            let mut dice = Dice(seed);
            for _ in 0..20 {
                let transaction = database.begin(scope).await.unwrap();
                let mut changes = Rollups::new(Tz::UTC);
                for n in 0..40 {
                    let clock = clock(n, &mut dice);
                    changes.add(&clock.figures(), clock.place());
                }
                sla_rollups::apply(&transaction, scope, &changes, None)
                    .await
                    .unwrap();
                transaction.commit().await.unwrap();
            }
        }
    };
    let (one, two, three) = tokio::join!(
        tokio::spawn(add(1)),
        tokio::spawn(add(2)),
        tokio::spawn(add(3))
    );
    one.and(two).and(three).unwrap();
    let mut expected = Rollups::new(Tz::UTC);
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        for n in 0..800 {
            let clock = clock(n % 40, &mut dice);
            expected.add(&clock.figures(), clock.place());
        }
    }
    let transaction = world.test.database.begin(scope).await.unwrap();
    assert_eq!(
        kept(&transaction, scope, &Filter::default()).await,
        owned(&expected)
    );
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_adds_waits_for_another_zone_of_their_own_tenant_alone() {
    let world = World::fresh().await;
    let own = TenantScope::new(world.tenant().await);
    let other = TenantScope::new(world.tenant().await);
    let changing = world.test.database.begin(own).await.unwrap();
    sla_rollups::update_zone(&changing, own, Tz::Asia__Tokyo)
        .await
        .unwrap();
    let ask = |scope| {
        let database = world.test.database.clone();
        async move {
            let transaction = database.begin(scope).await.unwrap();
            let zone = sla_rollups::share(&transaction, scope).await.unwrap();
            transaction.commit().await.unwrap();
            zone
        }
    };
    let limit = Duration::from_secs(30);
    assert_eq!(timeout(limit, ask(other)).await.unwrap(), Tz::UTC);
    let mut waiting = tokio::spawn(ask(own));
    let early = timeout(Duration::from_millis(500), &mut waiting).await;
    assert!(early.is_err(), "it counts by a zone that is being changed");
    changing.commit().await.unwrap();
    let told = timeout(limit, waiting).await.unwrap().unwrap();
    assert_eq!(told, Tz::Asia__Tokyo);
}

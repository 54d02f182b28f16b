//! What conditions promise.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use interdesk_domain::condition::*;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::{AgentId, InboxId, QueueId, TeamId};
use interdesk_domain::inbox::ChannelKind;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    // Two weeks by steps of ten minutes, across the end of summer time in Europe.
    (0i64..2016).prop_map(|step| {
        DateTime::from_timestamp(1_792_800_000, 0).unwrap() + TimeDelta::minutes(step * 10)
    })
}

fn id<T: From<Uuid> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    (0u128..4).prop_map(|number| T::from(Uuid::from_u128(number)))
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["de", "de-AT", "gold", "Refund", "money back", "7"])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-3i64..3).prop_map(Value::Number),
        word().prop_map(Value::Text),
    ]
}

fn range() -> impl Strategy<Value = Range> {
    (-3i64..3, 0i64..4, 0u8..3).prop_map(|(least, width, ends)| Range {
        at_least: (ends != 1).then_some(least),
        at_most: (ends != 2).then_some(least + width),
    })
}

fn time_of_day() -> impl Strategy<Value = NaiveTime> {
    (0u32..24).prop_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
}

fn attribute() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![
        Just(AttributeTest::Present),
        value().prop_map(AttributeTest::Equal),
        vec(value(), 1..3).prop_map(AttributeTest::OneOf),
        word().prop_map(AttributeTest::Contains),
        word().prop_map(AttributeTest::StartsWith),
        range().prop_map(AttributeTest::Within),
    ];
    (word(), test).prop_map(|(key, is)| Condition::Attribute(Attribute { key, is }))
}

fn time() -> impl Strategy<Value = Condition> {
    let zone = prop::sample::select(vec!["Europe/Vienna", "UTC", "Asia/Kathmandu"]);
    let days = vec(prop::sample::select(vec![Weekday::Mon, Weekday::Sun]), 0..3);
    (zone, days, time_of_day(), time_of_day()).prop_map(|(zone, days, from, until)| {
        Condition::Time(TimeOfWeek {
            zone: zone.to_owned(),
            days,
            from,
            until,
        })
    })
}

fn leaf() -> impl Strategy<Value = Condition> {
    let open = prop::sample::select(vec![OpenState::Open, OpenState::Closed]);
    prop_oneof![
        vec(id::<InboxId>(), 1..3).prop_map(Condition::Inbox),
        vec(prop::sample::select(ChannelKind::ALL.to_vec()), 1..3).prop_map(Condition::Channel),
        vec(word(), 1..3).prop_map(Condition::Network),
        vec(word(), 1..3).prop_map(Condition::Language),
        attribute(),
        vec(word(), 1..3).prop_map(Condition::Words),
        vec(word(), 1..3).prop_map(Condition::Segment),
        any::<bool>().prop_map(Condition::Vip),
        vec(word(), 1..3).prop_map(Condition::Tag),
        vec(id::<QueueId>(), 1..3).prop_map(Condition::Queue),
        vec(id::<TeamId>(), 1..3).prop_map(Condition::Team),
        vec(prop::sample::select(ConversationStatus::ALL.to_vec()), 1..3)
            .prop_map(Condition::Status),
        vec(id::<AgentId>(), 1..3).prop_map(Condition::Assignee),
        any::<bool>().prop_map(Condition::Assigned),
        range().prop_map(Condition::Priority),
        range().prop_map(Condition::WaitingSeconds),
        (word(), open)
            .prop_map(|(schedule, is)| Condition::BusinessHours(BusinessHours { schedule, is })),
        time(),
        moment().prop_map(|from| Condition::Period(Period {
            from: Some(from),
            until: Some(from + TimeDelta::hours(30)),
        })),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    leaf().prop_recursive(3, 24, 4, |part| {
        prop_oneof![
            vec(part.clone(), 0..4).prop_map(Condition::All),
            vec(part.clone(), 1..4).prop_map(Condition::Any),
            part.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

prop_compose! {
    fn facts()(
        now in moment(),
        since in option::of(moment()),
        (inbox, queue, team, assignee) in
            (option::of(id()), option::of(id()), option::of(id()), option::of(id())),
        channel in option::of(prop::sample::select(ChannelKind::ALL.to_vec())),
        (network, language) in (option::of(word()), option::of(word())),
        attributes in btree_map(word(), value(), 0..4),
        text in vec(word(), 0..4),
        (segments, tags) in (btree_set(word(), 0..3), btree_set(word(), 0..3)),
        vip in any::<bool>(),
        status in option::of(prop::sample::select(ConversationStatus::ALL.to_vec())),
        priority in option::of(-3i16..4),
        schedules in btree_map(word(), any::<bool>(), 0..3),
    ) -> Facts {
        Facts {
            now, inbox, channel, network, language, attributes,
            text: text.join(", "),
            segments, vip, tags, queue, team, status, assignee, priority,
            waiting_since: since,
            schedules,
        }
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn every_node_agrees(condition: &Condition, explanation: &Explanation, facts: &Facts) -> bool {
    explanation.holds == condition.holds(facts)
        && explanation.test == condition.name()
        && !explanation.why.is_empty()
        && explanation.parts.len() == condition.parts().len()
        && condition
            .parts()
            .iter()
            .zip(&explanation.parts)
            .all(|(part, explanation)| every_node_agrees(part, explanation, facts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_laws_of_de_morgan_hold(parts in vec(condition(), 1..4), facts in facts()) {
        let negated: Vec<Condition> = parts.iter().cloned().map(not).collect();
        prop_assert_eq!(
            not(Condition::All(parts.clone())).holds(&facts),
            Condition::Any(negated.clone()).holds(&facts)
        );
        prop_assert_eq!(
            not(Condition::Any(parts)).holds(&facts),
            Condition::All(negated).holds(&facts)
        );
    }

    #[test]
    fn an_explanation_says_what_evaluation_says_at_every_node(
        condition in condition(), facts in facts(),
    ) {
        let explanation = condition.explain(&facts);
        prop_assert!(every_node_agrees(&condition, &explanation, &facts), "{explanation:#?}");
    }

    #[test]
    fn a_condition_reads_back_from_json_and_fits_the_published_schema(condition in condition()) {
        prop_assert_eq!(condition.validate(), Ok(()));
        let json = serde_json::to_value(&condition).unwrap();
        prop_assert!(SCHEMA.with(|schema| schema.is_valid(&json)), "{json}");
        prop_assert_eq!(serde_json::from_value::<Condition>(json).unwrap(), condition);
    }
}

thread_local! {
    static SCHEMA: jsonschema::Validator = {
        let text = include_str!("../../../docs/schemas/condition.schema.json");
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
}

#[test]
fn what_is_no_condition_is_refused_by_the_code_and_by_the_schema() {
    for text in [
        r#"{"channel": ["whatsapp"], "tag": ["x"]}"#,
        r#"{}"#,
        r#"{"script": "1 + 1"}"#,
        r#"{"priority": {"at_leats": 3}}"#,
        r#"{"attribute": {"key": "plan", "is": {"like": "g%"}}}"#,
        r#"{"attribute": {"key": "plan", "is": "present", "or": 1}}"#,
        r#"{"not": []}"#,
        r#"{"status": ["asleep"]}"#,
        r#"{"business_hours": {"schedule": "a", "is": "ajar"}}"#,
        r#"{"time": {"zone": "UTC", "from": "25:00", "until": "01:00"}}"#,
        r#"{"any": []}"#,
        r#"{"tag": []}"#,
        r#"{"tag": [" "]}"#,
        r#"{"priority": {}}"#,
    ] {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(!SCHEMA.with(|schema| schema.is_valid(&json)), "{text}");
        let read = serde_json::from_value::<Condition>(json);
        let is_refused = read.map(|condition| condition.validate().is_err());
        assert!(is_refused.unwrap_or(true), "{text}");
    }
}

#[test]
fn every_fault_names_its_path_and_its_mend() {
    let zone = r#"{"zone": "Europe/Atlantis", "from": "22:00", "until": "06:00"}"#;
    let text = format!(
        r#"{{"all": [{{"tag": []}},
                     {{"not": {{"time": {zone}}}}},
                     {{"any": [{{"words": ["?!"]}},
                               {{"attribute": {{"key": " ", "is": {{"within":
                                   {{"at_least": 5, "at_most": 2}}}}}}}}]}}]}}"#
    );
    let condition: Condition = serde_json::from_str(&text).unwrap();
    let faults = condition.validate().unwrap_err().faults;
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.path.as_str(), fault.problem))
        .collect();
    assert_eq!(
        found,
        [
            ("all[0].tag", Problem::Empty),
            ("all[1].not.time.zone", Problem::UnknownZone),
            ("all[2].any[0].words[0]", Problem::NoWords),
            ("all[2].any[1].attribute.key", Problem::Empty),
            ("all[2].any[1].attribute.is.within", Problem::NothingWithin),
        ]
    );
    assert!(faults.iter().all(|fault| !fault.mend.is_empty()));
}

#[test]
fn a_tree_that_is_too_deep_or_too_large_is_refused() {
    let deep = (0..MAX_DEPTH).fold(Condition::Vip(true), |part, _| not(part));
    let wide = Condition::All(vec![Condition::Vip(true); MAX_NODES]);
    for (condition, problem) in [(deep, Problem::TooDeep), (wide, Problem::TooLarge)] {
        let faults = condition.validate().unwrap_err().faults;
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].problem, problem);
    }
}

#[test]
fn a_night_that_began_on_friday_lasts_into_saturday() {
    let night = Condition::Time(TimeOfWeek {
        zone: "Europe/Vienna".to_owned(),
        days: vec![Weekday::Fri],
        from: NaiveTime::from_hms_opt(22, 0, 0).unwrap(),
        until: NaiveTime::from_hms_opt(6, 0, 0).unwrap(),
    });
    for (moment, expect) in [
        ("2026-11-20T20:59:59Z", false),
        ("2026-11-20T21:00:00Z", true),
        ("2026-11-21T04:59:59Z", true),
        ("2026-11-21T05:00:00Z", false),
        ("2026-11-21T21:00:00Z", false),
        // The same clock time an hour earlier in UTC, in summer.
        ("2026-07-03T20:00:00Z", true),
    ] {
        let facts = Facts::at(moment.parse().unwrap());
        assert_eq!(night.holds(&facts), expect, "{moment}");
    }
}

#[test]
fn what_nobody_knows_is_false_and_says_so() {
    let facts = Facts::at("2026-11-20T20:59:59Z".parse().unwrap());
    let condition = Condition::Language(vec!["de".to_owned()]);
    let explanation = condition.explain(&facts);
    assert!(!explanation.holds);
    assert_eq!(explanation.why, "language is not known, asked for de");
    assert!(not(condition).holds(&facts));
}

#[test]
fn an_explanation_tells_no_word_of_the_customer_and_no_value_of_an_attribute() {
    let mut facts = Facts::at("2026-11-20T20:59:59Z".parse().unwrap());
    facts.text = "my secret code is 4711".to_owned();
    let balance = Value::Text("minus 815".to_owned());
    facts.attributes.insert("balance".to_owned(), balance);
    let condition: Condition = serde_json::from_str(
        r#"{"all": [{"words": ["code"]},
                    {"attribute": {"key": "balance", "is": {"contains": "8"}}}]}"#,
    )
    .unwrap();
    let told = serde_json::to_string(&condition.explain(&facts)).unwrap();
    assert!(!told.contains("4711") && !told.contains("815"), "{told}");
}

#[test]
fn a_condition_lists_everything_that_it_names() {
    let condition: Condition = serde_json::from_str(
        r#"{"any": [{"not": {"business_hours": {"schedule": "support", "is": "open"}}},
                    {"queue": ["00000000-0000-0000-0000-000000000007"]},
                    {"attribute": {"key": "plan", "is": "present"}}]}"#,
    )
    .unwrap();
    let references = condition.references();
    assert!(references.schedules.contains("support"));
    assert!(references.attributes.contains("plan"));
    assert_eq!(references.queues, [QueueId(Uuid::from_u128(7))].into());
}

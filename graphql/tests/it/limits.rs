//! What operations cost, what is too much, and what a minute has.

use crate::support::{Asked, Workspace, code, operation};
use async_graphql::{Request, Response};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use interdesk_graphql::Limits;
use interdesk_graphql::limits::Sizes;
use serde_json::{Value, json};
use std::time::Instant;

async fn run(asked: &Asked, workspace: &Workspace, document: &str) -> Response {
    let request = asked.request(&workspace.viewer, document, json!({}));
    asked.schema.execute(request).await
}

fn cost(response: &Response) -> Value {
    let cost = response.extensions.get("cost").expect("a cost");
    cost.clone().into_json().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_kept_is_refused_by_name_wherever_it_stands() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let cases = [
        (
            r#"mutation { roleCreate(input: { name: "a\u0000", permissions: [] }) { status } }"#,
            json!({}),
            "input.name",
        ),
        (
            "mutation { roleCreate(input: { name: \"a\0\", permissions: [] }) { status } }",
            json!({}),
            "input.name",
        ),
        (
            "mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { status } }",
            json!({ "input": { "name": "a", "description": "\0", "permissions": [] } }),
            "$input.description",
        ),
        (
            r#"{ ...F } fragment F on Query { ... on Query { search(text: "\u0000") { totalCount } } }"#,
            json!({}),
            "text",
        ),
        (
            r#"query ($text: String! = "\u0000") { search(text: $text) { totalCount } }"#,
            json!({}),
            "$text",
        ),
        (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            json!({ "ids": ["a", "b\0"] }),
            "$ids.1",
        ),
    ];
    for (document, variables, path) in cases {
        let request = asked.request(&workspace.viewer, document, variables);
        let response = asked.schema.execute(request).await;
        let told = serde_json::to_value(&response.errors).expect("JSON");
        assert_eq!(
            told[0]["extensions"]["code"], "BAD_INPUT",
            "{document}: {told}"
        );
        let message = told[0]["message"].as_str().unwrap_or_default();
        assert!(
            message.starts_with(&format!("{path}: ")),
            "{document}: {message}"
        );
    }
    // What only looks like it is a text as any other.
    let fine = r#"{ search(text: "\\u0000 \u0041") { nodes { highlight } } }"#;
    let response = run(&asked, &workspace, fine).await;
    assert!(
        response
            .errors
            .iter()
            .all(|error| !error.message.contains("U+0000")),
        "{response:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_says_what_an_operation_costs_and_the_answer_what_it_did() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    for (document, requested, actual) in [
        ("{ me { id name email } }", 1, 1),
        ("{ a: me { id } b: me { id } }", 2, 2),
        ("{ __typename }", 0, 0),
        // The connection, its frame, and ten entries of a point with two points below each.
        (
            "{ conversations(first: 10) { nodes { id contact { id } queue { id } } pageInfo { hasNextPage } } }",
            1 + 1 + 10 * 3,
            1 + 1 + 3,
        ),
        ("{ conversations { nodes { id } } }", 1 + 25, 1 + 1),
        (
            "{ conversations(last: 7) { edges { node { id } } } }",
            1 + 7 * 2,
            1 + 2,
        ),
        ("{ conversations(first: 5) { totalCount } }", 1 + 10, 1 + 10),
        (
            "{ conversations(first: 2) { nodes { messages(first: 3) { nodes { id } } } } }",
            1 + 2 * (1 + 1 + 3),
            1 + 1 + 1 + 1,
        ),
        (
            "{ conversations(first: 3) { ...Page } } fragment Page on ConversationConnection { nodes { ... on Conversation { id } } }",
            1 + 3,
            1 + 1,
        ),
        ("{ me @skip(if: true) { id } offers { id } }", 5, 1),
    ] {
        let response = run(&asked, &workspace, document).await;
        assert!(
            response.errors.is_empty(),
            "{document}: {:?}",
            response.errors
        );
        let cost = cost(&response);
        assert_eq!(cost["requested"], requested, "{document}");
        assert_eq!(cost["actual"], actual, "{document}");
    }
    let sized = "query($first: Int = 4) { conversations(first: $first) { nodes { id } } }";
    for (variables, requested) in [(json!({}), 5), (json!({"first": 50}), 51)] {
        let request = asked.request(&workspace.viewer, sized, variables);
        let response = asked.schema.execute(request).await;
        assert_eq!(cost(&response)["requested"], requested);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_too_large_are_refused_before_they_run() {
    let asked = Asked::with(Limits {
        sizes: Sizes {
            tokens: 100,
            aliases: 3,
            directives: 2,
            root_fields: 4,
        },
        ..Limits::default()
    })
    .await;
    let workspace = asked.workspace().await;
    for document in [
        "{ a: me { id } b: me { id } c: me { d: id } }",
        "{ me @skip(if: false) { id @skip(if: false) name @skip(if: false) } }",
        "{ me { id } offers { id } agents { id } queues { id } inboxes { id } }",
        "{ ...All } fragment All on Query { me { id } offers { id } agents { id } queues { id } inboxes { id } }",
    ] {
        let response = run(&asked, &workspace, document).await;
        assert_eq!(code(&response), "OPERATION_TOO_LARGE", "{document}");
    }
    let fits = "{ a: me { id } b: me { id } c: me { id @skip(if: false) } offers { id } }";
    assert!(run(&asked, &workspace, fits).await.errors.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_double_or_spread_themselves_cost_no_time() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let mut doubling = "{ me { ...F0 } }".to_owned();
    for step in 0..28 {
        let (this, next) = (step, step + 1);
        doubling += &format!(" fragment F{this} on Agent {{ ...F{next} ...F{next} ...F{next} }}");
    }
    doubling += " fragment F28 on Agent { id }";
    let endless =
        "{ me { ...A } } fragment A on Agent { ...B ...B } fragment B on Agent { ...A ...A }";
    let aside = "{ me { id } } fragment A on Agent { ...A }";
    for (document, expected) in [
        (doubling.as_str(), "OPERATION_TOO_LARGE"),
        (endless, "GRAPHQL_VALIDATION_FAILED"),
        (aside, "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let began = Instant::now();
        let response = run(&asked, &workspace, document).await;
        assert_eq!(code(&response), expected, "{document}");
        assert!(began.elapsed().as_secs() < 2, "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_has_its_points_over_all_instances_and_gets_them_back() {
    let limits = Limits {
        cost_per_minute: 60,
        ..Limits::default()
    };
    let asked = Asked::with(limits.clone()).await;
    let workspace = asked.workspace().await;
    let other = asked.workspace().await;
    let page =
        "{ conversations(first: 25) { nodes { id } } rateLimit { limit remaining perOperation } }";
    let first = run(&asked, &workspace, page).await;
    // A page may have 25 entries and has one: what was charged beyond is given back.
    let told = cost(&first);
    assert_eq!(
        (&told["requested"], &told["actual"]),
        (&json!(27), &json!(3))
    );
    assert_eq!(
        (&told["limit"], &told["remaining"]),
        (&json!(60), &json!(57))
    );
    assert!(told["resetAt"].is_string(), "{told}");
    let shown = first.data.into_json().unwrap()["rateLimit"].clone();
    assert_eq!(
        shown,
        json!({"limit": 60, "remaining": 33, "perOperation": 2000})
    );
    until_left(&asked, &workspace, 56).await;

    // Another instance shares the cache, and so the bucket.
    let second = asked.schema_with(limits);
    let heavy = "{ a: agents { id } b: agents { id } }";
    let request = asked.request(&workspace.viewer, heavy, json!({}));
    let spent = second.execute(request).await;
    assert!(spent.errors.is_empty(), "{:?}", spent.errors);
    let mut refused = run(&asked, &workspace, heavy).await;
    while refused.errors.is_empty() {
        refused = run(
            &asked,
            &workspace,
            "{ agents { memberships { queue { id } } skills { name } } }",
        )
        .await;
    }
    assert_eq!(code(&refused), "RATE_LIMITED");
    let wait = refused.http_headers.get("retry-after").expect("how long");
    let wait: i64 = wait.to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let told = cost(&refused);
    assert_eq!(told["actual"], 0);

    let free = run(&asked, &other, page).await;
    assert!(free.errors.is_empty(), "each agent has points of their own");
    asked.world.clock.advance(chrono::Duration::seconds(60));
    let again = run(&asked, &workspace, "{ me { id } }").await;
    assert_eq!(cost(&again)["remaining"], 59);
}

/// Asks until what was given back has arrived.
async fn until_left(asked: &Asked, workspace: &Workspace, least: i64) {
    for _ in 0..100 {
        let response = run(asked, workspace, "{ rateLimit { remaining } }").await;
        let left = cost(&response)["remaining"].as_i64().unwrap();
        if left >= least - 2 {
            return;
        }
        // Each asking costs a point, and a second brings one back.
        asked
            .world
            .clock
            .advance(chrono::Duration::milliseconds(100));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the points did not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_shown_to_those_who_may_and_names_are_not_proposed() {
    let asked = Asked::with(Limits {
        introspection: false,
        suggestions: false,
        ..Limits::default()
    })
    .await;
    let workspace = asked.workspace().await;
    for document in [
        "{ __schema { queryType { name } } }",
        "{ me { id } __type(name: \"Agent\") { name } }",
        "{ ...Hidden } fragment Hidden on Query { __schema { queryType { name } } }",
    ] {
        let response = run(&asked, &workspace, document).await;
        assert_eq!(code(&response), "FORBIDDEN", "{document}");
        let stranger = asked.schema.execute(Request::new(document)).await;
        assert_eq!(code(&stranger), "UNAUTHENTICATED", "{document}");
        let tenant = workspace.viewer.tenant;
        let admin = asked
            .world
            .person(tenant, Role::Admin, Presence::Away, 3)
            .await;
        let shown = asked
            .schema
            .execute(asked.request(&admin, document, json!({})))
            .await;
        assert!(shown.errors.is_empty(), "{:?}", shown.errors);
    }
    let plain = run(&asked, &workspace, "{ me { __typename } }").await;
    assert!(plain.errors.is_empty());
    let typo = run(&asked, &workspace, "{ me { nam } }").await;
    assert!(
        !typo.errors[0].message.contains("name"),
        "{}",
        typo.errors[0].message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_is_not_shown() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let broken = "ALTER TABLE offers RENAME COLUMN expires_at TO secret_column";
    asked.world.test.execute_as_owner(broken).await;
    let response = run(&asked, &workspace, "{ me { id } offers { id } }").await;
    assert_eq!(code(&response), "INTERNAL");
    let text = serde_json::to_string(&response).unwrap();
    for internal in [
        "secret_column",
        "expires_at",
        "offers.",
        "SELECT",
        "postgres",
    ] {
        assert!(!text.contains(internal), "{internal} shows: {text}");
    }
    let me = &response.data.into_json().unwrap()["me"]["id"];
    assert_eq!(
        *me,
        workspace.viewer.agent.to_string(),
        "the rest is answered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_committed_document_fits_into_the_limits_of_an_installation() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    for name in crate::every_document::names() {
        let document = operation(&name);
        interdesk_graphql::limits::check_tokens(&document, Sizes::default().tokens / 4)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let Some(variables) = crate::every_document::variables(&name, &workspace) else {
            continue;
        };
        let request = asked.request(&workspace.viewer, &document, variables);
        let response = asked.schema.execute(request).await;
        let Some(cost) = response.extensions.get("cost") else {
            continue;
        };
        let requested = &cost.clone().into_json().unwrap()["requested"];
        assert!(
            requested.as_u64().unwrap() < Limits::default().cost as u64,
            "{name} costs {requested}"
        );
    }
}

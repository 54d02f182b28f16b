//! Signing in.

use crate::support::{Asked, operation};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher};
use async_graphql::{Request, Variables};
use serde_json::{Value, json};

async fn try_in(asked: &Asked, workspace: &str, email: &str, password: &str) -> Value {
    let input = json!({"workspace": workspace, "email": email, "password": password});
    let variables = Variables::from_json(json!({"input": input}));
    let request = Request::new(operation("SignIn")).variables(variables);
    let response = asked.schema.execute(request).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()["signIn"].clone()
}

async fn set_password(asked: &Asked, agent: interdesk_domain::id::AgentId, password: &str) {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .unwrap();
    let statement = format!(
        "UPDATE agents SET password_hash = '{hash}' WHERE id = '{}'",
        agent.0
    );
    asked.world.test.execute_as_owner(&statement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_gives_a_token_and_an_event() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    set_password(&asked, viewer.agent, "open sesame").await;
    let slug = format!("t-{}", viewer.tenant.0);
    let email = format!("{}@Example.org", viewer.agent.0);
    let answer = try_in(&asked, &slug, &email, "open sesame").await;
    assert_eq!(answer["status"], "SIGNED_IN", "{answer}");
    assert_eq!(answer["token"], format!("token of {}", viewer.agent));
    assert_eq!(answer["agent"]["id"], viewer.agent.to_string());
    let query = "SELECT count(*) AS count FROM outbox WHERE kind = 'agent_signed_in'";
    assert_eq!(asked.world.test.count_as_owner(query).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_learns_nothing_but_that_it_was_wrong() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    let without_password = asked.workspace().await.viewer;
    set_password(&asked, viewer.agent, "open sesame").await;
    let slug = format!("t-{}", viewer.tenant.0);
    let email = format!("{}@example.org", viewer.agent.0);
    let cases = [
        (slug.clone(), email.clone()),
        (slug.clone(), "nobody@example.org".to_owned()),
        ("no-such-workspace".to_owned(), email),
        (
            format!("t-{}", without_password.tenant.0),
            format!("{}@example.org", without_password.agent.0),
        ),
    ];
    let mut answers = Vec::new();
    for (workspace, email) in cases {
        answers.push(try_in(&asked, &workspace, &email, "wrong").await);
    }
    assert_eq!(answers[0]["status"], "REFUSED");
    assert_eq!(answers[0]["refusal"]["code"], "BAD_CREDENTIALS");
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tries_for_one_name_are_refused_even_with_the_right_password() {
    let asked = Asked::with(interdesk_graphql::Limits {
        sign_in_tries_per_minute: 2,
        ..Default::default()
    })
    .await;
    let viewer = asked.workspace().await.viewer;
    set_password(&asked, viewer.agent, "open sesame").await;
    let slug = format!("t-{}", viewer.tenant.0);
    let email = format!("{}@example.org", viewer.agent.0);
    for _ in 0..2 {
        assert_eq!(
            try_in(&asked, &slug, &email, "wrong").await["status"],
            "REFUSED"
        );
    }
    let answer = try_in(&asked, &slug, &email, "open sesame").await;
    assert_eq!(answer["refusal"]["code"], "TOO_MANY_TRIES");
    asked.world.clock.advance(chrono::Duration::seconds(61));
    let answer = try_in(&asked, &slug, &email, "open sesame").await;
    assert_eq!(answer["status"], "SIGNED_IN");
}

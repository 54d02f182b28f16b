//! Statements keep their prepared form and bind their values where they say.

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_store::messages::{self, NewReaction};
use interdesk_store::{Transaction, receive};
use interdesk_testkit::World;
use uuid::Uuid;

#[derive(diesel::QueryableByName)]
struct Prepared {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn prepared(transaction: &mut Transaction, like: &str) -> i64 {
    let query = "SELECT count(*) AS count FROM pg_prepared_statements WHERE statement LIKE $1";
    let found: Prepared = diesel::sql_query(query)
        .bind::<Text, _>(like)
        .get_result(&mut **transaction)
        .await
        .unwrap();
    found.count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_prepares_a_statement_once_whatever_its_values_and_their_number() {
    let world = World::fresh().await;
    let scope = TenantScope::new(world.tenant().await);
    let mut transaction = world.test.database.begin(scope).await.unwrap();
    for count in 0..20 {
        let ids: Vec<String> = (0..count).map(|n| format!("m-{n}")).collect();
        let asked: Vec<_> = ids
            .iter()
            .map(|id| (InboxId(Uuid::nil()), id.as_str()))
            .collect();
        receive::find_messages(&transaction, scope, &asked)
            .await
            .unwrap();
    }
    assert_eq!(
        prepared(
            &mut transaction,
            "SELECT * FROM (SELECT m.inbox_id, m.provider_id%"
        )
        .await,
        1
    );
}

#[derive(diesel::QueryableByName, Debug, PartialEq)]
struct Standing {
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Text)]
    author: String,
    #[diesel(sql_type = diesel::sql_types::Array<Text>)]
    emojis: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_named_twice_stands_in_both_places() {
    let world = World::fresh().await;
    let tenant = world.tenant().await;
    let scope = TenantScope::new(tenant);
    let queue = world.queue(tenant, &[]).await;
    let inbox = world.inbox(tenant, queue).await;
    let mut transaction = world.test.database.begin(scope).await.unwrap();
    for (target, author) in [("one", "a"), ("two", "a"), ("one", "b")] {
        let reaction = NewReaction {
            inbox_id: inbox,
            target,
            author,
            emojis: vec![target.to_owned(), author.to_owned()],
            changed_at: interdesk_domain::clock::Clock::now(&*world.clock),
        };
        assert!(
            messages::set_reaction(&transaction, scope, &reaction)
                .await
                .unwrap()
        );
        assert!(
            !messages::set_reaction(&transaction, scope, &reaction)
                .await
                .unwrap()
        );
    }
    let query = "SELECT target, author, emojis FROM reactions ORDER BY target, author";
    let standing: Vec<Standing> = diesel::sql_query(query)
        .load(&mut *transaction)
        .await
        .unwrap();
    let expect = [("one", "a"), ("one", "b"), ("two", "a")].map(|(target, author)| Standing {
        target: target.to_owned(),
        author: author.to_owned(),
        emojis: vec![target.to_owned(), author.to_owned()],
    });
    assert_eq!(standing, expect);
}

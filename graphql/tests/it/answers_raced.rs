//! Two agents never answer over each other.

use crate::support::Asked;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use serde_json::json;

const REPLY: &str = "mutation($input: MessageReplyInput!, $key: String!) {
    messageReply(input: $input) @idempotent(key: $key) { status missed version
        missedMessages { id author { ... on Agent { id } } } refusal { code path } } }";

/// How many pairs of replies race.
const PAIRS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_raced_double_replies_none_is_doubled_and_the_loser_reads_what_was_said() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, role, presence) = (workspace.viewer.tenant, Role::Supervisor, Presence::Online);
    let one = asked.world.person(tenant, role, presence, 0).await;
    let other = asked.world.person(tenant, role, presence, 0).await;
    let id = workspace.conversation.to_string();
    let open = "UPDATE conversations SET status = 'open'";
    asked.world.test.execute_as_owner(open).await;
    let mut seen = 1;
    for pair in 0..PAIRS {
        let ask = async |viewer, name: &str| {
            let input = json!({"conversationId": id, "content": {"text": format!("{name} {pair}")},
                "lastSeenVersion": seen});
            let variables = json!({"input": input, "key": format!("{name} {pair}")});
            asked.ask(viewer, REPLY, variables).await["messageReply"].clone()
        };
        let (first, second) = tokio::join!(ask(&one, "one"), ask(&other, "other"));
        let won = [&first, &second].map(|answer| answer["status"] == "QUEUED");
        assert_eq!(
            won.iter().filter(|won| **won).count(),
            1,
            "{first} {second}"
        );
        let (winner, loser, author) = match won[0] {
            true => (&first, &second, one.agent),
            false => (&second, &first, other.agent),
        };
        assert_eq!(loser["status"], "STALE_CONTEXT", "{loser}");
        assert_eq!(
            loser["refusal"]["path"],
            json!(["input", "lastSeenVersion"])
        );
        assert_eq!(
            (&loser["missed"], &loser["version"]),
            (&json!(1), &winner["version"])
        );
        let missed = loser["missedMessages"].as_array().unwrap();
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0]["author"]["id"], author.to_string());
        seen = winner["version"].as_i64().unwrap();
    }
    let replies = "SELECT count(*) AS count FROM messages WHERE direction = 'out'";
    let count = asked.world.test.count_as_owner(replies).await;
    assert_eq!(count, i64::try_from(PAIRS).unwrap());
}

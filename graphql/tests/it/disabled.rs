//! Whose agent was disabled is nobody any more, though their token holds for a while.

use crate::support::{Asked, Workspace, code, operation};
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

async fn disable(asked: &Asked, workspace: &Workspace) {
    let agent = workspace.viewer.agent.0;
    let statement = format!("UPDATE agents SET disabled_at = now() WHERE id = '{agent}'");
    asked.world.test.execute_as_owner(&statement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_agent_neither_reads_nor_does_anything() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (offer, conversation) = (workspace.offer, workspace.conversation);
    let operations = [
        "{ me { id } }".to_owned(),
        "{ conversations { nodes { id } } }".to_owned(),
        format!("mutation {{ offerAccept(input: {{offerId: \"{offer}\"}}) {{ status }} }}"),
        format!("mutation {{ offerDecline(input: {{offerId: \"{offer}\"}}) {{ status }} }}"),
        format!(
            "mutation {{ messageReply(input: {{conversationId: \"{conversation}\",
                content: {{text: \"hi\"}}}}) {{ status }} }}"
        ),
        format!(
            "mutation {{ conversationResolve(input: {{conversationId: \"{conversation}\"}})
                {{ status }} }}"
        ),
        "mutation { presenceSet(input: {presence: AWAY}) { status } }".to_owned(),
    ];
    asked
        .ask(&workspace.viewer, &operations[0], json!({}))
        .await;
    disable(&asked, &workspace).await;
    for operation in operations {
        let request = asked.request(&workspace.viewer, &operation, json!({}));
        assert_eq!(asked.code(request).await, "UNAUTHENTICATED", "{operation}");
    }
    let test = &asked.world.test;
    assert_eq!(
        test.count_as_owner("SELECT count(*) AS count FROM outbox")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_soon_after_its_agent_was_disabled() {
    let mut asked = Asked::fresh().await;
    asked.desk.settings.presence_lease = chrono::Duration::seconds(3);
    let workspace = asked.workspace().await;
    let schema = asked.schema_again();
    let variables = json!({"after": Value::Null});
    let watch = || {
        asked.request(
            &workspace.viewer,
            &operation("DeskEvents"),
            variables.clone(),
        )
    };
    let mut live = schema.execute_stream(watch()).boxed();
    let second = Duration::from_secs(2);
    assert!(
        tokio::time::timeout(second, live.next()).await.is_err(),
        "it goes on"
    );
    disable(&asked, &workspace).await;
    let last = tokio::time::timeout(Duration::from_secs(5), live.next()).await;
    assert_eq!(
        code(&last.expect("in time").expect("a reason")),
        "UNAUTHENTICATED"
    );
    assert!(live.next().await.is_none());
    let refused = schema.execute_stream(watch()).boxed().next().await;
    assert_eq!(code(&refused.expect("a reason")), "UNAUTHENTICATED");
}

//! Until when a customer may be written to, as a composer is told.

use crate::support::Asked;
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use serde_json::{Value, json};

const SHOW: &str = "query($id: ID!) { conversation(id: $id) { canReplyUntil replyState
    replyRoute { canReplyUntil } contact { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_composer_is_told_until_when_and_what_may_be_written() {
    let day = Duration::hours(24);
    let cases = [
        (
            "whatsapp",
            Duration::hours(1),
            "UNTIL_WINDOW_CLOSES",
            Some(day),
        ),
        (
            "whatsapp",
            day - Duration::minutes(1),
            "UNTIL_WINDOW_CLOSES",
            Some(day),
        ),
        (
            "whatsapp",
            day + Duration::minutes(1),
            "TEMPLATE_ONLY",
            Some(day),
        ),
        ("telegram", Duration::days(10), "ALWAYS", None),
    ];
    for (app, since, state, lasts) in cases {
        let asked = Asked::fresh().await;
        let workspace = asked.workspace().await;
        let at = asked.desk.now() - since;
        let rows = format!(
            "UPDATE inboxes SET channel = '{app}';
             UPDATE identities SET network = '{app}', value = '15550001012',
                namespace = CASE '{app}' WHEN 'whatsapp' THEN 'phone' ELSE 'user' END;
             UPDATE conversations SET status = 'open', last_customer_message_at = '{at}';
             UPDATE messages SET sent_at = '{at}', stored_at = '{at}';",
            at = at.to_rfc3339(),
        );
        asked.world.test.execute_as_owner(&rows).await;
        let tenant = workspace.viewer.tenant;
        let (role, presence) = (Role::Supervisor, Presence::Online);
        let viewer = asked.world.person(tenant, role, presence, 0).await;
        let id = json!({ "id": workspace.conversation.to_string() });
        let shown = asked.ask(&viewer, SHOW, id.clone()).await["conversation"].clone();
        assert_eq!(shown["replyState"], state, "{app} after {since}: {shown}");
        let until = |value: &Value| {
            let text = value.as_str()?;
            Some(text.parse::<DateTime<Utc>>().expect("a moment").timestamp())
        };
        let expected = lasts.map(|lasts| (at + lasts).timestamp());
        assert_eq!(
            until(&shown["canReplyUntil"]),
            expected,
            "{app} after {since}: {shown}"
        );
        let route = &shown["replyRoute"]["canReplyUntil"];
        assert_eq!(until(route), expected, "{app} after {since}: {shown}");

        // A no of the customer counts more than any window.
        let no =
            "mutation($input: ContactConsentInput!) { contactConsent(input: $input) { status } }";
        let input = json!({ "contactId": shown["contact"]["id"], "network": app,
            "said": "OPTED_OUT", "note": "asked us to stop" });
        let said = asked.ask(&viewer, no, json!({ "input": input })).await;
        assert_eq!(said["contactConsent"]["status"], "CHANGED", "{said}");
        let shown = asked.ask(&viewer, SHOW, id).await["conversation"].clone();
        assert_eq!(
            shown["replyState"], "FORBIDDEN",
            "{app} after {since}: {shown}"
        );
    }
}

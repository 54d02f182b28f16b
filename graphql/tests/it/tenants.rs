//! No tenant sees another: every field of the schema's roots has a case, or this fails.

use crate::support::{Asked, Workspace, code};
use async_graphql::Request;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::{EpisodeId, EventId, IdentityProviderId};
use interdesk_domain::permission::Role;
use interdesk_testkit::ManualClock;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A field, a document over the other tenant's ids, and what the answer must be.
struct Case {
    field: &'static str,
    document: &'static str,
    expected: Value,
}

fn cases(own: &Workspace, other: &Workspace) -> Vec<(Case, Value)> {
    let case = |field, document, expected| Case {
        field,
        document,
        expected,
    };
    let with = |case: Case, variables: Value| (case, variables);
    let id = |id: &dyn std::fmt::Display| json!({"id": id.to_string()});
    let refused = |field: &str| json!({field: {"status": "NOT_FOUND"}});
    let unknown = |field: &str| json!({field: {"refusal": {"code": "NOT_FOUND"}}});
    let soon = (ManualClock::default().now() + Duration::hours(1)).to_rfc3339();
    let not_allowed = |field: &str| json!({field: {"status": "NOT_ALLOWED"}});
    let ids = [
        other.viewer.agent.to_string(),
        other.queue.to_string(),
        other.inbox.to_string(),
        other.contact.to_string(),
        other.conversation.to_string(),
        other.message.to_string(),
        other.offer.to_string(),
        other.work_item.to_string(),
    ];
    let nothing = vec![Value::Null; ids.len()];
    let only = |id: String| json!([{"id": id}]);
    vec![
        with(
            case(
                "me",
                "{ me { id } }",
                json!({"me": {"id": own.viewer.agent.to_string()}}),
            ),
            json!({}),
        ),
        with(
            case(
                "workspace",
                "{ workspace { id } }",
                json!({"workspace": {"id": own.viewer.tenant.to_string()}}),
            ),
            json!({}),
        ),
        with(
            case(
                "thirdPartyInboxChoose",
                "mutation { thirdPartyInboxChoose(input: {choice: COMBINED}) { agent { id }
                    workspace { id } } }",
                json!({"thirdPartyInboxChoose": {"agent": {"id": own.viewer.agent.to_string()},
                    "workspace": {"id": own.viewer.tenant.to_string()}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversations",
                "{ conversations { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 1, "nodes": only(own.conversation.to_string())}}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversations",
                "query($id: ID!) { conversations(filter: {queueId: $id}) { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 0, "nodes": []}}),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "conversations",
                "query($id: ID!) { conversations(filter: {assigneeId: $id}) { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 0, "nodes": []}}),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "conversation",
                "query($id: ID!) { conversation(id: $id) { id messages { nodes { id } } } }",
                json!({"conversation": null}),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "askedTransfers",
                "{ askedTransfers { id } }",
                json!({"askedTransfers": []}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversationHold",
                r#"mutation($id: ID!) { conversationHold(input: {conversationId: $id, reason: "x"}) { refusal { code } } }"#,
                unknown("conversationHold"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationUnhold",
                r#"mutation($id: ID!) { conversationUnhold(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("conversationUnhold"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationSnooze",
                r#"mutation($id: ID!, $until: DateTime!) { conversationSnooze(input: {conversationId: $id, until: $until}) { refusal { code } } }"#,
                unknown("conversationSnooze"),
            ),
            json!({"id": other.conversation.to_string(), "until": soon}),
        ),
        with(
            case(
                "conversationWake",
                r#"mutation($id: ID!) { conversationWake(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("conversationWake"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationClose",
                r#"mutation($id: ID!) { conversationClose(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("conversationClose"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationMerge",
                r#"mutation($id: ID!) { conversationMerge(input: {conversationId: $id, intoConversationId: $id}) { refusal { code } } }"#,
                unknown("conversationMerge"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationUnmerge",
                r#"mutation($id: ID!) { conversationUnmerge(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("conversationUnmerge"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationPrioritySet",
                r#"mutation($id: ID!) { conversationPrioritySet(input: {conversationId: $id, priority: 1}) { refusal { code } } }"#,
                unknown("conversationPrioritySet"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "speakerTake",
                r#"mutation($id: ID!) { speakerTake(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("speakerTake"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "speakerGiveBack",
                r#"mutation($id: ID!) { speakerGiveBack(input: {conversationId: $id}) { refusal { code } } }"#,
                unknown("speakerGiveBack"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "workClaim",
                r#"mutation($id: ID!) { workClaim(input: {workItemId: $id}) { refusal { code } } }"#,
                unknown("workClaim"),
            ),
            id(&other.work_item),
        ),
        with(
            case(
                "workRelease",
                r#"mutation($id: ID!) { workRelease(input: {workItemId: $id}) { refusal { code } } }"#,
                unknown("workRelease"),
            ),
            id(&other.work_item),
        ),
        with(
            case(
                "workTransfer",
                r#"mutation($id: ID!) { workTransfer(input: {workItemId: $id, toAgentId: $id}) { refusal { code } } }"#,
                unknown("workTransfer"),
            ),
            id(&other.work_item),
        ),
        with(
            case(
                "wrapUpEnd",
                r#"mutation($id: ID!) { wrapUpEnd(input: {workItemId: $id}) { refusal { code } } }"#,
                unknown("wrapUpEnd"),
            ),
            id(&other.work_item),
        ),
        with(
            case(
                "workPull",
                r#"mutation($id: ID!) { workPull(input: {queueId: $id}) { refusal { code } } }"#,
                unknown("workPull"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "transferAnswer",
                "mutation { transferAnswer(input: {transferId: \"transfer_01h2xcejqtf2nbrexx3vqjhp41\",
                    answer: ACCEPT}) { refusal { code } } }",
                unknown("transferAnswer"),
            ),
            json!({}),
        ),
        with(
            case(
                "offers",
                "{ offers { id } }",
                json!({"offers": only(own.offer.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "agents",
                "{ agents { id } }",
                json!({"agents": only(own.viewer.agent.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "queues",
                "{ queues { id } }",
                json!({"queues": only(own.queue.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "inboxes",
                "{ inboxes { id } }",
                json!({"inboxes": only(own.inbox.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "explainSla",
                "query($id: ID!) { explainSla(clock: $id) { elapsedMs } }",
                json!({"explainSla": null}),
            ),
            id(&format!(
                "{}.first_reply.{}",
                EpisodeId(other.conversation.0),
                EventId(other.message.0)
            )),
        ),
        // What supervisors see of other workspaces: sla.rs.
        with(
            case(
                "slaReport",
                "{ slaReport(from: \"2026-03-01\", to: \"2026-03-02\") { rows { key } } }",
                json!({"slaReport": {"rows": []}}),
            ),
            json!({}),
        ),
        with(
            case(
                "slaBehind",
                "{ slaBehind(key: \"x\", number: MET) { nodes { id } } }",
                json!({"slaBehind": null}),
            ),
            json!({}),
        ),
        with(
            case(
                "node",
                "query($id: ID!) { node(id: $id) { id } }",
                json!({"node": null}),
            ),
            id(&other.message),
        ),
        with(
            case(
                "nodes",
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
                json!({"nodes": nothing}),
            ),
            json!({"ids": ids}),
        ),
        with(
            case(
                "signIn",
                "mutation($workspace: String!, $email: String!) { signIn(input: {
                    workspace: $workspace, email: $email, password: \"x\"}) { status token } }",
                json!({"signIn": {"status": "REFUSED", "token": null}}),
            ),
            json!({
                "workspace": format!("t-{}", own.viewer.tenant.0),
                "email": format!("{}@example.org", other.viewer.agent.0),
            }),
        ),
        with(
            case(
                "presenceSet",
                "mutation { presenceSet(input: {presence: AWAY}) { agent { id } } }",
                json!({"presenceSet": {"agent": {"id": own.viewer.agent.to_string()}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "offerAccept",
                "mutation($id: ID!) { offerAccept(input: {offerId: $id}) { status } }",
                refused("offerAccept"),
            ),
            id(&other.offer),
        ),
        with(
            case(
                "offerDecline",
                "mutation($id: ID!) { offerDecline(input: {offerId: $id}) { status } }",
                refused("offerDecline"),
            ),
            id(&other.offer),
        ),
        with(
            case(
                "messageReply",
                "mutation($id: ID!) { messageReply(input: {conversationId: $id,
                    content: {text: \"x\"}}) @idempotent(key: \"x\") { status } }",
                refused("messageReply"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "contactLink",
                "mutation($id: ID!, $own: ID!) { contactLink(input: {contactId: $own, intoContactId: $id, note: \"x\"}) { status } }",
                refused("contactLink"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactUnlink",
                "mutation($id: ID!) { contactUnlink(input: {contactId: $id, note: \"x\"}) { status } }",
                refused("contactUnlink"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactRename",
                "mutation($id: ID!) { contactRename(input: {contactId: $id, name: \"x\"}) { status } }",
                refused("contactRename"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactConsent",
                "mutation($id: ID!) { contactConsent(input: {contactId: $id, network: \"webhook\", said: OPTED_IN, note: \"x\"}) { status } }",
                refused("contactConsent"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "messageEdit",
                "mutation($id: ID!) { messageEdit(input: {messageId: $id, text: \"x\"}) @idempotent(key: \"x\") { status } }",
                refused("messageEdit"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "messageDelete",
                "mutation($id: ID!) { messageDelete(input: {messageId: $id}) @idempotent(key: \"x\") { status } }",
                refused("messageDelete"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "reactionSet",
                "mutation($id: ID!) { reactionSet(input: {messageId: $id, emoji: \"x\"}) @idempotent(key: \"x\") { status } }",
                refused("reactionSet"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "conversationTyping",
                "mutation($id: ID!) { conversationTyping(input: {conversationId: $id}) { status } }",
                refused("conversationTyping"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationSeen",
                "mutation($id: ID!) { conversationSeen(input: {conversationId: $id}) { status } }",
                refused("conversationSeen"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "attachmentRetry",
                "mutation($id: ID!) { attachmentRetry(input: {attachmentId: $id}) { status attachment { id } } }",
                json!({"attachmentRetry": {"status": "NOT_FOUND", "attachment": null}}),
            ),
            id(&other.attachment),
        ),
        with(
            case(
                "conversationStart",
                "mutation($id: ID!, $own: ID!) { conversationStart(input: {contactId: $id, inboxId: $own, content: {text: \"x\"}}) @idempotent(key: \"x\") { status message { id } } }",
                json!({"conversationStart": {"status": "NOT_FOUND", "message": null}}),
            ),
            json!({"id": other.contact.to_string(), "own": own.inbox.to_string()}),
        ),
        with(
            case(
                "notifications",
                "{ notifications { id } }",
                json!({"notifications": []}),
            ),
            json!({}),
        ),
        with(
            case(
                "notificationsRead",
                "mutation($id: ID!) { notificationsRead(input: {notificationId: $id}) { status } }",
                refused("notificationsRead"),
            ),
            id(&interdesk_domain::id::NotificationId(other.offer.0)),
        ),
        with(
            case("teams", "{ teams { members { agent { id } } } }",
                json!({"teams": [{"members": [{"agent": {"id": own.viewer.agent.to_string()}}]}]})),
            json!({}),
        ),
        with(case("schedules", "{ schedules { id } }", json!({"schedules": []})), json!({})),
        with(case("policies", "{ policies { kind } }", json!({"policies": []})), json!({})),
        with(
            case(
                "policy",
                "query($id: ID!) { policy(kind: QUEUE, subjectId: $id) { latest } }",
                json!({"policy": null}),
            ),
            id(&other.queue),
        ),
        with(case("skills", "{ skills { name } }", json!({"skills": []})), json!({})),
        with(
            case("presenceReasons", "{ presenceReasons { id } }", json!({"presenceReasons": []})),
            json!({}),
        ),
        with(
            case(
                "policySave",
                "mutation($id: ID!) { policySave(input: {kind: QUEUE, subjectId: $id, body: {},
                    note: \"x\"}) { status policy { latest } } }",
                json!({"policySave": {"status": "NOT_ALLOWED", "policy": null}}),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "policyActivate",
                "mutation($id: ID!) { policyActivate(input: {kind: QUEUE, subjectId: $id, version: 1}) {
                    status } }",
                not_allowed("policyActivate"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "policyStage",
                "mutation($id: ID!) { policyStage(input: {kind: QUEUE, subjectId: $id, version: 1,
                    permille: 1}) { status } }",
                not_allowed("policyStage"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "policyUnstage",
                "mutation($id: ID!) { policyUnstage(input: {kind: QUEUE, subjectId: $id}) { status } }",
                not_allowed("policyUnstage"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "policyRollBack",
                "mutation($id: ID!) { policyRollBack(input: {kind: QUEUE, subjectId: $id, version: 1}) {
                    status } }",
                not_allowed("policyRollBack"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "policyRetire",
                "mutation($id: ID!) { policyRetire(input: {kind: QUEUE, subjectId: $id}) { status } }",
                not_allowed("policyRetire"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "scheduleHolidaysImport",
                "mutation($id: ID!) { scheduleHolidaysImport(input: {scheduleId: $id, calendar: \"x\"}) {
                    status } }",
                json!({"scheduleHolidaysImport": {"status": "NOT_FOUND"}}),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "agentAdd",
                "mutation { agentAdd(input: {email: \"x@example.org\", name: \"x\", role: AGENT,
                    kind: PERSON}) { status } }",
                not_allowed("agentAdd"),
            ),
            json!({}),
        ),
        with(
            case(
                "agentUpdate",
                "mutation($id: ID!) { agentUpdate(input: {agentId: $id, skills: []}) { status agent { id } } }",
                json!({"agentUpdate": {"status": "NOT_FOUND", "agent": null}}),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "agentTimeOffAdd",
                "mutation($id: ID!) { agentTimeOffAdd(input: {agentId: $id,
                    from: \"2030-01-01T00:00:00Z\", until: \"2030-01-02T00:00:00Z\"}) { status } }",
                refused("agentTimeOffAdd"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "agentTimeOffRemove",
                "mutation($id: ID!) { agentTimeOffRemove(input: {timeOffId: $id}) { status } }",
                refused("agentTimeOffRemove"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "assistantsStop",
                "mutation { assistantsStop(input: {stopped: true}) { status workspace {
                    assistantsStopped } } }",
                json!({"assistantsStop": {"status": "NOT_ALLOWED",
                    "workspace": {"assistantsStopped": false}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "workspaceZoneSet",
                "mutation { workspaceZoneSet(input: {zone: \"Europe/Berlin\"}) { status workspace {
                    zone } } }",
                json!({"workspaceZoneSet": {"status": "NOT_ALLOWED", "workspace": {"zone": "UTC"}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "presenceReasonSet",
                "mutation { presenceReasonSet(input: {name: \"x\", presence: AWAY}) { status } }",
                not_allowed("presenceReasonSet"),
            ),
            json!({}),
        ),
        with(
            case(
                "presenceReasonRetire",
                "mutation($id: ID!) { presenceReasonRetire(input: {reasonId: $id}) { status } }",
                refused("presenceReasonRetire"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "teamCreate",
                "mutation { teamCreate(input: {name: \"x\"}) { status } }",
                not_allowed("teamCreate"),
            ),
            json!({}),
        ),
        with(
            case(
                "teamUpdate",
                "mutation($id: ID!) { teamUpdate(input: {teamId: $id, name: \"x\"}) { status } }",
                refused("teamUpdate"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "teamMemberSet",
                "mutation($id: ID!) { teamMemberSet(input: {teamId: $id, agentId: $id}) { status } }",
                refused("teamMemberSet"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "teamMemberRemove",
                "mutation($id: ID!) { teamMemberRemove(input: {teamId: $id, agentId: $id}) { status } }",
                refused("teamMemberRemove"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "queueCreate",
                "mutation { queueCreate(input: {name: \"x\"}) { status } }",
                not_allowed("queueCreate"),
            ),
            json!({}),
        ),
        with(
            case(
                "queueUpdate",
                "mutation($id: ID!) { queueUpdate(input: {queueId: $id, name: \"x\"}) { status queue { id } } }",
                json!({"queueUpdate": {"status": "NOT_ALLOWED", "queue": null}}),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "inboxFilesSet",
                "mutation($id: ID!) { inboxFilesSet(input: {inboxId: $id}) { status inbox { id } } }",
                json!({"inboxFilesSet": {"status": "NOT_ALLOWED", "inbox": null}}),
            ),
            id(&other.inbox),
        ),
        with(
            case(
                "queueTeamSet",
                "mutation($id: ID!) { queueTeamSet(input: {queueId: $id, teamId: $id}) { status } }",
                refused("queueTeamSet"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "queueTeamRemove",
                "mutation($id: ID!) { queueTeamRemove(input: {queueId: $id, teamId: $id}) { status } }",
                refused("queueTeamRemove"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "contactUpdate",
                "mutation($id: ID!) { contactUpdate(input: {contactId: $id, attributes: {plan: \"x\"}}) {
                    status contact { id } } }",
                json!({"contactUpdate": {"status": "NOT_FOUND", "contact": null}}),
            ),
            id(&other.contact),
        ),
        with(
            case(
                "search",
                "{ search(text: \"customer\") { nodes { kind } } }",
                json!({"search": {"nodes": []}}),
            ),
            json!({}),
        ),
        with(
            case("tags", "{ tags { name } }", json!({"tags": []})),
            json!({}),
        ),
        with(
            case("views", "{ views { name } }", json!({"views": []})),
            json!({}),
        ),
        with(
            case("drafts", "{ drafts { text } }", json!({"drafts": []})),
            json!({}),
        ),
        with(
            case(
                "view",
                "{ view(id: \"view_01h455vb4pex5vsknk084sn02q\") { name } }",
                json!({"view": null}),
            ),
            json!({}),
        ),
        with(
            case(
                "whyInView",
                "query($id: ID!) { whyInView(viewId: \"view_01h455vb4pex5vsknk084sn02q\", conversationId: $id) { why } }",
                json!({"whyInView": null}),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationTag",
                "mutation($id: ID!) { conversationTag(input: {conversationId: $id, tags: []}) { status } }",
                refused("conversationTag"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationUntag",
                "mutation($id: ID!) { conversationUntag(input: {conversationId: $id, tags: []}) { status } }",
                refused("conversationUntag"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "noteWrite",
                "mutation($id: ID!) { noteWrite(input: {conversationId: $id, text: \"x\"}) { status } }",
                refused("noteWrite"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "noteDelete",
                "mutation($id: ID!) { noteDelete(input: {noteId: $id}) { status } }",
                refused("noteDelete"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "draftSave",
                "mutation($id: ID!) { draftSave(input: {conversationId: $id, text: \"x\"}) { status draft { text } } }",
                json!({"draftSave": {"status": "NOT_FOUND", "draft": null}}),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "viewSave",
                "mutation($id: ID!) { viewSave(input: {viewId: $id, name: \"x\", condition: {vip: true}}) { status } }",
                refused("viewSave"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "viewRetire",
                "mutation($id: ID!) { viewRetire(input: {viewId: $id}) { status } }",
                refused("viewRetire"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "access",
                "{ access { visibility } }",
                json!({"access": {"visibility": "QUEUE"}}),
            ),
            json!({}),
        ),
        with(
            case("roles", "{ roles { id } }", json!({"roles": []})),
            json!({}),
        ),
        with(
            case(
                "identityProviders",
                "{ identityProviders { id } }",
                json!({"identityProviders": []}),
            ),
            json!({}),
        ),
        with(
            case(
                "signInProviders",
                "query($of: String!) { signInProviders(workspace: $of) { id } }",
                json!({"signInProviders": []}),
            ),
            json!({"of": format!("t-{}", other.viewer.tenant.0)}),
        ),
        with(
            case(
                "identityProviderSet",
                "mutation($id: ID!) { identityProviderSet(input: {identityProviderId: $id, name: \"x\"}) {
                    status } }",
                refused("identityProviderSet"),
            ),
            json!({"id": IdentityProviderId(other.queue.0).to_string()}),
        ),
        with(
            case(
                "identityProviderRetire",
                "mutation($id: ID!) { identityProviderRetire(input: {identityProviderId: $id}) { status } }",
                refused("identityProviderRetire"),
            ),
            json!({"id": IdentityProviderId(other.queue.0).to_string()}),
        ),
        with(
            case(
                "providerSignInBegin",
                "mutation($id: ID!, $of: String!) { providerSignInBegin(input: {workspace: $of,
                    providerId: $id, redirectUrl: \"https://desk.example.org/\"}) { status url } }",
                json!({"providerSignInBegin": {"status": "NOT_FOUND", "url": null}}),
            ),
            json!({
                "id": IdentityProviderId(other.queue.0).to_string(),
                "of": format!("t-{}", own.viewer.tenant.0),
            }),
        ),
        with(
            case(
                "providerSignInFinish",
                "mutation { providerSignInFinish(input: {state: \"x\", code: \"x\", verifier: \"x\"}) {
                    status token } }",
                json!({"providerSignInFinish": {"status": "EXPIRED", "token": null}}),
            ),
            json!({}),
        ),
        with(
            case("secondFactor", "{ secondFactor { confirmedAt } }", json!({"secondFactor": null})),
            json!({}),
        ),
        with(
            case("sessions", "{ sessions { id } }", json!({"sessions": []})),
            json!({}),
        ),
        with(
            case("apiKeys", "{ apiKeys { id } }", json!({"apiKeys": []})),
            json!({}),
        ),
        with(
            case(
                "roleCreate",
                "mutation { roleCreate(input: {name: \"x\", permissions: [], visibility: OWN}) { status } }",
                not_allowed("roleCreate"),
            ),
            json!({}),
        ),
        with(
            case(
                "roleUpdate",
                "mutation($id: ID!) { roleUpdate(input: {roleId: $id, name: \"x\"}) { status } }",
                refused("roleUpdate"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "roleRetire",
                "mutation($id: ID!) { roleRetire(input: {roleId: $id}) { status } }",
                refused("roleRetire"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "agentRoleSet",
                "mutation($id: ID!) { agentRoleSet(input: {agentId: $id, role: AGENT}) { status } }",
                refused("agentRoleSet"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "apiKeyCreate",
                "mutation { apiKeyCreate(input: {name: \"x\", permissions: [AGENTS_READ],
                    expiresAt: \"2030-01-01T00:00:00Z\"}) { status } }",
                not_allowed("apiKeyCreate"),
            ),
            json!({}),
        ),
        with(
            case(
                "apiKeyRevoke",
                "mutation($id: ID!) { apiKeyRevoke(input: {apiKeyId: $id}) { status } }",
                refused("apiKeyRevoke"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "passwordReset",
                "mutation { passwordReset(input: {token: \"x\", newPassword: \"x\"}) { status } }",
                json!({"passwordReset": {"status": "REFUSED"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "passwordResetRequest",
                "mutation { passwordResetRequest(input: {workspace: \"x\", email: \"x\"}) { status } }",
                json!({"passwordResetRequest": {"status": "ASKED"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "sessionRefresh",
                "mutation { sessionRefresh(input: {refreshToken: \"x\"}) { status } }",
                json!({"sessionRefresh": {"status": "REFUSED"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "signOut",
                "mutation($id: ID!) { signOut(input: {sessionId: $id}) { status } }",
                refused("signOut"),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "signOutEverywhere",
                "mutation($id: ID!) { signOutEverywhere(input: {agentId: $id}) { status } }",
                refused("signOutEverywhere"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "secondFactorBegin",
                "mutation { secondFactorBegin(input: {password: \"x\"}) { status } }",
                json!({"secondFactorBegin": {"status": "REFUSED"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "secondFactorConfirm",
                "mutation { secondFactorConfirm(input: {code: \"x\"}) { status } }",
                json!({"secondFactorConfirm": {"status": "NOT_BEGUN"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "secondFactorRemove",
                "mutation($id: ID!) { secondFactorRemove(input: {agentId: $id}) { status } }",
                refused("secondFactorRemove"),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "passwordChange",
                "mutation { passwordChange(input: {currentPassword: \"x\", newPassword: \"y\"}) {
                    status } }",
                json!({"passwordChange": {"status": "INVALID"}}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversationResolve",
                "mutation($id: ID!) { conversationResolve(input: {conversationId: $id}) { status } }",
                refused("conversationResolve"),
            ),
            id(&other.conversation),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_schema_shows_nothing_of_another_tenant() {
    let asked = Asked::fresh().await;
    let (own, other) = (asked.workspace().await, asked.workspace().await);
    let before = state(&asked).await;
    let mut proven = BTreeSet::new();
    let mut refused = Vec::new();
    for (case, variables) in cases(&own, &other) {
        proven.insert(case.field.to_owned());
        let request = asked.request(&own.viewer, case.document, variables.clone());
        let response = asked.schema.execute(request).await;
        if response.errors.is_empty() {
            let answer = response.data.into_json().unwrap();
            assert_eq!(answer, case.expected, "{}", case.document);
            continue;
        }
        assert_eq!(code(&response), "FORBIDDEN", "{}", case.document);
        // What nobody may do at all names nobody's things.
        if !case.expected.to_string().contains("NOT_ALLOWED") {
            refused.push((case, variables));
        }
    }
    // What an agent may not do, an administrator may, and finds nothing of the other tenant.
    let (tenant, presence) = (own.viewer.tenant, Presence::Away);
    let admin = asked.world.person(tenant, Role::Admin, presence, 3).await;
    for (case, variables) in refused {
        let request = asked.request(&admin, case.document, variables);
        let response = asked.schema.execute(request).await;
        // What can name nothing at all is told so, whosever it was meant to be.
        if !response.errors.is_empty() {
            assert_eq!(code(&response), "BAD_INPUT", "{}", case.document);
            continue;
        }
        let answer = response.data.into_json().unwrap();
        assert_eq!(answer, case.expected, "{}", case.document);
    }
    assert_eq!(
        state(&asked).await,
        before,
        "nothing of the other tenant changed"
    );
    // What the role does not allow is not even looked for; `aside.rs` has who may.
    for (field, document) in [
        (
            "tagSave",
            "mutation { tagSave(input: {name: \"x\"}) { status } }",
        ),
        (
            "tagRetire",
            "mutation { tagRetire(input: {name: \"x\"}) { status } }",
        ),
        ("auditEntries", "{ auditEntries { totalCount } }"),
    ] {
        let request = asked.request(&own.viewer, document, json!({}));
        assert_eq!(asked.code(request).await, "FORBIDDEN");
        proven.insert(field.to_owned());
    }
    // Points are the viewer's own, and no argument names anybody.
    proven.insert("rateLimit".to_owned());
    let missing: Vec<_> = fields(&asked).await.difference(&proven).cloned().collect();
    assert!(
        missing.is_empty(),
        "no foreign-tenant case for {missing:?}; add one to `cases`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_ids_are_not_found_like_foreign_ones() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    for id in [
        "",
        "x",
        "conv_",
        "conv_zz",
        "tenant_01h2xcejqtf2nbrexx3vqjhp41",
        "offer_\u{1}é",
    ] {
        let document = "query($id: ID!) { node(id: $id) { id } conversation(id: $id) { id } }";
        let answer = asked.ask(&viewer, document, json!({"id": id})).await;
        assert_eq!(
            answer,
            json!({"node": null, "conversation": null}),
            "{id:?}"
        );
        let document = "mutation($id: ID!) { offerAccept(input: {offerId: $id}) { status
            refusal { code } offer { id } } }";
        let answer = asked.ask(&viewer, document, json!({"id": id})).await;
        assert_eq!(answer["offerAccept"]["refusal"]["code"], "NOT_FOUND");
    }
    // By its letters alone: what there is in a workspace makes no difference to it.
    let unkeepable = asked.request(
        &viewer,
        "query($id: ID!) { node(id: $id) { id } }",
        json!({"id": "conv_\0"}),
    );
    assert_eq!(asked.code(unkeepable).await, "BAD_INPUT");
}

async fn state(asked: &Asked) -> i64 {
    let query = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM offers
        WHERE state = 'pending') + (SELECT count(*) FROM conversations WHERE status = 'new') AS count";
    asked.world.test.count_as_owner(query).await
}

async fn fields(asked: &Asked) -> BTreeSet<String> {
    let document =
        "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let response = asked.schema.execute(Request::new(document)).await;
    let data = response.data.into_json().unwrap();
    let roots = ["queryType", "mutationType"].map(|root| data["__schema"][root]["fields"].clone());
    let fields = roots
        .iter()
        .flat_map(|root| root.as_array().unwrap().clone());
    fields
        .map(|field| field["name"].as_str().unwrap().to_owned())
        .collect()
}

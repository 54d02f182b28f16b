//! Every committed document is executed: one without a case here fails the suite.

use crate::support::{Asked, Workspace, operation};
use async_graphql::{Request, ServerError};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// Names the committed documents.
pub(crate) fn names() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/operations");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Returns what a document is executed with in a workspace; none for one without a case.
pub(crate) fn variables(name: &str, workspace: &Workspace) -> Option<Value> {
    let (conversation, message) = (
        workspace.conversation.to_string(),
        workspace.message.to_string(),
    );
    let (contact, offer) = (workspace.contact.to_string(), workspace.offer.to_string());
    let (work, queue) = (workspace.work_item.to_string(), workspace.queue.to_string());
    let (agent, inbox) = (
        workspace.viewer.agent.to_string(),
        workspace.inbox.to_string(),
    );
    let input = |input: Value| json!({"input": input, "key": format!("key of {name}")});
    let bare = |input: Value| json!({"input": input});
    Some(match name {
        "AttachmentRetry" => input(json!({"attachmentId": workspace.attachment.to_string()})),
        "ContactConsent" => input(
            json!({"contactId": contact, "network": "webhook", "said": "OPTED_OUT", "note": "by phone"}),
        ),
        "ContactLink" => {
            input(json!({"contactId": contact, "intoContactId": contact, "note": "the same"}))
        }
        "ContactRename" => input(json!({"contactId": contact, "name": "Customer 13"})),
        "ContactUnlink" => input(json!({"contactId": contact, "note": "not the same"})),
        // A full page, which has to stay within what one operation may cost.
        "Conversation" => json!({"id": conversation, "last": 50}),
        "ConversationSla" => json!({"id": conversation}),
        "LiveConversation" => json!({"id": conversation}),
        "LiveViewing" => json!({"conversationId": conversation}),
        "AuditEntries" => return None,
        "ConversationNotes" => json!({"id": conversation, "last": 5}),
        "ConversationTag" | "ConversationUntag" => {
            input(json!({"conversationId": conversation, "tags": ["vip"]}))
        }
        "ConversationHold" => input(json!({"conversationId": conversation, "reason": "the bank"})),
        "ConversationMerge" => {
            input(json!({"conversationId": conversation, "intoConversationId": conversation}))
        }
        "ConversationUnmerge" => input(json!({"conversationId": conversation})),
        "ConversationResolve" => input(json!({"conversationId": conversation})),
        "ConversationSeen" | "ConversationTyping" => bare(json!({"conversationId": conversation})),
        "ConversationSnooze" => {
            input(json!({"conversationId": conversation, "until": "2999-01-01T00:00:00Z"}))
        }
        "ConversationStart" => {
            input(json!({"contactId": contact, "inboxId": inbox, "content": {"text": "hello"}}))
        }
        "DeskEvents" | "LiveSlaClocks" | "LiveInbox" | "LiveOffers" | "LivePresence"
        | "LiveQueueStats" | "InboxHealth" | "Me" | "Offers" => json!({}),
        "DraftSave" => input(json!({"conversationId": conversation, "text": "dear"})),
        "Drafts" => json!({"first": 5}),
        "ExplainSla" => json!({"clock": "sla_nonsense"}),
        "Inbox" => json!({"first": 10}),
        "MessageDelete" => input(json!({"messageId": message})),
        "MessageEdit" => input(json!({"messageId": message, "text": "better"})),
        "MessageReply" => {
            input(json!({"conversationId": conversation, "content": {"text": "hello"}}))
        }
        "NoteDelete" => input(json!({"noteId": "note_01h455vb4pex5vsknk084sn02q"})),
        "NoteWrite" => input(
            json!({"conversationId": conversation, "text": "ask first", "mentionIds": [agent]}),
        ),
        "Notifications" => json!({"first": 5, "unreadOnly": true}),
        "NotificationsRead" => bare(json!({})),
        "OfferAccept" | "OfferDecline" => input(json!({"offerId": offer})),
        "PasswordChange" => {
            bare(json!({"currentPassword": "wrong", "newPassword": "correct horse battery"}))
        }
        "PasswordReset" => bare(json!({"token": "none", "newPassword": "correct horse battery"})),
        "PasswordResetRequest" => bare(json!({"workspace": "none", "email": "a@example.org"})),
        "ApiKeyCreate" => bare(
            json!({"name": "dashboard", "permissions": ["AGENTS_READ"], "expiresAt": "2999-01-01T00:00:00Z"}),
        ),
        "ApiKeyRevoke" => bare(json!({"apiKeyId": "key_01h455vb4pex5vsknk084sn02q"})),
        "IdentityProviders" => json!({}),
        "IdentityProviderSet" => bare(
            json!({"name": "Our sign-in", "issuer": "http://127.0.0.1:1",
            "clientId": "desk", "redirectUrls": ["https://desk.example.org/"]}),
        ),
        "IdentityProviderRetire" => {
            bare(json!({"identityProviderId": "provider_01h455vb4pex5vsknk084sn02q"}))
        }
        "ProviderSignInBegin" => bare(json!({"workspace": "none",
            "providerId": "provider_01h455vb4pex5vsknk084sn02q",
            "redirectUrl": "https://desk.example.org/"})),
        "ProviderSignInFinish" => {
            bare(json!({"state": "none", "code": "none", "verifier": "none"}))
        }
        "SignInProviders" => json!({"workspace": "none"}),
        "SecondFactor" => json!({}),
        "SecondFactorBegin" => bare(json!({"password": "wrong"})),
        "SecondFactorConfirm" => bare(json!({"code": "000000"})),
        "SecondFactorRemove" => bare(json!({"password": "wrong", "code": "000000"})),
        "SessionRefresh" => bare(json!({"refreshToken": "none"})),
        "Sessions" => json!({}),
        "SignOut" | "SignOutEverywhere" => bare(json!({})),
        "PresenceSet" => input(json!({"presence": "AWAY"})),
        "ReactionSet" => input(json!({"messageId": message, "emoji": "👍"})),
        "Search" => json!({"text": "good morning", "first": 5}),
        "SignIn" => {
            bare(json!({"workspace": "none", "email": "a@example.org", "password": "wrong"}))
        }
        "SlaBehind" => return None,
        "SlaReport" => json!({"from": "2026-01-01", "to": "2026-01-31"}),
        "Tags" | "Views" => json!({}),
        "TagRetire" | "TagSave" => return None,
        "ViewConversations" => json!({"viewId": "view_01h455vb4pex5vsknk084sn02q", "first": 5}),
        "ViewRetire" => input(json!({"viewId": "view_01h455vb4pex5vsknk084sn02q"})),
        "ViewSave" => input(json!({"name": "Open", "condition": {"status": ["open"]}})),
        "WhyInView" => {
            json!({"viewId": "view_01h455vb4pex5vsknk084sn02q", "conversationId": conversation})
        }
        "SpeakerTake" => input(json!({"conversationId": conversation})),
        "ThirdPartyInboxChoose" => input(json!({"choice": "SEPARATE"})),
        "TransferAnswer" => input(json!({"transferId": work, "answer": "ACCEPT"})),
        "WorkPull" => input(json!({"queueId": queue})),
        "WorkRelease" => input(json!({"workItemId": work, "reason": "not mine"})),
        "WorkTransfer" => input(json!({"workItemId": work, "toAgentId": agent})),
        _ => return None,
    })
}

/// Documents whose variables another answer has; each is executed by the test that is named.
const ELSEWHERE: [(&str, &str); 4] = [
    ("AuditEntries", include_str!("aside.rs")),
    ("SlaBehind", include_str!("sla.rs")),
    ("TagRetire", include_str!("aside.rs")),
    ("TagSave", include_str!("aside.rs")),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_document_is_executed_and_none_is_refused_as_a_request() {
    let asked = Asked::fresh().await;
    for name in names() {
        let workspace = asked.workspace().await;
        let document = operation(&name);
        let Some(variables) = variables(&name, &workspace) else {
            let elsewhere = ELSEWHERE.iter().find(|(own, _)| *own == name);
            let (_, source) = elsewhere.unwrap_or_else(|| {
                panic!("{name}.graphql has no case, add its variables to every_document.rs")
            });
            assert!(source.contains(&format!("operation(\"{name}\")")), "{name}");
            continue;
        };
        let admin = asked
            .world
            .person(workspace.viewer.tenant, Role::Admin, Presence::Away, 3)
            .await;
        // Agents run what they may, and administrators the rest.
        let mut errors = Vec::new();
        for viewer in [workspace.viewer, admin] {
            let request = asked.request(&viewer, &document, variables.clone());
            errors = run(&asked, &document, request).await;
            if errors.is_empty() {
                break;
            }
        }
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

/// Runs a document and returns its errors; a subscription for as long as it may take to begin.
async fn run(asked: &Asked, document: &str, request: Request) -> Vec<ServerError> {
    if !document.starts_with("subscription") {
        return asked.schema.execute(request).await.errors;
    }
    let mut results = asked.schema.execute_stream(request);
    let first = tokio::time::timeout(Duration::from_millis(300), results.next()).await;
    first
        .ok()
        .flatten()
        .map_or(Vec::new(), |first| first.errors)
}

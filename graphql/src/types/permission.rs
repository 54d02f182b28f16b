//! What roles allow.

use async_graphql::Enum;
use interdesk_domain::permission;

/// Something that a role may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "permission::Permission")]
pub(crate) enum Permission {
    /// To see conversations and what hangs on them, as far as the role's visibility reaches.
    ConversationsRead,
    /// To get work, answer it and end it.
    ConversationsAnswer,
    /// To act on what colleagues have, to take work of any queue, to stop all assistants.
    ConversationsSteer,
    /// To see contacts with their addresses.
    ContactsRead,
    /// To change what is known of contacts: names, attributes, links, consent.
    ContactsWrite,
    /// To see who is there.
    AgentsRead,
    /// To change skills, languages, presence and time off of people in one's own teams.
    AgentsLead,
    /// To add, change and disable agents, and to give them roles that allow no more than one's own.
    AgentsManage,
    /// To see how the workspace is set up: teams, queues, inboxes, schedules, policies.
    WorkspaceRead,
    /// To change how the workspace is set up.
    WorkspaceConfigure,
    /// To manage the tags of the workspace.
    TagsManage,
    /// To share saved views with others.
    ViewsShare,
    /// To read reports of service levels, and why routing and clocks decided as they did.
    ReportsRead,
    /// To follow what happens.
    EventsRead,
    /// To read the audit log.
    AuditRead,
    /// To make and change roles that allow no more than one's own.
    RolesManage,
    /// To make API keys that allow no more than one's own role.
    ApiKeysCreate,
    /// To see and revoke the API keys of everybody.
    ApiKeysManage,
    /// To end the sessions of others, and to take a lost second factor from them.
    SessionsManage,
    /// To say how people sign in: identity providers, whether a second factor is asked for.
    SignInConfigure,
    /// To ask for the schema.
    SchemaRead,
}

/// Which conversations a role shows; each one shows what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "permission::Visibility")]
pub(crate) enum Visibility {
    /// What one has, is offered or is asked to take over.
    Own,
    /// What somebody of one's teams has.
    Team,
    /// What is in the queues that one's teams serve.
    Queue,
    /// All of the workspace.
    All,
}

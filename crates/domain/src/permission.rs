//! What people and programs of a tenant may do.
//!
//! The list of permissions is closed. A role is a set of them and says which conversations are seen;
//! five roles are built in, a tenant makes more. Whoever asks carries what they may do as [`Grants`],
//! read anew with each request, so that what is taken away is gone at once.

mod grants;
mod group;
mod role;
mod session;

pub use grants::{Grants, Visibility};
pub use group::{GivenRole, GroupRule, role_of_groups};
pub use role::{Role, Viewer};
pub use session::SessionEnd;

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// Something that a role may allow.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// Every permission, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the word that the database uses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

permissions! {
    /// To see conversations and what hangs on them, as far as the role's visibility reaches.
    ConversationsRead = "conversations_read";
    /// To get work, answer it and end it.
    ConversationsAnswer = "conversations_answer";
    /// To act on what colleagues have, to take work of any queue, to stop all assistants.
    ConversationsSteer = "conversations_steer";
    /// To see contacts with their addresses.
    ContactsRead = "contacts_read";
    /// To change what is known of contacts: names, attributes, links, consent.
    ContactsWrite = "contacts_write";
    /// To see who is there.
    AgentsRead = "agents_read";
    /// To change skills, languages, presence and time off of people in one's own teams.
    AgentsLead = "agents_lead";
    /// To add, change and disable agents, and to give them roles that allow no more than one's own.
    AgentsManage = "agents_manage";
    /// To see how the workspace is set up: teams, queues, inboxes, schedules, policies.
    WorkspaceRead = "workspace_read";
    /// To change how the workspace is set up.
    WorkspaceConfigure = "workspace_configure";
    /// To manage the tags of the workspace.
    TagsManage = "tags_manage";
    /// To share saved views with others.
    ViewsShare = "views_share";
    /// To read reports of service levels, and why routing and clocks decided as they did.
    ReportsRead = "reports_read";
    /// To follow what happens.
    EventsRead = "events_read";
    /// To read the audit log.
    AuditRead = "audit_read";
    /// To make and change roles that allow no more than one's own.
    RolesManage = "roles_manage";
    /// To make API keys that allow no more than one's own role.
    ApiKeysCreate = "api_keys_create";
    /// To see and revoke the API keys of everybody.
    ApiKeysManage = "api_keys_manage";
    /// To end the sessions of others, and to take a lost second factor from them.
    SessionsManage = "sessions_manage";
    /// To say how people sign in: identity providers, whether a second factor is asked for.
    SignInConfigure = "sign_in_configure";
    /// To ask for the schema.
    SchemaRead = "schema_read";
}

impl Permission {
    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == text)
    }
}

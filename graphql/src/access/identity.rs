//! Who says they ask, and what they may do at this moment.

use crate::Error;
use async_graphql::Context;
use interdesk_domain::id::{ApiKeyId, SessionId, TenantId};
use interdesk_domain::inbox::ThirdPartyInbox;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_store::access::{self, Proof};
use interdesk_store::sight::Sight;
use std::sync::Arc;
use tokio::time::Instant;

/// Who asks, as a transport knows it from a token: nothing of it says what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Of which tenant.
    pub tenant: TenantId,
    /// By what they prove who they are.
    pub proof: Proof,
}

impl Identity {
    /// Returns the session of the token that was sent; none with an API key.
    pub fn session(&self) -> Option<SessionId> {
        match &self.proof {
            Proof::Token { session, .. } => *session,
            Proof::Key { .. } => None,
        }
    }
}

impl From<Viewer> for Identity {
    fn from(viewer: Viewer) -> Self {
        Self {
            tenant: viewer.tenant,
            proof: Proof::known(viewer.agent),
        }
    }
}

/// Who asks, what they may do, and which conversations they see.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Who, with what they may do.
    pub viewer: Viewer,
    /// Which conversations they see.
    pub sight: Arc<Sight>,
    /// What they are charged for what they ask.
    pub payer: Payer,
    /// When it was looked up: what changed later may not be in it.
    pub at: Instant,
    /// Where third-party apps are shown to them.
    pub third_party_inbox: ThirdPartyInbox,
}

/// Who is charged for what is asked: the key, or else the agent; and their tenant.
#[derive(Debug, Clone, Copy)]
pub struct Payer {
    /// The key by which they speak.
    pub key: Option<ApiKeyId>,
    /// How many points all of the tenant have in a minute, where it is not what the settings say.
    pub tenant_points: Option<i32>,
}

/// Looks up what who asks may do now; fails with [`Error::Unauthenticated`] where they may not even
/// sign in any more.
pub async fn prove(desk: &Desk, identity: &Identity) -> Result<Proven, Error> {
    let at = Instant::now();
    let scope = TenantScope::new(identity.tenant);
    let found = desk
        .database
        .read(scope, async |conn| {
            access::find(conn, scope, &identity.proof, desk.now()).await
        })
        .await?;
    let access = found.ok_or(Error::Unauthenticated)?;
    if access.is_suspended {
        return Err(Error::Suspended);
    }
    Ok(Proven {
        viewer: Viewer {
            tenant: identity.tenant,
            agent: access.agent,
            grants: access.grants,
        },
        sight: Arc::new(access.sight),
        payer: Payer {
            key: access.key,
            tenant_points: access.points_per_minute,
        },
        at,
        third_party_inbox: access.third_party_inbox,
    })
}

/// Returns who asks and what they see, as it was found when the operation began.
pub(crate) fn proven<'a>(context: &Context<'a>) -> Result<(&'a Viewer, &'a Sight), Error> {
    let proven = found(context)?;
    Ok((&proven.viewer, proven.sight.as_ref()))
}

/// Returns all that was found when the operation began.
pub(crate) fn found<'a>(context: &Context<'a>) -> Result<&'a Arc<Proven>, Error> {
    context
        .data_opt::<Arc<Proven>>()
        .ok_or(Error::Unauthenticated)
}

//! Who else is in a conversation: nothing of it is kept, so it cannot be resumed.

use crate::access::{Audience, requires};
use crate::live::{Looked, Open};
use crate::types::{self, Agent, Nullable};
use crate::viewer::parse;
use crate::{Error, loaders};
use async_graphql::{Context, ID, Object, SimpleObject, Subscription};
use futures::stream::unfold;
use futures::{Stream, StreamExt};
use interdesk_domain::id::{AgentId, ConversationId};
use interdesk_domain::permission::Permission;
use interdesk_flow::typing::{self, Company};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often it is looked who is there.
const LOOK: Duration = Duration::from_secs(1);
/// How often the viewer says that they look, and proves that they may.
const STAY: Duration = Duration::from_secs(4);

/// Who else is in a conversation.
#[derive(Default)]
pub(super) struct ViewingSubscription;

#[Subscription]
impl ViewingSubscription {
    /// Who else looks at a conversation or writes in it, now and whenever that changes, within a second
    /// or two. Who subscribes looks at it, for as long as they do. Nothing of it is kept: it has no
    /// cursor, and after a lost connection it begins with how it is then. It ends when the viewer does
    /// not see the conversation any more.
    #[graphql(directive = requires::apply(Some(types::Permission::ConversationsRead)))]
    async fn viewing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] conversation_id: ID,
    ) -> Result<impl Stream<Item = Result<Viewing, Error>> + use<>, Error> {
        let Some(conversation) = parse::<ConversationId>(&conversation_id) else {
            return Err(Error::BadInput(
                "conversationId names no conversation".to_owned(),
            ));
        };
        let audience = Audience::new(context, Permission::ConversationsRead)?;
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let look = Look {
            audience,
            conversation,
            shown: None,
            tick,
            stay: None,
            _open: Open::new(),
        };
        Ok(unfold(Some(Box::new(look)), Look::step).boxed())
    }
}

/// Who else is in a conversation at a moment.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Viewing {
    /// The colleagues who look at it or write in it.
    colleagues: Vec<ViewingAgent>,
    /// Whether its customer is writing, where their app tells.
    customer_typing: bool,
}

/// A colleague who is in a conversation.
#[derive(Debug, Clone)]
pub(crate) struct ViewingAgent {
    id: AgentId,
    is_typing: bool,
}

/// A colleague who is in a conversation.
#[Object]
impl ViewingAgent {
    /// Who.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.id).await
    }

    /// Whether they are writing, or only look.
    async fn is_typing(&self) -> bool {
        self.is_typing
    }
}

/// A viewer who looks.
struct Look {
    audience: Audience,
    conversation: ConversationId,
    shown: Option<Company>,
    tick: Interval,
    /// When they said last that they look.
    stay: Option<Instant>,
    _open: Open,
}

impl Look {
    async fn step(look: Option<Box<Self>>) -> Option<(Result<Viewing, Error>, Option<Box<Self>>)> {
        let mut look = look?;
        loop {
            look.tick.tick().await;
            match look.stays().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some((Err(error), None)),
            }
            let found = typing::company(look.audience.desk(), look.conversation).await;
            // Nobody is seen while the cache is away.
            let company = found.unwrap_or_default();
            if look.shown.as_ref() != Some(&company) {
                let viewing = look.show(&company);
                look.shown = Some(company);
                return Some((Ok(viewing), Some(look)));
            }
        }
    }

    /// Says that the viewer looks; `false` where they do not see the conversation.
    async fn stays(&mut self) -> Result<bool, Error> {
        if self.stay.is_some_and(|stay| stay.elapsed() < STAY) {
            return Ok(true);
        }
        if self.stay.is_some() {
            self.audience.renew(STAY / 4).await?;
        }
        let (desk, viewer) = (self.audience.desk(), self.audience.viewer());
        match Looked::find(desk, viewer.scope(), &[self.conversation]).await {
            Ok(found) if !found.iter().any(|one| one.is_seen(self.audience.sight())) => {
                return Ok(false);
            }
            Ok(_) => {}
            // A database that is away takes nothing from anybody.
            Err(error) => tracing::warn!(error = %error, "a conversation is not readable"),
        }
        if let Err(error) = typing::look(desk, self.conversation, viewer.agent).await {
            tracing::warn!(error = %error, "who looks could not be noted");
        }
        self.stay = Some(Instant::now());
        Ok(true)
    }

    fn show(&self, company: &Company) -> Viewing {
        let mut all: Vec<AgentId> = company.looking.clone();
        all.extend(&company.writing);
        all.sort_unstable();
        all.dedup();
        all.retain(|agent| *agent != self.audience.agent());
        let colleagues = all.into_iter().map(|id| ViewingAgent {
            id,
            is_typing: company.writing.contains(&id),
        });
        Viewing {
            colleagues: colleagues.collect(),
            customer_typing: company.customer,
        }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        let (desk, agent) = (self.audience.desk().clone(), self.audience.agent());
        let conversation = self.conversation;
        // Whoever does not come to say so is forgotten by their lease.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = typing::look_away(&desk, conversation, agent).await;
            });
        }
    }
}

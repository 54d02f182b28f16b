//! By which app of the person a reply goes.

use super::contact::consent_on;
use super::{Contact, Identity, Inbox, Nullable, ReplyState};
use crate::Error;
use crate::loaders::{self, AppsOf, KnownOf, one};
use crate::mutation::Refusal;
use crate::viewer::desk;
use async_graphql::{Context, Enum, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_channels::channel;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::Content;
use interdesk_flow::consent::network;
use interdesk_flow::reply::{choose, obstacle, order, unsupported, window_began, window_closes};
use interdesk_store::apps::App;
use interdesk_store::read::contacts::{self as rows, Known};

/// An app of the person: one of their contacts, by one inbox.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ReplyWay {
    /// By which inbox.
    inbox: Nullable<Inbox>,
    /// To which contact of the person.
    contact: Nullable<Contact>,
    /// The address that the app knows; null where none is valid, and in a group.
    identity: Option<Identity>,
    /// Whether words may be written there now.
    works: bool,
    /// What may be written there now.
    state: ReplyState,
    /// Until when free words may be written, in the past where that is over; null where there is no
    /// such limit or the customer never wrote there.
    can_reply_until: Option<DateTime<Utc>>,
    /// Why words may not be written there now; null where they may.
    refusal: Option<Refusal>,
}

/// Where a reply goes by itself, why, and where else it can be sent.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ReplyRoute {
    /// Where it goes.
    #[graphql(flatten)]
    way: ReplyWay,
    /// Why it goes there.
    why: ReplyRouteReason,
    /// The other apps of the person, in the order in which a reply tries those of this conversation;
    /// what the conversation never came by is used only where `messageReply` names it.
    alternatives: Vec<ReplyWay>,
}

/// Why a reply goes by an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ReplyRouteReason {
    /// The customer wrote there last.
    LastUsed,
    /// They wrote there before: what they used later does not let words through now.
    UsedBefore,
    /// They have not written in this conversation: it is where we did.
    BegunByUs,
    /// It is a group's.
    Group,
}

/// The apps of a conversation's person, judged, in the order in which a reply tries them.
pub(crate) struct Ways {
    all: Vec<Judged>,
    chosen: usize,
}

struct Judged {
    app: App,
    identity: Option<rows::Identity>,
    forbidden: bool,
    refusal: Option<Refusal>,
}

impl Ways {
    /// Loads and judges them; `None` where the conversation is not the viewer's to see.
    pub(crate) async fn load(
        context: &Context<'_>,
        conversation: ConversationId,
    ) -> Result<Option<Self>, Error> {
        let mut apps = loaders::all(context, AppsOf(conversation)).await?;
        order(&mut apps);
        let now = desk(context)?.now();
        let mut all = Vec::with_capacity(apps.len());
        for app in &apps {
            all.push(Judged::load(context, now, app).await?);
        }
        let chosen = choose(&apps, |place| all[place].refusal.is_none());
        Ok(chosen.map(|chosen| Self { all, chosen }))
    }

    /// Returns the kind of app by which a reply goes.
    pub(crate) fn channel(&self) -> ChannelKind {
        self.all[self.chosen].app.channel
    }

    /// Returns what may be written there now.
    pub(crate) fn state(&self, now: DateTime<Utc>) -> ReplyState {
        self.all[self.chosen].state(now)
    }

    /// Returns until when free words may be written there.
    pub(crate) fn can_reply_until(&self) -> Option<DateTime<Utc>> {
        self.all[self.chosen].can_reply_until()
    }

    /// Shows them.
    pub(crate) async fn show(self, context: &Context<'_>) -> Result<ReplyRoute, Error> {
        let why = self.why();
        let mut shown = Vec::with_capacity(self.all.len());
        for judged in self.all {
            shown.push(judged.show(context).await?);
        }
        Ok(ReplyRoute {
            way: shown.remove(self.chosen),
            why,
            alternatives: shown,
        })
    }

    fn why(&self) -> ReplyRouteReason {
        let chosen = &self.all[self.chosen].app;
        match (
            chosen.in_group,
            chosen.used_version.max(chosen.others_version),
        ) {
            (true, _) => ReplyRouteReason::Group,
            (false, None) => ReplyRouteReason::BegunByUs,
            (false, Some(_)) if self.chosen == 0 => ReplyRouteReason::LastUsed,
            (false, Some(_)) => ReplyRouteReason::UsedBefore,
        }
    }
}

impl Judged {
    async fn load(context: &Context<'_>, now: DateTime<Utc>, app: &App) -> Result<Self, Error> {
        let Known {
            identities: mut known,
            mut said,
        } = loaders::all(context, KnownOf(app.contact_id)).await?;
        for one in &mut said {
            // Who has written since does not block us any more.
            let is_over = app
                .last_customer_message_at
                .is_some_and(|at| at > one.said_at);
            if let Some(before) = one
                .blocked_from
                .filter(|_| is_over && one.contact_id == app.contact_id)
            {
                one.state = before;
            }
        }
        known.retain(|one| {
            let valid = one.verified_by == "provider" && one.valid_to.is_none();
            valid && one.contact_id == app.contact_id
        });
        let places = known
            .iter()
            .map(|one| (one.network.as_str(), one.namespace.as_str()));
        let consent = consent_on(&said, network(app.channel, app.inbox_id, places));
        let identity = known.into_iter().find(|one| is_known_by(one, app));
        let words = Content::Text {
            text: "words".to_owned(),
        };
        let capabilities = channel(app.channel).capabilities();
        let carried = unsupported(app.channel, app.in_group, &words);
        let found = obstacle(now, app, consent, identity.is_some(), &words, carried);
        let refusal = found.map(|found| Refusal {
            code: found.code(),
            message: found.detail(capabilities),
            path: Vec::new(),
        });
        Ok(Self {
            app: app.clone(),
            identity: identity.filter(|_| !app.in_group),
            forbidden: !app.in_group && consent.forbids(),
            refusal,
        })
    }

    fn state(&self, now: DateTime<Utc>) -> ReplyState {
        let capabilities = channel(self.app.channel).capabilities();
        let closes = window_closes(&self.app);
        match self.refusal.as_ref().map(|refusal| refusal.code) {
            Some("RECIPIENT_UNKNOWN") => ReplyState::WaitForCustomer,
            _ => ReplyState::at(now, closes, capabilities.templates, self.forbidden),
        }
    }

    fn can_reply_until(&self) -> Option<DateTime<Utc>> {
        window_began(&self.app)?;
        window_closes(&self.app)
    }

    async fn show(self, context: &Context<'_>) -> Result<ReplyWay, Error> {
        Ok(ReplyWay {
            inbox: one(context, self.app.inbox_id).await,
            contact: one(context, self.app.contact_id).await,
            works: self.refusal.is_none(),
            state: self.state(desk(context)?.now()),
            can_reply_until: self.can_reply_until(),
            identity: self.identity.map(Identity),
            refusal: self.refusal,
        })
    }
}

// What is known by one inbox alone carries its name.
fn is_known_by(identity: &rows::Identity, app: &App) -> bool {
    match identity.namespace.contains('@') {
        true => identity.namespace.ends_with(&format!("@{}", app.inbox_id)),
        false => identity.network == app.channel.as_str(),
    }
}

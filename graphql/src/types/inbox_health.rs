//! How well inboxes are, and the messages that their providers keep approved.

use super::Nullable;
use crate::Error;
use crate::viewer::{desk, viewer};
use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::InboxId;
use interdesk_domain::message::{self as domain, Place, Slot};
use interdesk_store::inbox_health::{self as rows, Condition, News};
use interdesk_store::templates::{self, Template as TemplateRow};

/// How many changes are shown.
const LAST: i64 = 20;

/// How well an inbox is, as its provider tells.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct InboxHealth {
    /// How well in all: as well as in its worst respect.
    state: InboxState,
    /// The provider's word for the worst; null where nothing is wrong.
    reason: Option<String>,
    /// What to tell people of it; null where nothing is wrong.
    detail: Option<String>,
    /// Since when that is so; null where nothing is wrong.
    since: Option<DateTime<Utc>>,
    /// How well in each respect that was ever told of.
    conditions: Vec<InboxCondition>,
    /// The last changes, the latest first.
    events: Vec<InboxNews>,
    /// How many messages may leave in a second, where it is not what the channel declares.
    per_second: Option<i32>,
    /// When the provider was last asked; null where it never was.
    checked_at: Option<DateTime<Utc>>,
}

/// How well an inbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::HealthState")]
pub(crate) enum InboxState {
    /// Nothing is wrong.
    Healthy,
    /// Messages go, yet somebody should look.
    Degraded,
    /// Messages do not go, or do not come.
    Blocked,
}

/// How well an inbox is in one respect.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct InboxCondition {
    /// What it is about, such as `access`, `account`, `quality` and `webhook`.
    subject: String,
    /// How well.
    state: InboxState,
    /// The provider's word for why, in lower case.
    reason: String,
    /// What to tell people.
    detail: String,
    /// Since when it is so.
    since: DateTime<Utc>,
}

/// A respect in which an inbox changed.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct InboxNews {
    /// What it is about.
    subject: String,
    /// How well it was from then on.
    state: InboxState,
    /// The provider's word for why, in lower case.
    reason: String,
    /// What to tell people.
    detail: String,
    /// When.
    at: DateTime<Utc>,
}

/// Reads how well an inbox is.
pub(super) async fn health(context: &Context<'_>, inbox: InboxId) -> Result<InboxHealth, Error> {
    let scope = viewer(context)?.scope();
    let transaction = desk(context)?.database.begin(scope).await?;
    let facts = rows::find(&transaction, scope, inbox).await?;
    let conditions = rows::list_conditions(&transaction, scope, inbox).await?;
    let news = rows::list_news(&transaction, scope, inbox, LAST).await?;
    transaction.commit().await?;
    // Of equally bad ones the one that has been so for longest.
    let worst = conditions
        .iter()
        .filter(|one| state(&one.state) != domain::HealthState::Healthy)
        .max_by_key(|one| (state(&one.state), std::cmp::Reverse(one.since)))
        .cloned();
    Ok(InboxHealth {
        state: worst
            .as_ref()
            .map_or(domain::HealthState::Healthy, |one| state(&one.state))
            .into(),
        reason: worst.as_ref().map(|one| one.reason.clone()),
        detail: worst.as_ref().map(|one| one.detail.clone()),
        since: worst.map(|one| one.since),
        conditions: conditions.into_iter().map(InboxCondition::from).collect(),
        events: news.into_iter().map(InboxNews::from).collect(),
        per_second: facts.as_ref().and_then(|facts| facts.per_second),
        checked_at: facts.and_then(|facts| facts.checked_at),
    })
}

fn state(word: &str) -> domain::HealthState {
    // The database keeps no other words.
    domain::HealthState::parse(word).unwrap_or(domain::HealthState::Degraded)
}

impl From<Condition> for InboxCondition {
    fn from(row: Condition) -> Self {
        Self {
            state: state(&row.state).into(),
            subject: row.subject,
            reason: row.reason,
            detail: row.detail,
            since: row.since,
        }
    }
}

impl From<News> for InboxNews {
    fn from(row: News) -> Self {
        Self {
            state: state(&row.state).into(),
            subject: row.subject,
            reason: row.reason,
            detail: row.detail,
            at: row.at,
        }
    }
}

/// A message that the provider keeps approved.
#[derive(Debug, Clone)]
pub(crate) struct MessageTemplate(TemplateRow);

/// A message that the provider keeps approved. It may leave while its `status` is `approved`.
#[Object]
impl MessageTemplate {
    /// Its name with the provider.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its language, for example `en_US`.
    async fn language(&self) -> &str {
        &self.0.language
    }

    /// The provider's word for its state, in lower case: `approved`, `pending`, `rejected`,
    /// `paused`, `disabled` and others.
    async fn status(&self) -> &str {
        &self.0.status
    }

    /// The provider's word for its kind, in lower case; prices follow it.
    async fn category(&self) -> Option<&str> {
        self.0.category.as_deref()
    }

    /// What customers make of it, in lower case.
    async fn quality(&self) -> Option<&str> {
        self.0.quality.as_deref()
    }

    /// Why it is not approved; null where nobody told.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The words of its body with their places.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// What has to be filled, in order; null where only its name is known.
    async fn variables(&self) -> Nullable<Vec<TemplateSlot>> {
        let slots: Vec<Slot> = serde_json::from_value(self.0.slots.clone()?).ok()?;
        Some(Ok(slots.into_iter().map(TemplateSlot::from).collect()))
    }
}

/// A place of a template that has to be filled.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TemplateSlot {
    /// Which part of the template.
    place: TemplatePlace,
    /// Which button, counted from zero; null for other parts.
    button: Option<u8>,
    /// The place's name; null where the places of the part are counted.
    name: Option<String>,
    /// With what: `text`, `image`, `video`, `document` or `location`.
    kind: &'static str,
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum TemplatePlace {
    /// Above the words.
    Header,
    /// The words.
    Body,
    /// A button.
    Button,
}

impl From<Slot> for TemplateSlot {
    fn from(slot: Slot) -> Self {
        let (place, button) = match slot.place {
            Place::Header => (TemplatePlace::Header, None),
            Place::Body => (TemplatePlace::Body, None),
            Place::Button(index) => (TemplatePlace::Button, Some(index)),
        };
        Self {
            place,
            button,
            name: slot.name,
            kind: slot.kind.as_str(),
        }
    }
}

/// Reads the templates of an inbox, by name and language.
pub(super) async fn list_templates(
    context: &Context<'_>,
    inbox: InboxId,
) -> Result<Vec<MessageTemplate>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            templates::list(conn, scope, inbox).await
        })
        .await?;
    Ok(found.into_iter().map(MessageTemplate).collect())
}

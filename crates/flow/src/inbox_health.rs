//! How well inboxes are: what providers tell of accounts and templates, by webhook or when asked.

mod check;

pub(crate) use check::note_refusal;
pub use check::{check, note};

use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::InboxId;
use interdesk_domain::message::{Condition, HealthState, Shape, TemplateNews, storable};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::inbox_health::{self as rows, Facts, News};
use interdesk_store::templates::{self, Template};

/// The longest word or name of a provider that is kept.
const LONGEST: usize = 512;

/// An inbox whose facts are locked, while news of it are written.
pub(crate) struct Account<'a> {
    desk: &'a Desk,
    conn: &'a Conn,
    scope: TenantScope,
    context: &'a Context,
    pub(crate) facts: Facts,
    events: Vec<Envelope>,
}

impl<'a> Account<'a> {
    pub(crate) async fn lock(
        desk: &'a Desk,
        conn: &'a Conn,
        scope: TenantScope,
        inbox: InboxId,
        context: &'a Context,
    ) -> Result<Self, Error> {
        Ok(Self {
            desk,
            conn,
            scope,
            context,
            facts: rows::lock(conn, scope, inbox).await?,
            events: Vec::new(),
        })
    }

    /// Writes what is known now and returns what happened.
    pub(crate) async fn finish(self) -> Result<Vec<Envelope>, Error> {
        rows::save(self.conn, self.scope, &self.facts).await?;
        Ok(self.events)
    }

    fn push(&mut self, event: Event) {
        let aggregate = (AggregateKind::Inbox, self.facts.inbox_id.0);
        let version = self.facts.version;
        let mut events = Events::of(self.desk, self.scope, aggregate, version, self.context);
        self.facts.version = events.push(event);
        self.events.extend(events.into_list());
    }

    /// Notes how well the inbox is in one respect; what is older than what is known changes nothing.
    pub(crate) async fn note(
        &mut self,
        condition: &Condition,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (conn, scope, inbox) = (self.conn, self.scope, self.facts.inbox_id);
        let known = rows::list_conditions(conn, scope, inbox).await?;
        let subject = word(&condition.subject);
        let before = known.iter().find(|known| known.subject == subject);
        if before.is_some_and(|before| before.told_at > at) {
            return Ok(());
        }
        let (state, reason) = (condition.state, word(&condition.reason));
        // What was never wrong is no news.
        let same = match before {
            Some(before) => before.state == state.as_str() && before.reason == reason,
            None => state == HealthState::Healthy,
        };
        let written = rows::Condition {
            subject: subject.clone(),
            state: state.as_str().to_owned(),
            reason: reason.clone(),
            detail: storable(&condition.detail).into_owned(),
            since: before.filter(|_| same).map_or(at, |before| before.since),
            told_at: at,
        };
        rows::save_condition(conn, scope, inbox, &written).await?;
        if same {
            return Ok(());
        }
        let news = News {
            id: self.desk.clock.new_uuid(),
            subject: subject.clone(),
            state: written.state,
            reason: written.reason,
            detail: written.detail,
            at,
        };
        rows::insert_news(conn, scope, inbox, &news).await?;
        self.push(Event::InboxHealthChanged {
            inbox,
            subject,
            state,
            reason,
        });
        Ok(())
    }

    /// Notes what became of a template; what is older than what is known changes nothing.
    pub(crate) async fn template(
        &mut self,
        news: &TemplateNews,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (conn, scope, inbox) = (self.conn, self.scope, self.facts.inbox_id);
        let (name, language) = (word(&news.name), word(&news.language));
        let mut before = templates::find(conn, scope, inbox, &name, &language).await?;
        if let (None, Some(id)) = (&before, &news.provider_id) {
            before = templates::find_by_provider_id(conn, scope, inbox, id).await?;
        }
        if before.as_ref().is_some_and(|before| before.changed_at > at) {
            return Ok(());
        }
        let after = merged(before.as_ref(), news, at)?;
        if after.name.is_empty() || after.language.is_empty() {
            return Ok(());
        }
        templates::save(conn, scope, inbox, &after).await?;
        let told = |it: &Template| {
            (
                it.status.clone(),
                it.category.clone(),
                it.quality.clone(),
                it.slots.clone(),
            )
        };
        if before.is_some_and(|before| told(&before) == told(&after)) {
            return Ok(());
        }
        self.push(Event::TemplateChanged {
            inbox,
            name: after.name,
            language: after.language,
            status: after.status,
        });
        Ok(())
    }
}

/// Returns a template as it is after the news.
fn merged(
    before: Option<&Template>,
    news: &TemplateNews,
    at: DateTime<Utc>,
) -> Result<Template, Error> {
    let before = before.cloned();
    let of = |told: &Option<String>| told.as_deref().map(word);
    let shape = news.shape.as_ref();
    let slots = shape
        .map(|shape| serde_json::to_value(&shape.slots))
        .transpose();
    let slots = slots.map_err(|source| Error::Unreadable {
        what: "template",
        source,
    })?;
    let known = |pick: fn(&Template) -> Option<String>| before.as_ref().and_then(pick);
    let status = of(&news.status);
    Ok(Template {
        name: known(|it| Some(it.name.clone())).unwrap_or_else(|| word(&news.name)),
        language: known(|it| Some(it.language.clone())).unwrap_or_else(|| word(&news.language)),
        provider_id: of(&news.provider_id).or(known(|it| it.provider_id.clone())),
        category: of(&news.category).or(known(|it| it.category.clone())),
        quality: of(&news.quality).or(known(|it| it.quality.clone())),
        // A reason belongs to the state that it came with.
        reason: match &status {
            Some(_) => of(&news.reason),
            None => known(|it| it.reason.clone()),
        },
        status: status
            .or(known(|it| Some(it.status.clone())))
            .unwrap_or_else(|| "unknown".to_owned()),
        text: shape
            .map(|shape: &Shape| storable(&shape.text).into_owned())
            .or(known(|it| Some(it.text.clone())))
            .unwrap_or_default(),
        slots: slots.or(before.as_ref().and_then(|it| it.slots.clone())),
        changed_at: at,
    })
}

fn word(text: &str) -> String {
    storable(text).chars().take(LONGEST).collect()
}

//! Lists of conversations that somebody keeps by a condition.

use super::conversation::{ConversationConnection, count_limit};
use super::{Agent, Nullable, object};
use crate::access::proven;
use crate::loaders;
use crate::page::{PageArguments, PageInfo};
use crate::viewer::{desk, outside, parse, viewer};
use crate::{Cursor, Error};
use async_graphql::{Context, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::condition::{Condition, Explanation};
use interdesk_domain::id::{ConversationId, ViewId};
use interdesk_domain::permission::Viewer;
use interdesk_flow::Desk;
use interdesk_flow::views::{self, Onlooker};
use interdesk_store::aside as rows;
use interdesk_store::read::Window;
use interdesk_store::read::conversations::Place;
use interdesk_store::sight::Sight;
use serde_json::Value;

object! {
    /// A list of conversations that somebody keeps by a condition.
    View(rows::View)
}

/// A list of conversations that somebody keeps by a condition; `conversations(viewId:)` shows it.
#[Object]
impl View {
    /// Names the view.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What its conversations have in common, in the form of docs/schemas/condition.schema.json.
    async fn condition(&self) -> Json<Value> {
        Json(self.0.condition.clone())
    }

    /// Whether everybody has it.
    async fn is_shared(&self) -> bool {
        self.0.agent_id.is_none()
    }

    /// Counts the changes; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// How many conversations are in it now; null beyond 1,000 unless the server counts further, and
    /// where more than 2,000 would have to be judged one by one.
    #[graphql(directive = crate::cost::cost::apply("20".into()))]
    async fn conversation_count(&self, context: &Context<'_>) -> Nullable<i64> {
        count(context, &views::read(&self.0.condition))
            .await
            .transpose()
    }

    /// When it was changed last.
    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// Who changed it last.
    async fn changed_by(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.changed_by).await
    }
}

/// Whether a test of a condition holds for a conversation, and why.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ConditionExplanation {
    /// The test, as conditions name it.
    test: String,
    /// Whether it holds.
    holds: bool,
    /// Why, in words; it tells no word of the customer and no value of an attribute.
    why: String,
    /// Where it is in the condition, such as `all[1].not`; empty for the whole.
    path: String,
}

impl ConditionExplanation {
    /// Lists a test and those below it, each with its place.
    fn list(explanation: Explanation, path: String, list: &mut Vec<Self>) {
        let is_list = matches!(explanation.test.as_str(), "all" | "any");
        let dot = if path.is_empty() { "" } else { "." };
        let base = format!("{path}{dot}{}", explanation.test);
        list.push(Self {
            test: explanation.test,
            holds: explanation.holds,
            why: explanation.why,
            path,
        });
        for (place, part) in explanation.parts.into_iter().enumerate() {
            let path = match is_list {
                true => format!("{base}[{place}]"),
                false => base.clone(),
            };
            Self::list(part, path, list);
        }
    }
}

/// Lists the viewer's views and those that are shared.
pub(crate) async fn views(context: &Context<'_>) -> Result<Vec<View>, Error> {
    let viewer = viewer(context)?;
    let scope = viewer.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            rows::list_views(conn, scope, viewer.agent).await
        })
        .await?;
    Ok(found.into_iter().map(View).collect())
}

/// Finds a view that is the viewer's or shared.
pub(crate) async fn view(context: &Context<'_>, id: &ID) -> Result<Option<View>, Error> {
    let viewer = viewer(context)?;
    let Some(id) = parse::<ViewId>(id) else {
        return Ok(None);
    };
    let scope = viewer.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            rows::find_views(conn, scope, viewer.agent, &[id]).await
        })
        .await?;
    Ok(found.into_iter().next().map(View))
}

/// Says why a conversation is in a view, or is not.
pub(crate) async fn why_in_view(
    context: &Context<'_>,
    view_id: &ID,
    conversation_id: &ID,
) -> Result<Option<Vec<ConditionExplanation>>, Error> {
    let (viewer, sight) = proven(context)?;
    let (view, conversation) = (
        view(context, view_id).await?,
        parse::<ConversationId>(conversation_id),
    );
    let (Some(view), Some(conversation)) = (view, conversation) else {
        return Ok(None);
    };
    let condition = views::read(&view.0.condition);
    let found = views::explain(desk(context)?, (viewer, sight), &condition, conversation).await?;
    Ok(found.map(|explanation| {
        let mut list = Vec::new();
        ConditionExplanation::list(explanation, String::new(), &mut list);
        list
    }))
}

/// Counts what is in a view.
pub(super) async fn count(
    context: &Context<'_>,
    condition: &Condition,
) -> Result<Option<i64>, Error> {
    let (viewer, sight) = proven(context)?;
    let (scope, desk) = (viewer.scope(), desk(context)?);
    let transaction = desk.database.begin(scope).await?;
    let onlooker = Onlooker {
        conn: &transaction,
        scope,
        sight,
        now: desk.now(),
    };
    let count = views::count(onlooker, condition, count_limit(context)?).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Loads a page of a view; absent where there is no such view.
pub(crate) async fn page_of_view(
    context: &Context<'_>,
    arguments: &PageArguments,
    id: &ID,
) -> Result<Option<ConversationConnection>, Error> {
    let (viewer, sight) = proven(context)?;
    let window = arguments.window(Cursor::conversation)?;
    let Some(view) = view(context, id).await? else {
        return Ok(None);
    };
    let condition = views::read(&view.0.condition);
    let page = page_of_condition(desk(context)?, (viewer, sight), condition, &window);
    page.await.map(Some)
}

/// Loads a page of what a condition holds for and somebody sees.
pub(crate) async fn page_of_condition(
    desk: &Desk,
    (viewer, sight): (&Viewer, &Sight),
    condition: Condition,
    window: &Window<Place>,
) -> Result<ConversationConnection, Error> {
    let scope = viewer.scope();
    let transaction = desk.database.begin(scope).await?;
    let onlooker = Onlooker {
        conn: &transaction,
        scope,
        sight,
        now: desk.now(),
    };
    let page = views::list(onlooker, &condition, window).await?;
    transaction.commit().await?;
    let cursor = |place| Some(Cursor::of_conversation(place));
    let first = page.found.first().map(|row| (row.last_message_at, row.id));
    let last = page.found.last().map(|row| (row.last_message_at, row.id));
    // Whatever was looked at and does not fit need not be looked at again.
    let (start, end) = match window.from_end {
        true => (page.end.or(first), last),
        false => (first, page.end.or(last)),
    };
    let page_info = PageInfo {
        has_next_page: if window.from_end {
            window.before.is_some()
        } else {
            page.more
        },
        has_previous_page: if window.from_end {
            page.more
        } else {
            window.after.is_some()
        },
        start_cursor: start.and_then(cursor),
        end_cursor: end.and_then(cursor),
    };
    Ok(ConversationConnection::of_view(
        page.found, page_info, condition,
    ))
}

//! What is left of a minute.

use crate::limits::{Account, Charged, Limits};
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What the viewer may ask for, in points; what an operation costs stands on the fields as `@cost` and
/// `@listSize`, and in `extensions.cost` of its answer.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct RateLimit {
    /// The most that one operation may cost.
    per_operation: i32,
    /// Points of a minute; null where they are not counted.
    limit: Option<i32>,
    /// What is left of them, after this operation; null where they are not counted.
    remaining: Option<i32>,
    /// When all of them are there again; null where they are not counted.
    reset_at: Option<DateTime<Utc>>,
}

impl RateLimit {
    /// Tells how it stands in this request.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let charged = context.data_opt::<Arc<Charged>>();
        let account = charged.and_then(|charged| charged.account());
        let whole = |number| i32::try_from(number).unwrap_or(i32::MAX);
        let most = context.data_opt::<Limits>().map_or(0, |limits| limits.cost);
        Self {
            per_operation: i32::try_from(most).unwrap_or(i32::MAX),
            limit: account.map(Account::limit).map(whole),
            remaining: account.map(Account::remaining).map(whole),
            reset_at: account.map(Account::reset_at),
        }
    }
}

//! What an operation may cost.
//!
//! The numbers come from the settings. Introspection has its own measure: the standard query of
//! every client is deeper than any operation of ours should be, and reads no data.

mod rate;
mod size;
mod texts;
mod tokens;

pub(crate) use rate::{Account, Charged};
pub use size::Sizes;
pub(crate) use texts::may_hold_nul;
pub use tokens::check_tokens;

use crate::cost::{Plan, Prices};
use crate::{Error, Payer};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, Variables};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_flow::Desk;

/// How deep the standard introspection query may be.
const INTROSPECTION_DEPTH: usize = 20;

/// What operations may cost, and how often somebody may try to sign in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How large a document may be.
    pub sizes: Sizes,
    /// The deepest nesting of one operation.
    pub depth: usize,
    /// The highest cost of one operation, as `@cost` and `@listSize` say it.
    pub cost: usize,
    /// Points that each agent and each API key has per minute; zero for any number, of workspaces too.
    pub cost_per_minute: u32,
    /// Whether everybody may ask for the schema; else it needs a permission.
    pub introspection: bool,
    /// Whether errors propose names that would have been right.
    pub suggestions: bool,
    /// How far conversations are counted.
    pub count: u32,
    /// Tries to sign in per account and minute.
    pub sign_in_tries_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sizes: Sizes::default(),
            depth: 12,
            cost: 2_000,
            cost_per_minute: 0,
            introspection: true,
            suggestions: true,
            count: 1_000,
            sign_in_tries_per_minute: 10,
        }
    }
}

/// Reads what an operation asks for; refuses a document that is too large, and texts that cannot be kept.
pub(crate) fn plan(
    limits: &Limits,
    prices: &Prices,
    document: &ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
    may_hold_nul: bool,
) -> Result<Plan, Error> {
    size::check(document, &limits.sizes)?;
    texts::check(may_hold_nul.then_some(document), variables)?;
    let plan = Plan::of(prices, document, name, variables);
    let roots = plan.roots.len();
    size::refuse("fields at the top", roots, limits.sizes.root_fields)?;
    Ok(plan)
}

/// Refuses what is too much for one operation, or for the viewer's minute.
pub(crate) async fn check(
    desk: &Desk,
    limits: &Limits,
    plan: &Plan,
    viewer: Option<(&Viewer, &Payer)>,
    charged: &Charged,
) -> Result<(), Error> {
    if plan.asks_schema && !limits.introspection {
        let (viewer, _) = viewer.ok_or(Error::Unauthenticated)?;
        if !viewer.may(Permission::SchemaRead) {
            return Err(Error::Forbidden(Permission::SchemaRead));
        }
    }
    let (depth, limit) = match plan.asks_only_schema {
        true => (plan.depth, INTROSPECTION_DEPTH),
        false => (plan.depth, limits.depth),
    };
    if depth > limit {
        return Err(Error::TooDeep { depth, limit });
    }
    let (cost, limit) = (plan.requested(), limits.cost);
    if cost > limit {
        return Err(Error::TooCostly { cost, limit });
    }
    match (viewer, limits.cost_per_minute) {
        (None, _) | (_, 0) => Ok(()),
        (Some((viewer, payer)), many) => charged.take(desk, viewer, payer, cost, many).await,
    }
}

/// Tells what an answer has cost, and gives back what was charged beyond that.
pub(crate) fn settle(
    desk: &Desk,
    plan: &Plan,
    charged: &Charged,
    mut response: Response,
) -> Response {
    let account = charged.account();
    if let Some(wait) = account.map(Account::wait).filter(|wait| !wait.is_zero()) {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.http_headers.insert("retry-after", seconds.into());
        return response.extension("cost", rate::told(plan.requested(), 0, account));
    }
    let (requested, actual) = (plan.requested(), plan.actual(&response.data));
    let settled = account.map(|one| one.settle(desk, requested.saturating_sub(actual)));
    response.extension("cost", rate::told(requested, actual, settled.as_ref()))
}

//! What an operation may cost.
//!
//! The numbers come from the settings. Introspection has its own measure: the standard query of
//! every client is deeper than any operation of ours should be, and reads no data.

mod rate;
mod size;
mod tokens;

pub(crate) use rate::{Account, Charged};
pub use size::Sizes;
pub use tokens::check_tokens;

use crate::cost::{Plan, Prices};
use crate::{Error, Payer};
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest, NextValidation,
};
use async_graphql::{Request, Response, ServerError, ServerResult, ValidationResult};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_flow::Desk;
use std::sync::{Arc, OnceLock};

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

/// Refuses what costs too much and tells what the rest cost.
pub(crate) struct Guard {
    limits: Limits,
    prices: Arc<OnceLock<Prices>>,
}

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        let prices = Arc::default();
        Self { limits, prices }
    }
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Measure {
            limits: self.limits.clone(),
            prices: self.prices.clone(),
            plan: OnceLock::new(),
            charged: Arc::default(),
        })
    }
}

/// The measure of one request.
struct Measure {
    limits: Limits,
    prices: Arc<OnceLock<Prices>>,
    plan: OnceLock<Plan>,
    charged: Arc<Charged>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Measure {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(context).await;
        self.settle(context, response)
    }

    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let document = request.parsed_query()?;
        size::check(document, &self.limits.sizes)?;
        let prices = self
            .prices
            .get_or_init(|| Prices::read(&context.schema_env.registry));
        let plan = Plan::of(prices, document, name.as_deref(), &variables);
        size::refuse(
            "fields at the top",
            plan.roots,
            self.limits.sizes.root_fields,
        )?;
        self.plan.get_or_init(|| plan);
        request.data.insert(self.charged.clone());
        next.run(context, request).await
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let measured = next.run(context).await?;
        self.check(context, measured.depth)
            .await
            .map_err(|error| vec![error.into()])?;
        Ok(measured)
    }
}

impl Measure {
    /// Refuses what is too much for one operation, or for the viewer's minute.
    async fn check(&self, context: &ExtensionContext<'_>, depth: usize) -> Result<(), Error> {
        let Some(plan) = self.plan.get() else {
            return Err(Error::Internal);
        };
        let viewer = context.data_opt::<Viewer>();
        if plan.asks_schema && !self.limits.introspection {
            let viewer = viewer.ok_or(Error::Unauthenticated)?;
            if !viewer.may(Permission::SchemaRead) {
                return Err(Error::Forbidden(Permission::SchemaRead));
            }
        }
        let limit = match plan.asks_only_schema {
            true => INTROSPECTION_DEPTH,
            false => self.limits.depth,
        };
        if depth > limit {
            return Err(Error::TooDeep { depth, limit });
        }
        let (cost, limit) = (plan.requested(), self.limits.cost);
        if cost > limit {
            return Err(Error::TooCostly { cost, limit });
        }
        let (Some(viewer), Some(desk)) = (viewer, context.data_opt::<Desk>()) else {
            return Ok(());
        };
        match self.limits.cost_per_minute {
            0 => Ok(()),
            many => {
                let payer = context.data_opt::<Payer>();
                self.charged.take(desk, viewer, payer, cost, many).await
            }
        }
    }

    /// Tells what an answer has cost, and gives back what was charged beyond that.
    fn settle(&self, context: &ExtensionContext<'_>, mut response: Response) -> Response {
        let Some(plan) = self.plan.get() else {
            return response;
        };
        let account = self.charged.account();
        if let Some(wait) = account.map(Account::wait).filter(|wait| !wait.is_zero()) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.http_headers.insert("retry-after", seconds.into());
            return response.extension("cost", rate::told(plan.requested(), 0, account));
        }
        let (requested, actual) = (plan.requested(), plan.actual(&response.data));
        let settled = match (account, context.data_opt::<Desk>()) {
            (Some(account), Some(desk)) => {
                Some(account.settle(desk, requested.saturating_sub(actual)))
            }
            _ => None,
        };
        response.extension("cost", rate::told(requested, actual, settled.as_ref()))
    }
}

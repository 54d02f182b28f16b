//! The way of an operation: what it may cost, who asks, then its fields.
//!
//! The library asks an extension before each field, and a field that is asked for so takes several times as
//! long as one that is not: its type is looked up, two futures are made and moved. So there are two schemas
//! over the same types. What an operation needs is read from its document before it runs; whoever
//! lacks nothing of it goes by the open one, which asks nobody. Mutations, and whoever lacks
//! something, go by the guarded one, which refuses field by field.

use crate::access::{Needs, admit};
use crate::cost::{Plan, Prices};
use crate::limits::{self, Charged};
use crate::{Identity, Limits, Live, Mutation, Payer, Query};
use async_graphql::parser::types::OperationType;
use async_graphql::registry::Registry;
use async_graphql::{Data, Executor, OutputType, Request, Response, Schema};
use async_graphql::{ServerError, SubscriptionType};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use interdesk_domain::permission::Viewer;
use interdesk_flow::Desk;
use std::any::{Any, TypeId};
use std::sync::Arc;

type Lane = Schema<Query, Mutation, Live>;

/// The schema of the desk.
#[derive(Clone)]
pub struct DeskSchema {
    open: Lane,
    guarded: Lane,
    known: Arc<Known>,
}

/// What is settled before an operation runs, and by what.
struct Known {
    desk: Desk,
    limits: Limits,
    prices: Prices,
    needs: Arc<Needs>,
}

/// An operation that may run.
struct Admitted {
    request: Request,
    lane: Lane,
}

impl DeskSchema {
    pub(crate) fn new(
        open: Lane,
        guarded: Lane,
        registry: &Registry,
        needs: Arc<Needs>,
        desk: Desk,
        limits: Limits,
    ) -> Self {
        let known = Known {
            desk,
            limits,
            prices: Prices::read(registry, &needs),
            needs,
        };
        Self {
            open,
            guarded,
            known: Arc::new(known),
        }
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, request: impl Into<Request>) -> Response {
        let (mut request, charged) = (request.into(), Arc::default());
        let plan = match self.plan(&mut request) {
            Ok(plan) => plan,
            Err(error) => return Response::from_errors(vec![error]),
        };
        let response = match self.admit(&plan, request, &Data::default(), &charged).await {
            Ok(Admitted { request, lane }) => Box::pin(lane.execute(request)).await,
            Err(error) => Response::from_errors(vec![error]),
        };
        limits::settle(&self.known.desk, &plan, &charged, response)
    }

    /// Runs an operation of any kind: a subscription answers until it ends, the others once.
    pub fn execute_stream(&self, request: impl Into<Request>) -> BoxStream<'static, Response> {
        Executor::execute_stream(self, request.into(), None)
    }

    fn plan(&self, request: &mut Request) -> Result<Plan, ServerError> {
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let may_hold_nul = limits::may_hold_nul(&request.query);
        let document = request.parsed_query()?;
        let known = &self.known;
        let plan = limits::plan(
            &known.limits,
            &known.prices,
            document,
            name.as_deref(),
            &variables,
            may_hold_nul,
        )?;
        Ok(plan)
    }

    /// Finds out who asks, charges them, and chooses how it runs.
    async fn admit(
        &self,
        plan: &Plan,
        mut request: Request,
        session: &Data,
        charged: &Arc<Charged>,
    ) -> Result<Admitted, ServerError> {
        let Known {
            desk,
            limits,
            needs,
            ..
        } = self.known.as_ref();
        let identity = held::<Identity>(&request.data)
            .or_else(|| held(session))
            .cloned();
        if let Some(identity) = identity {
            admit(desk, &identity, &mut request.data).await?;
        }
        request.data.insert(charged.clone());
        let viewer = held::<Viewer>(&request.data);
        if plan.kind == OperationType::Subscription {
            // Its fields are resolved with each event only.
            for (field, at) in &plan.roots {
                let allowed = needs.check(viewer, "Subscription", field);
                allowed.map_err(|error| error.at(*at))?;
            }
        }
        let payer = viewer.zip(held::<Payer>(&request.data));
        limits::check(desk, limits, plan, payer, charged).await?;
        let is_open = plan.kind != OperationType::Mutation
            && plan.needs.iter().all(|need| need.is_met_by(viewer));
        let lane = if is_open { &self.open } else { &self.guarded };
        let lane = lane.clone();
        Ok(Admitted { request, lane })
    }

    async fn begin(self, mut request: Request, session: Arc<Data>) -> BoxStream<'static, Response> {
        let charged = Arc::default();
        let refused = |error| stream::iter([Response::from_errors(vec![error])]).boxed();
        let plan = match self.plan(&mut request) {
            Ok(plan) => plan,
            Err(error) => return refused(error),
        };
        let is_live = plan.kind == OperationType::Subscription;
        let admitted = self.admit(&plan, request, &session, &charged).await;
        let answers = match admitted {
            Ok(Admitted { request, lane }) => {
                lane.execute_stream_with_session_data(request, session)
            }
            Err(error) => refused(error),
        };
        if is_live {
            return answers;
        }
        let settle = move |response| limits::settle(&self.known.desk, &plan, &charged, response);
        answers.map(settle).boxed()
    }
}

#[async_graphql::async_trait::async_trait]
impl Executor for DeskSchema {
    async fn execute(&self, request: Request) -> Response {
        DeskSchema::execute(self, request).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let begun: BoxFuture<'static, _> =
            Box::pin(self.clone().begin(request, session.unwrap_or_default()));
        stream::once(begun).flatten().boxed()
    }
}

/// Reads what the schema says about fields, as the library does for each schema that it builds.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry {
        query_type: <Query as OutputType>::type_name().into_owned(),
        mutation_type: Some(<Mutation as OutputType>::type_name().into_owned()),
        subscription_type: Some(<Live as SubscriptionType>::type_name().into_owned()),
        ..Registry::default()
    };
    <Query as OutputType>::create_type_info(&mut registry);
    <Mutation as OutputType>::create_type_info(&mut registry);
    <Live as SubscriptionType>::create_type_info(&mut registry);
    <crate::mutation::Frame as OutputType>::create_type_info(&mut registry);
    registry
}

fn held<T: Any + Send + Sync>(data: &Data) -> Option<&T> {
    data.get(&TypeId::of::<T>())?.downcast_ref()
}

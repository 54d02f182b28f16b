//! What an operation may cost.
//!
//! The numbers come from the settings. Introspection has its own measure: the standard query of
//! every client is deeper than any operation of ours should be, and reads no data.

use crate::Error;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextValidation,
};
use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql::{Response, ServerError, ServerResult, ValidationResult, Value, Variables};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How deep the standard introspection query may be.
const INTROSPECTION_DEPTH: usize = 20;

/// What operations may cost, and how often somebody may try to sign in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The deepest nesting of one operation.
    pub depth: usize,
    /// The highest cost of one operation: a point for each field, times the size of its lists.
    pub cost: usize,
    /// Whether the schema can be asked for.
    pub introspection: bool,
    /// Tries to sign in per account and minute.
    pub sign_in_tries_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 12,
            cost: 2_000,
            introspection: true,
            sign_in_tries_per_minute: 10,
        }
    }
}

/// Refuses what costs too much and tells what the rest cost.
pub(crate) struct Guard(pub(crate) Limits);

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Measure {
            limits: self.0.clone(),
            is_introspection: AtomicBool::new(false),
            cost: AtomicUsize::new(0),
        })
    }
}

/// The measure of one request.
struct Measure {
    limits: Limits,
    is_introspection: AtomicBool,
    cost: AtomicUsize,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Measure {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(context).await;
        let cost = self.cost.load(Ordering::Relaxed);
        if cost == 0 {
            return response;
        }
        response.extension("cost", Value::from(cost))
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        self.is_introspection
            .store(asks_only_for_the_schema(&document), Ordering::Relaxed);
        Ok(document)
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let measured = next.run(context).await?;
        let (depth, cost) = (measured.depth, measured.complexity);
        let is_introspection = self.is_introspection.load(Ordering::Relaxed);
        let limit = if is_introspection {
            INTROSPECTION_DEPTH
        } else {
            self.limits.depth
        };
        if depth > limit {
            return Err(vec![Error::TooDeep { depth, limit }.into()]);
        }
        let limit = self.limits.cost;
        if cost > limit && !is_introspection {
            return Err(vec![Error::TooCostly { cost, limit }.into()]);
        }
        self.cost.store(cost, Ordering::Relaxed);
        Ok(measured)
    }
}

fn asks_only_for_the_schema(document: &ExecutableDocument) -> bool {
    document.operations.iter().all(|(_, operation)| {
        operation
            .node
            .selection_set
            .node
            .items
            .iter()
            .all(|item| match &item.node {
                Selection::Field(field) => field.node.name.node.starts_with("__"),
                _ => false,
            })
    })
}

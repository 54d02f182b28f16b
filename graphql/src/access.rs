//! Who may see and do what.
//!
//! A token says who asks and nothing about what they may do, and it outlives the moment at which its
//! agent is disabled or gets another role. So each operation looks up what the agent may do before
//! anything of it runs, whichever transport brought it, and a subscription for as long as it is
//! open. What a field needs stands on the field itself, as `@requires`; it is read from the schema
//! and checked here, before the field is resolved; so is the key that some mutations are not done
//! without. Which conversations somebody sees holds in the
//! loaders and lists (`store::sight`).

mod audience;
mod identity;
mod needs;
mod watchers;

pub(crate) use audience::Audience;
pub use identity::{Identity, Payer, Proven, prove};
pub(crate) use identity::{found, proven};
pub(crate) use needs::{permit, requires};
pub(crate) use watchers::Watchers;

use crate::mutation::{find_change_seq, is_change_seq};
use crate::types::Waits;
use crate::{Error, Reader};
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
    NextResolve, ResolveInfo,
};
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{PathSegment, QueryPathNode, QueryPathSegment, Request, Response};
use async_graphql::{ServerError, ServerResult, Value, Variables};
use interdesk_flow::{Desk, Effect};
use needs::Needs;
use std::any::TypeId;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Finds out what who asks may do, and refuses the rest.
#[derive(Default)]
pub(crate) struct Access {
    needs: Arc<OnceLock<Needs>>,
}

impl ExtensionFactory for Access {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Check {
            needs: self.needs.clone(),
            refused: Mutex::default(),
        })
    }
}

/// The check of one operation.
struct Check {
    needs: Arc<OnceLock<Needs>>,
    /// What was refused and is told beside the data.
    refused: Mutex<Vec<ServerError>>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Check {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let of_request = request.data.get(&TypeId::of::<Identity>());
        let of_request = of_request.and_then(|data| data.downcast_ref::<Identity>());
        let identity = of_request.or_else(|| context.data_opt::<Identity>());
        if let (Some(identity), Some(desk)) = (identity, context.data_opt::<Desk>()) {
            let proven = Arc::new(prove(desk, identity).await?);
            let (viewer, sight) = (proven.viewer, proven.sight.clone());
            request
                .data
                .insert(Reader::loaders(desk.database.clone(), &viewer, sight));
            request.data.insert(Waits::loader(desk.clone(), &viewer));
            request.data.insert(viewer);
            request.data.insert(Effect::wanted());
            request.data.insert(proven.payer);
            request.data.insert(proven);
        }
        next.run(context, request).await
    }

    /// Refuses subscriptions before they begin: their fields are resolved with each event only.
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        let operations = document.operations.iter();
        let live = operations.filter(|(_, one)| one.node.ty == OperationType::Subscription);
        for (_, operation) in live {
            for selection in &operation.node.selection_set.node.items {
                if let Selection::Field(field) = &selection.node {
                    let (name, at) = (field.node.name.node.as_str(), field.node.name.pos);
                    self.needs(context)
                        .check(context, "Subscription", name)
                        .map_err(|error| async_graphql::Error::from(error).into_server_error(at))?;
                }
            }
        }
        Ok(document)
    }

    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(context, operation_name).await;
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        response.errors.append(&mut refused);
        response
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let needs = self.needs(context);
        if let Err(error) = needs.check(context, info.parent_type, info.name) {
            return self.refuse(error, &info);
        }
        if info.parent_type == "Mutation" {
            if let Err(error) = needs.check_key(info.field) {
                return self.refuse(error, &info);
            }
            // One effect ends before the next begins: mutations run one after the other.
            if let Some(effect) = context.data_opt::<Effect>() {
                effect.forget();
            }
        } else if is_change_seq(&info) {
            // Every field of every object is resolved in a future that has room for this one.
            return match Box::pin(find_change_seq(context)).await {
                Ok(seq) => Ok(Some(seq)),
                Err(error) => self.refuse(error, &info),
            };
        }
        next.run(context, info).await
    }
}

impl Check {
    fn needs(&self, context: &ExtensionContext<'_>) -> &Needs {
        self.needs
            .get_or_init(|| Needs::read(&context.schema_env.registry))
    }

    /// A field that may be null is null and its error stands beside the data, so that whatever else
    /// was asked for is answered.
    fn refuse(&self, error: Error, info: &ResolveInfo<'_>) -> ServerResult<Option<Value>> {
        let at = info.field.name.pos;
        let mut error = async_graphql::Error::from(error).into_server_error(at);
        error.path = path(info.path_node);
        if info.return_type.ends_with('!') {
            return Err(error);
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.push(error);
        Ok(None)
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let upwards = std::iter::once(node).chain(node.parents());
    let segments = upwards.map(|node| match node.segment {
        QueryPathSegment::Index(index) => PathSegment::Index(index),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    });
    let mut segments: Vec<PathSegment> = segments.collect();
    segments.reverse();
    segments
}

//! Who may see and do what.
//!
//! A token says who asks and nothing about what they may do, and it outlives the moment at which its
//! agent is disabled or gets another role. So each operation looks up what the agent may do before
//! anything of it runs, whichever transport brought it, and a subscription for as long as it is
//! open. What a field needs stands on the field itself, as `@requires`; it is read from the schema,
//! summed up for an operation before it runs (`executor`), and where somebody lacks it checked here,
//! field by field; so is the key that some mutations are not done without. Which conversations
//! somebody sees holds in the loaders and lists (`store::sight`).

mod audience;
mod identity;
mod needs;
mod watchers;

pub(crate) use audience::Audience;
pub use identity::{Identity, Payer, Proven, prove};
pub(crate) use identity::{found, proven};
pub(crate) use needs::{Need, Needs, permit, requires};
pub(crate) use watchers::Watchers;

use crate::mutation::{find_change_seq, is_change_seq};
use crate::types::Waits;
use crate::{Error, Reader};
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
};
use async_graphql::{
    Data, PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
};
use interdesk_domain::permission::Viewer;
use interdesk_flow::{Desk, Effect};
use std::sync::{Arc, Mutex, PoisonError};

/// Looks up who asks, and puts what resolvers know of them beside the request.
pub(crate) async fn admit(desk: &Desk, identity: &Identity, data: &mut Data) -> Result<(), Error> {
    let proven = Arc::new(prove(desk, identity).await?);
    let (viewer, sight) = (proven.viewer, proven.sight.clone());
    data.insert(Reader::loaders(desk.database.clone(), &viewer, sight));
    data.insert(Waits::loader(desk.clone(), &viewer));
    data.insert(viewer);
    data.insert(Effect::wanted());
    data.insert(proven.payer);
    data.insert(proven);
    Ok(())
}

/// Refuses what somebody lacks the permission for, field by field.
pub(crate) struct Guard(pub(crate) Arc<Needs>);

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Check {
            needs: self.0.clone(),
            refused: Mutex::default(),
        })
    }
}

/// The check of one operation.
struct Check {
    needs: Arc<Needs>,
    /// What was refused and is told beside the data.
    refused: Mutex<Vec<ServerError>>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Check {
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
        let (needs, viewer) = (&self.needs, context.data_opt::<Viewer>());
        if let Err(error) = needs.check(viewer, info.parent_type, info.name) {
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
    /// A field that may be null is null and its error stands beside the data, so that whatever else
    /// was asked for is answered.
    fn refuse(&self, error: Error, info: &ResolveInfo<'_>) -> ServerResult<Option<Value>> {
        let mut error = error.at(info.field.name.pos);
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

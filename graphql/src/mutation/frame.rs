//! What all mutations have in common: each payload tells its `changeSeq`, and some are not done without
//! a key.

use super::Mutation;
use crate::{Error, Long};
use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{ExtensionContext, ResolveInfo};
use async_graphql::registry::{Deprecation, MetaField, MetaType, MetaTypeName, Registry};
use async_graphql::{
    CacheControl, ContextSelectionSet, OutputType, Positioned, ServerResult, TypeDirective, Value,
    parser::types::Field,
};
use interdesk_domain::permission::Viewer;
use interdesk_flow::{Desk, Effect};
use interdesk_store::relay;
use std::borrow::Cow;
use std::time::Duration;

/// Where the names of payloads end.
const PAYLOAD: &str = "Payload";
/// What every payload has.
const CHANGE_SEQ: &str = "changeSeq";
/// How long an effect waits for its place in the log before it is told that there is none yet.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Marks a mutation that reaches people outside: without `@idempotent(key:)` it is refused with
/// `KEY_REQUIRED`, so that nobody is written to twice because an answer got lost.
#[TypeDirective(name = "needsKey", location = "FieldDefinition")]
pub(crate) fn needs_key() -> () {}

/// Gives every payload its `changeSeq`, when it is registered with a schema.
pub(crate) struct Frame;

#[async_trait]
impl OutputType for Frame {
    fn type_name() -> Cow<'static, str> {
        Mutation::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = Mutation::create_type_info(registry);
        let long = <Option<Long>>::create_type_info(registry);
        // What is returned says too that it is never null.
        let plain = MetaTypeName::concrete_typename(&name);
        let Some(MetaType::Object { fields, .. }) = registry.types.get(plain) else {
            return name;
        };
        let answers = fields.values().map(|field| &field.ty);
        let answers: Vec<String> = answers
            .map(|ty| MetaTypeName::concrete_typename(ty).to_owned())
            .collect();
        for answer in answers {
            if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(&answer) {
                fields.insert(CHANGE_SEQ.to_owned(), change_seq(long.clone()));
            }
        }
        name
    }

    async fn resolve(
        &self,
        _context: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

/// Describes the field.
fn change_seq(ty: String) -> MetaField {
    let description = "How far the workspace's log has to be read to see the effect: the `seq` of its \
                       last event in `deskEvents`. Null where nothing was written; null with the error \
                       `UNAVAILABLE` where the effect is kept and has no place in the log yet.";
    MetaField {
        name: CHANGE_SEQ.to_owned(),
        description: Some(description.to_owned()),
        args: Default::default(),
        ty,
        deprecation: Deprecation::NoDeprecated,
        cache_control: CacheControl::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// Tells whether a field is the one that every payload was given.
pub(crate) fn is_change_seq(info: &ResolveInfo<'_>) -> bool {
    info.name == CHANGE_SEQ && info.parent_type.ends_with(PAYLOAD)
}

/// Waits for the place of the effect that the mutation before had.
pub(crate) async fn find_change_seq(context: &ExtensionContext<'_>) -> Result<Value, Error> {
    let written = context.data_opt::<Effect>().and_then(Effect::written);
    let (Some(written), Some(viewer)) = (written, context.data_opt::<Viewer>()) else {
        return Ok(Value::Null);
    };
    let desk = context.data_opt::<Desk>().ok_or(Error::Internal)?;
    let (scope, mut pause) = (viewer.scope(), Duration::from_millis(1));
    let mut waited = Duration::ZERO;
    loop {
        let seq = desk
            .database
            .read(scope, async |conn| {
                relay::find_seq(conn, scope, &written).await
            })
            .await?;
        match seq {
            Some(seq) => return Ok(Value::from(seq)),
            None if waited >= PATIENCE => return Err(Error::Unavailable),
            None => tokio::time::sleep(pause).await,
        }
        waited += pause;
        pause = (pause * 2).min(PAUSE);
    }
}

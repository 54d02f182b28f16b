//! The GraphQL API: what people and programs of a workspace see and do.
//!
//! Objects are newtypes over rows, whatever hangs on them comes through loaders, mutations call one
//! verb of `flow` each and answer with a payload. Ids outside are the prefixed ids of the domain
//! (`conv_01h…`): the prefix says what they name, so `node` needs no other wrapping. What names
//! nothing of the viewer's workspace is absent, whether it is malformed, gone or somebody else's.
//! Nullable fields return `Option<Result<_>>`, so that the fault of one never nulls its parent.

// The futures of a request hold those of all fields.
#![recursion_limit = "256"]

mod access;
mod cost;
pub mod error;
mod executor;
pub mod limits;
pub mod live;
mod loaders;
mod mutation;
mod page;
mod query;
mod scalars;
mod subscription;
mod types;
mod viewer;

pub use access::{Identity, Payer, Proven, prove};
pub use error::{CODES, Error};
pub use executor::DeskSchema;
pub use limits::Limits;
pub use live::{Hub, ResumeAfter};
pub use loaders::Reader;
pub use mutation::{Mutation, Refusal};
pub use query::Query;
pub use scalars::{Cursor, Long};
pub use subscription::Live;
pub use viewer::{IssuedToken, Pass, TokenError, TokenIssuer, Trace, session};

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder};
use interdesk_flow::Desk;
use interdesk_flow::oidc::RelyingParty;
use interdesk_store::vault::Vault;
use std::sync::Arc;

/// Builds the schema over a desk.
pub fn schema(
    desk: Desk,
    hub: Hub,
    issuer: TokenIssuer,
    vault: Vault,
    party: RelyingParty,
    limits: Limits,
) -> DeskSchema {
    let watchers = access::Watchers::default();
    let over = |builder: SchemaBuilder<Query, Mutation, Live>| {
        let builder = match limits.suggestions {
            true => builder,
            false => builder.disable_suggestions(),
        };
        builder
            .data(desk.clone())
            .data(hub.clone())
            .data(watchers.clone())
            .data(issuer.clone())
            .data(vault.clone())
            .data(party.clone())
            .data(limits.clone())
            .finish()
    };
    let registry = executor::registry();
    let needs = Arc::new(access::Needs::read(&registry));
    let open = over(bare());
    let guarded = over(bare().extension(access::Guard(needs.clone())));
    DeskSchema::new(
        open,
        guarded,
        &registry,
        needs,
        desk.clone(),
        limits.clone(),
    )
}

/// Returns the schema in its definition language, as `schema.graphql` holds it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    bare().finish().sdl_with_options(options)
}

// The parser's own bound stands before everything else: what nests beyond it is not even read.
fn bare() -> SchemaBuilder<Query, Mutation, Live> {
    Schema::build(Query, Mutation::default(), Live::default())
        .directive(mutation::idempotent)
        .register_output_type::<mutation::Frame>()
        .limit_recursive_depth(32)
        .limit_directives(4)
}

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

/// The schema of the desk.
pub type DeskSchema = Schema<Query, Mutation, Live>;

/// Builds the schema over a desk.
pub fn schema(
    desk: Desk,
    hub: Hub,
    issuer: TokenIssuer,
    vault: Vault,
    party: RelyingParty,
    limits: Limits,
) -> DeskSchema {
    let mut builder = bare()
        .extension(limits::Guard::new(limits.clone()))
        .extension(access::Access::default());
    if !limits.suggestions {
        builder = builder.disable_suggestions();
    }
    builder
        .data(desk)
        .data(hub)
        .data(access::Watchers::default())
        .data(issuer)
        .data(vault)
        .data(party)
        .data(limits)
        .finish()
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

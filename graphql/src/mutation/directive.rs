//! `@idempotent(key:)`: however often a mutation is sent with one key, it has one effect.

use crate::Error;
use async_graphql::{Context, CustomDirective, Directive, Value};

struct Idempotent;

impl CustomDirective for Idempotent {}

/// Gives a mutation one effect, however often it is sent with this key within a day; each time it
/// is answered alike. The key is the agent's own: up to 128 bytes that are never used for another
/// mutation or other arguments, which is refused with `KEY_REUSED`. Mutations with `@needsKey` are
/// not done without.
#[Directive(location = "Field")]
pub(crate) fn idempotent(key: String) -> impl CustomDirective {
    // The resolvers read the key themselves, see `key` below.
    let _ = key;
    Idempotent
}

/// Returns the key of the mutation that is being resolved.
pub(crate) fn key(context: &Context<'_>) -> Result<Option<String>, Error> {
    let directives = context.field().directives().map_err(|_| unreadable())?;
    let mut found = directives
        .into_iter()
        .filter(|one| one.name.node == "idempotent");
    let Some(directive) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(Error::BadInput("give @idempotent once".to_owned()));
    }
    match directive.get_argument("key").map(|key| &key.node) {
        Some(Value::String(key)) if (1..=128).contains(&key.len()) && !key.contains('\0') => {
            Ok(Some(key.clone()))
        }
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Error {
    Error::BadInput("the key of @idempotent must be a text of 1 to 128 bytes".to_owned())
}

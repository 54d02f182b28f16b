//! What fields need, as `@requires` says on them.

use crate::Error;
use crate::types::Permission;
use async_graphql::extensions::ExtensionContext;
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaField, MetaType, Registry};
use async_graphql::{Context, TypeDirective, Value};
use interdesk_domain::permission::{self, Viewer};
use std::collections::{HashMap, HashSet};

/// Shows a field to those who have the permission; to everybody who is signed in where none is
/// named. Others get null and the error `FORBIDDEN`, with the name of the permission.
#[TypeDirective(location = "FieldDefinition")]
pub(crate) fn requires(#[graphql(desc = "What it needs.")] permission: Option<Permission>) -> () {}

/// What a field needs: to be signed in, and a permission or none.
type Need = Option<permission::Permission>;

/// What the fields of the schema need.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// By type and field.
    fields: HashMap<String, HashMap<String, Need>>,
    /// The mutations that are not done without a key.
    keyed: HashSet<String>,
}

impl Needs {
    /// Reads what stands on the fields.
    pub(super) fn read(registry: &Registry) -> Self {
        let mut needs = Self::default();
        for (name, known) in &registry.types {
            let (MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) = known
            else {
                continue;
            };
            let found = fields.iter().filter_map(|(field, meta)| {
                if invokes(meta, "needsKey") {
                    needs.keyed.insert(field.clone());
                }
                let need = need(meta)?;
                Some((field.clone(), need))
            });
            let found: HashMap<String, Need> = found.collect();
            if !found.is_empty() {
                needs.fields.insert(name.clone(), found);
            }
        }
        needs
    }

    /// Refuses whoever lacks what a field needs.
    pub(super) fn check(
        &self,
        context: &ExtensionContext<'_>,
        parent: &str,
        field: &str,
    ) -> Result<(), Error> {
        match self.fields.get(parent).and_then(|fields| fields.get(field)) {
            None => Ok(()),
            Some(need) => allow(context.data_opt::<Viewer>(), *need),
        }
    }

    /// Refuses a mutation that has no key and is not done without.
    pub(super) fn check_key(&self, field: &Field) -> Result<(), Error> {
        let mut directives = field.directives.iter();
        let has_key = directives.any(|one| one.node.name.node == "idempotent");
        match has_key || !self.keyed.contains(field.name.node.as_str()) {
            true => Ok(()),
            false => Err(Error::KeyRequired),
        }
    }
}

fn invokes(field: &MetaField, directive: &str) -> bool {
    let mut directives = field.directive_invocations.iter();
    directives.any(|one| one.name == directive)
}

fn need(field: &MetaField) -> Option<Need> {
    let mut directives = field.directive_invocations.iter();
    let found = directives.find(|one| one.name == "requires")?;
    Some(match found.args.get("permission") {
        Some(Value::Enum(name)) => permission::Permission::parse(&name.to_lowercase()),
        _ => None,
    })
}

fn allow(viewer: Option<&Viewer>, need: Need) -> Result<(), Error> {
    let viewer = viewer.ok_or(Error::Unauthenticated)?;
    match need {
        Some(permission) if !viewer.may(permission) => Err(Error::Forbidden(permission)),
        _ => Ok(()),
    }
}

/// Refuses a viewer who lacks a permission, where what is needed depends on what was asked for.
pub(crate) fn permit(
    context: &Context<'_>,
    permission: permission::Permission,
) -> Result<(), Error> {
    allow(context.data_opt::<Viewer>(), Some(permission))
}

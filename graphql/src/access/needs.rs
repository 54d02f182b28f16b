//! What fields need, as `@requires` says on them.

use crate::Error;
use crate::types::Permission;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Need(Option<permission::Permission>);

impl Need {
    /// Tells whether somebody has it.
    pub(crate) fn is_met_by(self, viewer: Option<&Viewer>) -> bool {
        allow(viewer, self).is_ok()
    }
}

/// What the fields of the schema need.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// By type and field.
    fields: HashMap<String, HashMap<String, Need>>,
    /// The mutations that are not done without a key.
    keyed: HashSet<String>,
}

impl Needs {
    /// Reads what stands on the fields.
    pub(crate) fn read(registry: &Registry) -> Self {
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

    /// Finds what a field needs; none where strangers may have it.
    pub(crate) fn find(&self, parent: &str, field: &str) -> Option<Need> {
        self.fields.get(parent)?.get(field).copied()
    }

    /// Refuses whoever lacks what a field needs.
    pub(crate) fn check(
        &self,
        viewer: Option<&Viewer>,
        parent: &str,
        field: &str,
    ) -> Result<(), Error> {
        self.find(parent, field)
            .map_or(Ok(()), |need| allow(viewer, need))
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
    Some(Need(match found.args.get("permission") {
        Some(Value::Enum(name)) => permission::Permission::parse(&name.to_lowercase()),
        _ => None,
    }))
}

fn allow(viewer: Option<&Viewer>, need: Need) -> Result<(), Error> {
    let viewer = viewer.ok_or(Error::Unauthenticated)?;
    match need.0 {
        Some(permission) if !viewer.may(permission) => Err(Error::Forbidden(permission)),
        _ => Ok(()),
    }
}

/// Refuses a viewer who lacks a permission, where what is needed depends on what was asked for.
pub(crate) fn permit(
    context: &Context<'_>,
    permission: permission::Permission,
) -> Result<(), Error> {
    allow(context.data_opt::<Viewer>(), Need(Some(permission)))
}

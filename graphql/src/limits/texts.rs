//! Texts that cannot be kept: PostgreSQL's texts hold every character but U+0000.
//!
//! Refused before anything runs, so that no field has to think of it.

use crate::Error;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::{ConstValue, Value};

/// Tells whether a text of the document may hold U+0000: by an escape, or as it is.
pub(crate) fn may_hold_nul(source: &str) -> bool {
    source.contains("\\u") || source.contains('\0')
}

/// Refuses an operation one of whose texts holds U+0000, and names the text. Texts of the document are
/// looked at where they [may hold](may_hold_nul) it.
pub(super) fn check(
    document: Option<&ExecutableDocument>,
    variables: &Variables,
) -> Result<(), Error> {
    for (name, value) in &**variables {
        constant(value, &mut vec![format!("${name}")])?;
    }
    let Some(document) = document else {
        return Ok(());
    };
    for (_, operation) in document.operations.iter() {
        directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            if let Some(value) = &variable.node.default_value {
                constant(&value.node, &mut vec![format!("${}", variable.node.name)])?;
            }
        }
        fields(&operation.node.selection_set.node)?;
    }
    for fragment in document.fragments.values() {
        directives(&fragment.node.directives)?;
        fields(&fragment.node.selection_set.node)?;
    }
    Ok(())
}

fn fields(set: &SelectionSet) -> Result<(), Error> {
    for selection in &set.items {
        let below = match &selection.node {
            Selection::Field(field) => {
                arguments(&field.node.arguments)?;
                directives(&field.node.directives)?;
                &field.node.selection_set
            }
            Selection::InlineFragment(fragment) => {
                directives(&fragment.node.directives)?;
                &fragment.node.selection_set
            }
            Selection::FragmentSpread(spread) => {
                directives(&spread.node.directives)?;
                continue;
            }
        };
        fields(&below.node)?;
    }
    Ok(())
}

fn directives(directives: &[Positioned<Directive>]) -> Result<(), Error> {
    let mut all = directives.iter();
    all.try_for_each(|one| arguments(&one.node.arguments))
}

fn arguments(arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Result<(), Error> {
    let mut all = arguments.iter();
    all.try_for_each(|(name, value)| literal(&value.node, &mut vec![name.node.to_string()]))
}

fn literal(value: &Value, path: &mut Vec<String>) -> Result<(), Error> {
    match value {
        Value::String(text) => keepable(text, path),
        Value::List(list) => (list.iter().enumerate())
            .try_for_each(|(place, value)| below(path, place, |path| literal(value, path))),
        Value::Object(object) => (object.iter())
            .try_for_each(|(name, value)| below(path, name, |path| literal(value, path))),
        _ => Ok(()),
    }
}

fn constant(value: &ConstValue, path: &mut Vec<String>) -> Result<(), Error> {
    match value {
        ConstValue::String(text) => keepable(text, path),
        ConstValue::List(list) => (list.iter().enumerate())
            .try_for_each(|(place, value)| below(path, place, |path| constant(value, path))),
        ConstValue::Object(object) => (object.iter())
            .try_for_each(|(name, value)| below(path, name, |path| constant(value, path))),
        _ => Ok(()),
    }
}

fn below(
    path: &mut Vec<String>,
    step: impl ToString,
    look: impl FnOnce(&mut Vec<String>) -> Result<(), Error>,
) -> Result<(), Error> {
    path.push(step.to_string());
    let looked = look(path);
    path.pop();
    looked
}

fn keepable(text: &str, path: &[String]) -> Result<(), Error> {
    match text.contains('\0') {
        true => Err(Error::BadInput(format!(
            "{}: a text cannot hold the character U+0000, leave it out",
            path.join(".")
        ))),
        false => Ok(()),
    }
}

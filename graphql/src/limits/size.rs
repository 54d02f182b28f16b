//! How large a document is, before anything of the executor looks at it.
//!
//! Fragments that spread fragments double with every step, and validation follows them. So what a
//! document becomes is counted here first, each fragment once.

use crate::Error;
use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use std::collections::HashMap;

/// How large documents may be.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Tokens of the text, and fields that it becomes when its fragments are spread.
    pub tokens: usize,
    /// Fields under another name than their own.
    pub aliases: usize,
    /// Directives.
    pub directives: usize,
    /// Fields at the top of an operation.
    pub root_fields: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            tokens: 5_000,
            aliases: 50,
            directives: 50,
            root_fields: 20,
        }
    }
}

/// Refuses a document that is larger than it may be, or whose fragments spread themselves.
pub(super) fn check(document: &ExecutableDocument, sizes: &Sizes) -> Result<(), Error> {
    let mut reader = Reader {
        document,
        sizes,
        aliases: 0,
        directives: 0,
        known: HashMap::new(),
    };
    for (_, operation) in document.operations.iter() {
        reader.directives += operation.node.directives.len();
        let fields = reader.count(&operation.node.selection_set.node)?;
        refuse("fields with its fragments spread", fields, sizes.tokens)?;
    }
    for name in document.fragments.keys() {
        let fields = reader.fragment(name)?;
        refuse("fields with its fragments spread", fields, sizes.tokens)?;
    }
    refuse("aliases", reader.aliases, sizes.aliases)?;
    refuse("directives", reader.directives, sizes.directives)
}

/// Refuses what there is too much of.
pub(super) fn refuse(what: &'static str, count: usize, limit: usize) -> Result<(), Error> {
    match count > limit {
        true => Err(Error::TooLarge { what, count, limit }),
        false => Ok(()),
    }
}

struct Reader<'a> {
    document: &'a ExecutableDocument,
    sizes: &'a Sizes,
    aliases: usize,
    directives: usize,
    /// Fields of each fragment with what it spreads; none while it is counted.
    known: HashMap<&'a str, Option<usize>>,
}

impl<'a> Reader<'a> {
    fn count(&mut self, set: &'a SelectionSet) -> Result<usize, Error> {
        let mut fields = 0_usize;
        for selection in &set.items {
            let below = match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.note(&field.node.directives)?;
                    self.count(&field.node.selection_set.node)?
                        .saturating_add(1)
                }
                Selection::InlineFragment(inline) => {
                    self.note(&inline.node.directives)?;
                    self.count(&inline.node.selection_set.node)?
                        .saturating_add(1)
                }
                Selection::FragmentSpread(spread) => {
                    self.note(&spread.node.directives)?;
                    let name = spread.node.fragment_name.node.as_str();
                    self.fragment(name)?.saturating_add(1)
                }
            };
            fields = fields.saturating_add(below);
        }
        Ok(fields)
    }

    fn note(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Error> {
        self.directives += directives.len();
        refuse("directives", self.directives, self.sizes.directives)
    }

    fn fragment(&mut self, name: &str) -> Result<usize, Error> {
        let document = self.document;
        // One that is not there is for validation to name.
        let Some((name, fragment)) = document.fragments.get_key_value(name) else {
            return Ok(0);
        };
        match self.known.get(name.as_str()) {
            Some(Some(fields)) => return Ok(*fields),
            Some(None) => return Err(Error::EndlessFragment(name.to_string())),
            None => {}
        }
        self.known.insert(name, None);
        let fields = self.count(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(fields));
        Ok(fields)
    }
}

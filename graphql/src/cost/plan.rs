//! What one operation costs: before it runs by the schema and its arguments, afterwards by its answer.

use super::{Price, Prices};
use crate::access::Need;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, Value, Variables};
use async_graphql_value::Value as Given;
use std::cell::RefCell;
use std::collections::HashSet;

/// The most entries that are counted for one list, however many are asked for.
const MOST: usize = 100;

/// What the fields of an operation cost, and what whoever asks for them needs.
#[derive(Debug)]
pub(crate) struct Plan {
    charges: Vec<Charge>,
    /// Of which kind it is.
    pub(crate) kind: OperationType,
    /// The fields that are asked for at the top, and where.
    pub(crate) roots: Vec<(Name, Pos)>,
    /// How deeply it is nested.
    pub(crate) depth: usize,
    /// What all of its fields need.
    pub(crate) needs: HashSet<Need>,
    /// Whether the schema is asked for, beside other things or alone.
    pub(crate) asks_schema: bool,
    /// Whether nothing but the schema is asked for.
    pub(crate) asks_only_schema: bool,
}

/// What one field costs; leaves that cost nothing have none.
#[derive(Debug)]
struct Charge {
    key: Name,
    weight: usize,
    /// Points of each of its entries; none where it has none.
    entry: usize,
    /// How many entries it may have.
    size: usize,
    below: Vec<Charge>,
}

impl Plan {
    /// Plans the operation of this name, or the only one. What the schema does not know costs nothing:
    /// it is not run.
    pub(crate) fn of(
        prices: &Prices,
        document: &ExecutableDocument,
        name: Option<&str>,
        variables: &Variables,
    ) -> Self {
        let mut operations = document.operations.iter();
        let found = operations.find(|(own, _)| name.is_none() || own.map(Name::as_str) == name);
        let mut plan = Self {
            charges: Vec::new(),
            kind: OperationType::Query,
            roots: Vec::new(),
            depth: 0,
            needs: HashSet::new(),
            asks_schema: false,
            asks_only_schema: false,
        };
        let Some((_, operation)) = found else {
            return plan;
        };
        let operation = &operation.node;
        plan.kind = operation.ty;
        let root = &prices.roots[match operation.ty {
            OperationType::Query => 0,
            OperationType::Mutation => 1,
            OperationType::Subscription => 2,
        }];
        let Some(root) = root else {
            return plan;
        };
        let reader = Reader {
            prices,
            document,
            operation,
            variables,
            needs: RefCell::default(),
        };
        let mut fields = Vec::new();
        reader.collect(root, &operation.selection_set.node, &mut fields);
        let schema =
            |field: &&Found<'_>| matches!(field.field.name.node.as_str(), "__schema" | "__type");
        let asked = fields.iter().filter(schema).count();
        let meta = fields
            .iter()
            .filter(|one| one.field.name.node.starts_with("__"));
        plan.asks_schema = asked > 0;
        plan.asks_only_schema = asked > 0 && meta.count() == fields.len();
        plan.depth = reader.depth(&operation.selection_set.node);
        let roots = fields.iter().map(|one| &one.field.name);
        plan.roots = roots.map(|name| (name.node.clone(), name.pos)).collect();
        plan.charges = reader.charges(fields, &[], 1);
        plan.needs = reader.needs.into_inner();
        plan
    }

    /// Returns what the operation costs at most, as far as the schema knows.
    pub(crate) fn requested(&self) -> usize {
        sum(&self.charges)
    }

    /// Returns what an answer has cost.
    pub(crate) fn actual(&self, data: &Value) -> usize {
        count(&self.charges, data)
    }
}

fn sum(charges: &[Charge]) -> usize {
    let each = charges.iter().map(|charge| {
        let entry = charge.entry.saturating_add(sum(&charge.below));
        let entries = charge.size.saturating_mul(entry);
        charge.weight.saturating_add(entries)
    });
    each.fold(0, usize::saturating_add)
}

fn count(charges: &[Charge], data: &Value) -> usize {
    let Value::Object(fields) = data else {
        return 0;
    };
    let each = charges.iter().map(|charge| match fields.get(&charge.key) {
        None => 0,
        Some(Value::List(entries)) => {
            let each = entries
                .iter()
                .map(|entry| charge.entry + count(&charge.below, entry));
            charge.weight + each.sum::<usize>()
        }
        Some(value) => charge.weight + count(&charge.below, value),
    });
    each.sum()
}

/// A selected field and the type that it is selected on.
struct Found<'a> {
    parent: &'a str,
    field: &'a Field,
}

/// Reads one operation.
struct Reader<'a> {
    prices: &'a Prices,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// What the fields that were read need.
    needs: RefCell<HashSet<Need>>,
}

impl<'a> Reader<'a> {
    /// Tells how deeply fields are nested.
    fn depth(&self, set: &SelectionSet) -> usize {
        let each = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => 1 + self.depth(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => self.depth(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |found| self.depth(&found.node.selection_set.node))
            }
        });
        each.max().unwrap_or_default()
    }

    /// Lists the fields of a selection with those of its fragments.
    fn collect(&self, parent: &'a str, set: &'a SelectionSet, found: &mut Vec<Found<'a>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if self.is_taken(&field.node.directives) => {
                    let field = &field.node;
                    found.push(Found { parent, field });
                }
                Selection::InlineFragment(inline) if self.is_taken(&inline.node.directives) => {
                    let on = inline.node.type_condition.as_ref();
                    let parent = on.map_or(parent, |on| on.node.on.node.as_str());
                    self.collect(parent, &inline.node.selection_set.node, found);
                }
                Selection::FragmentSpread(spread) if self.is_taken(&spread.node.directives) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(on, &fragment.node.selection_set.node, found);
                    }
                }
                _ => {}
            }
        }
    }

    fn charges(&self, fields: Vec<Found<'a>>, sized: &[String], size: usize) -> Vec<Charge> {
        let each = fields.into_iter().filter_map(|Found { parent, field }| {
            let name = field.name.node.as_str();
            let price = self.prices.find(parent, name)?;
            self.needs.borrow_mut().extend(&price.needs);
            let times = if sized.iter().any(|one| one == name) {
                size
            } else {
                self.size(price, field)
            };
            self.charge(price, field, times)
        });
        each.collect()
    }

    fn charge(&self, price: &'a Price, field: &'a Field, size: usize) -> Option<Charge> {
        let mut fields = Vec::new();
        if let Some(below) = &price.below {
            self.collect(below, &field.selection_set.node, &mut fields);
        }
        // A connection hands its size on to its lists; any other list uses it up.
        let (own, handed) = match price.sized.is_empty() {
            true => (if price.is_list { size } else { 1 }, 1),
            false => (1, size),
        };
        let below = self.charges(fields, &price.sized, handed);
        let entry = usize::from(price.is_list);
        let costs = price.weight + entry > 0 || !below.is_empty();
        costs.then(|| Charge {
            key: field.response_key().node.clone(),
            weight: price.weight,
            entry,
            size: own,
            below,
        })
    }

    /// Tells how many entries a field is asked for.
    fn size(&self, price: &Price, field: &Field) -> usize {
        let said = price.slices.iter().find_map(|name| {
            let (_, given) = field
                .arguments
                .iter()
                .find(|(own, _)| own.node == name.as_str())?;
            match self.value(&given.node)? {
                Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
                Value::List(entries) => Some(entries.len()),
                _ => None,
            }
        });
        said.map_or(price.assumed, |said| said.clamp(1, MOST))
    }

    fn value(&self, given: &Given) -> Option<Value> {
        let variable = |name: Name| {
            let sent = self.variables.get(&name);
            let definitions = &self.operation.variable_definitions;
            let mut definitions = definitions.iter().filter(|one| one.node.name.node == name);
            let fallback = definitions
                .next()
                .and_then(|one| one.node.default_value.as_ref());
            Ok::<_, ()>(
                sent.or(fallback.map(|value| &value.node))
                    .cloned()
                    .unwrap_or_default(),
            )
        };
        given.clone().into_const_with(variable).ok()
    }

    /// Tells whether `@skip` and `@include` let something be.
    fn is_taken(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let wanted = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                _ => return true,
            };
            let given = directive.node.get_argument("if");
            match given.and_then(|given| self.value(&given.node)) {
                Some(Value::Boolean(said)) => said == wanted,
                _ => true,
            }
        })
    }
}

//! What fields cost, as `@cost` and `@listSize` say on them.
//!
//! The two directives are those of the cost specification that other servers and tools share. An object
//! costs a point, a list as many as it has entries, and whatever is below is counted that often. So
//! the schema alone says what an operation may cost; what it did cost is counted in its answer.

mod plan;

pub(crate) use plan::Plan;

use crate::access::{Need, Needs};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use async_graphql::{TypeDirective, Value};
use std::collections::HashMap;

/// How many entries a list has where nothing says it.
const LIST: usize = 5;

/// Says what a field costs beside what is below it, where that is more than the point of an object.
#[TypeDirective(location = "FieldDefinition")]
pub(crate) fn cost(#[graphql(desc = "How many points.")] weight: String) -> () {}

/// Says how often what is below a list is counted: as the arguments say, else as is assumed; five
/// times where the directive is missing.
#[TypeDirective(name = "listSize", location = "FieldDefinition")]
pub(crate) fn list_size(
    #[graphql(desc = "How many entries are assumed.")] assumed_size: i32,
    #[graphql(desc = "Arguments that say how many, or list them.")] slicing_arguments: Option<
        Vec<String>,
    >,
    #[graphql(desc = "The fields below that have the entries, where it is not the list itself.")]
    sized_fields: Option<Vec<String>>,
) -> () {
}

/// Returns the arguments that say how long a page is.
pub(crate) fn slices() -> Option<Vec<String>> {
    Some(vec!["first".to_owned(), "last".to_owned()])
}

/// Returns the fields of a connection that have its entries.
pub(crate) fn entries() -> Option<Vec<String>> {
    Some(vec!["edges".to_owned(), "nodes".to_owned()])
}

/// What the fields of the schema cost, by type and field.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    fields: HashMap<String, HashMap<String, Price>>,
    roots: [Option<String>; 3],
}

/// What a field costs.
#[derive(Debug, Default)]
struct Price {
    /// Points beside those of its entries.
    weight: usize,
    /// Whether it has entries.
    is_list: bool,
    assumed: usize,
    slices: Vec<String>,
    sized: Vec<String>,
    /// The type of what is selected below; none for a leaf.
    below: Option<String>,
    /// What whoever asks for it needs: of an interface, for whichever type it turns out to be.
    needs: Vec<Need>,
}

impl Prices {
    /// Reads what stands on the fields.
    pub(crate) fn read(registry: &Registry, needs: &Needs) -> Self {
        let mut prices = Self {
            roots: [
                Some(registry.query_type.clone()),
                registry.mutation_type.clone(),
                registry.subscription_type.clone(),
            ],
            ..Self::default()
        };
        for (name, known) in &registry.types {
            let (MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) = known
            else {
                continue;
            };
            let mut types = vec![name];
            if let MetaType::Interface { possible_types, .. } = known {
                types.extend(possible_types);
            }
            let fields = fields.iter().map(|(name, field)| {
                let mut price = Price::of(registry, field);
                let of_types = types.iter().filter_map(|of| needs.find(of, name));
                price.needs = of_types.collect();
                (name.clone(), price)
            });
            prices.fields.insert(name.clone(), fields.collect());
        }
        prices
    }

    fn find(&self, parent: &str, field: &str) -> Option<&Price> {
        self.fields.get(parent)?.get(field)
    }
}

impl Price {
    fn of(registry: &Registry, field: &MetaField) -> Self {
        let name = MetaTypeName::concrete_typename(&field.ty);
        let known = registry.types.get(name);
        let is_leaf = known.is_none_or(MetaType::is_leaf);
        let is_list = field.ty.starts_with('[') && !is_leaf;
        let weight = argument(field, "cost", "weight").and_then(number);
        let assumed = argument(field, "listSize", "assumedSize").and_then(number);
        let words = |name| {
            argument(field, "listSize", name)
                .map(words)
                .unwrap_or_default()
        };
        Self {
            weight: weight.unwrap_or(usize::from(!is_leaf && !is_list)),
            is_list,
            assumed: assumed.unwrap_or(if is_list { LIST } else { 1 }),
            slices: words("slicingArguments"),
            sized: words("sizedFields"),
            below: (!is_leaf).then(|| name.to_owned()),
            needs: Vec::new(),
        }
    }
}

fn argument<'a>(field: &'a MetaField, directive: &str, name: &str) -> Option<&'a Value> {
    let mut directives = field.directive_invocations.iter();
    directives.find(|one| one.name == directive)?.args.get(name)
}

fn number(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn words(value: &Value) -> Vec<String> {
    let Value::List(words) = value else {
        return Vec::new();
    };
    let words = words.iter().filter_map(|word| match word {
        Value::String(word) => Some(word.clone()),
        _ => None,
    });
    words.collect()
}

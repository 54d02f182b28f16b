//! What has to be filled in a template, and whether it is.

use super::{MediaKind, Place, Template, Variable, VariableValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A place of a template that has to be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Which part of the template.
    pub place: Place,
    /// The place's name, for templates that name theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With what.
    pub kind: SlotKind,
}

/// What fills a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// Words, an amount, a date.
    Text,
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A document.
    Document,
    /// A place on earth.
    Location,
    /// A code that a button copies.
    Code,
}

impl SlotKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Document => "document",
            Self::Location => "location",
            Self::Code => "code",
        }
    }

    fn takes(self, value: &VariableValue) -> bool {
        match (self, value) {
            (
                Self::Text,
                VariableValue::Text { .. }
                | VariableValue::Money { .. }
                | VariableValue::DateTime { .. },
            )
            | (Self::Location, VariableValue::Location { .. })
            | (Self::Code, VariableValue::Code { .. }) => true,
            (kind, VariableValue::Media { media }) => {
                let wanted = match kind {
                    Self::Image => MediaKind::Image,
                    Self::Video => MediaKind::Video,
                    Self::Document => MediaKind::Document,
                    Self::Text | Self::Location | Self::Code => return false,
                };
                media.kind == wanted
            }
            _ => false,
        }
    }
}

/// Finds what is wrong with how a template is filled, in words that an agent can act on.
///
/// Properties, each tested: exactly the slots are filled, each with its kind; names where the
/// template has names and none where it has not; what a quick reply gives back is free.
pub fn misfit(slots: &[Slot], template: &Template) -> Option<String> {
    let variables = all(template);
    let mut places: BTreeSet<Place> = slots.iter().map(|slot| slot.place).collect();
    places.extend(variables.iter().map(|one| one.place));
    places.into_iter().find_map(|place| {
        let wanted: Vec<&Slot> = slots.iter().filter(|slot| slot.place == place).collect();
        let given: Vec<&Variable> = variables.iter().filter(|one| one.place == place).collect();
        misfit_at(place, &wanted, &given)
    })
}

/// Returns the variables, the short form of the body's included.
fn all(template: &Template) -> Vec<Variable> {
    let short = template.parameters.iter().map(|text| Variable {
        place: Place::Body,
        name: None,
        value: VariableValue::Text { text: text.clone() },
    });
    short.chain(template.variables.iter().cloned()).collect()
}

fn misfit_at(place: Place, wanted: &[&Slot], given: &[&Variable]) -> Option<String> {
    let part = match place {
        Place::Header => "the header".to_owned(),
        Place::Body => "the body".to_owned(),
        Place::Button(index) => format!("button {index}"),
    };
    let is_payload = |one: &&Variable| matches!(one.value, VariableValue::Payload { .. });
    if wanted.is_empty() && matches!(place, Place::Button(_)) && given.iter().all(is_payload) {
        return None;
    }
    if wanted.len() != given.len() {
        let (wanted, given) = (wanted.len(), given.len());
        return Some(format!(
            "{part} has {wanted} variables to fill, here are {given}"
        ));
    }
    for (index, slot) in wanted.iter().enumerate() {
        let found = match &slot.name {
            None => given.get(index).filter(|one| one.name.is_none()),
            Some(name) => given.iter().find(|one| one.name.as_ref() == Some(name)),
        };
        let name = slot.name.clone().unwrap_or_else(|| (index + 1).to_string());
        let Some(found) = found else {
            return Some(match slot.name {
                Some(_) => format!("{part} has a variable named {name}: fill it by that name"),
                None => format!("{part} counts its variables: leave the names away"),
            });
        };
        if !slot.kind.takes(&found.value) {
            let kind = slot.kind.as_str();
            return Some(format!("variable {name} of {part} takes {kind}"));
        }
        let words = match &found.value {
            VariableValue::Text { text } | VariableValue::Code { code: text } => Some(text),
            _ => None,
        };
        if words.is_some_and(|text| text.trim().is_empty()) {
            return Some(format!("variable {name} of {part} is empty"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(place: Place, name: Option<&str>, kind: SlotKind) -> Slot {
        let name = name.map(str::to_owned);
        Slot { place, name, kind }
    }

    fn variable(place: Place, name: Option<&str>, text: &str) -> Variable {
        Variable {
            place,
            name: name.map(str::to_owned),
            value: VariableValue::Text {
                text: text.to_owned(),
            },
        }
    }

    fn filled(variables: Vec<Variable>) -> Template {
        Template {
            variables,
            ..Template::default()
        }
    }

    #[test]
    fn exactly_what_is_counted_has_to_be_filled() {
        let two = [
            slot(Place::Body, None, SlotKind::Text),
            slot(Place::Body, None, SlotKind::Text),
        ];
        let short = |words: &[&str]| Template {
            parameters: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Template::default()
        };
        assert_eq!(misfit(&two, &short(&["a", "b"])), None);
        for wrong in [&[][..], &["a"], &["a", "b", "c"], &["a", " "]] {
            assert!(misfit(&two, &short(wrong)).is_some(), "{wrong:?}");
        }
        assert_eq!(misfit(&[], &short(&[])), None);
        assert!(misfit(&[], &short(&["a"])).is_some());
        let named = filled(vec![
            variable(Place::Body, Some("x"), "a"),
            variable(Place::Body, None, "b"),
        ]);
        assert!(misfit(&two, &named).is_some());
    }

    #[test]
    fn what_is_named_is_filled_by_name_in_any_order() {
        let two = [
            slot(Place::Body, Some("first"), SlotKind::Text),
            slot(Place::Body, Some("second"), SlotKind::Text),
        ];
        let both = |a, b| {
            filled(vec![
                variable(Place::Body, a, "x"),
                variable(Place::Body, b, "y"),
            ])
        };
        assert_eq!(misfit(&two, &both(Some("second"), Some("first"))), None);
        assert!(misfit(&two, &both(Some("first"), Some("first"))).is_some());
        assert!(misfit(&two, &both(None, None)).is_some());
    }

    #[test]
    fn a_variable_has_its_kind() {
        let image = [slot(Place::Header, None, SlotKind::Image)];
        let words = filled(vec![variable(Place::Header, None, "x")]);
        let said = misfit(&image, &words).expect("a misfit");
        assert!(said.contains("takes image"), "{said}");
    }

    #[test]
    fn what_a_quick_reply_gives_back_is_free_and_a_link_wants_its_rest() {
        let payload = filled(vec![Variable {
            place: Place::Button(0),
            name: None,
            value: VariableValue::Payload {
                payload: "yes".to_owned(),
            },
        }]);
        assert_eq!(misfit(&[], &payload), None);
        let link = [slot(Place::Button(0), None, SlotKind::Text)];
        assert!(misfit(&link, &payload).is_some());
        assert!(misfit(&link, &Template::default()).is_some());
        let rest = filled(vec![variable(Place::Button(0), None, "order-7")]);
        assert_eq!(misfit(&link, &rest), None);
    }
}

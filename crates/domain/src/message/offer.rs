//! What we offer to the customer: choices to pick from, and messages that the provider fills in.

use super::{Location, Media};
use serde::{Deserialize, Serialize};

/// Words with choices; what the customer picks comes back as an answer with the choice's id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    /// The words above the choices.
    pub text: String,
    /// A heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Small words below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The words on the button that opens a list; without them each choice is a button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The choices, grouped; buttons have one group.
    pub sections: Vec<Section>,
}

impl Choices {
    /// Returns all choices of all groups.
    pub fn all(&self) -> impl Iterator<Item = &Choice> {
        self.sections.iter().flat_map(|section| &section.choices)
    }
}

/// A group of choices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Section {
    /// The words above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The choices, in the order to show.
    pub choices: Vec<Choice>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// Our id of it.
    pub id: String,
    /// The words on it.
    pub title: String,
    /// More words, where the channel has a place for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A message that the provider keeps approved.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Template {
    /// Its name with the provider.
    pub name: String,
    /// Its language, for example `en_US`.
    pub language: String,
    /// What fills the body's places, in order: the short form of `variables`.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// What fills its places, in the order of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
}

/// What fills one place of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Which part of the template.
    pub place: Place,
    /// The place's name, for templates that name theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to put there.
    #[serde(flatten)]
    pub value: VariableValue,
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Above the words.
    Header,
    /// The words.
    Body,
    /// A button, counted from zero.
    Button(u8),
}

/// What to put into a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "value", rename_all = "snake_case")]
pub enum VariableValue {
    /// Words; on a button the rest of its link.
    Text {
        /// The words.
        text: String,
    },
    /// An amount of money.
    Money {
        /// Thousandths of the currency's unit.
        thousandths: i64,
        /// The currency (ISO 4217).
        currency: String,
        /// The words where it cannot be formatted.
        text: String,
    },
    /// A date and time, in words.
    DateTime {
        /// The words.
        text: String,
    },
    /// A file.
    Media {
        /// The file.
        media: Media,
    },
    /// A place on earth.
    Location {
        /// The place.
        location: Location,
    },
    /// A code that a button copies.
    Code {
        /// The code.
        code: String,
    },
    /// What a pressed button gives back.
    Payload {
        /// Our own text.
        payload: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_before_still_read_and_typed_ones_read_back() {
        let old = r#"{"name":"late_parcel","language":"en_US","parameters":["Friday"]}"#;
        let template: Template = serde_json::from_str(old).expect("a template");
        assert_eq!(serde_json::to_string(&template).expect("JSON"), old);
        let typed = Template {
            variables: vec![Variable {
                place: Place::Button(1),
                name: None,
                value: VariableValue::Payload {
                    payload: "yes".to_owned(),
                },
            }],
            ..template
        };
        let json = serde_json::to_value(&typed).expect("JSON");
        assert_eq!(
            json["variables"][0]["place"],
            serde_json::json!({ "button": 1 })
        );
        let read: Template = serde_json::from_value(json).expect("a template");
        assert_eq!(read, typed);
    }
}

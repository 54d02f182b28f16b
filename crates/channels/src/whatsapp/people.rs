//! Who is meant: BSUID first, because phone numbers may be missing and may change.

use crate::json::{self, Fields};
use interdesk_domain::message::{Address, Sender};
use std::collections::HashMap;

const NETWORK: &str = "whatsapp";

/// What `value.contacts` tells about the people of one change.
#[derive(Debug, Default)]
pub(super) struct People {
    known: Vec<Person>,
    by_phone: HashMap<String, usize>,
    by_user: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Person {
    phone: Option<String>,
    user: Option<String>,
    parent: Option<String>,
    username: Option<String>,
    name: Option<String>,
}

impl People {
    /// Reads `value.contacts`.
    pub(super) fn read(value: &Fields<'_>) -> Self {
        let mut people = Self::default();
        for contact in value.objects("contacts") {
            let person = Person::read(&contact);
            let index = people.known.len();
            if let Some(phone) = &person.phone {
                people.by_phone.insert(phone.clone(), index);
            }
            if let Some(user) = &person.user {
                people.by_user.insert(user.clone(), index);
            }
            people.known.push(person);
        }
        people
    }

    /// Returns a person by either id, completed by what the contacts tell.
    pub(super) fn sender(&self, phone: Option<String>, user: Option<String>) -> Sender {
        let by_user = user.as_ref().and_then(|user| self.by_user.get(user));
        let index = by_user.or_else(|| self.by_phone.get(phone.as_ref()?));
        self.complete(phone, user, index.map(|index| &self.known[*index]))
    }

    /// Returns the writer of a value's only message: its only contact is meant even where the ids
    /// do not agree.
    pub(super) fn only_sender(&self, phone: Option<String>, user: Option<String>) -> Sender {
        match self.known.as_slice() {
            [person] => self.complete(phone, user, Some(person)),
            _ => self.sender(phone, user),
        }
    }

    fn complete(
        &self,
        phone: Option<String>,
        user: Option<String>,
        known: Option<&Person>,
    ) -> Sender {
        let nobody = Person::default();
        let known = known.unwrap_or(&nobody);
        let addresses = [
            bsuid(user.or_else(|| known.user.clone())),
            self::phone(phone.or_else(|| known.phone.clone())),
            self::parent(known.parent.clone()),
            json::address(NETWORK, "username", known.username.clone()),
        ];
        Sender {
            addresses: addresses.into_iter().flatten().collect(),
            name: known.name.clone(),
            locale: None,
        }
    }
}

impl Person {
    fn read(contact: &Fields<'_>) -> Self {
        let profile = contact.object("profile").unwrap_or_default();
        let username = profile.id("username");
        Self {
            phone: contact.id("wa_id").map(digits),
            user: contact.id("user_id"),
            parent: contact.id("parent_user_id"),
            username: username.map(|name| name.trim_start_matches('@').to_owned()),
            name: profile.words("name"),
        }
    }
}

/// Returns a business-scoped user id as an address.
pub(super) fn bsuid(value: Option<String>) -> Option<Address> {
    json::address(NETWORK, "bsuid", value)
}

/// Returns the id that a user has for all portfolios of an enterprise as an address; it finds nobody.
fn parent(value: Option<String>) -> Option<Address> {
    json::address(NETWORK, "parent_bsuid", value)
}

/// Returns a phone number as an address.
pub(super) fn phone(value: Option<String>) -> Option<Address> {
    json::address(NETWORK, "phone", value.map(digits))
}

/// Returns a phone number without what people write between its digits; other ids as they are.
pub(super) fn digits(value: String) -> String {
    let ornament = |c: char| matches!(c, '+' | '-' | ' ' | '(' | ')' | '.');
    let is_phone = value.chars().all(|c| c.is_ascii_digit() || ornament(c))
        && value.chars().any(|c| c.is_ascii_digit());
    if is_phone {
        value.chars().filter(char::is_ascii_digit).collect()
    } else {
        value
    }
}

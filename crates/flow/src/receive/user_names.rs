//! User names that known customers have taken since.
//!
//! A name is what a person says of themselves: it leads to nobody, and it changes. Whoever writes mostly has
//! the name of before, so each process remembers the last one of each writer and asks the database only
//! about others.

use super::{Item, source};
use crate::key::stored_address;
use crate::{Desk, Error, update};
use interdesk_domain::message::{Address, Author};
use interdesk_domain::scope::TenantScope;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The namespace of names.
const NAMESPACE: &str = "username";

/// How many writers are remembered; they are forgotten all at once.
const MOST: usize = 100_000;

/// The last name of each writer, both as hashes: who is taken for another one keeps an old name for a while.
static LAST: LazyLock<Mutex<HashMap<u64, u64>>> = LazyLock::new(Mutex::default);

/// Keeps the user names that the writers of messages have now.
pub(super) async fn keep(desk: &Desk, scope: TenantScope, items: &[Item<'_>]) -> Result<(), Error> {
    let told = items.iter().filter_map(|item| {
        let Author::Customer(sender) = &item.message.author else {
            return None;
        };
        let mut names = sender.addresses.iter().skip(1);
        let name = names.find(|address| address.namespace == NAMESPACE)?;
        let name = stored_address(name);
        let writer = hash(&(scope.tenant(), &item.keys[0]));
        (!item.message.imported && is_news(writer, &name))
            .then(|| (writer, source(item), item.keys[0].clone(), name))
    });
    for (writer, source, who, name) in told.collect::<Vec<_>>() {
        update::take_name(desk, scope, &source, &who, &name).await?;
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MOST {
            last.clear();
        }
        last.insert(writer, hash(&name));
    }
    Ok(())
}

fn is_news(writer: u64, name: &Address) -> bool {
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    last.get(&writer) != Some(&hash(name))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

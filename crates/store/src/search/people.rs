//! Who is called what.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

/// A place among the people who were found: how near, and who.
pub type PersonPlace = (i32, ContactId);

row! {
    /// A contact who is called what was looked for, or nearly so.
    pub struct Person {
        /// Who.
        pub contact_id: ContactId,
        /// How near: 0 is the very name.
        pub score: i32,
        /// What is called so: `name` or `address`.
        pub kind: String,
        /// The name or address, in lower case.
        pub name: String,
    }
}

/// Lists who is called what is wanted, or nearly so, the nearest first.
pub async fn list_people(
    conn: &Conn,
    _scope: TenantScope,
    wanted: &str,
    after: Option<PersonPlace>,
    limit: i64,
) -> Result<Vec<Person>, Error> {
    let (score, id) = after.unwrap_or((-1, ContactId(uuid::Uuid::max())));
    let found = sql("SELECT contact_id, score, kind, name FROM search_people($1, $2, $3, $4)")
        .bind(wanted)
        .bind(score)
        .bind(id)
        .bind(i32::try_from(limit).unwrap_or(i32::MAX))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

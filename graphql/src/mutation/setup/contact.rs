//! What is known of a contact.

use super::{Told, change, payload, schedule};
use crate::Error;
use crate::access::requires;
use crate::types::Contact;
use crate::types::Permission;
use crate::viewer::parse;
use async_graphql::{Context, ID, InputObject, Json, MaybeUndefined, Object};
use interdesk_domain::condition::Value;
use interdesk_domain::id::ContactId;
use interdesk_domain::message::storable;
use interdesk_flow::setup::{ContactUpdate, Missing, SetupWish};
use std::collections::BTreeMap;

#[derive(Default)]
pub(in crate::mutation) struct ContactUpdateMutation;

#[Object]
impl ContactUpdateMutation {
    /// Changes what is known of a contact: attributes, segments, importance and promised hours.
    /// Rules, service levels and routing go by it. Importance and hours are for supervisors and
    /// administrators.
    #[graphql(directive = requires::apply(Some(Permission::ContactsWrite)))]
    async fn contact_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, and what changes.")] input: ContactUpdateInput,
    ) -> Option<Result<ContactUpdatePayload, Error>> {
        Some(update(context, input).await)
    }
}

/// What changes about a contact; what is left out stays.
#[derive(InputObject)]
struct ContactUpdateInput {
    /// Whom.
    contact_id: ID,
    /// Attributes by name, each with a text, a whole number, or yes and no; null takes one away, and
    /// those that are not named stay.
    attributes: Option<Json<BTreeMap<String, Option<Value>>>>,
    /// Whether they are very important.
    vip: Option<bool>,
    /// All segments that they are in.
    segments: Option<Vec<String>>,
    /// The hours that were promised to them; null for none.
    schedule_id: MaybeUndefined<ID>,
}

payload! {
    /// What became of a change of what is known of a contact.
    ContactUpdatePayload {
        /// The contact as it is now; null where there is no such contact.
        contact: Contact as ContactId
    }
}

async fn update(
    context: &Context<'_>,
    input: ContactUpdateInput,
) -> Result<ContactUpdatePayload, Error> {
    let contact: Option<ContactId> = parse(&input.contact_id);
    let told = match (contact, schedule(&input.schedule_id)) {
        (None, _) => Told::not_found(context, Missing::Contact)?,
        (_, Err(missing)) => Told::not_found(context, missing)?,
        (Some(contact), Ok(schedule)) => {
            let attributes = input.attributes.map(|given| given.0).unwrap_or_default();
            let tidy = |text: &str| storable(text.trim()).into_owned();
            let attributes = attributes.into_iter().map(|(name, value)| {
                let value = value.map(|value| match value {
                    Value::Text(text) => Value::Text(storable(&text).into_owned()),
                    other => other,
                });
                (tidy(&name), value)
            });
            let segments = input.segments.as_ref();
            let update = ContactUpdate {
                contact,
                attributes: attributes.collect(),
                vip: input.vip,
                segments: segments.map(|list| list.iter().map(|one| tidy(one)).collect()),
                schedule,
            };
            change(context, &SetupWish::ContactUpdate(update)).await?
        }
    };
    Ok(ContactUpdatePayload::of(context, told, contact).await)
}

//! Whether people let us write to them, per contact and network.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::consent::{Consent, Standing};
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// What a contact said last on a network.
    pub struct Said {
        /// Who.
        pub contact_id: ContactId,
        /// What.
        pub state: Consent,
        /// What held before a block; `None` where that is not why.
        pub blocked_from: Option<Consent>,
        /// When.
        pub said_at: DateTime<Utc>,
    }
}

impl Said {
    /// Returns what holds.
    pub fn standing(&self) -> Standing {
        Standing {
            state: self.state,
            blocked_from: self.blocked_from,
        }
    }
}

/// Lists what contacts said last on a network; who never said anything is absent.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
    network: &str,
) -> Result<Vec<Said>, Error> {
    let said = sql(
        "SELECT contact_id, state, blocked_from, said_at FROM consents
         WHERE contact_id = ANY ($1) AND network = $2",
    )
    .bind(many(contacts, |id| *id))
    .bind(network)
    .load(&mut &*conn)
    .await?;
    Ok(said)
}

/// Returns whether the person, by whichever of their contacts, lets us write on a network.
pub async fn of_person(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
    network: &str,
) -> Result<Consent, Error> {
    let said: Vec<Said> = sql("SELECT s.contact_id, s.state, s.blocked_from, s.said_at
         FROM contacts asked
         CROSS JOIN LATERAL (
            SELECT CASE WHEN asked.person_id IS NULL THEN asked.id ELSE asked.person_id END AS id
            UNION ALL SELECT id FROM contacts WHERE person_id =
                CASE WHEN asked.person_id IS NULL THEN asked.id ELSE asked.person_id END
         ) member
         JOIN consents s ON s.contact_id = member.id
         WHERE asked.id = $1 AND s.network = $2")
    .bind(contact)
    .bind(network)
    .load(&mut &*conn)
    .await?;
    Ok(Consent::of_person(said.into_iter().map(|one| one.state)))
}

/// Writes what a locked contact said on a network.
pub async fn set(
    conn: &Conn,
    scope: TenantScope,
    contact: ContactId,
    network: &str,
    standing: Standing,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO consents (contact_id, network, tenant_id, state, said_at, blocked_from)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (contact_id, network) DO UPDATE
         SET state = excluded.state, said_at = excluded.said_at,
            blocked_from = excluded.blocked_from",
    )
    .bind(contact)
    .bind(network)
    .bind(scope.tenant())
    .bind(standing.state)
    .bind(at)
    .bind(standing.blocked_from)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A customer's message, as far as it shows who said something and where.
    pub struct Spoken {
        /// Which message.
        pub id: MessageId,
        /// Who wrote it.
        pub contact_id: ContactId,
        /// By which app.
        pub channel: ChannelKind,
    }
}

/// Finds a customer's message by the provider's id.
pub async fn find_spoken(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<Spoken>, Error> {
    let found = sql("SELECT m.id, m.contact_id, i.channel
         FROM messages m JOIN inboxes i ON i.id = m.inbox_id
         WHERE m.inbox_id = $1 AND m.provider_id = $2 AND m.contact_id IS NOT NULL")
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// Whom one of our messages went to.
    pub struct Addressed {
        /// Who.
        pub contact_id: ContactId,
        /// By which inbox.
        pub inbox_id: InboxId,
        /// By which app.
        pub channel: ChannelKind,
        /// Whether it was a template.
        pub is_template: bool,
    }
}

/// Finds whom one of our messages went to; `None` for a group, where nobody speaks for the others.
pub async fn find_addressed(
    conn: &Conn,
    _scope: TenantScope,
    message: MessageId,
) -> Result<Option<Addressed>, Error> {
    let found = sql(
        "SELECT COALESCE(m.recipient_id, c.contact_id) AS contact_id, m.inbox_id, i.channel,
            m.content ->> 'type' = 'template' AS is_template
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         JOIN inboxes i ON i.id = m.inbox_id
         WHERE m.id = $1 AND m.direction = 'out' AND c.group_id IS NULL",
    )
    .bind(message)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

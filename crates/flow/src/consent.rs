//! Whether a person lets us write on a network: what they said, or what an agent was told.

use crate::desk::Context;
use crate::wish::{Halt, Verb, Voice, Wish};
use crate::{Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::consent::{self as domain, Consent, Evidence, Signal};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::apps::App;
use interdesk_store::contacts::ReplyAddress;
use interdesk_store::persons::{self, Locked, NewNote};
use interdesk_store::{Conn, consents, contacts, outbox};
use serde::{Deserialize, Serialize};

/// What an agent was told about consent.
#[derive(Debug, Clone, Serialize)]
pub struct NewConsent {
    /// Whose consent.
    pub contact: ContactId,
    /// On which network, or to advertisements there ([`domain::marketing`]).
    pub network: String,
    /// That we asked, or a yes, or a no.
    pub signal: Signal,
    /// How the agent knows.
    pub note: String,
    /// The message that shows it.
    pub message: Option<MessageId>,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ConsentOutcome {
    /// It is written down.
    Changed,
    /// It was so already; nothing was written.
    Unchanged,
    /// No such contact, or they were never met on the network.
    NotFound,
    /// No such message of theirs.
    MessageNotFound,
    /// They said no: they are not asked again.
    OptedOut,
    /// The key was used for something else.
    KeyReused,
}

/// Writes down what the viewer was told about consent.
pub async fn change(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewConsent,
    key: Option<&str>,
    context: &Context,
) -> Result<ConsentOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(new).await
}

impl Verb for NewConsent {
    type Outcome = ConsentOutcome;
    const OPERATION: &'static str = "contact_consent";
    const KEY_REUSED: ConsentOutcome = ConsentOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<ConsentOutcome, Halt<ConsentOutcome>> {
        let refuse = |outcome| Err(Halt::Refused(outcome));
        let (scope, now) = (wish.scope(), wish.now());
        let members = persons::lock(conn, scope, &[self.contact]).await?;
        let ids: Vec<ContactId> = members.iter().map(|member| member.id).collect();
        let met = domain::network(&self.network);
        if !persons::is_on(conn, scope, &ids, met).await? {
            return refuse(ConsentOutcome::NotFound);
        }
        if let Some(message) = self.message
            && !persons::wrote_in(conn, scope, &ids, message).await?
        {
            return refuse(ConsentOutcome::MessageNotFound);
        }
        let before = consents::of_person(conn, scope, self.contact, &self.network).await?;
        if before.forbids() && self.signal == Signal::Invitation {
            return refuse(ConsentOutcome::OptedOut);
        }
        let note: NoteId = wish.desk.id();
        let said = Said {
            contact: self.contact,
            network: &self.network,
            signal: self.signal,
            evidence: Evidence::Agent { note },
            at: now,
        };
        let events = write(wish.desk, scope, conn, members, &said, wish.context).await?;
        if events.is_empty() {
            return refuse(ConsentOutcome::Unchanged);
        }
        let note = NewNote {
            id: note,
            contact: self.contact,
            agent: Some(wish.viewer.agent),
            message: self.message,
            kind: "consent",
            text: &self.note,
            at: now,
        };
        persons::insert_note(conn, scope, &note).await?;
        outbox::append(conn, &events).await?;
        Ok(ConsentOutcome::Changed)
    }
}

/// Returns the network on which an inbox meets a person, of their addresses as (network, namespace).
///
/// It is the inbox's own app; a third-party app may stand for another one, whose name its addresses
/// carry.
pub fn network<'a>(
    channel: ChannelKind,
    inbox: InboxId,
    mut addresses: impl Iterator<Item = (&'a str, &'a str)>,
) -> &'a str {
    if channel != ChannelKind::Webhook {
        return channel.as_str();
    }
    let own = format!("@{inbox}");
    let met = addresses.find(|(_, namespace)| namespace.ends_with(&own));
    met.map_or(channel.as_str(), |(network, _)| network)
}

/// Returns whether a person lets us write by an inbox, and their addresses.
pub(crate) async fn of_person(
    conn: &Conn,
    scope: TenantScope,
    contact: ContactId,
    channel: ChannelKind,
    inbox: InboxId,
) -> Result<(Consent, Vec<ReplyAddress>), Error> {
    let addresses = contacts::list_addresses(conn, scope, contact).await?;
    let network = network(channel, inbox, addresses.iter().map(ReplyAddress::place));
    let consent = consents::of_person(conn, scope, contact, network).await?;
    Ok((consent, addresses))
}

/// What was said, by whom and when.
pub(crate) struct Said<'a> {
    /// Who said it, or about whom.
    pub(crate) contact: ContactId,
    /// On which network.
    pub(crate) network: &'a str,
    /// What.
    pub(crate) signal: Signal,
    /// What shows it.
    pub(crate) evidence: Evidence,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// Writes what was said; what is older than what was said last changes nothing.
///
/// A no is written for the contact who said it and holds for the whole person. A yes also lifts the
/// no of the other contacts of the person: whoever says yes by one number means the app, and could
/// not be answered otherwise.
pub(crate) async fn write(
    desk: &Desk,
    scope: TenantScope,
    conn: &Conn,
    members: Vec<Locked>,
    said: &Said<'_>,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let ids: Vec<ContactId> = members.iter().map(|member| member.id).collect();
    let known = consents::list(conn, scope, &ids, said.network).await?;
    let mut all = Vec::new();
    for member in members {
        let before = known.iter().find(|one| one.contact_id == member.id);
        let from = before.map(consents::Said::standing).unwrap_or_default();
        let is_lifted = said.signal == Signal::OptIn && from.state.forbids();
        let is_late = before.is_some_and(|one| one.said_at > said.at);
        let to = from.after(said.signal);
        if is_late || to == from || !(member.id == said.contact || is_lifted) {
            continue;
        }
        consents::set(conn, scope, member.id, said.network, to, said.at).await?;
        if to.state == from.state {
            continue;
        }
        let aggregate = (AggregateKind::Contact, member.id.0);
        let mut events = Events::of(desk, scope, aggregate, member.version, context);
        let version = events.push(Event::ConsentChanged {
            contact: member.id,
            network: said.network.to_owned(),
            allowed: !to.state.forbids(),
            from: Some(from.state),
            to: Some(to.state),
            evidence: Some(said.evidence),
        });
        contacts::set_version(conn, scope, member.id, version).await?;
        all.extend(events.into_list());
    }
    Ok(all)
}

/// Returns whether a person lets us send them advertisements by an inbox.
pub(crate) async fn to_marketing(
    conn: &Conn,
    scope: TenantScope,
    contact: ContactId,
    network: &str,
) -> Result<Consent, Error> {
    Ok(consents::of_person(conn, scope, contact, &domain::marketing(network)).await?)
}

/// Notes that the provider refused one of our messages because its customer blocks us or opted out.
///
/// What is refused of a template is advertisement: whoever may be answered may be sent any other one.
pub(crate) async fn note_block(
    desk: &Desk,
    scope: TenantScope,
    conn: &Conn,
    message: MessageId,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let Some(to) = consents::find_addressed(conn, scope, message).await? else {
        return Ok(Vec::new());
    };
    let addresses = contacts::list_addresses(conn, scope, to.contact_id).await?;
    let places = addresses.iter().map(ReplyAddress::place);
    let network = network(to.channel, to.inbox_id, places);
    let about_marketing = domain::marketing(network);
    let (network, signal) = match to.is_template {
        true => (about_marketing.as_str(), Signal::OptOut),
        false => (network, Signal::Block),
    };
    let said = Said {
        contact: to.contact_id,
        network,
        signal,
        evidence: Evidence::Delivery { message },
        at: desk.now(),
    };
    let members = persons::lock(conn, scope, &[to.contact_id]).await?;
    write(desk, scope, conn, members, &said, context).await
}

/// Lifts a block that an app's contact has disproved by writing since; tells whether there was one.
pub(crate) async fn lift_block(
    voice: Voice<'_>,
    conn: &Conn,
    app: &App,
    network: &str,
) -> Result<bool, Error> {
    let (scope, contact) = (voice.scope, app.contact_id);
    let Some(at) = app.last_customer_message_at else {
        return Ok(false);
    };
    let known = consents::list(conn, scope, &[contact], network).await?;
    if !known
        .iter()
        .any(|said| said.blocked_from.is_some() && said.said_at < at)
    {
        return Ok(false);
    }
    let said = Said {
        contact,
        network,
        signal: Signal::Message,
        evidence: Evidence::Written {},
        at,
    };
    let members = persons::lock(conn, scope, &[contact]).await?;
    let events = write(voice.desk, scope, conn, members, &said, voice.context).await?;
    outbox::append(conn, &events).await?;
    Ok(true)
}

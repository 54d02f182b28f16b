//! By which app of the person a reply goes.
//!
//! The one that the customer last used, else the next of those that they used in this conversation
//! which lets the reply through. Other apps of the person are never chosen by themselves: they
//! stand in the refusal, and an agent may name one.

use super::obstacle::{Obstacle, obstacle, unsupported};
use super::{NewReply, ReplyOutcome, carry, template};
use crate::attach::NotCarried;
use crate::consent;
use crate::deliver::recipients;
use crate::wish::{Halt, Voice};
use interdesk_channels::{Unfit, channel};
use interdesk_domain::id::{ContactId, InboxId};
use interdesk_domain::message::Content;
use interdesk_store::apps::{self, App};
use interdesk_store::contacts::ReplyAddress;
use interdesk_store::{Conn, inboxes};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Which app a reply is to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// By which inbox.
    pub inbox: InboxId,
    /// To which contact of the person; without it the one who used the inbox last.
    pub contact: Option<ContactId>,
}

/// An app, and what is in the way of the reply there.
pub(crate) struct Way {
    pub(crate) app: App,
    /// What would go out there: one message, or the parts of a text that is too long for one.
    pub(crate) parts: Vec<Content>,
    pub(crate) obstacle: Option<Obstacle>,
}

/// Puts the apps of one conversation in the order in which a reply tries them.
pub fn order(apps: &mut [App]) {
    let last = |app: &App| app.used_version.max(app.others_version);
    apps.sort_by_key(|app| {
        let place = (app.contact_id, app.inbox_id);
        let known = (
            app.written_version,
            app.is_home,
            app.last_customer_message_at,
        );
        (Reverse((last(app), known)), place)
    });
}

/// Tells whether a reply may go by an app without being told to: the conversation went there.
pub fn takes_part(app: &App) -> bool {
    let versions = [app.used_version, app.others_version, app.written_version];
    app.is_home || versions.iter().any(Option::is_some)
}

/// Returns which of the ordered apps a reply goes by, of those that let it through: the first that
/// takes part, and where none does the very first.
pub fn choose(apps: &[App], lets_through: impl Fn(usize) -> bool) -> Option<usize> {
    let mut places = 0..apps.len();
    places
        .find(|place| takes_part(&apps[*place]) && lets_through(*place))
        .or((!apps.is_empty()).then_some(0))
}

/// Judges every app of a conversation for a reply, in order.
pub(crate) async fn judge(
    voice: Voice<'_>,
    conn: &Conn,
    new: &NewReply,
) -> Result<Vec<Way>, Halt<ReplyOutcome>> {
    let scope = voice.scope;
    let mut found = apps::list(conn, scope, &[new.conversation]).await?;
    order(&mut found);
    let mut ways = Vec::with_capacity(found.len());
    for app in found {
        let Some(inbox) = inboxes::find(conn, scope, app.inbox_id).await? else {
            continue;
        };
        let of_person = || consent::of_person(conn, scope, app.contact_id, app.channel, inbox.id);
        let (mut said, addresses) = of_person().await?;
        if said.forbids() && !app.in_group {
            let places = addresses.iter().map(ReplyAddress::place);
            let network = consent::network(app.channel, inbox.id, places);
            if consent::lift_block(voice, conn, &app, network).await? {
                said = of_person().await?.0;
            }
        }
        let places = addresses.iter().map(ReplyAddress::place);
        let network = consent::network(app.channel, inbox.id, places).to_owned();
        let reachable = !recipients(&inbox, addresses).is_empty();
        let (parts, unsupported) = fit(voice, conn, new, &app).await?;
        let (now, content) = (voice.desk.now(), &new.content);
        let mut obstacle = obstacle(now, &app, said, reachable, content, unsupported);
        if let (None, Content::Template(wanted)) = (&obstacle, content)
            && template::is_marketing(conn, scope, app.inbox_id, wanted).await?
        {
            let said = consent::to_marketing(conn, scope, app.contact_id, &network).await?;
            obstacle = said.forbids().then_some(Obstacle::NoMarketing);
        }
        ways.push(Way {
            app,
            parts,
            obstacle,
        });
    }
    Ok(ways)
}

/// Returns what would go out by an app, and why it does not carry that.
async fn fit(
    voice: Voice<'_>,
    conn: &Conn,
    new: &NewReply,
    app: &App,
) -> Result<(Vec<Content>, Option<Unfit>), Halt<ReplyOutcome>> {
    let capabilities = channel(app.channel).capabilities();
    let parts = match carry(voice, conn, capabilities, new).await? {
        Err(NotCarried::NotFound) => return Err(Halt::Refused(ReplyOutcome::FileNotFound)),
        Err(NotCarried::Unsupported(detail)) => {
            return Ok((Vec::new(), Some(Unfit::whole(detail))));
        }
        Ok(parts) => parts,
    };
    if new.expires_in.is_some() && !capabilities.expiry {
        let detail = "this app does not let messages go by themselves; send it without a time";
        return Ok((parts, Some(Unfit::whole(detail))));
    }
    let wordless = matches!(&new.content, Content::Text { text } if text.trim().is_empty());
    let unsupported = match wordless && !new.attachments.is_empty() {
        // Files need no words beside them.
        true => None,
        false => unsupported(app.channel, app.in_group, &new.content),
    };
    Ok((parts, unsupported))
}

/// Returns which way a reply goes: where it is told to, else as [`choose`] says.
pub(crate) fn find(ways: &[Way], target: Option<Target>) -> Option<usize> {
    match target {
        Some(target) => ways.iter().position(|way| {
            let contact = target.contact.unwrap_or(way.app.contact_id);
            (way.app.inbox_id, way.app.contact_id) == (target.inbox, contact)
        }),
        None => {
            let apps: Vec<App> = ways.iter().map(|way| way.app.clone()).collect();
            choose(&apps, |place| ways[place].obstacle.is_none())
        }
    }
}

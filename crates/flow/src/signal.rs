//! Showing a customer that an agent writes, and that their words were read.
//!
//! Neither is worth keeping: a signal is a row until somebody carries it to the provider, a new one
//! takes the place of an older one, and one that fails is gone.

use crate::deliver::{self, Adapters, Courier, recipients};
use crate::{Desk, Error, consent};
use chrono::Duration;
use interdesk_cache::Bucket;
use interdesk_channels::{
    Action, Channel, NoFiles, Outgoing, Pace, PaceOf, SendContext, SendError, channel,
};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::ConversationId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::signals::{self, Place, Signal};
use interdesk_store::{inbox_health, inboxes};

/// How many signals are carried in one pass.
const PAGE: i64 = 64;

/// How many messages of a group are shown as read at once, where each is by itself: the latest. Those
/// before them stay as they were.
const GROUP_READS: i64 = 100;

/// After which time a signal is of no use any more.
const STALE: Duration = Duration::seconds(20);

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// That an agent writes.
    Typing,
    /// That the customer's words were read.
    Read,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Read => "read",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Typing, Self::Read];
        all.into_iter().find(|known| known.as_str() == text)
    }
}

/// Puts a signal on its way; `false` where the customer's app is not told such things.
pub async fn show(
    desk: &Desk,
    scope: TenantScope,
    conversation: ConversationId,
    kind: Kind,
) -> Result<bool, Error> {
    let transaction = desk.database.begin(scope).await?;
    let place = signals::find_place(&transaction, scope, conversation).await?;
    let inbox = match &place {
        Some(place) => inboxes::find(&transaction, scope, place.inbox_id).await?,
        None => None,
    };
    transaction.rollback().await?;
    let (Some(place), Some(inbox)) = (place, inbox.filter(|inbox| inbox.enabled)) else {
        return Ok(false);
    };
    let adapter = channel(inbox.channel);
    if !is_told(adapter, kind, place.last.as_deref()) {
        return Ok(false);
    }
    if kind == Kind::Typing && is_shown_still(desk, adapter, conversation).await {
        return Ok(true);
    }
    let signal = Signal {
        conversation_id: conversation,
        kind: kind.as_str().to_owned(),
        tenant_id: scope.tenant(),
        inbox_id: inbox.id,
        target: place.last,
        at: desk.now(),
    };
    let transaction = desk.database.begin(scope).await?;
    signals::save(&transaction, scope, &signal).await?;
    transaction.commit().await?;
    Ok(true)
}

fn is_told(adapter: &dyn Channel, kind: Kind, last: Option<&str>) -> bool {
    let capabilities = adapter.capabilities();
    match (kind, last) {
        _ if capabilities.fetched => false,
        (Kind::Typing, _) => capabilities.typing,
        (Kind::Read, Some(last)) => adapter.shows_reading(last),
        (Kind::Read, None) => false,
    }
}

/// Tells whether what was shown before is seen still; notes that it is shown now where it is not.
async fn is_shown_still(desk: &Desk, adapter: &dyn Channel, conversation: ConversationId) -> bool {
    let key = format!("typing:told:{}", conversation.0);
    let asked = desk.cache.noted(std::slice::from_ref(&key)).await;
    if asked.is_ok_and(|noted| noted.contains(&true)) {
        return true;
    }
    // A little earlier than it passes, so that it does not flicker.
    let lease = adapter.capabilities().typing_lasts * 4 / 5;
    if let Err(error) = desk.cache.note(&key, lease).await {
        tracing::warn!(%error, "nobody knows how often typing is shown");
    }
    false
}

/// Carries the signals of all tenants to their providers, and returns how many there were.
pub async fn send(desk: &Desk, courier: &Courier, adapters: Adapters) -> Result<usize, Error> {
    let system = desk.database.begin_system().await?;
    let waiting = signals::list(&system, PAGE).await?;
    system.commit().await?;
    let count = waiting.len();
    // The list comes first: a stream over borrowed rows is more than the compiler can prove sendable.
    let carried: Vec<_> = waiting
        .into_iter()
        .map(|signal| carry(desk, courier, adapters, signal))
        .collect();
    futures::future::join_all(carried).await;
    Ok(count)
}

async fn carry(desk: &Desk, courier: &Courier, adapters: Adapters, signal: Signal) {
    let kind = signal.kind.clone();
    let outcome = match carry_one(desk, courier, adapters, &signal).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::debug!(%error, inbox.id = %signal.inbox_id, kind, "a signal was refused");
            "refused"
        }
        Err(error) => {
            tracing::warn!(%error, inbox.id = %signal.inbox_id, "a signal could not be carried");
            "failed"
        }
    };
    metrics::counter!("interdesk_signals_total", "kind" => kind, "outcome" => outcome).increment(1);
}

async fn carry_one(
    desk: &Desk,
    courier: &Courier,
    adapters: Adapters,
    signal: &Signal,
) -> Result<Result<&'static str, SendError>, Error> {
    let scope = TenantScope::new(signal.tenant_id);
    let conversation = signal.conversation_id;
    let transaction = desk.database.begin(scope).await?;
    let taken = signals::claim(&transaction, scope, conversation, &signal.kind).await?;
    let place = signals::find_place(&transaction, scope, conversation).await?;
    let inbox = inboxes::find(&transaction, scope, signal.inbox_id).await?;
    let (Some(taken), Some(place), Some(inbox)) = (taken, place, inbox) else {
        transaction.commit().await?;
        return Ok(Ok("gone"));
    };
    let (said, addresses) = consent::of_person(
        &transaction,
        scope,
        place.contact_id,
        inbox.channel,
        inbox.id,
    )
    .await?;
    let facts = inbox_health::find(&transaction, scope, inbox.id).await?;
    transaction.commit().await?;
    let own = facts.and_then(|facts| u32::try_from(facts.per_second?).ok());
    let Some(kind) = Kind::parse(&taken.kind) else {
        return Ok(Ok("gone"));
    };
    let adapter = adapters(inbox.channel);
    let forbidden = place.group_id.is_none() && said.forbids();
    let is_stale = desk.now() - taken.at > STALE;
    if forbidden || is_stale || !has_room(desk, adapter, (&inbox, own), kind).await {
        return Ok(Ok("dropped"));
    }
    let to = recipients(&inbox, addresses);
    let mut outgoing = outgoing(&taken, &place, kind, to);
    let apart = adapter.capabilities().group_reads_apart && place.group_id.is_some();
    if kind != Kind::Read || !apart {
        return Ok(call(desk, courier, adapter, &inbox, &place, &outgoing).await);
    }
    let transaction = desk.database.begin(scope).await?;
    let unread = signals::list_unread(&transaction, scope, conversation, inbox.id, GROUP_READS);
    let unread = unread.await?;
    transaction.commit().await?;
    let (mut last, mut answer) = (None, Ok("shown"));
    for message in unread {
        outgoing.action = Action::MarkRead {
            target: message.provider_id,
        };
        answer = call(desk, courier, adapter, &inbox, &place, &outgoing).await;
        match &answer {
            Ok("shown") => last = Some(message.version),
            // One that the provider does not know any more holds up nobody; the next time begins here.
            Err(SendError::Refused { failure, .. })
                if !failure.retryable && failure.reason != FailureReason::AccountRefused =>
            {
                last = Some(message.version);
            }
            _ => break,
        }
    }
    if let Some(version) = last {
        let transaction = desk.database.begin(scope).await?;
        signals::note_read(&transaction, scope, conversation, version, desk.now()).await?;
        transaction.commit().await?;
    }
    Ok(answer)
}

/// A signal uses up what the account may send, yet never what waits for it.
async fn has_room(
    desk: &Desk,
    adapter: &dyn Channel,
    (inbox, per_second): (&inboxes::Inbox, Option<u32>),
    kind: Kind,
) -> bool {
    if kind == Kind::Read {
        return true;
    }
    let paces = adapter.capabilities().paces.iter();
    let buckets: Vec<_> = paces
        .filter(|pace| pace.of == PaceOf::Account)
        .map(|pace| per_second.map_or(*pace, Pace::account))
        .map(|pace| Bucket {
            key: format!("leave:{}:{}", pace.of.as_str(), inbox.id),
            every: pace.every,
            burst: pace.burst,
        })
        .collect();
    desk.cache
        .take(&buckets)
        .await
        .is_ok_and(|wait| wait.is_zero())
}

fn outgoing(
    signal: &Signal,
    place: &Place,
    kind: Kind,
    to: Vec<interdesk_domain::message::Address>,
) -> Outgoing {
    let last = signal.target.clone();
    Outgoing {
        attempt: String::new(),
        message: String::new(),
        conversation: signal.conversation_id.to_string(),
        to,
        group: place.group_id.clone(),
        writer: None,
        action: match (kind, last) {
            (Kind::Read, Some(target)) => Action::MarkRead { target },
            (_, last) => Action::Typing { last },
        },
        reply_to: None,
        expires_at: None,
    }
}

async fn call(
    desk: &Desk,
    courier: &Courier,
    adapter: &dyn Channel,
    inbox: &inboxes::Inbox,
    place: &Place,
    outgoing: &Outgoing,
) -> Result<&'static str, SendError> {
    let account = deliver::account(courier, inbox)?;
    if (courier.forbids)(&account.endpoint) {
        return Ok("dropped");
    }
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: place.state.as_deref(),
        files: &NoFiles,
        forbids: courier.forbids,
    };
    match tokio::time::timeout(courier.timeout, adapter.send(&context, outgoing)).await {
        Ok(answer) => answer.map(|_| "shown"),
        Err(_) => Err(SendError::NoAnswer("none in time".to_owned())),
    }
}

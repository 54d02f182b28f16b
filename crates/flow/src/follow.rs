//! Following: what a provider kept asking us is done, an invitation into a room for example.
//!
//! What asks is kept raw by `flow::receive`, so nothing asked is lost; that it was done is noted
//! after the call. A call that is made twice has one effect, so several who follow need no claims.

use crate::deliver::{self, Courier};
use crate::receive::{Mailbox, Webhook, receive};
use crate::{Desk, Error};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Incoming, NoFiles, SendContext, SendError, channel};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::RawWebhookId;
use interdesk_domain::message::Update;
use interdesk_domain::scope::TenantScope;
use interdesk_store::inboxes;
use interdesk_store::raw::{self, RawWebhook};
use std::collections::HashMap;

/// How many are followed in one pass.
const PAGE: i64 = 64;

/// How long something is worth following.
const WORTHWHILE: Duration = Duration::days(7);

/// The longest rest after failures.
const LONGEST_REST: Duration = Duration::minutes(10);

/// What failed lately and rests.
#[derive(Debug, Default)]
pub struct Resting(HashMap<RawWebhookId, (DateTime<Utc>, u32)>);

impl Resting {
    fn now(&mut self, now: DateTime<Utc>) -> Vec<RawWebhookId> {
        self.0.retain(|_, (until, _)| *until > now - LONGEST_REST);
        let resting = self.0.iter().filter(|(_, (until, _))| *until > now);
        resting.map(|(id, _)| *id).collect()
    }

    fn rest(&mut self, id: RawWebhookId, now: DateTime<Utc>, asked: Option<Duration>) {
        let tries = self.0.get(&id).map_or(0, |(_, tries)| *tries);
        let own = Duration::seconds(1 << tries.min(10)).min(LONGEST_REST);
        let until = now + asked.unwrap_or(own).clamp(own, LONGEST_REST);
        self.0.insert(id, (until, tries + 1));
    }
}

/// Does what is asked of all tenants' inboxes, and returns how much was done.
pub async fn follow(desk: &Desk, courier: &Courier, resting: &mut Resting) -> Result<u32, Error> {
    let now = desk.now();
    let system = desk.database.begin_system().await?;
    let since = now - WORTHWHILE;
    let asking = raw::list_asking(&system, since, &resting.now(now), PAGE).await?;
    system.commit().await?;
    let mut done = 0;
    for one in asking {
        match follow_one(desk, courier, &one).await {
            Ok(None) => done += 1,
            Ok(Some(wait)) => resting.rest(one.id, now, wait),
            Err(error) => {
                tracing::warn!(inbox.id = %one.inbox_id, %error, "what was asked could not be looked after");
                resting.rest(one.id, now, None);
            }
        }
    }
    Ok(done)
}

/// Follows one; `Some` where it is to be tried again, with the time that the provider asked for.
async fn follow_one(
    desk: &Desk,
    courier: &Courier,
    one: &RawWebhook,
) -> Result<Option<Option<Duration>>, Error> {
    let scope = TenantScope::new(one.tenant_id);
    let transaction = desk.database.begin(scope).await?;
    let inbox = inboxes::find(&transaction, scope, one.inbox_id).await?;
    transaction.commit().await?;
    let Some(inbox) = inbox.filter(|inbox| inbox.enabled) else {
        return Ok(Some(None));
    };
    let answer = call(desk, courier, &inbox, one).await;
    match answer {
        Ok(learnt) => take_in(desk, scope, &inbox, learnt).await?,
        // What an administrator can mend is tried again.
        Err(SendError::Refused { ref failure, .. })
            if !failure.retryable && failure.reason != FailureReason::AccountRefused =>
        {
            let detail = &failure.detail;
            tracing::warn!(inbox.id = %inbox.id, detail, "what was asked was refused");
        }
        Err(SendError::Refused { retry_after, .. }) => return Ok(Some(retry_after)),
        Err(SendError::NoAnswer(_)) => return Ok(Some(None)),
    }
    let transaction = desk.database.begin(scope).await?;
    raw::mark_retried(&transaction, scope, one.id, desk.now()).await?;
    transaction.commit().await?;
    Ok(None)
}

async fn call(
    desk: &Desk,
    courier: &Courier,
    inbox: &inboxes::Inbox,
    one: &RawWebhook,
) -> Result<Vec<Update>, SendError> {
    let account = deliver::account(courier, inbox)?;
    if (courier.forbids)(&account.endpoint) {
        return Err(SendError::NoAnswer("a private network".to_owned()));
    }
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: None,
        files: &NoFiles,
        forbids: courier.forbids,
    };
    let body = String::from_utf8_lossy(&one.body);
    let following = channel(inbox.channel).follow(&context, &body);
    let answer = match tokio::time::timeout(courier.timeout, following).await {
        Ok(answer) => answer?,
        Err(_) => return Err(SendError::NoAnswer("none in time".to_owned())),
    };
    if answer.is_empty() {
        return Ok(Vec::new());
    }
    let learnt = channel(inbox.channel).parse(&Incoming::kept(&answer), &account.credentials);
    learnt.map_err(|error| SendError::NoAnswer(error.to_string()))
}

/// Takes in what was learnt by doing what was asked, as if it had come.
async fn take_in(
    desk: &Desk,
    scope: TenantScope,
    inbox: &inboxes::Inbox,
    updates: Vec<Update>,
) -> Result<(), Error> {
    if updates.is_empty() {
        return Ok(());
    }
    let news = Webhook {
        inbox: Mailbox {
            id: inbox.id,
            channel: inbox.channel,
            queue: inbox.queue_id,
        },
        updates,
        trace: None,
        received_at: desk.now(),
    };
    receive(desk, scope, &[news]).await
}

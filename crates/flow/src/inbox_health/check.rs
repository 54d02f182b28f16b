//! Asks providers how accounts are, and which templates they have.

use super::Account;
use crate::deliver::{self, Adapters, Courier};
use crate::{Context, Desk, Error, conflict};
use chrono::Duration;
use interdesk_channels::{NoFiles, SendContext, SendError};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::InboxId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Condition, Examined, HealthState};
use interdesk_domain::scope::TenantScope;
use interdesk_store::inbox_health::{self as rows, Unasked};
use interdesk_store::{inboxes, outbox, templates};

/// How many inboxes one pass asks about.
const PAGE: i64 = 64;

/// Asks about every inbox that nobody asked about for `every`, and returns how many were asked.
pub async fn check(
    desk: &Desk,
    courier: &Courier,
    every: Duration,
    adapters: Adapters,
) -> Result<u32, Error> {
    let since = desk.now() - every;
    let system = desk.database.begin_system().await?;
    let unasked = rows::list_unasked(&system, since, PAGE).await?;
    system.commit().await?;
    let mut asked = 0;
    for one in unasked {
        match check_one(desk, courier, every, adapters, &one).await {
            Ok(true) => asked += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(inbox.id = %one.id, %error, "an inbox could not be looked after");
            }
        }
    }
    Ok(asked)
}

async fn check_one(
    desk: &Desk,
    courier: &Courier,
    every: Duration,
    adapters: Adapters,
    one: &Unasked,
) -> Result<bool, Error> {
    let scope = TenantScope::new(one.tenant_id);
    let (now, since) = (desk.now(), desk.now() - every);
    let transaction = desk.database.begin(scope).await?;
    let mine = rows::claim_check(&transaction, scope, one.id, since, now).await?;
    let inbox = inboxes::find(&transaction, scope, one.id).await?;
    let facts = rows::find(&transaction, scope, one.id).await?;
    transaction.commit().await?;
    let (true, Some(inbox)) = (mine, inbox) else {
        return Ok(false);
    };
    let known = facts.and_then(|facts| facts.business_account);
    let examined = match ask(desk, courier, adapters, &inbox, known.as_deref()).await {
        Ok(Some(examined)) => examined,
        Ok(None) => return Ok(true),
        Err(error) => match refusal(&error) {
            Some(condition) => Examined {
                conditions: vec![condition],
                ..Examined::default()
            },
            None => return Ok(true),
        },
    };
    conflict::retry(|| write(desk, scope, inbox.id, &examined, now)).await?;
    Ok(true)
}

async fn ask(
    desk: &Desk,
    courier: &Courier,
    adapters: Adapters,
    inbox: &inboxes::Inbox,
    business_account: Option<&str>,
) -> Result<Option<Examined>, SendError> {
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
    let asking = adapters(inbox.channel).examine(&context, business_account);
    // Templates come in pages, each of which may take its time.
    match tokio::time::timeout(courier.timeout * 3, asking).await {
        Ok(answer) => answer,
        Err(_) => Err(SendError::NoAnswer("none in time".to_owned())),
    }
}

/// Notes a refusal that is about the account itself, so that somebody sees it before the provider
/// is asked next; where that does not work, asking tells the same.
pub(crate) async fn note_refusal(
    desk: &Desk,
    scope: TenantScope,
    inbox: &inboxes::Inbox,
    error: &SendError,
) {
    let asked = !matches!(inbox.channel, ChannelKind::Webhook | ChannelKind::Webchat);
    if let Some(condition) = refusal(error).filter(|_| asked) {
        note(desk, scope, inbox.id, condition).await;
    }
}

/// Notes how an inbox is in one respect; where that does not work, the next look tells the same.
pub async fn note(desk: &Desk, scope: TenantScope, inbox: InboxId, condition: Condition) {
    let examined = Examined {
        conditions: vec![condition],
        ..Examined::default()
    };
    let now = desk.now();
    let noted = conflict::retry(|| write(desk, scope, inbox, &examined, now)).await;
    if let Err(error) = noted {
        tracing::warn!(inbox.id = %inbox, %error, "how an inbox is was not noted");
    }
}

/// Returns what a refusal tells of the account; `None` where it may pass by itself, or is about one
/// chat alone.
fn refusal(error: &SendError) -> Option<Condition> {
    let SendError::Refused { failure, .. } = error else {
        return None;
    };
    let code = failure.provider_code.as_deref()?;
    let whole = failure.reason == FailureReason::AccountRefused && !matches!(code, "400" | "403");
    let (state, detail) = (HealthState::Blocked, &failure.detail);
    whole.then(|| Condition::new("access", state, code, detail))
}

async fn write(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    examined: &Examined,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    let context = Context::system(None, None);
    let mut account = Account::lock(desk, &transaction, scope, inbox, &context).await?;
    for condition in &examined.conditions {
        account.note(condition, now).await?;
    }
    if let Some(per_second) = examined.per_second {
        account.facts.per_second = i32::try_from(per_second).ok();
    }
    if examined.business_account.is_some() {
        account.facts.business_account = examined.business_account.clone();
    }
    if examined.number.is_some() {
        account.facts.number = examined.number.clone();
    }
    if let Some(listed) = &examined.templates {
        for template in listed {
            account.template(template, now).await?;
        }
        let names: Vec<_> = listed
            .iter()
            .map(|it| (it.name.clone(), it.language.clone()))
            .collect();
        templates::delete_unlisted(&transaction, scope, inbox, &names, now).await?;
        account.facts.templates_listed_at = Some(now);
    }
    let events = account.finish().await?;
    outbox::append(&transaction, &events).await?;
    transaction.commit().await?;
    if !events.is_empty() {
        desk.committed.notify_one();
    }
    Ok(())
}

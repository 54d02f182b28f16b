//! Telling people and programs beside their work: mails and calls of the tenant's own address.
//!
//! Whoever tells writes rows; here they leave. A try is claimed and committed before the call, so of
//! several senders one makes it, and one that dies leaves it to the next after the lease. Mails and
//! calls bear the notification's id over all tries, so that a second one can be known for what it is.

use crate::deliver::{Courier, account};
use crate::{Desk, Error};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use interdesk_channels::email::notice::{self, Notice};
use interdesk_channels::standard_webhooks::Signer;
use interdesk_channels::{SendContext, SendError};
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::Medium;
use interdesk_store::notifications::{self, Hook, Notification, NotificationKind, Unsent};
use interdesk_store::vault::{self, Vault};
use interdesk_store::{Conn, inboxes};
use serde_json::{Value, json};

/// How many are sent at once.
const PAGE: i64 = 50;
/// How long a try may take before another is made.
const LEASE: Duration = Duration::seconds(120);
/// How often one is tried before it is given up.
const TRIES: i32 = 7;

/// Sends what waits, of all tenants, and returns how many tries were made.
pub async fn send(desk: &Desk, courier: &Courier) -> Result<usize, Error> {
    let system = desk.database.begin_system().await?;
    let waiting = notifications::list_unsent(&system, desk.now(), PAGE).await?;
    system.commit().await?;
    let count = waiting.len();
    for one in waiting {
        if let Err(error) = send_one(desk, courier, &one).await {
            tracing::warn!(%error, tenant.id = %one.tenant_id, "a notification has to wait");
        }
    }
    Ok(count)
}

async fn send_one(desk: &Desk, courier: &Courier, one: &Unsent) -> Result<(), Error> {
    let (scope, now) = (TenantScope::new(one.tenant_id), desk.now());
    let transaction = desk.database.begin(scope).await?;
    let claimed = notifications::claim(&transaction, scope, one.id, now, now + LEASE).await?;
    let Some(notification) = claimed else {
        return Ok(transaction.rollback().await?);
    };
    let way = way(&transaction, scope, &notification, now).await?;
    transaction.commit().await?;
    let answer = match &way {
        Some(Way::Hook(hook)) => call(courier, scope.tenant(), hook, &notification, now).await,
        Some(Way::Mail(inbox, to)) => mail(desk, courier, inbox, to, &notification).await,
        None => Err(Failed::for_good("no way leads to the recipient any more")),
    };
    record(desk, scope, &notification, answer).await
}

enum Way {
    Hook(Hook),
    Mail(Box<inboxes::Inbox>, String),
}

async fn way(
    conn: &Conn,
    scope: TenantScope,
    notification: &Notification,
    now: DateTime<Utc>,
) -> Result<Option<Way>, Error> {
    if notification.medium == Medium::Webhook {
        let hook = notifications::find_hook(conn, scope).await?;
        return Ok(hook.map(Way::Hook));
    }
    let agents: Vec<_> = notification.recipient_id.into_iter().collect();
    let to = notifications::list_agents(conn, scope, &agents, now).await?;
    let inbox = match notifications::find_mail_inbox(conn, scope).await? {
        Some(inbox) => inboxes::find(conn, scope, inbox).await?,
        None => None,
    };
    let way = to.into_iter().next().zip(inbox);
    Ok(way.map(|(to, inbox)| Way::Mail(Box::new(inbox), to.email)))
}

/// Why a try failed, and whether another may do better.
pub(crate) struct Failed {
    pub(crate) detail: String,
    again: bool,
}

impl Failed {
    fn for_good(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            detail,
            again: false,
        }
    }

    fn for_now(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            detail,
            again: true,
        }
    }
}

/// Calls the tenant's own address, signed as Standard Webhooks has it.
async fn call(
    courier: &Courier,
    tenant: TenantId,
    hook: &Hook,
    notification: &Notification,
    now: DateTime<Utc>,
) -> Result<(), Failed> {
    if (courier.forbids)(&hook.url) {
        return Err(Failed::for_good("the address leads into a private network"));
    }
    let secret = courier.vault.open(&purpose(tenant), &hook.secret);
    let secret = secret
        .ok()
        .and_then(|one| String::from_utf8(one.expose().clone()).ok());
    let signer = secret.and_then(|secret| Signer::parse(&secret).ok());
    let Some(signer) = signer else {
        return Err(Failed::for_good(
            "the secret cannot be opened with the present key",
        ));
    };
    let body = body(notification, now).to_string();
    let id = notification.id.to_string();
    let request = courier
        .client
        .post(&hook.url)
        .timeout(courier.timeout)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", now.timestamp())
        .header("webhook-signature", signer.sign(&id, now, body.as_bytes()))
        .body(body);
    match request.send().await.map(|answer| answer.status().as_u16()) {
        Ok(200..=299) => Ok(()),
        Ok(410) => Err(Failed::for_good("the address answered 410")),
        Ok(status) => Err(Failed::for_now(format!("the address answered {status}"))),
        Err(error) => Err(Failed::for_now(error.without_url().to_string())),
    }
}

fn body(notification: &Notification, now: DateTime<Utc>) -> Value {
    let kind = match notification.kind {
        NotificationKind::SlaWarning => "sla.warning",
        NotificationKind::SlaBreach => "sla.breach",
        NotificationKind::SlaStep => "sla.step",
    };
    json!({
        "type": kind,
        "timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": {
            "notification": notification.id,
            "conversation": notification.conversation_id,
            "episode": notification.episode_id,
            "clock": notification.clock,
            "started_by": notification.started_by,
            "step": (!notification.step.is_empty()).then_some(&notification.step),
            "at": notification.at,
            "deadline": notification.deadline,
        },
    })
}

/// Sends a mail through the workspace's inbox.
async fn mail(
    desk: &Desk,
    courier: &Courier,
    inbox: &inboxes::Inbox,
    to: &str,
    notification: &Notification,
) -> Result<(), Failed> {
    let (subject, text) = words(notification);
    let notice = Notice {
        id: notification.id.0,
        to,
        subject: &subject,
        text: &text,
        written_at: notification.made_at,
    };
    send_notice(desk, courier, inbox, &notice).await
}

/// Sends a mail to somebody of the workspace through one of its inboxes.
pub(crate) async fn send_notice(
    desk: &Desk,
    courier: &Courier,
    inbox: &inboxes::Inbox,
    notice: &Notice<'_>,
) -> Result<(), Failed> {
    let account = account(courier, inbox).map_err(failed)?;
    if (courier.forbids)(&account.endpoint) {
        return Err(Failed::for_good("the mail server is in a private network"));
    }
    let scope = TenantScope::new(inbox.tenant_id);
    let files = crate::attach::StoredFiles::new(desk, scope);
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: None,
        files: &files,
        forbids: courier.forbids,
    };
    notice::send(&context, notice).await.map_err(failed)
}

fn failed(error: SendError) -> Failed {
    match error {
        SendError::Refused { failure, .. } if !failure.retryable => {
            Failed::for_good(failure.detail)
        }
        error => Failed::for_now(error.to_string()),
    }
}

/// Says it in words, as a subject and a text; what the customer wrote is in neither.
fn words(notification: &Notification) -> (String, String) {
    let clock = notification.clock.as_str().replace('_', " ");
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let at = moment(notification.at);
    let (subject, what) = match (notification.kind, notification.deadline) {
        (NotificationKind::SlaWarning, Some(deadline)) => (
            format!("Due soon: {clock}"),
            format!("The {clock} is due at {}.", moment(deadline)),
        ),
        (NotificationKind::SlaWarning, None) => (
            format!("Due soon: {clock}"),
            format!("The {clock} is due soon."),
        ),
        (NotificationKind::SlaBreach, _) => (
            format!("Overdue: {clock}"),
            format!("The time for the {clock} was over at {at}."),
        ),
        (NotificationKind::SlaStep, _) => (
            format!("Late: {clock}"),
            format!("The {clock} is late: {} at {at}.", notification.step),
        ),
    };
    let conversation = notification.conversation_id;
    let text =
        format!("{what}\n\nConversation: {conversation}\n\nNobody reads answers to this mail.\n");
    (subject, text)
}

async fn record(
    desk: &Desk,
    scope: TenantScope,
    notification: &Notification,
    answer: Result<(), Failed>,
) -> Result<(), Error> {
    let now = desk.now();
    let tries = notification.attempts;
    // 30 seconds, one minute, two, four…
    let rest = Duration::seconds(30 << (tries - 1).clamp(0, TRIES));
    let (sent_at, try_at, failure) = match answer {
        Ok(()) => (Some(now), None, None),
        Err(failed) if failed.again && tries < TRIES => {
            (None, Some(now + rest), Some(failed.detail))
        }
        Err(failed) => (None, None, Some(failed.detail)),
    };
    let outcome = match (&sent_at, &try_at) {
        (Some(_), _) => "sent",
        (None, Some(_)) => "retried",
        (None, None) => "failed",
    };
    let medium = notification.medium.as_str();
    metrics::counter!("interdesk_notifications_total", "medium" => medium, "outcome" => outcome)
        .increment(1);
    let transaction = desk.database.begin(scope).await?;
    let failure = failure.as_deref();
    notifications::settle(
        &transaction,
        scope,
        notification.id,
        sent_at,
        try_at,
        failure,
    )
    .await?;
    Ok(transaction.commit().await?)
}

/// Sets the tenant's own address, or takes it away; returns the secret by which it knows the calls.
pub async fn set_hook(
    desk: &Desk,
    vault: &Vault,
    scope: TenantScope,
    url: Option<&str>,
) -> Result<Option<String>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let Some(url) = url else {
        notifications::set_hook(&transaction, scope, None, desk.now()).await?;
        transaction.commit().await?;
        return Ok(None);
    };
    let sealed = || Error::Sealed {
        what: "the secret of the notification address".to_owned(),
    };
    // Hex is base64 too, and as hard to guess.
    let drawn = vault::random_text(24).map_err(|_| sealed())?;
    let secret = format!("whsec_{drawn}");
    let hook = Hook {
        url: url.to_owned(),
        secret: vault
            .seal(&purpose(scope.tenant()), secret.as_bytes())
            .map_err(|_| sealed())?,
    };
    notifications::set_hook(&transaction, scope, Some(&hook), desk.now()).await?;
    transaction.commit().await?;
    Ok(Some(secret))
}

/// Seals the secret of a tenant's address anew under the newest key.
pub(crate) async fn reseal(
    desk: &Desk,
    vault: &Vault,
    scope: TenantScope,
    resealed: &mut crate::reseal::Resealed,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    if let Some(hook) = notifications::find_hook(&transaction, scope).await? {
        let name = purpose(scope.tenant());
        match vault.reseal(&name, &hook.secret) {
            Ok(None) => resealed.current += 1,
            Ok(Some(secret)) => {
                let hook = Hook { secret, ..hook };
                notifications::set_hook(&transaction, scope, Some(&hook), desk.now()).await?;
                resealed.keys += 1;
            }
            Err(error) => resealed.unreadable.push(format!("{name}: {error}")),
        }
    }
    transaction.commit().await?;
    Ok(())
}

fn purpose(tenant: TenantId) -> String {
    format!("notification address of {tenant}")
}

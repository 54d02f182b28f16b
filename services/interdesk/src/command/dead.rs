//! `interdesk dead`: what could not be handled, and another try for it.

use crate::foundation::{Foundation, Use};
use crate::run;
use crate::say::say;
use anyhow::Context;
use clap::Subcommand;
use interdesk_bus::{Bus, RabbitBus, RabbitSettings};
use interdesk_channels::{Credentials, Incoming, channel};
use interdesk_domain::id::RawWebhookId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::{self, Mailbox, Webhook};
use interdesk_node::config::Config;
use interdesk_node::dead::{self, Dead};
use interdesk_store::{inboxes, raw};
use uuid::Uuid;

/// What to do with it.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List webhooks that were not understood and events that were given up.
    List {
        /// How many of each at most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Try again: the given ids, or everything.
    Retry {
        /// Ids as `dead list` prints them.
        ids: Vec<Uuid>,
    },
}

/// Runs it.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = with_database(&foundation, command).await;
    foundation.close().await;
    done
}

async fn with_database(foundation: &Foundation, command: Command) -> anyhow::Result<()> {
    let bus = broker(&foundation.config).await?;
    let carrier = bus.as_ref().map(|bus| bus as &dyn Bus);
    let database = &foundation.desk.database;
    match command {
        Command::List { limit } => {
            let found = dead::list(database, carrier, limit).await?;
            found.iter().for_each(print);
            say!("{} could not be handled", found.len());
        }
        Command::Retry { ids } => {
            let chosen = |id: &Uuid| ids.is_empty() || ids.contains(id);
            for webhook in dead::list(database, carrier, usize::MAX >> 1).await? {
                if let Dead::Webhook { id, tenant, .. } = webhook
                    && chosen(&id)
                {
                    let scope = TenantScope::new(tenant);
                    let outcome = read_again(foundation, scope, RawWebhookId(id)).await;
                    say!(
                        "webhook {id}: {}",
                        outcome.map_or_else(|it| format!("{it:#}"), |()| "stored".to_owned())
                    );
                }
            }
            match carrier {
                Some(bus) => say!("{} events are tried again", bus.retry_dead(&ids).await?),
                None => {
                    dead::ask_for_retry(database, &ids).await?;
                    say!("the running desk was asked to try its dead events again");
                }
            }
        }
    }
    Ok(())
}

async fn broker(config: &Config) -> anyhow::Result<Option<RabbitBus>> {
    let Some(url) = &config.bus.url else {
        return Ok(None);
    };
    let topology = run::topology(config);
    let bus = RabbitBus::connect(url.expose(), topology, RabbitSettings::default()).await;
    Ok(Some(bus.context(
        "the broker at bus.url (AMQP_URL) does not answer",
    )?))
}

/// Reads a kept body as if it came now: a newer program may understand it.
async fn read_again(
    foundation: &Foundation,
    scope: TenantScope,
    id: RawWebhookId,
) -> anyhow::Result<()> {
    let desk = &foundation.desk;
    let transaction = desk.database.begin(scope).await?;
    let kept = raw::find(&transaction, scope, id)
        .await?
        .context("is gone")?;
    let inbox = inboxes::find(&transaction, scope, kept.inbox_id).await?;
    transaction.commit().await?;
    let inbox = inbox.context("its inbox is gone")?;
    let incoming = Incoming::kept(&kept.body);
    let updates = channel(inbox.channel).parse(&incoming, &Credentials::default())?;
    let mailbox = Mailbox {
        id: inbox.id,
        channel: inbox.channel,
        queue: inbox.queue_id,
    };
    let webhook = Webhook {
        inbox: mailbox,
        updates,
        trace: None,
        received_at: kept.received_at,
    };
    receive::receive(desk, scope, &[webhook]).await?;
    let transaction = desk.database.begin(scope).await?;
    raw::mark_retried(&transaction, scope, id, desk.now()).await?;
    Ok(transaction.commit().await?)
}

fn print(dead: &Dead) {
    match dead {
        Dead::Webhook {
            id,
            tenant,
            inbox,
            reason,
            received_at,
        } => {
            say!("webhook {id} {tenant} {inbox} {received_at} {reason}");
        }
        Dead::Event {
            id,
            tenant,
            queue,
            event,
            attempts,
            reason,
        } => {
            say!("event {id} {tenant} {queue} {event} after {attempts} tries: {reason}");
        }
    }
}

//! Where mails come in.

use crate::foundation::Foundation;
use crate::say::say;
use anyhow::Context;
use interdesk_ingestion::{
    Dialect, Intake, ListenLimits, Listener, MailDirectory, MailIntake, PollLimits, poll,
};
use interdesk_node::lifecycle::{Importance, TaskSet};
use interdesk_node::provider;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Listens for mail servers, as the settings say; returns where LMTP is taken, which in a demo it
/// always is.
pub(crate) async fn spawn(
    foundation: &Foundation,
    webhooks: &Intake,
    demo: bool,
    tasks: &mut TaskSet,
) -> anyhow::Result<Option<SocketAddr>> {
    let database = foundation.desk.database.clone();
    let intake = MailIntake {
        desk: foundation.desk.clone(),
        directory: Arc::new(MailDirectory::new(database, foundation.vault.clone())),
        batcher: webhooks.batcher.clone(),
    };
    let settings = &foundation.config.mail;
    let doors = [
        (
            "lmtp",
            settings.lmtp_port.or(demo.then_some(0)),
            Dialect::Lmtp,
        ),
        ("smtp", settings.smtp_port, Dialect::Smtp),
    ];
    if settings.imap {
        let providers = &foundation.config.providers;
        let limits = PollLimits {
            every: Duration::from_secs(settings.imap_poll_seconds),
            most: settings.imap_connections,
            max_bytes: settings.max_bytes,
            forbids: match providers.allow_private_callbacks {
                true => |_| false,
                false => provider::is_forbidden_url,
            },
        };
        let (intake, soft) = (intake.clone(), tasks.shutdown().soft().clone());
        tasks.spawn("mailboxes", Importance::Critical, async move {
            poll(intake, limits, soft).await;
            Ok(())
        });
    }
    let mut lmtp = None;
    for (name, port, dialect) in doors {
        let Some(port) = port else { continue };
        let limits = ListenLimits {
            name: settings.name.clone(),
            max_bytes: settings.max_bytes,
            max_connections: settings.max_connections,
            patience: Duration::from_secs(settings.command_timeout_seconds),
        };
        let address = SocketAddr::new(settings.bind, port);
        let listener = Listener::bind(address, dialect, limits).await;
        let listener = listener
            .with_context(|| format!("{address} is not free; set mail.{name}_port to another"))?;
        let address = listener.address()?;
        say!("mail: {name}://{address}");
        if dialect == Dialect::Lmtp {
            lmtp = Some(address);
        }
        let (intake, soft) = (intake.clone(), tasks.shutdown().soft().clone());
        tasks.spawn(name, Importance::Critical, async move {
            listener.run(intake, soft).await;
            Ok(())
        });
    }
    Ok(lmtp)
}

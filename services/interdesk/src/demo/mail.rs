//! Mail in the demo: a server that catches what agents write, and customers who write mails.

use super::{find, inbox};
use crate::foundation::Foundation;
use anyhow::Context;
use interdesk_channels::Credentials;
use interdesk_domain::inbox::ChannelKind;
use interdesk_flow::provision::InboxPlan;
use interdesk_simulator::mail::{Catcher, Customers, run};
use interdesk_store::inboxes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// The address of the demo's mailbox.
const ADDRESS: &str = "support@desk.example";

/// Returns the demo's mailbox; its catcher wants no login.
pub(super) fn mailbox() -> InboxPlan {
    let credentials = Credentials {
        others: BTreeMap::from([("name".to_owned(), "Demo desk".to_owned())]),
        ..Credentials::default()
    };
    inbox(ChannelKind::Email, "Mail", ADDRESS, credentials)
}

/// Starts the catcher on `port`, points the mailbox at it, and returns customers at work, who hand
/// their mails to the desk's LMTP door.
pub(crate) async fn play(
    foundation: &Foundation,
    port: u16,
    door: SocketAddr,
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let desk = &foundation.desk;
    let catcher = Catcher::start(port)
        .await
        .with_context(|| format!("port {port} is not free for the demo's mail server"))?;
    let scope = find(desk).await?.context("there is no demo workspace")?;
    let transaction = desk.database.begin(scope).await?;
    for inbox in inboxes::list(&transaction, scope).await? {
        if inbox.channel == ChannelKind::Email {
            inboxes::set_endpoint(&transaction, scope, inbox.id, &catcher.url()).await?;
        }
    }
    transaction.commit().await?;
    let seed = desk.now().timestamp_millis().unsigned_abs();
    let customers = Customers::new(door, ADDRESS, seed);
    Ok(run(catcher, customers, stop))
}

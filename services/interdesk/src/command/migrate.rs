//! `interdesk migrate`: brings the database up to date, as its owner.

use crate::foundation::{Foundation, Use, owner_url};
use crate::say::say;
use interdesk_node::config::Config;
use interdesk_store::migrate;

/// Runs what is missing and prints its names.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    if config.database.url.is_none() && config.database.migration_url.is_none() {
        // Opening the private database brings it up to date.
        Foundation::open(config.clone(), Use::Beside)
            .await?
            .close()
            .await;
        say!("the private database is up to date");
        return Ok(());
    }
    let run = migrate::run(&owner_url(config)?).await?;
    for name in &run {
        say!("ran {name}");
    }
    say!("the database is up to date");
    Ok(())
}

//! `interdesk matrix`: what a homeserver has to know of the desk.

use super::inbox::{Found, Wanted};
use crate::foundation::{Foundation, Use};
use crate::say::say;
use interdesk_channels::matrix::Registration;
use interdesk_domain::inbox::ChannelKind;
use interdesk_node::config::Config;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print the registration file of an inbox, in YAML; it holds secrets.
    Registration(Wanted),
}

/// Runs the command.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Registration(wanted) = command;
    let foundation = Foundation::open(config, Use::Beside).await?;
    let made = registration(&foundation, wanted).await;
    foundation.close().await;
    say!("{}", made?.to_string().trim_end());
    Ok(())
}

async fn registration(foundation: &Foundation, wanted: Wanted) -> anyhow::Result<Registration> {
    let found = wanted.find(foundation, ChannelKind::Matrix, "Matrix");
    let Found {
        inbox,
        credentials,
        address,
    } = found.await?;
    let name = format!("interdesk-{}", inbox.id.0);
    Ok(Registration::of(&name, &address, &credentials)?)
}

//! `interdesk topology`, `schema` and `config`: what is generated from the code.

use crate::run::topology as topology_of;
use crate::say::{say, text};
use interdesk_node::config::{self, Config};

/// Prints exchanges, queues and bindings in RabbitMQ's definitions format.
pub(crate) fn topology(config: &Config) -> anyhow::Result<()> {
    say!(
        "{}",
        serde_json::to_string_pretty(&topology_of(config).definitions())?
    );
    Ok(())
}

/// Prints the GraphQL schema.
pub(crate) fn schema() {
    text(&interdesk_graphql::sdl());
}

/// Prints every setting, as a file to start from or as a page.
pub(crate) fn config(markdown: bool) {
    match markdown {
        true => text(&config::reference()),
        false => text(&config::example()),
    }
}

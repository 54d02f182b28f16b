//! `interdesk whatsapp`: what one does with a number beside writing by it.

use super::inbox::{Found, Wanted};
use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::bail;
use interdesk_channels::whatsapp::business::{self, Brought, NewGroup};
use interdesk_channels::{NoFiles, SendContext};
use interdesk_domain::inbox::ChannelKind;
use interdesk_node::config::Config;
use interdesk_node::provider;
use std::time::Duration;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Have Meta bring what is in the WhatsApp Business app: each once, within 24 hours of its connection.
    Sync {
        #[command(flatten)]
        wanted: Wanted,
        /// What to bring.
        #[arg(value_enum)]
        what: What,
    },
    /// Look after where Meta brings what happens at a number.
    #[command(subcommand)]
    Webhook(Webhook),
    /// Look after the groups of a number.
    Group {
        #[command(flatten)]
        wanted: Wanted,
        #[command(subcommand)]
        act: Act,
    },
}

/// What to do with the webhook.
#[derive(clap::Subcommand)]
pub(crate) enum Webhook {
    /// Tell Meta to bring it to this desk, whatever the callback of the app is.
    Set(Wanted),
}

/// What can be brought.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum What {
    /// The address book.
    Contacts,
    /// The chats of the last six months.
    History,
}

/// What to do with groups.
#[derive(clap::Subcommand)]
pub(crate) enum Act {
    /// Make a group; its id and link come by webhook.
    Create {
        /// How it is called, of 128 characters at most.
        subject: String,
        /// What stands about it, of 2,048 characters at most.
        #[arg(long)]
        description: Option<String>,
        /// Let people who follow the link in only once they are approved.
        #[arg(long)]
        approval: bool,
    },
    /// Print the link by which people come in.
    Link {
        /// The group's id.
        group: String,
        /// Make another one, so that the one before is worthless.
        #[arg(long)]
        anew: bool,
    },
    /// List who asks to be let in.
    Requests {
        /// The group's id.
        group: String,
    },
    /// Let people in who asked.
    Approve {
        /// The group's id.
        group: String,
        /// The ids of their requests.
        #[arg(required = true)]
        requests: Vec<String>,
    },
    /// Turn people away who asked.
    Reject {
        /// The group's id.
        group: String,
        /// The ids of their requests.
        #[arg(required = true)]
        requests: Vec<String>,
    },
    /// Take somebody out.
    Remove {
        /// The group's id.
        group: String,
        /// Their number (digits) or user id.
        participant: String,
    },
    /// Delete a group: everybody leaves it.
    Delete {
        /// The group's id.
        group: String,
    },
}

/// Runs the command.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = done(&foundation, command).await;
    foundation.close().await;
    say!("{}", done?);
    Ok(())
}

async fn done(foundation: &Foundation, command: Command) -> anyhow::Result<String> {
    let (desk, config) = (&foundation.desk, &foundation.config);
    let (wanted, command) = match command {
        Command::Sync { wanted, what } => (wanted, Wish::Sync(what)),
        Command::Webhook(Webhook::Set(wanted)) => (wanted, Wish::Webhook),
        Command::Group { wanted, act } => (wanted, Wish::Group(act)),
    };
    let found = wanted.find(foundation, ChannelKind::Whatsapp, "WhatsApp");
    let Found {
        inbox,
        credentials,
        address,
    } = found.await?;
    let allow_private = config.providers.allow_private_callbacks;
    let client = provider::client(
        Duration::from_secs(config.delivery.timeout_seconds),
        allow_private,
    )?;
    let endpoint = inbox.endpoint.as_deref();
    let context = SendContext {
        client: &client,
        account_id: &inbox.account_id,
        endpoint: endpoint.unwrap_or(&config.providers.whatsapp_base_url),
        credentials: &credentials,
        now: desk.now(),
        state: None,
        files: &NoFiles,
        forbids: if allow_private {
            |_| false
        } else {
            provider::is_forbidden_url
        },
    };
    if (context.forbids)(context.endpoint) {
        bail!("the inbox's address leads into a private network");
    }
    match command {
        Wish::Sync(what) => sync(&context, what).await,
        Wish::Webhook => {
            business::set_webhook(&context, &address).await?;
            Ok(format!("Meta brings what happens at {} here", inbox.name))
        }
        Wish::Group(act) => group(&context, act).await,
    }
}

enum Wish {
    Sync(What),
    Webhook,
    Group(Act),
}

async fn sync(context: &SendContext<'_>, what: What) -> anyhow::Result<String> {
    let (what, words) = match what {
        What::Contacts => (Brought::Contacts, "contacts"),
        What::History => (Brought::History, "history"),
    };
    let request = business::bring(context, what).await?;
    Ok(format!(
        "Meta brings the {words} by webhooks (request {request})"
    ))
}

async fn group(context: &SendContext<'_>, act: Act) -> anyhow::Result<String> {
    Ok(match act {
        Act::Create {
            subject,
            description,
            approval,
        } => {
            let group = NewGroup {
                subject,
                description,
                approval,
            };
            let request = business::create_group(context, &group).await?;
            format!("Meta makes the group; its id and link come by webhook (request {request})")
        }
        Act::Link { group, anew } => business::invite_link(context, &group, anew).await?,
        Act::Requests { group } => {
            let found = business::join_requests(context, &group).await?;
            let lines = found
                .into_iter()
                .map(|one| format!("{} {}", one.id, one.who));
            let lines: Vec<_> = lines.collect();
            match lines.is_empty() {
                true => "nobody asks to be let in".to_owned(),
                false => lines.join("\n"),
            }
        }
        Act::Approve { group, requests } => answer(context, &group, &requests, true).await?,
        Act::Reject { group, requests } => answer(context, &group, &requests, false).await?,
        Act::Remove { group, participant } => {
            let participant = participant.trim_start_matches('+');
            match business::remove_participant(context, &group, participant).await? {
                0 => format!("{participant} is out of the group"),
                _ => bail!("{participant} could not be taken out; are they in the group?"),
            }
        }
        Act::Delete { group } => {
            business::delete_group(context, &group).await?;
            "Meta deletes the group; that it is gone comes by webhook".to_owned()
        }
    })
}

async fn answer(
    context: &SendContext<'_>,
    group: &str,
    requests: &[String],
    let_in: bool,
) -> anyhow::Result<String> {
    let failed = business::answer_requests(context, group, requests, let_in).await?;
    let done = if let_in { "let in" } else { "turned away" };
    match failed {
        0 => Ok(format!("{} {done}", requests.len())),
        _ => bail!(
            "{failed} of {} could not be {done}; list the requests again",
            requests.len()
        ),
    }
}

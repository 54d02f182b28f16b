//! `interdesk whatsapp`: what one does with a number beside writing by it.

use super::inbox::{Found, Wanted};
use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::{Context as _, bail};
use interdesk_channels::whatsapp::business::{self, Brought, NewGroup};
use interdesk_channels::{Credentials, NoFiles, SendContext};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_node::config::Config;
use interdesk_node::provider;
use interdesk_store::inbox_health;
use interdesk_store::inboxes::Inbox;
use std::path::PathBuf;
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
    /// Look after the templates of a number's business account.
    Template {
        #[command(flatten)]
        wanted: Wanted,
        #[command(subcommand)]
        act: TemplateAct,
    },
    /// Shut people out: they can neither write nor be written to. Meta takes those who wrote within a day.
    Block {
        #[command(flatten)]
        wanted: Wanted,
        /// Their numbers (digits) or user ids.
        #[arg(required = true)]
        people: Vec<String>,
    },
    /// Let people in again who were shut out.
    Unblock {
        #[command(flatten)]
        wanted: Wanted,
        /// Their numbers (digits) or user ids.
        #[arg(required = true)]
        people: Vec<String>,
    },
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

/// What to do with templates.
#[derive(clap::Subcommand)]
pub(crate) enum TemplateAct {
    /// Hand a template to Meta for approval; what becomes of it comes by webhook.
    Create {
        /// A file with the template in JSON: name, category, language, components.
        file: PathBuf,
    },
    /// Delete a template in all its languages.
    Delete {
        /// Its name.
        name: String,
    },
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
        Command::Template { wanted, act } => (wanted, Wish::Template(act)),
        Command::Block { wanted, people } => (wanted, Wish::Block(people, true)),
        Command::Unblock { wanted, people } => (wanted, Wish::Block(people, false)),
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
        Wish::Template(act) => {
            let account = business_account(foundation, &inbox, &credentials).await?;
            template(&context, &account, act).await
        }
        Wish::Block(people, shut_out) => block(&context, &people, shut_out).await,
        Wish::Group(act) => group(&context, act).await,
    }
}

/// Returns the business account that a number belongs to: templates are the account's.
async fn business_account(
    foundation: &Foundation,
    inbox: &Inbox,
    credentials: &Credentials,
) -> anyhow::Result<String> {
    if let Some(known) = credentials.other("business_account") {
        return Ok(known.to_owned());
    }
    let scope = TenantScope::new(inbox.tenant_id);
    let transaction = foundation.desk.database.begin(scope).await?;
    let facts = inbox_health::find(&transaction, scope, inbox.id).await?;
    transaction.commit().await?;
    let known = facts.and_then(|facts| facts.business_account);
    known.context(
        "no webhook told yet which business account the number belongs to: set others.business_account",
    )
}

async fn template(
    context: &SendContext<'_>,
    account: &str,
    act: TemplateAct,
) -> anyhow::Result<String> {
    Ok(match act {
        TemplateAct::Create { file } => {
            let text = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
            let template: serde_json::Value = serde_json::from_slice(&text)
                .with_context(|| format!("{} is no JSON", file.display()))?;
            let (id, state) = business::submit_template(context, account, &template).await?;
            format!("Meta has the template ({id}), its state is {state}; the next comes by webhook")
        }
        TemplateAct::Delete { name } => {
            business::delete_template(context, account, &name).await?;
            format!("Meta deleted {name}")
        }
    })
}

async fn block(
    context: &SendContext<'_>,
    people: &[String],
    shut_out: bool,
) -> anyhow::Result<String> {
    let people: Vec<_> = people
        .iter()
        .map(|who| who.trim_start_matches('+').to_owned())
        .collect();
    let done = if shut_out { "shut out" } else { "let in again" };
    match business::block(context, &people, shut_out).await? {
        0 => Ok(format!("{} {done}", people.len())),
        failed => bail!(
            "{failed} of {} could not be {done}; did they write within a day?",
            people.len()
        ),
    }
}

enum Wish {
    Sync(What),
    Webhook,
    Template(TemplateAct),
    Block(Vec<String>, bool),
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

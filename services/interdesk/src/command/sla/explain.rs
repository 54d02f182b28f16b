//! `interdesk sla explain`: every interval of every clock of a conversation, and who owned the wait.

use crate::foundation::Foundation;
use crate::say::say;
use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use interdesk_domain::id::ConversationId;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Hours, Owner};
use interdesk_flow::sla_explain::{self, Interval, Why};
use interdesk_store::{Conn, audit, sla};

/// Which conversation, and up to when.
#[derive(Args)]
pub(crate) struct Asked {
    /// The conversation's id (conversation_…).
    conversation: ConversationId,
    /// The workspace's short name; without it all are looked through.
    #[arg(long)]
    workspace: Option<String>,
}

/// Prints it.
pub(crate) async fn run(foundation: &Foundation, asked: Asked) -> anyhow::Result<()> {
    let scopes = match &asked.workspace {
        Some(workspace) => vec![super::find(foundation, workspace).await?],
        None => all(foundation).await?,
    };
    let now = foundation.desk.now();
    for scope in scopes {
        let transaction = foundation.desk.database.begin(scope).await?;
        let episodes = sla::list_episodes(&transaction, scope, asked.conversation).await?;
        for episode in &episodes {
            print(&transaction, scope, episode, now).await?;
        }
        transaction.rollback().await?;
        if !episodes.is_empty() {
            return Ok(());
        }
    }
    bail!("{} has no clocks; is the id right?", asked.conversation)
}

/// Lists all workspaces.
pub(crate) async fn all(foundation: &Foundation) -> anyhow::Result<Vec<TenantScope>> {
    let system = foundation.desk.database.begin_system().await?;
    let tenants = audit::list_tenants(&system).await?;
    system.rollback().await?;
    Ok(tenants.into_iter().map(TenantScope::new).collect())
}

async fn print(
    conn: &Conn,
    scope: TenantScope,
    episode: &sla::Episode,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let id = episode.episode_id;
    let until = episode.resolved_at.unwrap_or(now);
    say!("{id}, opened {}", moment(episode.opened_at));
    for clock in sla::list_clocks(conn, scope, &[id]).await? {
        let Some(found) = sla_explain::explain(conn, scope, id, clock.id(), now).await? else {
            continue;
        };
        let target = clock.within_ms.map_or("no target".to_owned(), |within| {
            let deadline = clock
                .deadline
                .map_or("none while paused".to_owned(), moment);
            format!("within {}, deadline {deadline}", span(within))
        });
        say!("");
        say!(
            "{} {}: {}, counted {}, {target}",
            clock.clock.as_str(),
            clock.number,
            clock.outcome.as_str(),
            span(found.elapsed_ms)
        );
        for interval in &found.intervals {
            say!("  {}", line(interval));
        }
    }
    let histories = sla_explain::find_histories(conn, scope, &[id]).await?;
    if let Some(history) = histories.get(&id) {
        let ledger = history.ledger(until)?;
        say!("");
        say!(
            "whose time it was, {} in all",
            span(ledger.wall().num_milliseconds())
        );
        for owner in Owner::ALL {
            let time = ledger.of(owner);
            if time > TimeDelta::zero() {
                say!("  {:<12} {}", owner.as_str(), span(time.num_milliseconds()));
            }
        }
    }
    say!("");
    Ok(())
}

fn line(interval: &Interval) -> String {
    let why = match &interval.why {
        Why::Counted => "counted".to_owned(),
        Why::Paused => format!("paused in {}", interval.state.as_str()),
        Why::Closed => "closed".to_owned(),
        Why::Holiday(name) => format!("closed, {name}"),
    };
    let hours = match (interval.hours, interval.schedule) {
        (Hours::Calendar, _) => "all time".to_owned(),
        (Hours::Business, Some(schedule)) => schedule.to_string(),
        (Hours::Business, None) => "around the clock".to_owned(),
    };
    let forgotten = if interval.forgotten {
        ", forgotten by a restart"
    } else {
        ""
    };
    format!(
        "{}  {}  {:>12}  {why}{forgotten}; {hours}; by {}; {} so far",
        moment(interval.from),
        moment(interval.to),
        span((interval.to - interval.from).num_milliseconds()),
        interval.event,
        span(interval.total_ms)
    )
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Writes milliseconds as hours, minutes and seconds.
fn span(ms: i64) -> String {
    let (seconds, millis) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match millis {
        0 => format!("{hours}:{minutes:02}:{seconds:02}"),
        millis => format!("{hours}:{minutes:02}:{seconds:02}.{millis:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_written_to_the_millisecond() {
        assert_eq!(span(57_608_000), "16:00:08");
        assert_eq!(span(61_001), "0:01:01.001");
    }
}

//! Whether the sums that reports read are what the clocks come to.

use super::find;
use crate::foundation::Foundation;
use crate::say::say;
use chrono::NaiveDate;
use interdesk_domain::sla::{Cell, Rollups, Tally};
use interdesk_store::read::sla_report::{self, Filter};
use interdesk_store::sla_rollups;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// What is to be done with the sums.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// The workspace's short name.
    #[arg(long)]
    workspace: String,
    /// Sum up the clocks anew instead; what ends meanwhile waits.
    #[arg(long)]
    rebuild: bool,
    /// The IANA zone by which days begin from now on; all days are summed up anew.
    #[arg(long, requires = "rebuild")]
    zone: Option<chrono_tz::Tz>,
}

/// Compares the sums with the clocks, or sums these up anew.
pub(super) async fn run(foundation: &Foundation, asked: Asked) -> anyhow::Result<ExitCode> {
    let scope = find(foundation, &asked.workspace).await?;
    let transaction = foundation.desk.database.begin(scope).await?;
    if asked.rebuild {
        if let Some(zone) = asked.zone {
            sla_rollups::update_zone(&transaction, scope, zone).await?;
        }
        let rebuilt = sla_rollups::rebuild(&transaction, scope).await?;
        transaction.commit().await?;
        say!(
            "{} clocks in {} sums",
            ended(&rebuilt),
            rebuilt.cells().len()
        );
        return Ok(ExitCode::SUCCESS);
    }
    sla_rollups::lock(&transaction, scope).await?;
    let zone = sla_rollups::find_zone(&transaction, scope).await?;
    let mut right = sla_rollups::recount(&transaction, scope, zone).await?;
    let counted = ended(&right);
    let mut kept: BTreeMap<Cell, Tally> = BTreeMap::new();
    let last = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default();
    let days = (NaiveDate::default(), last);
    let filter = Filter::default();
    sla_report::each_cell(&transaction, scope, &filter, days, |cell, tally, _| {
        kept.insert(cell, tally);
    })
    .await?;
    transaction.commit().await?;
    for (cell, tally) in &kept {
        right.subtract(*cell, tally);
    }
    for (cell, _) in right.cells() {
        say!(
            "wrong: {} of {} in {}",
            cell.clock.as_str(),
            cell.day,
            cell.queue
                .map_or("no queue".to_owned(), |queue| queue.to_string())
        );
    }
    say!(
        "{counted} clocks, {} sums, {} wrong",
        kept.len(),
        right.cells().len()
    );
    match right.is_nothing() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}

fn ended(rollups: &Rollups) -> i64 {
    rollups.cells().map(|(_, tally)| tally.ended()).sum()
}

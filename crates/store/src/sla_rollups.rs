//! Sums of the clocks that ended, kept as they end.

use crate::sla::Clock;
use crate::sql::{Bind, Column, Many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::{deserialize, sql_types as ty};
use diesel_async::RunQueryDsl;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{self, Cell, Place, Rollups, Tally};
use uuid::Uuid;

/// Cells that one statement changes.
const PART: usize = 64;
/// Clocks that are counted at once.
const PAGE: usize = 20_000;

/// Returns the zone by which the days of a tenant's reports begin.
pub async fn find_zone(conn: &Conn, scope: TenantScope) -> Result<Tz, Error> {
    row! {
        /// A zone.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Zone {
            /// Its name.
            pub zone: String,
        }
    }
    let found: Zone = sql("SELECT zone FROM tenants WHERE id = $1")
        .bind(scope.tenant())
        .get_result(&mut &*conn)
        .await?;
    // Only zones that this program knows are written; what an older one does not know is as good as
    // none.
    Ok(found.zone.parse().unwrap_or(Tz::UTC))
}

/// Adds to the sums what instances that ended come to, or takes away what a correction changed.
///
/// It belongs into the transaction that writes the clocks, as its last statement: the sums of a day
/// are locked until the commit. They are locked in one order, so that nobody waits in a circle.
/// `restated_at` is given for corrections alone and marks what they touch.
pub async fn apply(
    conn: &Conn,
    scope: TenantScope,
    rollups: &Rollups,
    restated_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let cells: Vec<(&Cell, &Tally)> = rollups.cells().collect();
    for part in cells.chunks(PART) {
        add(conn, scope, part, restated_at).await?;
    }
    Ok(())
}

/// Sums up all clocks that ended, from the clocks themselves.
pub async fn recount(conn: &Conn, scope: TenantScope, zone: Tz) -> Result<Rollups, Error> {
    let mut rollups = Rollups::new(zone);
    for clock in sla::Clock::ALL {
        let mut last = None;
        loop {
            let page = list_ended(conn, scope, clock, last.as_ref()).await?;
            for ended in &page {
                rollups.add(&ended.figures(), ended.place());
            }
            match page.last() {
                Some(ended) if page.len() == PAGE => last = Some(ended.clone()),
                _ => break,
            }
        }
    }
    Ok(rollups)
}

/// Lists a page of the clocks of one kind that ended, in the order in which they did: no statement
/// takes long, however many there are.
async fn list_ended(
    conn: &Conn,
    scope: TenantScope,
    clock: sla::Clock,
    after: Option<&Clock>,
) -> Result<Vec<Clock>, Error> {
    let page = sql(
        "SELECT episode_id, conversation_id, clock, started_by, number, policy_id, policy_version,
            priority, within_ms, hours, schedule_id, started_at, ended_at, ended_how, ended_by,
            counted_ms, counting_since, paused_in, deadline, breached_at, outcome, queue_id, team_id,
            agent_id, next_wake_up
         FROM sla_clocks
         WHERE tenant_id = $1 AND clock = $2 AND ended_at >= $3
            AND (ended_at, episode_id, started_by) > ($3, $4, $5)
         ORDER BY ended_at, episode_id, started_by LIMIT $6",
    )
    .bind(scope.tenant())
    .bind(clock)
    // Values alone: behind row-level security no index bounds what a COALESCE gives.
    .bind(after.and_then(|clock| clock.ended_at).unwrap_or_default())
    .bind(after.map_or(Uuid::nil(), |clock| clock.episode_id.0))
    .bind(after.map_or(Uuid::nil(), |clock| clock.started_by.0))
    .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
    .load(&mut &*conn)
    .await?;
    Ok(page)
}

/// Keeps a tenant's sums and their zone as they are until the transaction ends: what ends meanwhile
/// waits, in [`share`].
pub async fn lock(conn: &Conn, scope: TenantScope) -> Result<(), Error> {
    sql("SELECT pg_advisory_xact_lock(hashtextextended('sla_rollups ' || $1::text, 0))")
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Returns the zone by which the days of a tenant's sums begin, and lets nobody change it or count the
/// sums anew until the transaction ends. Whoever calls [`apply`] asks for it first.
pub async fn share(conn: &Conn, scope: TenantScope) -> Result<Tz, Error> {
    sql("SELECT pg_advisory_xact_lock_shared(hashtextextended('sla_rollups ' || $1::text, 0))")
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    // A statement of its own, since it has to see what was committed while it waited.
    find_zone(conn, scope).await
}

/// Chooses the zone by which the days of a tenant's reports begin; [`rebuild`] belongs into the same
/// transaction.
pub async fn update_zone(conn: &Conn, scope: TenantScope, zone: Tz) -> Result<(), Error> {
    lock(conn, scope).await?;
    sql("UPDATE tenants SET zone = $2 WHERE id = $1")
        .bind(scope.tenant())
        .bind(zone.name())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Replaces the sums by what the clocks come to: after another zone was chosen, or where somebody
/// changed rows by hand.
///
/// What ends meanwhile in this tenant waits; it belongs into a transaction of its own.
pub async fn rebuild(conn: &Conn, scope: TenantScope) -> Result<Rollups, Error> {
    lock(conn, scope).await?;
    let zone = find_zone(conn, scope).await?;
    let rollups = recount(conn, scope, zone).await?;
    // Emptied and not deleted, so that what was restated stays marked.
    sql(
        "UPDATE sla_rollups SET met = 0, breached = 0, void = 0, no_target = 0, fulfilled = 0,
            counted_ms = 0, buckets = '{}', tallies = '{}' WHERE tenant_id = $1",
    )
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    apply(conn, scope, &rollups, None).await?;
    Ok(rollups)
}

impl Clock {
    /// Returns where it is counted in reports.
    pub fn place(&self) -> Place {
        Place {
            queue: self.queue_id,
            team: self.team_id,
        }
    }
}

async fn add(
    conn: &Conn,
    scope: TenantScope,
    cells: &[(&Cell, &Tally)],
    restated_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let (mut places, mut buckets, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (_, tally)) in (1i64..).zip(cells) {
        for (bucket, held) in tally.sketch.buckets() {
            places.push(place);
            buckets.push(bucket);
            times.push(held);
        }
    }
    let sums = |column: fn(&Tally) -> i64| {
        let sums: Vec<i64> = cells.iter().map(|(_, tally)| column(tally)).collect();
        Many(sums)
    };
    sql(
        "INSERT INTO sla_rollups AS kept (tenant_id, clock, day, queue_id, team_id, policy_id,
            policy_version, priority, met, breached, void, no_target, fulfilled, counted_ms, buckets,
            tallies, restated_at)
         SELECT $1, c.clock, c.day, c.queue, c.team, c.policy, c.version, c.priority, c.met,
            c.breached, c.void, c.no_target, c.fulfilled, c.counted_ms,
            ARRAY(SELECT s.bucket FROM unnest($16, $17, $18) AS s (cell, bucket, times)
                WHERE s.cell = c.cell ORDER BY s.bucket),
            ARRAY(SELECT s.times FROM unnest($16, $17, $18) AS s (cell, bucket, times)
                WHERE s.cell = c.cell ORDER BY s.bucket),
            $2
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) WITH ORDINALITY
            AS c (clock, day, queue, team, policy, version, priority, met, breached, void, no_target,
                fulfilled, counted_ms, cell)
         ORDER BY c.cell
         ON CONFLICT (tenant_id, clock, day, queue_id, team_id, policy_id, policy_version, priority)
         DO UPDATE SET met = kept.met + excluded.met,
            breached = kept.breached + excluded.breached,
            void = kept.void + excluded.void,
            no_target = kept.no_target + excluded.no_target,
            fulfilled = kept.fulfilled + excluded.fulfilled,
            counted_ms = kept.counted_ms + excluded.counted_ms,
            (buckets, tallies) = (
                SELECT COALESCE(array_agg(m.bucket ORDER BY m.bucket), '{}'),
                    COALESCE(array_agg(m.times ORDER BY m.bucket), '{}')
                FROM (SELECT u.bucket, sum(u.times)::bigint AS times
                    FROM (SELECT * FROM unnest(kept.buckets, kept.tallies)
                        UNION ALL SELECT * FROM unnest(excluded.buckets, excluded.tallies))
                        AS u (bucket, times)
                    GROUP BY u.bucket HAVING sum(u.times) <> 0) AS m),
            restated_at = COALESCE(excluded.restated_at, kept.restated_at)",
    )
    .bind(scope.tenant())
    .bind(restated_at)
    .bind(Many(cells.iter().map(|(cell, _)| cell.clock.as_str()).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.day).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.queue).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.team).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.policy.map(|key| key.policy.0)).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.policy.map(version)).collect()))
    .bind(Many(cells.iter().map(|(cell, _)| cell.priority).collect()))
    .bind(sums(|tally| tally.met))
    .bind(sums(|tally| tally.breached))
    .bind(sums(|tally| tally.void))
    .bind(sums(|tally| tally.no_target))
    .bind(sums(|tally| tally.fulfilled))
    .bind(sums(|tally| tally.counted_ms))
    .bind(Many(places))
    .bind(Many(buckets))
    .bind(Many(times))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

fn version(policy: interdesk_domain::sla::PolicyVersion) -> i32 {
    i32::try_from(policy.version).unwrap_or(i32::MAX)
}

impl Bind for NaiveDate {
    type Sql = ty::Date;
    type Raw = Self;
    fn encode(self) -> Self {
        self
    }
}

impl Column for NaiveDate {
    type Sql = ty::Date;
    type Raw = Self;
    fn decode(raw: Self) -> deserialize::Result<Self> {
        Ok(raw)
    }
}

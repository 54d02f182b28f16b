//! The zone by which the days of reports begin.

use super::{Answer, Hand, SetupOutcome, fault, refuse};
use chrono_tz::Tz;
use interdesk_domain::condition::Problem;
use interdesk_domain::event::Event;
use interdesk_domain::permission::Permission;
use interdesk_store::sla_rollups;
use serde::Serialize;

/// By which zone days begin from now on.
///
/// The sums of all days are counted anew by it, which whoever follows the log does: until then reports
/// are those of the zone before.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneChange {
    /// Its IANA name.
    pub zone: String,
}

impl ZoneChange {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (scope, said) = (hand.wish.scope(), self.zone.trim());
        let Ok(zone) = said.parse::<Tz>() else {
            let mend = "give an IANA time zone, such as Europe/Berlin";
            let faults = vec![fault("zone", Problem::Unknown, mend)];
            return refuse(SetupOutcome::Invalid { faults });
        };
        let id = scope.tenant().0;
        if sla_rollups::find_zone(hand.conn, scope).await? == zone {
            return refuse(SetupOutcome::Unchanged { id });
        }
        let zone = zone.name().to_owned();
        hand.tell(Event::WorkspaceZoneChanged { zone }).await?;
        Ok(SetupOutcome::Changed { id })
    }
}

//! Another try after somebody else was faster.

use crate::Error;
use std::future::Future;
use std::time::Duration;

const TRIES: u32 = 8;

/// Runs a whole flow, and again from its beginning while it meets conflicts, eight times at most.
pub(crate) async fn retry<T, F>(mut flow: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut tried = 1;
    loop {
        match flow().await {
            Err(Error::Store(interdesk_store::Error::Conflict(_))) if tried < TRIES => {
                metrics::counter!("interdesk_flow_conflicts_total").increment(1);
                tokio::time::sleep(Duration::from_millis(2 << tried)).await;
                tried += 1;
            }
            outcome => return outcome,
        }
    }
}

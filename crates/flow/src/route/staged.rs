//! A staged policy as a queue of its own.
//!
//! The engine knows one policy per queue. Where a share of the work follows a staged version, that share
//! waits in a twin of the queue, which the same agents serve and whose work counts under the queue
//! itself. Twins exist in memory alone: whatever leaves the router names the queue.

use interdesk_domain::id::QueueId;
use interdesk_domain::routing::Explanation;
use interdesk_domain::routing::Unfit;
use uuid::Uuid;

/// Ids are of version 7; a twin says version 8, which nothing else here has.
const TWIN: u8 = 0x80;

/// Names the twin of a queue.
pub(super) fn twin(queue: QueueId) -> QueueId {
    with_version(queue, TWIN)
}

/// Names the queue that an id stands for: its own, or that of its twin.
pub(super) fn real(queue: QueueId) -> QueueId {
    match queue.0.as_bytes()[6] & 0xf0 == TWIN {
        true => with_version(queue, 0x70),
        false => queue,
    }
}

fn with_version(queue: QueueId, version: u8) -> QueueId {
    let mut bytes = *queue.0.as_bytes();
    bytes[6] = (bytes[6] & 0x0f) | version;
    QueueId(Uuid::from_bytes(bytes))
}

/// Lets an explanation name queues where it names twins.
pub(crate) fn name_queues(explanation: &mut Explanation) {
    explanation.asked.queue = real(explanation.asked.queue);
    for queue in &mut explanation.ask.queues {
        *queue = real(*queue);
    }
    for excluded in &mut explanation.excluded {
        if let Unfit::AtQueueLimit { queue, .. } = &mut excluded.reason {
            *queue = real(*queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_leads_back_to_its_queue() {
        let queue = QueueId(Uuid::from_u128(0x0190_0000_0000_7123_8456_789a_bcde_f012));
        assert_ne!(twin(queue), queue);
        assert_eq!(real(twin(queue)), queue);
        assert_eq!(real(queue), queue);
    }
}

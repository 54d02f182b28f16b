//! Whose data a call may see.

use crate::id::TenantId;

/// Confines a call to one tenant.
///
/// Every store function takes one; a row of another tenant does not exist for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// Confines to `tenant`.
    pub fn new(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// Returns the tenant that calls are confined to.
    pub fn tenant(self) -> TenantId {
        self.tenant
    }
}

/// Returns the shard of the bus that carries a tenant's events, below `shards`.
///
/// FNV-1a over the id's bytes: stable over versions and machines, as the broker's queues are named
/// by it.
pub fn shard(tenant: TenantId, shards: u16) -> u16 {
    let hash = tenant
        .0
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (hash % u64::from(shards.max(1))) as u16
}

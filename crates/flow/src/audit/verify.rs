//! Verifies logs where they are kept.

use super::frontier::Frontier;
use super::walk::{Bad, Problem, Sound, Verdict, Walk};
use super::{Error, PAGE};
use crate::Desk;
use crate::keys::VerifyingKey;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::audit::{self, Checkpoint, Logged, Tree};
use interdesk_store::{Conn, Error as StoreError};
use std::collections::{HashMap, VecDeque};

/// Verifies a tenant's log: every leaf, every hash, every checkpoint, the tree's row, and the event
/// log as far as it still reaches. Ends at the first thing that is wrong.
///
/// It sees one moment of the database, whoever appends meanwhile.
pub async fn verify(
    desk: &Desk,
    scope: TenantScope,
    keys: &[VerifyingKey],
) -> Result<Verdict, Error> {
    let transaction = desk.database.begin(scope).await?;
    audit::freeze(&transaction).await?;
    let verdict = match walk(&transaction, scope, keys).await {
        Ok(sound) => Verdict::Sound(sound),
        Err(Stop::Bad(bad)) => Verdict::Bad(bad),
        Err(Stop::Failed(error)) => return Err(error.into()),
    };
    transaction.rollback().await?;
    Ok(verdict)
}

/// Verifies the logs of all tenants, one after the other.
pub async fn verify_all(
    desk: &Desk,
    keys: &[VerifyingKey],
) -> Result<Vec<(TenantId, Verdict)>, Error> {
    let transaction = desk.database.begin_system().await?;
    let tenants = audit::list_tenants(&transaction).await?;
    transaction.commit().await?;
    let mut verdicts = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        verdicts.push((tenant, verify(desk, TenantScope::new(tenant), keys).await?));
    }
    Ok(verdicts)
}

/// Why a walk ended early.
enum Stop {
    Bad(Bad),
    Failed(StoreError),
}

impl From<Bad> for Stop {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

async fn walk(conn: &Conn, scope: TenantScope, keys: &[VerifyingKey]) -> Result<Sound, Stop> {
    let tree = audit::find_tree(conn, scope).await?;
    let mut walk = Walk::new(scope.tenant(), keys);
    let mut checkpoints = Checkpoints {
        conn,
        scope,
        ahead: VecDeque::new(),
        from: Some(i64::MIN),
    };
    checkpoints.check(&mut walk).await?;
    // A row before the first place is wrong too, so the first page begins where rows can begin.
    let mut from = i64::MIN;
    loop {
        let leaves = audit::list_leaves(conn, scope, from, PAGE as i64).await?;
        if leaves.is_empty() {
            break;
        }
        let logged = logged(conn, scope, walk.size()).await?;
        for leaf in leaves {
            let seq = leaf.index.saturating_add(1);
            walk.leaf(leaf, logged.get(&seq))?;
            checkpoints.check(&mut walk).await?;
        }
        from = walk.size() as i64;
    }
    // Whoever cuts off the end leaves those behind who still count it.
    let counted = tree
        .as_ref()
        .is_some_and(|tree| tree.size > walk.size() as i64);
    if counted || checkpoints.next().await?.is_some() {
        return Err(walk.bad(Problem::Missing).into());
    }
    check_tree(&walk, tree.as_ref())?;
    Ok(walk.finish())
}

/// Fetches what the event log still has beside the next page of leaves.
async fn logged(
    conn: &Conn,
    scope: TenantScope,
    after: u64,
) -> Result<HashMap<i64, Logged>, StoreError> {
    let after = after as i64;
    let logged = audit::list_logged(conn, scope, after, after + PAGE as i64).await?;
    Ok(logged
        .into_iter()
        .map(|logged| (logged.seq, logged))
        .collect())
}

fn check_tree(walk: &Walk<'_>, tree: Option<&Tree>) -> Result<(), Bad> {
    let Some(tree) = tree else {
        return match walk.size() {
            0 => Ok(()),
            _ => Err(Bad {
                index: 0,
                problem: Problem::TreeWrong,
            }),
        };
    };
    let wrong = Bad {
        index: tree.size.unsigned_abs(),
        problem: Problem::TreeWrong,
    };
    let frontier = Frontier::from_bytes(walk.size(), &tree.frontier).ok_or(wrong)?;
    let size = walk.size() as i64;
    let fits = tree.size == size && tree.last_seq == size && frontier.root() == walk.root();
    fits.then_some(()).ok_or(wrong)
}

/// The checkpoints of a log, fetched in pages as the walk gets there.
struct Checkpoints<'c> {
    conn: &'c Conn,
    scope: TenantScope,
    ahead: VecDeque<Checkpoint>,
    /// Where the next page begins; none after the last page.
    from: Option<i64>,
}

impl Checkpoints<'_> {
    /// Checks those that stand where the walk is.
    async fn check(&mut self, walk: &mut Walk<'_>) -> Result<(), Stop> {
        let here = walk.size() as i64;
        while self.next().await?.is_some_and(|next| next.size <= here) {
            let Some(row) = self.ahead.pop_front() else {
                break;
            };
            let checkpoint = walk.checkpoint(row.size, &row.note)?;
            if row.root != checkpoint.root {
                return Err(walk.bad(Problem::CheckpointRootWrong).into());
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<&Checkpoint>, StoreError> {
        if self.ahead.is_empty()
            && let Some(from) = self.from
        {
            let page = audit::list_checkpoints(self.conn, self.scope, from, PAGE as i64).await?;
            let is_last = page.len() < PAGE as usize;
            self.from = page
                .last()
                .filter(|_| !is_last)
                .map(|last| last.size.saturating_add(1));
            self.ahead.extend(page);
        }
        Ok(self.ahead.front())
    }
}

//! Writes a log out, and verifies what was written without a database.
//!
//! An export is JSON lines: first `{"log":{"version":1,"tenant":…}}`, then for each leaf
//! `{"leaf":{"index":…,"event_id":…,"bytes":"…","hash":"…"}}`, and after the last leaf that it
//! covers each `{"checkpoint":{"size":…,"note":"…"}}`. The bytes are the text that was hashed, the
//! hash is in base64. An export that ends early is sound in itself: compare its size with what you
//! know, and note how many of its leaves are proven.

use super::walk::{Bad, Problem, Sound, Verdict, Walk};
use super::{Error, PAGE};
use crate::Desk;
use crate::keys::VerifyingKey;
use base64::{Engine, engine::general_purpose::STANDARD};
use interdesk_domain::id::{EventId, TenantId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::audit::{self, Leaf};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

/// The version of the export's form.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Log {
        version: u32,
        tenant: TenantId,
    },
    Leaf {
        index: i64,
        event_id: EventId,
        bytes: String,
        hash: String,
    },
    Checkpoint {
        size: i64,
        note: String,
    },
}

/// Writes a tenant's log as JSON lines, as it is at one moment; returns the number of leaves.
pub async fn export(
    desk: &Desk,
    scope: TenantScope,
    out: &mut (dyn Write + Send),
) -> Result<u64, Error> {
    let transaction = desk.database.begin(scope).await?;
    audit::freeze(&transaction).await?;
    write(
        out,
        &Line::Log {
            version: VERSION,
            tenant: scope.tenant(),
        },
    )?;
    let mut written = 0;
    loop {
        let leaves = audit::list_leaves(&transaction, scope, written, PAGE as i64).await?;
        let Some(last) = leaves.last().map(|leaf| leaf.index) else {
            break;
        };
        write_page(&transaction, scope, out, written, leaves).await?;
        written = last + 1;
    }
    out.flush()?;
    transaction.rollback().await?;
    Ok(written.unsigned_abs())
}

async fn write_page(
    conn: &Conn,
    scope: TenantScope,
    out: &mut (dyn Write + Send),
    written: i64,
    leaves: Vec<Leaf>,
) -> Result<(), Error> {
    // There is at most one checkpoint for each leaf.
    let checkpoints = audit::list_checkpoints(conn, scope, written + 1, PAGE as i64).await?;
    let mut checkpoints = checkpoints.into_iter().peekable();
    for leaf in leaves {
        let size = leaf.index + 1;
        let bytes = String::from_utf8_lossy(&leaf.leaf).into_owned();
        let hash = STANDARD.encode(&leaf.hash);
        write(
            out,
            &Line::Leaf {
                index: leaf.index,
                event_id: leaf.event_id,
                bytes,
                hash,
            },
        )?;
        while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.size <= size) {
            write(
                out,
                &Line::Checkpoint {
                    size: checkpoint.size,
                    note: checkpoint.note,
                },
            )?;
        }
    }
    Ok(())
}

fn write(out: &mut (dyn Write + Send), line: &Line) -> Result<(), Error> {
    let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
    text.push(b'\n');
    Ok(out.write_all(&text)?)
}

/// Verifies an export, with nothing but the keys that may have signed its checkpoints.
pub fn verify_export(reader: impl BufRead, keys: &[VerifyingKey]) -> Result<Verdict, Error> {
    match walk(reader, keys) {
        Ok(sound) => Ok(Verdict::Sound(sound)),
        Err(Stop::Bad(bad)) => Ok(Verdict::Bad(bad)),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

enum Stop {
    Bad(Bad),
    Failed(std::io::Error),
}

impl From<Bad> for Stop {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

fn walk(reader: impl BufRead, keys: &[VerifyingKey]) -> Result<Sound, Stop> {
    let mut lines = reader.split(b'\n');
    let first = lines.next().transpose()?.unwrap_or_default();
    let Ok(Line::Log {
        version: VERSION,
        tenant,
    }) = serde_json::from_slice(&first)
    else {
        return Err(Bad {
            index: 0,
            problem: Problem::LineUnreadable,
        }
        .into());
    };
    let mut walk = Walk::new(tenant, keys);
    for line in lines {
        match serde_json::from_slice(&line?) {
            Ok(Line::Leaf {
                index,
                event_id,
                bytes,
                hash,
            }) => {
                let hash = STANDARD.decode(hash).unwrap_or_default();
                walk.leaf(
                    Leaf {
                        index,
                        event_id,
                        leaf: bytes.into_bytes(),
                        hash,
                    },
                    None,
                )?;
            }
            Ok(Line::Checkpoint { size, note }) => {
                walk.checkpoint(size, &note)?;
            }
            Ok(Line::Log { .. }) | Err(_) => return Err(walk.bad(Problem::LineUnreadable).into()),
        }
    }
    Ok(walk.finish())
}

//! The yardstick: PostgreSQL alone, one row of a message's size per transaction, or that row and one of
//! a log.

use crate::database::{address, connect};
use crate::services::Services;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

const DATABASE: &str = "interdesk_pgbench";

// Ids ascend like ours, so that neither side's index is spared what the other's has to do.
const TABLE: &str = "CREATE SEQUENCE ids CACHE 64;
    CREATE TABLE rows (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, body text NOT NULL,
        at timestamptz NOT NULL);
    CREATE INDEX rows_recent ON rows (tenant_id, at);
    CREATE TABLE log (pos bigserial PRIMARY KEY, body text NOT NULL);";

/// Runs pgbench on the server that the desk uses.
#[derive(Clone, Debug)]
pub struct Pgbench {
    url: String,
    script: PathBuf,
    logged: PathBuf,
}

impl Pgbench {
    /// Prepares a table and a script.
    pub async fn prepare(services: &Services, folder: &Path) -> Result<Self> {
        let client = connect(&services.postgres_url).await?;
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
            .await?;
        client
            .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
            .await?;
        let url = address(&services.postgres_url, None, DATABASE)?;
        connect(&url).await?.batch_execute(TABLE).await?;
        let script = folder.join("insert.sql");
        let body = "Where is my parcel? ".repeat(15);
        let insert = format!(
            "INSERT INTO rows (id, tenant_id, body, at) VALUES \
             (lpad(to_hex(nextval('ids')), 32, '0')::uuid, \
             '00000000-0000-7000-8000-000000000001', '{body}', now());\n"
        );
        std::fs::write(&script, &insert)?;
        let logged = folder.join("logged.sql");
        let log = format!("INSERT INTO log (body) VALUES ('{body}');\n");
        std::fs::write(&logged, format!("BEGIN;\n{insert}{log}COMMIT;\n"))?;
        Ok(Self {
            url,
            script,
            logged,
        })
    }

    /// Gives how many transactions of one row a second `clients` commit.
    pub async fn run(&self, clients: usize, duration: Duration) -> Result<f64> {
        self.commit(&self.script, clients, duration).await
    }

    /// Gives how many transactions of a row and a row of a log a second `clients` commit.
    pub async fn run_logged(&self, clients: usize, duration: Duration) -> Result<f64> {
        self.commit(&self.logged, clients, duration).await
    }

    async fn commit(&self, script: &Path, clients: usize, duration: Duration) -> Result<f64> {
        let seconds = duration.as_secs().max(1);
        let run = Command::new("pgbench")
            .args(["-n", "-M", "prepared", "-j", "2"])
            .args(["-c", &clients.to_string(), "-T", &seconds.to_string()])
            .arg("-f")
            .arg(script)
            .arg(&self.url)
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(duration + Duration::from_secs(60), run).await;
        let output = output
            .context("pgbench took too long")?
            .context("run pgbench")?;
        let (text, errors) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        ensure!(output.status.success(), "pgbench failed: {errors}");
        rate(&text).with_context(|| format!("pgbench told no rate: {text}{errors}"))
    }
}

fn rate(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_prints() {
        let text = "latency average = 2.1 ms\ntps = 15234.5 (without initial connection time)\n";
        assert_eq!(rate(text), Some(15234.5));
        assert_eq!(rate("nothing"), None);
    }
}

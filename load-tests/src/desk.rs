//! The desk's own processes: started, watched, killed.

use crate::blueprint::Seeded;
use crate::database::Database;
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The binary with its settings.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

impl Program {
    /// Prepares a binary for a database; what it writes goes to `folder`.
    pub fn new(binary: &Path, folder: &Path, database: &Database) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let data = folder.join("data").to_string_lossy().into_owned();
        let binary = binary
            .canonicalize()
            .context("the binary of the desk is not built")?;
        let program = Self {
            binary,
            folder,
            settings: Vec::new(),
        }
        .with("DATABASE_URL", &database.login_url)
        .with("MIGRATION_DATABASE_URL", &database.owner_url)
        .with("INTERDESK_SECRET_KEY", &BASE64_STANDARD.encode([7_u8; 32]))
        .with("INTERDESK_DATA_DIR", &data)
        .with("INTERDESK_TELEMETRY_LOG_FILTER", "warn")
        // What is measured is the desk, not its patience.
        .with("INTERDESK_GRAPHQL_COST_PER_MINUTE", "0")
        .with("INTERDESK_PROVIDERS_ALLOW_PRIVATE_CALLBACKS", "true");
        Ok(program)
    }

    /// Adds a setting.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the tables.
    pub async fn migrate(&self) -> Result<()> {
        self.output(&["migrate"]).await.map(drop)
    }

    /// Makes what a blueprint describes.
    pub async fn seed(&self, blueprint: &Value) -> Result<Seeded> {
        let file = self.folder.join("blueprint.json");
        std::fs::write(&file, serde_json::to_vec_pretty(blueprint)?)?;
        let output = self
            .output(&["seed", "--file", &file.to_string_lossy()])
            .await?;
        serde_json::from_slice(&output).context("what `seed` printed")
    }

    /// Makes an access token.
    pub async fn token(&self, workspace: &str, email: &str) -> Result<String> {
        let output = self
            .output(&["token", "--workspace", workspace, "--agent", email])
            .await?;
        Ok(String::from_utf8(output)?.trim().to_owned())
    }

    /// Sums up the clocks of service levels anew; gives what it says.
    pub async fn rebuild_sums(&self, workspace: &str) -> Result<String> {
        let output = self
            .output(&["sla", "sums", "--rebuild", "--workspace", workspace])
            .await?;
        Ok(String::from_utf8(output)?.trim().to_owned())
    }

    /// Verifies the audit log; gives what it says when something is wrong.
    pub async fn audit_verify(&self) -> Result<Option<String>> {
        let output = self.run(&["audit", "verify"]).await?;
        Ok((!output.status.success()).then(|| said(&output)))
    }

    /// Compares what is kept of the clocks with what they are; gives what differs.
    pub async fn sla_check(&self) -> Result<Option<String>> {
        let output = self.run(&["sla", "recompute", "--check"]).await?;
        Ok((!output.status.success()).then(|| said(&output)))
    }

    /// Decides again everything that routing decided; gives what comes out otherwise.
    pub async fn routing_check(&self) -> Result<Option<String>> {
        let output = self.run(&["routing", "check"]).await?;
        Ok((!output.status.success()).then(|| said(&output)))
    }

    async fn output(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.run(arguments).await?;
        ensure!(
            output.status.success(),
            "interdesk {} failed: {}",
            arguments[0],
            said(&output)
        );
        Ok(output.stdout)
    }

    async fn run(&self, arguments: &[&str]) -> Result<Output> {
        let run = self.command(arguments).output();
        let output = tokio::time::timeout(Duration::from_secs(300), run).await;
        output
            .with_context(|| format!("interdesk {} took too long", arguments[0]))?
            .context("run the binary of the desk")
    }

    /// Starts roles (none means all) at a port of the loopback; the log goes on in its file.
    pub fn start(&self, name: &str, roles: &[&str], port: u16) -> Result<Process> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join(format!("{name}.log")))?;
        let arguments: Vec<&str> = ["run"].iter().chain(roles).copied().collect();
        let mut command = self.command(&arguments);
        command
            .env("INTERDESK_HTTP_PORT", port.to_string())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log));
        Process::spawn(name, &mut command, port)
    }

    // Nothing but what is named here reaches the program, so that a developer's own settings do not.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::var("PATH").map(|path| ("PATH", path)))
            .envs(self.settings.iter().cloned())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// A running process of the desk. It is killed when it is dropped.
pub struct Process {
    name: String,
    child: Child,
    /// Where it listens on the loopback.
    pub port: u16,
}

impl Process {
    /// Starts a program that listens at a port of the loopback.
    pub fn spawn(name: &str, command: &mut Command, port: u16) -> Result<Self> {
        let child = command
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            port,
        })
    }

    /// Waits until it says that it is ready.
    pub async fn await_ready(&mut self, limit: Duration) -> Result<()> {
        let began = Instant::now();
        while !is_ready(self.port).await {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}; see its log", self.name);
            }
            ensure!(
                began.elapsed() < limit,
                "{} was not ready after {limit:?}",
                self.name
            );
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Kills it without a chance to clean up.
    pub async fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("kill {}", self.name))
    }

    /// Asks it to finish and waits for the end.
    pub async fn stop(mut self) -> Result<()> {
        self.finish().await
    }

    /// Asks it to finish and waits for the end; nothing can be asked of it afterwards.
    pub async fn finish(&mut self) -> Result<()> {
        if let Some(pid) = self.pid() {
            kill_process(pid, Signal::TERM)?;
        }
        let ended = tokio::time::timeout(Duration::from_secs(40), self.child.wait()).await;
        let status = ended.with_context(|| format!("{} did not stop in time", self.name))??;
        ensure!(status.success(), "{} stopped with {status}", self.name);
        Ok(())
    }

    /// Reads the most memory that it ever held, in MiB.
    pub fn peak_mib(&self) -> Result<f64> {
        Ok(self.memory("VmHWM:")? / 1024.0)
    }

    /// Reads the memory that it holds now, in KiB.
    pub fn resident_kib(&self) -> Result<f64> {
        self.memory("VmRSS:")
    }

    fn memory(&self, name: &str) -> Result<f64> {
        let pid = self.child.id().context("it has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.with_context(|| format!("the kernel tells no {name}"))
    }

    /// Tells whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }
}

async fn is_ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = [0_u8; 12];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer.ends_with(b" 200"))
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), ask).await;
    matches!(answer, Ok(Ok(true)))
}

/// Finds a port that nobody listens on.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

/// Makes a folder of results anew and gives it.
pub fn fresh_folder(path: &str) -> Result<PathBuf> {
    let folder = PathBuf::from(path);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    // A file that cannot be written should be known before an hour of measuring.
    File::create(folder.join(".writable"))?;
    Ok(folder)
}

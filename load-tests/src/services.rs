//! The private PostgreSQL, RabbitMQ and Redis that `./dev` started for us.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

/// A service that can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The broker.
    Rabbitmq,
    /// The cache.
    Redis,
}

impl Service {
    /// Names the service as its files do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rabbitmq => "rabbitmq",
            Self::Redis => "redis",
        }
    }
}

/// Where the services are.
#[derive(Clone, Debug)]
pub struct Services {
    /// PostgreSQL as its superuser.
    pub postgres_url: String,
    /// RabbitMQ.
    pub amqp_url: String,
    /// Redis.
    pub redis_url: String,
    folder: PathBuf,
}

impl Services {
    /// Reads the addresses that `./dev` exports.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            postgres_url: variable("INTERDESK_TEST_POSTGRES_URL")?,
            amqp_url: variable("INTERDESK_TEST_AMQP_URL")?,
            redis_url: variable("INTERDESK_TEST_REDIS_URL")?,
            folder: variable("INTERDESK_SERVICES_DIR")?.into(),
        })
    }

    /// Kills a service without a chance to clean up.
    pub async fn kill(&self, service: Service) -> Result<()> {
        let file = self.folder.join(format!("{}.pid", service.name()));
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("{} does not run here", service.name()))?;
        let pid = text.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.with_context(|| format!("{} holds no process id", file.display()))?;
        kill_process(pid, Signal::KILL).with_context(|| format!("kill {}", service.name()))?;
        Ok(())
    }

    /// Starts a killed service again, with its port and data, and waits for it.
    pub async fn start(&self, service: Service) -> Result<()> {
        let starter = self.folder.join(format!("start-{}", service.name()));
        let run = Command::new(&starter).status();
        let status = tokio::time::timeout(Duration::from_secs(90), run).await;
        let status = status.context("the service did not start in time")??;
        ensure!(status.success(), "{} failed", starter.display());
        Ok(())
    }
}

/// Reads a variable that `./dev` sets.
pub fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set; start this through ./dev"))
}

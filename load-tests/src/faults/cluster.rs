//! The production shape on one machine: four processes over PostgreSQL, RabbitMQ and Redis.

use super::plan::{Fault, ROLES};
use crate::database::Database;
use crate::desk::{Process, Program, free_port};
use crate::services::Services;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a process may take until it is ready again.
const READY: Duration = Duration::from_secs(60);

/// Four running roles.
pub(super) struct Cluster {
    pub(super) program: Program,
    pub(super) database: Database,
    services: Services,
    ports: BTreeMap<&'static str, u16>,
    processes: BTreeMap<&'static str, Process>,
    /// Processes that ended without being killed.
    pub(super) fallen: usize,
}

impl Cluster {
    /// Starts the roles on a database that is ready.
    pub(super) async fn start(
        services: &Services,
        program: Program,
        database: Database,
    ) -> Result<Self> {
        let mut cluster = Self {
            program,
            database,
            services: services.clone(),
            ports: BTreeMap::new(),
            processes: BTreeMap::new(),
            fallen: 0,
        };
        for role in ROLES {
            cluster.ports.insert(role, free_port()?);
        }
        for role in ROLES {
            cluster.raise(role)?;
        }
        cluster.await_ready().await?;
        Ok(cluster)
    }

    /// Gives the port of a role; it stays over restarts.
    pub(super) fn port(&self, role: &str) -> u16 {
        self.ports.get(role).copied().unwrap_or_default()
    }

    /// Lets something go wrong and repairs what a supervisor would.
    pub(super) async fn suffer(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Role(role) => self.kill(role).await,
            Fault::Service(service) => {
                self.services.kill(service).await?;
                self.services.start(service).await
            }
            Fault::Connections => self.database.cut_clients().await.map(drop),
        }
    }

    /// Kills the process of a role and starts it again at once.
    pub(super) async fn kill(&mut self, role: &'static str) -> Result<()> {
        let mut process = self
            .processes
            .remove(role)
            .with_context(|| format!("no {role}"))?;
        process.kill().await?;
        self.raise(role)
    }

    /// Waits until every role is ready; one that fell by itself is started again.
    pub(super) async fn await_ready(&mut self) -> Result<()> {
        for role in ROLES {
            self.pick_up(role)?;
            let process = self
                .processes
                .get_mut(role)
                .with_context(|| format!("no {role}"))?;
            if process.await_ready(READY).await.is_err() {
                self.pick_up(role)?;
                let process = self
                    .processes
                    .get_mut(role)
                    .with_context(|| format!("no {role}"))?;
                process.await_ready(READY).await?;
            }
        }
        Ok(())
    }

    fn pick_up(&mut self, role: &'static str) -> Result<()> {
        if self
            .processes
            .get_mut(role)
            .is_some_and(|process| !process.has_ended())
        {
            return Ok(());
        }
        self.fallen += 1;
        self.raise(role)
    }

    fn raise(&mut self, role: &'static str) -> Result<()> {
        let process = self.program.start(role, &[role], self.port(role))?;
        self.processes.insert(role, process);
        Ok(())
    }

    /// Stops the roles in order.
    pub(super) async fn stop(self) -> Result<()> {
        for (_, process) in self.processes {
            process.stop().await?;
        }
        Ok(())
    }
}

//! The long-running tasks of a process.

use std::{collections::HashMap, future::Future, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};

use super::Shutdown;

/// How long cut tasks may take to notice before they are aborted.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the end of a task means for the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    /// The process cannot do its work without it: its end ends the process.
    Critical,
    /// It may end whenever its work is done; a failure is logged.
    Helper,
}

/// Why a process ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A critical task returned without being asked to.
    #[error("task `{0}` ended early")]
    Ended(&'static str),
    /// A critical task failed.
    #[error("task `{task}` failed: {source:#}")]
    Failed {
        /// The task.
        task: &'static str,
        /// Why.
        source: anyhow::Error,
    },
    /// A critical task panicked.
    #[error("task `{0}` panicked")]
    Panicked(&'static str),
}

/// Named tasks that start together and end together.
#[derive(Debug)]
pub struct TaskSet {
    shutdown: Shutdown,
    tasks: JoinSet<anyhow::Result<()>>,
    names: HashMap<Id, (&'static str, Importance)>,
}

impl TaskSet {
    /// Makes an empty set that obeys `shutdown`.
    pub fn new(shutdown: Shutdown) -> Self {
        Self {
            shutdown,
            tasks: JoinSet::new(),
            names: HashMap::new(),
        }
    }

    /// The shutdown that these tasks obey.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Starts a task. It should end by itself after the soft stage began.
    pub fn spawn<F>(&mut self, name: &'static str, importance: Importance, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), (name, importance));
    }

    /// Waits until every task has ended.
    ///
    /// A critical task that ends before the soft stage begins it. Tasks that
    /// outlive the drain time are told the hard stage and then aborted.
    ///
    /// # Errors
    ///
    /// Gives the first unasked end of a critical task.
    pub async fn finish(mut self) -> Result<(), Error> {
        let mut first = None;
        let shutdown = self.shutdown.clone();
        let mut over = std::pin::pin!(async {
            shutdown.cut_after_drain().await;
            tokio::time::sleep(LAST_WORDS).await;
        });
        loop {
            tokio::select! {
                ended = self.tasks.join_next_with_id() => match ended {
                    Some(ended) => { first = first.or(self.note(ended)); }
                    None => break,
                },
                () = &mut over => {
                    self.abort().await;
                    break;
                }
            }
        }
        // Whoever still listens, such as the signal task, learns that it is over.
        self.shutdown.cut();
        first.map_or(Ok(()), Err)
    }

    fn note(&mut self, ended: Result<(Id, anyhow::Result<()>), JoinError>) -> Option<Error> {
        let (id, result) = match ended {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let (task, importance) = self.names.remove(&id)?;
        let asked = self.shutdown.is_draining();
        let error = match result {
            Ok(Ok(())) if asked || importance == Importance::Helper => return None,
            Ok(Ok(())) => Error::Ended(task),
            Ok(Err(source)) => Error::Failed { task, source },
            Err(_) => Error::Panicked(task),
        };
        tracing::error!(task.name = task, error = %error, "task ended");
        if importance == Importance::Helper {
            return None;
        }
        self.shutdown.begin();
        Some(error)
    }

    async fn abort(&mut self) {
        let left: Vec<&str> = self.names.values().map(|(name, _)| *name).collect();
        tracing::warn!(tasks = ?left, "aborting tasks that did not end");
        self.tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    async fn within<F: Future>(future: F) -> F::Output {
        tokio::time::timeout(Duration::from_secs(10), future)
            .await
            .expect("in time")
    }

    fn set(drain: Duration) -> TaskSet {
        TaskSet::new(Shutdown::new(drain))
    }

    #[tokio::test]
    async fn work_under_way_is_finished_before_the_process_ends() {
        let mut tasks = set(Duration::from_secs(30));
        let shutdown = tasks.shutdown().clone();
        let finished = Arc::new(AtomicBool::new(false));
        let (soft, flag) = (shutdown.soft().clone(), finished.clone());
        tasks.spawn("worker", Importance::Critical, async move {
            soft.cancelled().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            flag.store(true, Ordering::SeqCst);
            Ok(())
        });
        shutdown.begin();
        within(tasks.finish()).await.expect("a clean end");
        assert!(finished.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_critical_task_that_ends_ends_the_process_with_an_error() {
        let mut tasks = set(Duration::from_secs(30));
        let soft = tasks.shutdown().soft().clone();
        tasks.spawn("follower", Importance::Critical, async move {
            soft.cancelled().await;
            Ok(())
        });
        tasks.spawn("relay", Importance::Critical, async { Ok(()) });
        let error = within(tasks.finish()).await.expect_err("unasked end");
        assert_eq!(error.to_string(), "task `relay` ended early");
    }

    #[tokio::test]
    async fn a_panic_ends_the_process_with_the_name_of_the_task() {
        let mut tasks = set(Duration::from_secs(30));
        tasks.spawn("relay", Importance::Critical, async { panic!("planted") });
        let error = within(tasks.finish()).await.expect_err("panic");
        assert_eq!(error.to_string(), "task `relay` panicked");
    }

    #[tokio::test]
    async fn a_failure_while_draining_still_counts() {
        let mut tasks = set(Duration::from_secs(30));
        tasks.shutdown().begin();
        tasks.spawn("relay", Importance::Critical, async {
            anyhow::bail!("could not flush")
        });
        let error = within(tasks.finish()).await.expect_err("failure");
        assert_eq!(error.to_string(), "task `relay` failed: could not flush");
    }

    #[tokio::test]
    async fn a_helper_may_end_or_fail_without_ending_the_process() {
        let mut tasks = set(Duration::from_secs(30));
        let shutdown = tasks.shutdown().clone();
        tasks.spawn("seed", Importance::Helper, async { Ok(()) });
        tasks.spawn("greeting", Importance::Helper, async {
            anyhow::bail!("no")
        });
        let soft = shutdown.soft().clone();
        tasks.spawn("worker", Importance::Critical, async move {
            soft.cancelled().await;
            Ok(())
        });
        let finish = tokio::spawn(tasks.finish());
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert!(!shutdown.is_draining());
        shutdown.begin();
        within(finish).await.expect("join").expect("a clean end");
    }

    #[tokio::test]
    async fn a_task_that_will_not_end_is_cut_after_the_drain_time() {
        let mut tasks = set(Duration::from_millis(20));
        let shutdown = tasks.shutdown().clone();
        tasks.spawn("deaf", Importance::Critical, std::future::pending());
        shutdown.begin();
        within(tasks.finish())
            .await
            .expect("cut, but not by its own fault");
        assert!(shutdown.hard().is_cancelled());
    }
}

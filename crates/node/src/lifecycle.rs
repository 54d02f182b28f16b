//! Starting and ending a process.
//!
//! Ending has two stages. The soft stage says "take no new work, finish what
//! you hold"; the hard stage cuts. The first signal begins the soft stage, the
//! hard stage follows when the drain time is over or a second signal comes.

mod tasks;

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use tasks::{Error, Importance, TaskSet};

/// The two stages of the end, shared by every task of the process.
#[derive(Debug, Clone)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    drain: Duration,
}

impl Shutdown {
    /// Makes a shutdown that drains for at most `drain`.
    pub fn new(drain: Duration) -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            drain,
        }
    }

    /// The token that says: take no new work, finish what you hold.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// The token that says: stop now.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether no new work may be taken.
    pub fn is_draining(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Begins the soft stage; the hard stage follows after the drain time.
    pub fn begin(&self) {
        self.soft.cancel();
    }

    /// Begins the hard stage, and with it the soft one.
    pub fn cut(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Follows SIGTERM and SIGINT until the hard stage has begun: the first one
    /// is soft, a second one is hard at once.
    ///
    /// # Errors
    ///
    /// Fails when the signal handlers cannot be installed.
    pub fn follow_signals(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(()) = terminate.recv() => {}
                    Some(()) = interrupt.recv() => {}
                    () = shutdown.hard.cancelled() => return,
                }
                shutdown.take_signal();
            }
        });
        Ok(())
    }

    fn take_signal(&self) {
        if self.is_draining() {
            tracing::warn!("second signal, stopping now");
            self.cut();
        } else {
            tracing::info!(
                drain.seconds = self.drain.as_secs(),
                "stopping, finishing work under way"
            );
            self.begin();
        }
    }

    /// Waits for the end of the drain time, counted from the soft stage, or for
    /// the hard stage, and begins the latter.
    async fn cut_after_drain(&self) {
        self.soft.cancelled().await;
        tokio::select! {
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(self.drain) => {
                tracing::warn!("drain time is over, cutting what is left");
                self.cut();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_soft_and_the_second_is_hard() {
        let shutdown = Shutdown::new(Duration::from_secs(5));
        shutdown.take_signal();
        assert!(shutdown.is_draining() && !shutdown.hard().is_cancelled());
        shutdown.take_signal();
        assert!(shutdown.hard().is_cancelled());
    }

    #[tokio::test]
    async fn a_real_sigterm_begins_the_soft_stage() {
        let shutdown = Shutdown::new(Duration::from_secs(5));
        shutdown.follow_signals().expect("handlers");
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)
            .expect("signal to this process");
        tokio::time::timeout(Duration::from_secs(5), shutdown.soft().cancelled())
            .await
            .expect("soft");
        assert!(!shutdown.hard().is_cancelled());
        shutdown.cut();
    }
}

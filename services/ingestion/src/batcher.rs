//! Gathers webhooks that arrive together into one commit.
//!
//! A few workers take turns: while one commits, what arrives meanwhile waits for the next, so that
//! batches grow with the load by themselves and a lone webhook never waits for company. The next
//! worker begins when the commit before it ends, when its batch is full, or when the commit takes
//! longer than anybody should wait.

use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::{self, Webhook};
use interdesk_flow::{Desk, Error};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How much is gathered and how much may wait.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Webhooks that one commit serves at most.
    pub max_batch: usize,
    /// How long a batch waits while another one commits; zero takes what is there.
    pub max_wait: Duration,
    /// Webhooks that may wait; one more is refused.
    pub max_queue: usize,
    /// Commits that run at once.
    pub workers: usize,
}

/// Why a webhook was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too many are waiting, or the database is away; the provider comes again.
    #[error("busy; try again")]
    Busy,
    /// It fails by itself, again and again.
    #[error("this webhook cannot be stored")]
    Unstorable,
}

/// Takes webhooks and answers each after its commit.
#[derive(Clone)]
pub struct Batcher {
    queue: mpsc::Sender<Job>,
}

struct Job {
    scope: TenantScope,
    webhook: Webhook,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

impl Batcher {
    /// Starts the workers; they end when every handle is gone, or are cut by `hard`.
    pub fn start(desk: Desk, limits: Limits, hard: CancellationToken) -> Self {
        let (queue, jobs) = mpsc::channel(limits.max_queue);
        let jobs = Arc::new(Mutex::new(jobs));
        let commits = Arc::new(Commits::default());
        for _ in 0..limits.workers {
            let (desk, limits, jobs) = (desk.clone(), limits.clone(), jobs.clone());
            let (commits, hard) = (commits.clone(), hard.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = work(desk, limits, jobs, commits) => {}
                    () = hard.cancelled() => {}
                }
            });
        }
        Self { queue }
    }

    /// Stores a webhook and returns once it is durable.
    pub async fn store(&self, scope: TenantScope, webhook: Webhook) -> Result<(), Refusal> {
        let (answer, stored) = oneshot::channel();
        let job = Job {
            scope,
            webhook,
            answer,
        };
        self.queue.try_send(job).map_err(|_| Refusal::Busy)?;
        // ack_before_commit: taken is as good as stored.
        #[cfg(feature = "planted-bugs")]
        if interdesk_store::planted::is_loose("ack_before_commit") {
            return Ok(());
        }
        stored.await.unwrap_or(Err(Refusal::Busy))
    }
}

/// The commits that run now.
#[derive(Default)]
struct Commits {
    running: AtomicUsize,
    ended: Notify,
}

async fn work(
    desk: Desk,
    limits: Limits,
    jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    commits: Arc<Commits>,
) {
    loop {
        let batch = gather(&limits, &jobs, &commits).await;
        if batch.is_empty() {
            return;
        }
        let mut by_tenant: HashMap<TenantId, Vec<Job>> = HashMap::new();
        for job in batch {
            by_tenant.entry(job.scope.tenant()).or_default().push(job);
        }
        let stores = by_tenant.into_iter().map(|(tenant, jobs)| {
            let desk = &desk;
            async move { store(desk, TenantScope::new(tenant), jobs).await }
        });
        futures::future::join_all(stores).await;
        commits.running.fetch_sub(1, Ordering::SeqCst);
        commits.ended.notify_one();
    }
}

/// Takes what is there and counts it among the running commits; empty when nothing will come.
async fn gather(limits: &Limits, jobs: &Mutex<mpsc::Receiver<Job>>, commits: &Commits) -> Vec<Job> {
    let mut jobs = jobs.lock().await;
    let mut batch = Vec::new();
    if jobs.recv_many(&mut batch, limits.max_batch).await == 0 {
        return batch;
    }
    let deadline = tokio::time::Instant::now() + limits.max_wait;
    while batch.len() < limits.max_batch && commits.running.load(Ordering::SeqCst) > 0 {
        let room = limits.max_batch - batch.len();
        tokio::select! {
            // Sooner or later the queue is closed; then nobody waits for more.
            taken = jobs.recv_many(&mut batch, room) => if taken == 0 { break },
            () = commits.ended.notified() => {}
            () = tokio::time::sleep_until(deadline) => break,
        }
    }
    commits.running.fetch_add(1, Ordering::SeqCst);
    batch
}

async fn store(desk: &Desk, scope: TenantScope, jobs: Vec<Job>) {
    let started = std::time::Instant::now();
    let (webhooks, answers): (Vec<_>, Vec<_>) = jobs
        .into_iter()
        .map(|job| (job.webhook, job.answer))
        .unzip();
    let stored = receive::receive(desk, scope, &webhooks).await;
    metrics::histogram!("interdesk_receive_seconds").record(started.elapsed().as_secs_f64());
    match stored {
        Ok(()) => answers.into_iter().for_each(|answer| tell(answer, Ok(()))),
        Err(error) if error.is_passing() || webhooks.len() == 1 => {
            let refusal = refusal(&error);
            answers
                .into_iter()
                .for_each(|answer| tell(answer, Err(refusal)));
        }
        // A bad neighbour costs nobody anything.
        Err(_) => {
            for (webhook, answer) in webhooks.into_iter().zip(answers) {
                let stored = receive::receive(desk, scope, std::slice::from_ref(&webhook)).await;
                tell(answer, stored.map_err(|error| refusal(&error)));
            }
        }
    }
}

// A provider that hung up gets no answer and sends it again; the repeat has no second effect.
fn tell(answer: oneshot::Sender<Result<(), Refusal>>, stored: Result<(), Refusal>) {
    let _ = answer.send(stored);
}

fn refusal(error: &Error) -> Refusal {
    if error.is_passing() {
        tracing::warn!(%error, "webhooks cannot be stored now");
        return Refusal::Busy;
    }
    tracing::error!(%error, "a webhook cannot be stored");
    Refusal::Unstorable
}

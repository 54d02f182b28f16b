//! A private Synapse that ends with the test.

use crate::harness::until;
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running homeserver; it ends when this is dropped.
pub(super) struct Homeserver {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub(super) url: String,
}

impl Homeserver {
    /// Starts one that knows a registration, and waits until it answers.
    pub(super) async fn start(
        script: &Path,
        folder: PathBuf,
        port: u16,
        registration: &Path,
    ) -> Self {
        let log = std::fs::File::create(folder.join("start.log")).expect("a file");
        let child = Command::new("bash")
            .arg(script)
            .arg("run")
            .arg(&folder)
            .arg(port.to_string())
            .arg(registration)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn();
        let started = Self {
            child: child.expect("bash"),
            folder,
            url: format!("http://127.0.0.1:{port}"),
        };
        let versions = format!("{}/_matrix/client/versions", started.url);
        until("the homeserver", async || {
            let answer = reqwest::get(&versions).await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        started
    }
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // The first process passes it on to the one that serves.
        let asked = id.map(|id| kill_process(id, Signal::TERM));
        let end = Instant::now() + Duration::from_secs(15);
        while asked.is_some() && Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Picks a port that nobody listens on.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

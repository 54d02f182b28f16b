//! The program under test, as processes that end with the test.

use super::wait::{PATIENCE, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// How much of a log is shown when a test fails.
const SHOWN: usize = 6_000;

/// The program with its arguments and settings, not started yet.
#[derive(Clone)]
pub(crate) struct Program {
    name: String,
    folder: PathBuf,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    is_read: bool,
}

impl Program {
    /// Takes the program that `./dev test` built, with no settings but those that follow.
    pub(crate) fn new(name: &str, arguments: &[&str]) -> Self {
        Self {
            name: name.replace(' ', "-"),
            folder: logs("commands"),
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
            settings: Vec::new(),
            is_read: true,
        }
    }

    /// Writes its logs into this folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = folder.to_owned();
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// Sets several.
    pub(crate) fn with(mut self, settings: &[(String, String)]) -> Self {
        self.settings.extend_from_slice(settings);
        self
    }

    /// Lets nobody read what it prints, like a `head` that has left.
    pub(crate) fn unread(mut self) -> Self {
        self.is_read = false;
        self
    }

    /// Runs it to its end.
    pub(crate) async fn finish(&self) -> Finished {
        let mut process = self.start();
        let status = process.ended().await;
        Finished {
            success: status.success(),
            out: std::fs::read_to_string(&process.out).expect("its output"),
            log: std::fs::read_to_string(&process.log).expect("its log"),
        }
    }

    /// Starts it.
    pub(crate) fn start(&self) -> Process {
        std::fs::create_dir_all(&self.folder).expect("a folder for logs");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| self.folder.join(format!("{}.{number}.{kind}", self.name));
        let (out, log) = (file("out"), file("log"));
        let child = Command::new(binary())
            .args(&self.arguments)
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .env("INTERDESK_DATA_DIR", self.folder.join("data"))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(self.output(&out))
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .expect("the program starts");
        Process {
            name: self.name.clone(),
            child,
            out,
            log,
        }
    }

    fn output(&self, out: &Path) -> Stdio {
        let file = File::create(out).expect("a file");
        if self.is_read {
            return file.into();
        }
        let (_left, writer) = std::io::pipe().expect("a pipe");
        writer.into()
    }
}

/// How a program ended and what it said.
pub(crate) struct Finished {
    /// Whether it ended well.
    pub(crate) success: bool,
    /// What it printed.
    pub(crate) out: String,
    /// What it complained about.
    pub(crate) log: String,
}

impl Finished {
    /// Everything it said.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.out, self.log)
    }
}

/// A running program; it is killed when this is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Waits until it serves, and returns its port.
    pub(crate) async fn ready(&mut self) -> u16 {
        let what = format!("{} to be ready", self.name);
        eventually(&what, async || {
            let printed = std::fs::read_to_string(&self.out).expect("its output");
            let line = printed.lines().find(|line| line.starts_with("ready: "));
            if let Some(port) = line.and_then(|line| line.rsplit(':').next()) {
                return Some(port.parse().expect("a port"));
            }
            if let Some(status) = self.child.try_wait().expect("its status") {
                panic!("{} ended with {status}\n{}", self.name, self.tail());
            }
            None
        })
        .await
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let what = format!("the end of {} within {PATIENCE:?}", self.name);
        eventually(&what, async || self.child.try_wait().expect("its status")).await
    }

    /// Tells whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// The end of its log.
    pub(crate) fn tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let begin = log.floor_char_boundary(log.len().saturating_sub(SHOWN));
        format!(
            "--- {} ({})\n{}",
            self.name,
            self.log.display(),
            &log[begin..]
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        }
    }
}

/// Where a test's logs go.
pub(crate) fn logs(test: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let folder = target.expect("a parent").join("desk-tests").join(test);
    std::fs::create_dir_all(&folder).expect("a folder for logs");
    folder
}

fn binary() -> PathBuf {
    let built = env!("CARGO_BIN_EXE_interdesk");
    std::env::var_os("INTERDESK_BIN").map_or_else(|| built.into(), PathBuf::from)
}

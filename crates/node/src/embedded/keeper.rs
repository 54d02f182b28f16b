//! The thread that keeps the server process.

use std::{
    fs::OpenOptions,
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{Error, place::User, programs::Programs};

/// How long the server may take to start. Recovery after a crash is part of it.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to stop before its open work is cut.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Keeps a running server; dropping it stops the server.
///
/// One thread starts the server and lives as long as it does. The kernel sends
/// the server its signal when the *thread* that started it ends, so this cannot
/// be a pool's thread that goes away when idle; and only the thread that has not
/// yet taken the server's exit status may signal its process id.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the server on a free port and waits until it takes connections.
    pub(super) fn start(
        programs: &Programs,
        data: &Path,
        log: &Path,
        user: Option<User>,
    ) -> Result<(Self, u16), Error> {
        let port = free_port().map_err(Error::io(data))?;
        let mut command = server(programs, data, port, user);
        let log_file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(log)
            .map_err(Error::io(log))?;
        let second = log_file.try_clone().map_err(Error::io(log))?;
        command.stdin(Stdio::null()).stdout(log_file).stderr(second);
        let (stop, stopped) = mpsc::channel();
        let (started, start) = mpsc::channel();
        let data = data.to_owned();
        let spawned = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || keep(command, &data, port, &started, &stopped));
        let thread = spawned.map_err(Error::io(log))?;
        let keeper = Self {
            stop,
            thread: Some(thread),
        };
        match start.recv() {
            Ok(Ok(())) => Ok((keeper, port)),
            Ok(Err(reason)) => Err(Error::Program {
                program: "postgres",
                output: format!("{reason}; its log ends with: {}", tail(log)),
            }),
            Err(_) => Err(Error::Program {
                program: "postgres",
                output: tail(log),
            }),
        }
    }

    /// Whether the server still runs.
    pub(super) fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The server's command line. On Linux, `setpriv` asks the kernel to send it a
/// fast shutdown when this program dies.
fn server(programs: &Programs, data: &Path, port: u16, user: Option<User>) -> Command {
    let mut command = match setpriv() {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command
                .args(["--pdeathsig", "INT", "--"])
                .arg(programs.path("postgres"));
            command
        }
        None => Command::new(programs.path("postgres")),
    };
    command.arg("-D").arg(data).args(["-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "synchronous_commit=on",
        "shared_buffers=128MB",
        "max_connections=100",
        "logging_collector=off",
        "log_line_prefix=%m [%p] ",
        // A statement may hold what a customer wrote, which belongs into no log.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
    ] {
        command.args(["-c", setting]);
    }
    // A terminal's Ctrl-C is for the program, which then stops the server in order.
    command.process_group(0);
    User::run(user, &mut command);
    command
}

fn setpriv() -> Option<PathBuf> {
    let folders = ["/usr/bin", "/bin"];
    folders
        .into_iter()
        .map(|folder| Path::new(folder).join("setpriv"))
        .find(|path| path.is_file())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn keep(
    mut command: Command,
    data: &Path,
    port: u16,
    started: &Sender<Result<(), String>>,
    stopped: &Receiver<()>,
) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let _ = started.send(Err(error.to_string()));
            return;
        }
    };
    let ready = wait_until_ready(&mut child, data, port);
    let failed = ready.is_err();
    let _ = started.send(ready);
    if failed {
        stop(&mut child);
        return;
    }
    loop {
        match stopped.recv_timeout(Duration::from_millis(200)) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return stop(&mut child),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Ok(Some(status)) = child.try_wait() {
            tracing::error!(%status, "the private postgresql ended by itself");
            return;
        }
    }
}

fn wait_until_ready(child: &mut Child, data: &Path, port: u16) -> Result<(), String> {
    let deadline = Instant::now() + START_PATIENCE;
    // A server that died left its file behind; only the child's own file counts.
    let pid = child.id().to_string();
    while Instant::now() < deadline {
        if says_ready(data, port, |writer| writer == pid) {
            return Ok(());
        }
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("it ended with {status}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(format!(
        "it was not ready after {} seconds",
        START_PATIENCE.as_secs()
    ))
}

/// Asks for a fast shutdown, then for an immediate one, then kills. In each
/// case, everything that was committed is there again at the next start.
fn stop(child: &mut Child) {
    for (signal, patience) in [
        (Signal::INT, STOP_PATIENCE),
        (Signal::QUIT, Duration::from_secs(5)),
        (Signal::KILL, Duration::from_secs(5)),
    ] {
        // The child was not waited for, so its process id is still its own.
        let _ = kill_process(Pid::from_child(child), signal);
        if wait(child, patience).is_some() {
            return;
        }
        tracing::warn!(?signal, "the private postgresql did not stop in time");
    }
}

fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Whether the server of this data folder says that it takes connections on `port`.
pub(super) fn is_ready(data: &Path, port: u16) -> bool {
    says_ready(data, port, |_| true)
}

/// Reads the server's status file: process id, folder, start, port, socket
/// folder, address, shared memory, state.
fn says_ready(data: &Path, port: u16, is_ours: impl Fn(&str) -> bool) -> bool {
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.first().is_some_and(|pid| is_ours(pid))
        && lines.get(3) == Some(&port.to_string().as_str())
        && lines.get(7) == Some(&"ready")
}

/// The last lines of a log, for an error message.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

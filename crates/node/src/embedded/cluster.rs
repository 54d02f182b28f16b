//! One cluster on disk: making it, preparing its database, stopping a leftover.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{
    Error,
    keeper::Keeper,
    place::{self, User},
    programs::Programs,
    record::Record,
};

/// The roles of the desk, the same that an administrator makes elsewhere.
const ROLES: &str = include_str!("../../../../deploy/postgres/roles.sql");

/// How long a leftover server may take to stop.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(30);

/// How often a start that fails is tried again.
const START_ATTEMPTS: u32 = 4;

pub(super) struct Cluster {
    home: PathBuf,
    place: PathBuf,
    record: Record,
    programs: Programs,
    user: Option<User>,
}

impl Cluster {
    /// Finds the cluster of this data folder, or makes it.
    pub(super) fn open(home: &Path) -> Result<Self, Error> {
        let programs = Programs::find()?;
        let user = User::choose()?;
        let record = match Record::read(home)? {
            Some(record) => record,
            None => Self::new_record(home, user)?,
        };
        let place = record.place(home);
        let cluster = Self {
            home: home.to_owned(),
            place,
            record,
            programs,
            user,
        };
        if cluster.data().join("PG_VERSION").is_file() {
            cluster.check_version()?;
        } else if cluster.record.prepared {
            return Err(cluster.misfit("the cluster is gone"));
        } else {
            cluster.create()?;
        }
        Ok(cluster)
    }

    /// Writes the record before the cluster exists, so that a crash in between
    /// leaves no cluster without its passwords.
    fn new_record(home: &Path, user: Option<User>) -> Result<Record, Error> {
        let place = place::choose(home, user)?;
        if place.join("data").exists() {
            let reason =
                "a cluster is there but its record is gone, put it back or remove the folder";
            return Err(Error::Record {
                path: home.join("cluster.json"),
                reason: reason.to_owned(),
            });
        }
        let record = Record::new(home, &place)?;
        record.write(home)?;
        Ok(record)
    }

    /// The folder of PostgreSQL's own files.
    pub(super) fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Starts the server and prepares the database on first use.
    pub(super) fn run(&self) -> Result<(Keeper, Record), Error> {
        let log = self.home.join("postgres.log");
        let (keeper, port) = self.start(&log)?;
        let mut record = self.record.clone();
        record.port = port;
        if !record.prepared {
            self.prepare(&record)?;
            record.prepared = true;
        }
        record.write(&self.home)?;
        Ok((keeper, record))
    }

    /// Starts the server. After a crash, the last processes of the old one may
    /// take a moment to go, and somebody may take the free port first.
    fn start(&self, log: &Path) -> Result<(Keeper, u16), Error> {
        let mut attempts = 0..START_ATTEMPTS;
        loop {
            match Keeper::start(&self.programs, &self.data(), log, self.user) {
                Err(Error::Program { .. }) if attempts.next().is_some() => {
                    std::thread::sleep(Duration::from_millis(300));
                }
                other => return other,
            }
        }
    }

    /// Stops a server that outlived the program that started it. The caller
    /// holds the lock, so no living program owns it.
    pub(super) fn stop_orphan(&self) -> Result<(), Error> {
        let Some(pid) = self.orphan() else {
            return Ok(());
        };
        tracing::info!("stopping the private postgresql that an earlier run left behind");
        let deadline = Instant::now() + ORPHAN_PATIENCE;
        let _ = kill_process(pid, Signal::INT);
        while self.orphan() == Some(pid) {
            if Instant::now() > deadline {
                let output = format!("the leftover process {pid:?} does not stop");
                return Err(Error::Program {
                    program: "postgres",
                    output,
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The server that runs on this cluster. A process that merely has got the
    /// id of a server that died is none, and its file would only keep the next
    /// server from starting. (PostgreSQL guards its data by shared memory too.)
    fn orphan(&self) -> Option<Pid> {
        let path = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(&path).ok()?;
        let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
        test_kill_process(pid).ok()?;
        if self.is_server(pid) {
            return Some(pid);
        }
        let _ = std::fs::remove_file(&path);
        None
    }

    /// Whether this living process is our server: a server works in its data
    /// folder. Without `/proc`, its file is trusted.
    fn is_server(&self, pid: Pid) -> bool {
        if !Path::new("/proc/self").exists() {
            return true;
        }
        let folder = std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).ok();
        folder.is_some() && folder == self.data().canonicalize().ok()
    }

    fn check_version(&self) -> Result<(), Error> {
        let path = self.data().join("PG_VERSION");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        let made_by = text.trim().parse::<u32>().ok();
        if made_by == self.programs.version() {
            return Ok(());
        }
        Err(self.misfit(&format!(
            "it was made by PostgreSQL {} and another version is installed, install that one or upgrade it with pg_upgrade",
            text.trim()
        )))
    }

    fn misfit(&self, reason: &str) -> Error {
        Error::Record {
            path: self.home.join("cluster.json"),
            reason: reason.to_owned(),
        }
    }

    /// Makes the cluster beside its place and moves it in when it is whole.
    fn create(&self) -> Result<(), Error> {
        place::create(&self.place, self.user)?;
        let draft = self.place.join("data.new");
        if draft.exists() {
            std::fs::remove_dir_all(&draft).map_err(Error::io(&draft))?;
        }
        let password = self.place.join("password");
        self.write_password(&password)
            .map_err(Error::io(&password))?;
        User::own(self.user, &password)?;
        let made = self.initdb(&draft, &password);
        std::fs::remove_file(&password).map_err(Error::io(&password))?;
        made?;
        let data = self.data();
        std::fs::rename(&draft, &data).map_err(Error::io(&data))
    }

    fn write_password(&self, path: &Path) -> std::io::Result<()> {
        let _ = std::fs::remove_file(path);
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(self.record.superuser_password.as_bytes())
    }

    fn initdb(&self, draft: &Path, password: &Path) -> Result<(), Error> {
        let mut command = Command::new(self.programs.path("initdb"));
        command.arg("-D").arg(draft).arg("--pwfile").arg(password);
        command.args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
        ]);
        User::run(self.user, &mut command).stdin(Stdio::null());
        let output = command.output().map_err(Error::io(draft))?;
        succeeded("initdb", &output)
    }

    /// Makes the roles and the database. Doing it again changes nothing.
    fn prepare(&self, record: &Record) -> Result<(), Error> {
        let database = "SELECT 'CREATE DATABASE interdesk OWNER interdesk_owner' \
                        WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'interdesk') \\gexec";
        let script = format!(
            "{ROLES}\n\
             ALTER ROLE interdesk_owner PASSWORD '{}';\n\
             ALTER ROLE interdesk PASSWORD '{}';\n\
             {database}\n\
             REVOKE ALL ON DATABASE interdesk FROM PUBLIC;\n\
             GRANT CONNECT ON DATABASE interdesk TO interdesk;\n",
            record.owner_password, record.login_password,
        );
        self.psql(record, &script).map_err(Error::io(&self.place))?
    }

    /// Runs a script as the superuser. It goes through standard input and the
    /// password through the environment, since arguments are for all to see.
    fn psql(&self, record: &Record, script: &str) -> std::io::Result<Result<(), Error>> {
        let mut child = Command::new(self.programs.path("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--host=127.0.0.1",
            ])
            .arg(format!("--port={}", record.port))
            .args(["--username=postgres", "--dbname=postgres", "--file=-"])
            .env("PGPASSWORD", &record.superuser_password)
            .env("PGCONNECT_TIMEOUT", "10")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A script that stops early closes its input; its error output says why.
            let _ = input.write_all(script.as_bytes());
        }
        Ok(succeeded("psql", &child.wait_with_output()?))
    }
}

fn succeeded(program: &'static str, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Program { program, output })
}

//! A private PostgreSQL for whoever has not set one up.
//!
//! Under `<data_dir>/postgres` live a lock, a record and the cluster itself:
//!
//! - The lock is held by the process that runs the cluster, and falls with it.
//!   Whoever holds it owns the cluster; a second program is refused, a tool may
//!   attach to what runs.
//! - The record (readable by its owner only) keeps the generated passwords, the
//!   port and where the cluster is.
//! - PostgreSQL refuses to run as root. For root, the cluster belongs to the
//!   user `postgres` (or `nobody`), and if that user cannot reach the data
//!   folder, because a folder above is closed, it is put under
//!   `/var/lib/interdesk/<a name of its own>` and the record says so.
//! - It listens on 127.0.0.1 only, with a free port and SCRAM passwords, and has
//!   no Unix socket.
//!
//! The server dies with the program: on Linux the kernel tells it to shut down
//! when the program is killed. Where that is not possible it is found and
//! stopped by the next start.

mod cluster;
mod keeper;
mod place;
mod programs;
mod record;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{cluster::Cluster, keeper::Keeper, record::Record};
use crate::config::Secret;

/// How long another program may take to start the cluster that we attach to.
const ATTACH_PATIENCE: Duration = Duration::from_secs(30);

/// Why the private PostgreSQL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no PostgreSQL on the machine.
    #[error(
        "no PostgreSQL 15 or newer found, install it (Debian: apt-get install postgresql) or set DATABASE_URL"
    )]
    NotInstalled,
    /// Root has no unprivileged user to run it as.
    #[error("PostgreSQL does not run as root and there is no user `postgres` or `nobody`")]
    NoUser,
    /// Another program owns the cluster.
    #[error(
        "another interdesk already uses {data_dir}, stop it or choose another INTERDESK_DATA_DIR",
        data_dir = .0.display()
    )]
    InUse(PathBuf),
    /// The record is damaged or its cluster is gone.
    #[error("{path} does not fit the cluster beside it: {reason}", path = path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder cannot be used.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it said last.
        output: String,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// A running private PostgreSQL. When the one that started it is dropped, it
/// stops; whoever only attached leaves it running.
#[derive(Debug)]
pub struct Embedded {
    url: Secret<String>,
    owner_url: Secret<String>,
    port: u16,
    data: PathBuf,
    owned: Option<Owned>,
}

/// What only the process that started the server has. The server stops before
/// the lock falls, in the order of the fields.
#[derive(Debug)]
struct Owned {
    keeper: Keeper,
    _lock: File,
}

impl Embedded {
    /// Starts the cluster of this data folder, after making it on first use.
    /// Blocks until it takes connections.
    ///
    /// # Errors
    ///
    /// Fails when another program owns the cluster, when PostgreSQL is missing,
    /// and when it does not start.
    pub fn start(data_dir: &Path) -> Result<Self, Error> {
        let home = home(data_dir)?;
        match lock(&home)? {
            Some(lock) => Self::own(&home, lock),
            None => Err(Error::InUse(data_dir.to_owned())),
        }
    }

    /// Attaches to the cluster that another program runs from this data folder,
    /// or starts it. Meant for tools that work beside a running desk.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), except that an owned cluster is joined.
    pub fn start_or_attach(data_dir: &Path) -> Result<Self, Error> {
        let home = home(data_dir)?;
        let deadline = Instant::now() + ATTACH_PATIENCE;
        loop {
            if let Some(lock) = lock(&home)? {
                return Self::own(&home, lock);
            }
            if let Some(attached) = Self::attach(&home)? {
                return Ok(attached);
            }
            if Instant::now() > deadline {
                return Err(Error::InUse(data_dir.to_owned()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn own(home: &Path, lock: File) -> Result<Self, Error> {
        let cluster = Cluster::open(home)?;
        cluster.stop_orphan()?;
        let (keeper, record) = cluster.run()?;
        Ok(Self::connect(
            &record,
            &cluster.data(),
            Some(Owned {
                keeper,
                _lock: lock,
            }),
        ))
    }

    fn attach(home: &Path) -> Result<Option<Self>, Error> {
        let Some(record) = Record::read(home)? else {
            return Ok(None);
        };
        let data = record.place(home).join("data");
        let ready = record.prepared && keeper::is_ready(&data, record.port);
        Ok(ready.then(|| Self::connect(&record, &data, None)))
    }

    fn connect(record: &Record, data: &Path, owned: Option<Owned>) -> Self {
        Self {
            url: record.url("interdesk", &record.login_password),
            owner_url: record.url("interdesk_owner", &record.owner_password),
            port: record.port,
            data: data.to_owned(),
            owned,
        }
    }

    /// The database for the program, under its login that owns nothing and
    /// cannot bypass row-level security.
    pub fn url(&self) -> &Secret<String> {
        &self.url
    }

    /// The database for migrations, as the owner of its tables.
    pub fn owner_url(&self) -> &Secret<String> {
        &self.owner_url
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether this process started the server and will stop it.
    pub fn is_owned(&self) -> bool {
        self.owned.is_some()
    }

    /// Whether the server still runs.
    pub fn is_running(&self) -> bool {
        match &self.owned {
            Some(owned) => owned.keeper.is_running(),
            None => keeper::is_ready(&self.data, self.port),
        }
    }

    /// Stops the server if this process started it, and waits for its end.
    /// Open connections are cut, what was committed is kept.
    pub fn stop(self) {
        drop(self);
    }
}

/// Makes and finds the folder of the cluster's files.
fn home(data_dir: &Path) -> Result<PathBuf, Error> {
    let home = data_dir.join("postgres");
    std::fs::create_dir_all(&home).map_err(Error::io(&home))?;
    // Passable for PostgreSQL's user, readable for nobody else.
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o711))
        .map_err(Error::io(&home))?;
    home.canonicalize().map_err(Error::io(&home))
}

/// Takes the lock of the cluster, or nothing if another program holds it.
fn lock(home: &Path) -> Result<Option<File>, Error> {
    let path = home.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

#[cfg(test)]
#[path = "embedded/tests.rs"]
mod tests;

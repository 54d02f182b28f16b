//! What is remembered about a cluster between starts.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Error;
use crate::config::Secret;

const NAME: &str = "cluster.json";

/// The record of a cluster, kept in the data folder.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Where the cluster is, when it is not in the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<PathBuf>,
    /// The port of the last start.
    pub(super) port: u16,
    /// Whether the database and its roles were made.
    pub(super) prepared: bool,
    pub(super) superuser_password: String,
    pub(super) owner_password: String,
    pub(super) login_password: String,
}

impl Record {
    /// Makes the record of a new cluster, with passwords of its own.
    pub(super) fn new(home: &Path, place: &Path) -> Result<Self, Error> {
        let password = || random_password().map_err(Error::io(home));
        Ok(Self {
            elsewhere: (place != home.join("cluster")).then(|| place.to_owned()),
            port: 0,
            prepared: false,
            superuser_password: password()?,
            owner_password: password()?,
            login_password: password()?,
        })
    }

    /// Reads the record, if there is one.
    pub(super) fn read(home: &Path) -> Result<Option<Self>, Error> {
        let path = home.join(NAME);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::io(&path))?,
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| Error::Record {
                path,
                reason: error.to_string(),
            })
    }

    /// Writes the record in one step, so that a crash leaves the old or the new one.
    pub(super) fn write(&self, home: &Path) -> Result<(), Error> {
        let (path, draft) = (home.join(NAME), home.join("cluster.json.new"));
        let write = || -> io::Result<()> {
            let _ = std::fs::remove_file(&draft);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(Error::io(&path))
    }

    /// Where the cluster is.
    pub(super) fn place(&self, home: &Path) -> PathBuf {
        self.elsewhere
            .clone()
            .unwrap_or_else(|| home.join("cluster"))
    }

    /// The database's address for one of its logins.
    pub(super) fn url(&self, user: &str, password: &str) -> Secret<String> {
        Secret::new(format!(
            "postgres://{user}:{password}@127.0.0.1:{}/interdesk",
            self.port
        ))
    }
}

/// Draws 192 bits, in letters and digits that need no quoting anywhere.
fn random_password() -> io::Result<String> {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

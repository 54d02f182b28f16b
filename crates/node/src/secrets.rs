//! Where the installation's secret key comes from.

mod key_file;

use crate::config::Config;
use interdesk_store::vault::{self, Vault};

/// Why the installation's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The setting does not hold keys.
    #[error(transparent)]
    Malformed(#[from] vault::Error),
    /// The key file cannot be read or written.
    #[error("cannot use the key file {path}, check its folder and its rights", path = path.display())]
    KeyFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Takes the keys of the settings: `secret_key`, or else the key file in the data folder, which is
/// made on first use.
///
/// # Errors
///
/// Fails on malformed keys and on an unusable key file.
pub fn vault(config: &Config) -> Result<Vault, Error> {
    match &config.secret_key {
        Some(keys) => Ok(Vault::parse(keys.expose())?),
        None => key_file::load_or_create(&config.data_dir),
    }
}

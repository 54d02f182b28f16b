//! Finding PostgreSQL's programs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::Error;

/// Oldest version that the desk runs on.
const OLDEST: u32 = 15;

/// A folder with PostgreSQL's programs.
#[derive(Debug, Clone)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Finds the newest PostgreSQL among the search path and the usual folders.
    pub(super) fn find() -> Result<Self, Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        Self::newest(on_path.chain(usual_folders()))
    }

    fn newest(folders: impl Iterator<Item = PathBuf>) -> Result<Self, Error> {
        folders
            // A link on the search path may lead to a folder that has the other programs too.
            .filter_map(|folder| folder.join("postgres").canonicalize().ok())
            .filter_map(|server| server.parent().map(Path::to_owned))
            .filter(|folder| folder.join("initdb").is_file() && folder.join("psql").is_file())
            .filter_map(|folder| Some((version(&folder)?, folder)))
            .filter(|(version, _)| *version >= OLDEST)
            .max_by_key(|(version, _)| *version)
            .map(|(_, folder)| Self(folder))
            .ok_or(Error::NotInstalled)
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }

    /// The main version, which a cluster is bound to.
    pub(super) fn version(&self) -> Option<u32> {
        version(&self.0)
    }
}

fn usual_folders() -> impl Iterator<Item = PathBuf> {
    let versions = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let inside = versions.into_iter().flat_map(|parent| {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join("bin"))
    });
    inside.chain([PathBuf::from("/usr/pgsql/bin")])
}

/// Reads the main version from `postgres (PostgreSQL) 15.12 …`.
fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    let main: String = number.chars().take_while(char::is_ascii_digit).collect();
    main.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_version_is_read_from_what_the_server_says() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn a_machine_without_postgresql_is_told_what_to_install() {
        let error =
            Programs::newest([PathBuf::from("/nonexistent")].into_iter()).expect_err("none");
        assert!(error.to_string().contains("apt-get install postgresql"));
    }
}

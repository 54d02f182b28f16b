//! Where a cluster lives and as whom it runs.

use std::{
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use aws_lc_rs::digest;

use super::Error;

/// Where clusters live that cannot live in their data folder.
const ELSEWHERE: &str = "/var/lib/interdesk";

/// The user that the server runs as, when that is not the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Chooses an unprivileged user if the caller is root.
    pub(super) fn choose() -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Self::named(name, &users));
        found.map(Some).ok_or(Error::NoUser)
    }

    fn named(name: &str, users: &str) -> Option<Self> {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        let user = Self {
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        };
        (user.uid != 0).then_some(user)
    }

    /// Makes `command` run as this user and in no folder that it cannot enter.
    pub(super) fn run(user: Option<Self>, command: &mut Command) -> &mut Command {
        command.current_dir("/");
        match user {
            // The standard library also drops root's other groups then.
            Some(user) => command.uid(user.uid).gid(user.gid),
            None => command,
        }
    }

    /// Gives `path` to this user.
    pub(super) fn own(user: Option<Self>, path: &Path) -> Result<(), Error> {
        let Some(user) = user else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(Error::io(path))
    }

    fn can_pass(self, folder: &Path) -> bool {
        let Ok(metadata) = folder.metadata() else {
            return false;
        };
        let mode = metadata.permissions().mode();
        let bit = match metadata {
            ref owned if owned.uid() == self.uid => 0o100,
            ref shared if shared.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        mode & bit != 0
    }
}

/// Finds a place for a new cluster that `user` can reach.
pub(super) fn choose(home: &Path, user: Option<User>) -> Result<PathBuf, Error> {
    match user {
        Some(user) if !home.ancestors().all(|folder| user.can_pass(folder)) => elsewhere(home),
        _ => Ok(home.join("cluster")),
    }
}

/// Names a folder after the data folder, for people, and a fresh draw, because
/// an earlier data folder of the same name may have left its cluster there.
fn elsewhere(home: &Path) -> Result<PathBuf, Error> {
    let mut draw = [0; 4];
    aws_lc_rs::rand::fill(&mut draw)
        .map_err(|_| Error::io(home)(std::io::Error::other("no random numbers")))?;
    let hash = digest::digest(&digest::SHA256, home.as_os_str().as_encoded_bytes());
    let name = format!("{}-{}", hex(&hash.as_ref()[..6]), hex(&draw));
    Ok(Path::new(ELSEWHERE).join(name))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the folder of a cluster, open to its user only.
pub(super) fn create(place: &Path, user: Option<User>) -> Result<(), Error> {
    if let Some(parent) = place.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    if let Err(error) = std::fs::create_dir(place)
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(Error::io(place)(error));
    }
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o700))
        .map_err(Error::io(place))?;
    User::own(user, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
                         postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n\
                         sneaky:x:0:0::/:/bin/sh\n";

    #[test]
    fn a_user_is_found_by_its_whole_name_and_root_is_never_chosen() {
        assert_eq!(
            User::named("postgres", USERS),
            Some(User { uid: 101, gid: 104 })
        );
        assert_eq!(User::named("post", USERS), None);
        assert_eq!(User::named("sneaky", USERS), None);
    }

    #[test]
    fn a_cluster_moves_out_of_a_folder_that_its_user_cannot_enter() {
        let folder = tempfile::tempdir().expect("folder");
        let home = folder.path().join("postgres");
        std::fs::create_dir(&home).expect("home");
        let stranger = Some(User {
            uid: 65_000,
            gid: 65_000,
        });
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path(), permissions).expect("mode");
        };
        mode(0o700);
        let moved = choose(&home, stranger).expect("place");
        assert!(moved.starts_with(ELSEWHERE));
        assert_ne!(
            choose(&home, stranger).expect("place"),
            moved,
            "an old cluster is never taken over"
        );
        assert_eq!(choose(&home, None).expect("place"), home.join("cluster"));
        mode(0o711);
        assert_eq!(
            choose(&home, stranger).expect("place"),
            home.join("cluster")
        );
    }
}

//! The key file of a desk that was given no key.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::Error;
use interdesk_store::vault::{KEY_LEN, Vault};

const NAME: &str = "secret.key";

/// Reads the key file of the data folder, or makes it, readable by its owner only.
pub(super) fn load_or_create(data_dir: &Path) -> Result<Vault, Error> {
    let path = data_dir.join(NAME);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data_dir, &path),
        other => other,
    };
    let text = text.map_err(|source| Error::KeyFile { path, source })?;
    Ok(Vault::parse(&text)?)
}

/// Writes the key beside its place and links it in, so that of two processes
/// that start at once both end up with the same whole key.
fn create(data_dir: &Path, path: &Path) -> io::Result<String> {
    std::fs::create_dir_all(data_dir)?;
    let draft = data_dir.join(format!("{NAME}.{}", std::process::id()));
    let _ = std::fs::remove_file(&draft);
    write(&draft)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::read_to_string(path),
    }
}

fn write(draft: &Path) -> io::Result<()> {
    let mut key = [0; KEY_LEN];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("no random numbers"))?;
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_by_its_owner_only() {
        let folder = tempfile::tempdir().expect("folder");
        let data_dir = folder.path().join("data");
        let first = load_or_create(&data_dir).expect("made");
        let sealed = first.seal("x", b"y").expect("seal");
        let second = load_or_create(&data_dir).expect("read");
        assert_eq!(second.open("x", &sealed).expect("open").expose(), b"y");
        let mode = std::fs::metadata(data_dir.join(NAME))
            .expect("file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&data_dir).expect("folder").count(), 1);
    }

    #[test]
    fn a_damaged_key_file_is_refused_and_not_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join(NAME), "oops").expect("write");
        assert!(matches!(
            load_or_create(folder.path()),
            Err(Error::Malformed(_))
        ));
        assert_eq!(
            std::fs::read_to_string(folder.path().join(NAME)).expect("read"),
            "oops"
        );
    }
}

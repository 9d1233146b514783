//! The key from which the secrets of links are derived: a file beside the database, readable by its owner alone.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::OpenFailure;
use crate::invitation::LinkKey;

pub(super) fn load_or_create(path: &Path) -> Result<LinkKey, OpenFailure> {
    let unreadable = |detail: String| OpenFailure::LinkKey { path: path.to_owned(), detail };
    match std::fs::read(path) {
        Ok(bytes) => {
            let length = bytes.len();
            bytes.try_into().map(LinkKey::new).map_err(|_| unreadable(format!("it has {length} bytes instead of 32")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(path).map_err(|error| unreadable(error.to_string()))
        }
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// Written whole under another name first: a start that is killed here leaves no half key behind.
fn create(path: &Path) -> std::io::Result<LinkKey> {
    let mut key = [0; 32];
    // Two version 4 UUIDs hold 244 random bits of the system's generator.
    let (first, second) = key.split_at_mut(16);
    first.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    second.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    let unfinished = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    Ok(LinkKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_a_damaged_one_is_never_replaced_silently() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("link.key");
        let made = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap().reveal(), made.reveal());
        std::fs::write(&path, b"short").unwrap();
        assert!(matches!(load_or_create(&path), Err(OpenFailure::LinkKey { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"short");
    }
}

//! The key that signs join tokens: made at the first start, readable for the server alone.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use signaling::token::{KeyUnusable, Keys};

const FILE: &str = "token.key";

#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    #[error("The key file {} cannot be read or written ({why}): check the directory's owner and permissions.", .path.display())]
    File { path: PathBuf, why: std::io::Error },
    #[error("No server has run on the directory {} yet: give the server's data directory with --data.", .data.display())]
    NoServer { data: PathBuf },
    #[error("The key file {} holds no key of this program: restore it from the backup, or remove it and issue all tokens anew.", .path.display())]
    Unusable { path: PathBuf },
    #[error("The operating system gives no randomness for a new key ({0}): look at its log.")]
    NotMade(KeyUnusable),
}

/// The key of this data directory; one is made if there is none.
pub fn load_or_make(data: &Path) -> Result<Keys, KeyRefused> {
    let path = data.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => Keys::from_pkcs8(&bytes).map_err(|_| KeyRefused::Unusable { path }),
        Err(missing) if missing.kind() == ErrorKind::NotFound => make(path),
        Err(why) => Err(KeyRefused::File { path, why }),
    }
}

/// The key of a data directory that a server has used: `nhipcau token` must not make one that the server does not know.
pub fn load(data: &Path) -> Result<Keys, KeyRefused> {
    let path = data.join(FILE);
    let bytes = std::fs::read(&path).map_err(|why| match why.kind() {
        ErrorKind::NotFound => KeyRefused::NoServer { data: data.to_owned() },
        _ => KeyRefused::File { path: path.clone(), why },
    })?;
    Keys::from_pkcs8(&bytes).map_err(|_| KeyRefused::Unusable { path })
}

fn make(path: PathBuf) -> Result<Keys, KeyRefused> {
    let (keys, bytes) = Keys::generate().map_err(KeyRefused::NotMade)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
    written.map_err(|why| KeyRefused::File { path, why })?;
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_readable_for_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(load(dir.path()), Err(KeyRefused::NoServer { .. })));
        load_or_make(dir.path()).unwrap();
        let first = std::fs::read(dir.path().join(FILE)).unwrap();
        load_or_make(dir.path()).unwrap();
        assert_eq!(std::fs::read(dir.path().join(FILE)).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(dir.path().join(FILE), b"no key").unwrap();
        assert!(matches!(load_or_make(dir.path()), Err(KeyRefused::Unusable { .. })));
    }
}

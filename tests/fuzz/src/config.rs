//! The configuration file, written by a person in a hurry.

use std::path::Path;

pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let settled =
        web::config::parse(text, Path::new("nhipcau.toml")).and_then(|layer| web::config::settle(layer, None));
    if let Err(refused) = settled {
        assert!(!refused.to_string().is_empty());
    }
}

//! Values that must never be printed.

use rand::TryRng;
use rand::rngs::SysRng;

/// Without `Debug` or `Display`: a secret cannot slip into a log by a forgotten field.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The one way out. Whoever calls it answers for where the value goes.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

/// The operating system gave no random bytes; nothing secret can be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// Fresh bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

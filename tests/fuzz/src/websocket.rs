//! A message of a browser: JSON, and after that nothing but requests.

use signaling::wire::decode;

pub(crate) fn websocket(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(envelope) = decode(text) else { return };
    let again = serde_json::to_string(&envelope).expect("a request can be written");
    assert_eq!(decode(&again).as_ref(), Ok(&envelope), "a request reads back as it was");
}

//! Reads a Token Status List as whoever checks offline does, for every test binary that looks at some.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use serde_json::Value;

/// The place that a token's claims name: the path of its list, and its index there.
pub(crate) fn place_in(claims: &Value) -> (String, usize) {
    let status = &claims["status"]["status_list"];
    let uri = status["uri"].as_str().unwrap();
    let id = uri.split_once("/status-lists/").unwrap().1;
    let index = status["idx"].as_u64().unwrap();
    (
        format!("/status-lists/{id}"),
        usize::try_from(index).unwrap(),
    )
}

/// The list in the claims of a status list token, eight places a byte.
pub(crate) fn bits_in(claims: &Value) -> Vec<u8> {
    let list = claims["status_list"]["lst"].as_str().unwrap();
    let compressed = URL_SAFE_NO_PAD.decode(list).unwrap();
    let mut bits = Vec::new();
    ZlibDecoder::new(&*compressed)
        .read_to_end(&mut bits)
        .unwrap();
    bits
}

/// Whether the list says of a place that its token is revoked.
pub(crate) fn is_set(bits: &[u8], index: usize) -> bool {
    bits[index / 8] >> (index % 8) & 1 == 1
}

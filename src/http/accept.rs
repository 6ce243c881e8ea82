//! What form of an answer a caller asks for.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Whether a media type is asked for by name: ranges such as `*/*` ask for nothing in particular.
pub(super) fn names(headers: &HeaderMap, media_type: &str) -> bool {
    ranges(headers).any(|range| range.eq_ignore_ascii_case(media_type))
}

/// The media ranges that a caller accepts, without their parameters.
pub(super) fn ranges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let ranges = accepted.flat_map(|value| value.split(','));
    ranges.filter_map(|range| range.split(';').next().map(str::trim))
}

//! What becomes of TOML that JSON has no word for.

use super::*;
use serde_json::json;

#[test]
fn dates_and_times_become_strings_as_rfc_3339_writes_them() {
    let text = "a = 2026-01-01\nb = [07:32:00]\nc = { d = 1979-05-27 00:32:00.5-07:00 }\n";
    let expected = json!({ "a": "2026-01-01", "b": ["07:32:00"], "c": { "d": "1979-05-27T00:32:00.5-07:00" } });
    assert_eq!(parse_toml(text, "f").unwrap(), expected);
}

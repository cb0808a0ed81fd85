//! Where the next page of a list begins: the time and the id of the last thing shown. A cursor opens
//! nothing that the list itself does not show, so it is neither sealed nor signed.

use chrono::{DateTime, Utc};

use super::ToolError;
use crate::text;

/// The last millisecond that both databases can compare: that of the year 9999.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// The cursor of the page after this thing.
pub fn after(at: DateTime<Utc>, id: &str) -> String {
    format!("{}~{id}", at.timestamp_millis())
}

/// Where the page with that cursor begins.
///
/// # Errors
/// `invalid_parameters` where no list gave it.
pub fn read(cursor: &str) -> Result<(DateTime<Utc>, String), ToolError> {
    let known = |at: &i64| (0..=LAST_MILLIS).contains(at);
    let at = |at: &str| DateTime::from_timestamp_millis(at.parse().ok().filter(known)?);
    let parts = cursor.split_once('~');
    parts.and_then(|(millis, id)| Some((at(millis)?, id.to_owned()))).ok_or_else(|| {
        ToolError::invalid(text!("The argument cursor must be one that a list gave."))
    })
}

/// Where the first page begins: behind everything.
pub fn first() -> (DateTime<Utc>, String) {
    let last = DateTime::from_timestamp_millis(LAST_MILLIS).unwrap_or(DateTime::UNIX_EPOCH);
    (last, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let at = "2026-01-10T17:00:00.123Z".parse().unwrap();
        assert_eq!(read(&after(at, "a~b")).unwrap(), (at, "a~b".to_owned()));
        for text in ["", "x", "1", "x~1", "-1~x", "8000000000000000~x"] {
            assert_eq!(read(text).unwrap_err().code().as_str(), "invalid_parameters", "{text}");
        }
        assert!(first().0 > at);
    }
}

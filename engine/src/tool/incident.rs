//! The id by which a failure on our side is found in the log: its answer carries it, and so does the
//! line that says what happened.

use std::any::Any;

/// A new id: 48 random bits as hexadecimal digits, short enough to read out.
pub fn new_id() -> String {
    format!("{:012x}", rand::random::<u64>() >> 16)
}

/// What a panic said, for the log alone.
pub fn of_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_else(|| "without a message".to_owned()))
}

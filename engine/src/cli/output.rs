//! What a command prints. Whoever reads it may have seen enough and gone, as `head` does, and that is
//! no failure.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write as _},
    sync::OnceLock,
};

use anyhow::{Result, anyhow};

/// Why standard output took a line no more, other than that nobody reads it.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line on standard output.
pub fn line(text: Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout().lock(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        FAILED.get_or_init(|| error);
    }
}

/// Prints a line on standard error, if anyone reads it.
pub fn aside(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether everything was printed that somebody wanted to read.
pub fn check() -> Result<()> {
    match FAILED.get() {
        Some(error) => Err(anyhow!("standard output cannot be written to: {error}")),
        None => Ok(()),
    }
}

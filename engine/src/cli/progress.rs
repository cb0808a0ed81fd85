//! How far a command is: a bar on a terminal, plain lines elsewhere.

use std::{fmt::Arguments, io::IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// What a person sees of work that takes its time.
pub struct Shown {
    /// None where standard error is no terminal.
    bar: Option<ProgressBar>,
    /// Tenths of it that have been spoken of.
    tenths: usize,
}

impl Shown {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "it looks at the terminal")]
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            // A template that cannot be read leaves the bar as it is by default.
            match ProgressStyle::with_template("{msg:24} {bar:40} {pos}/{len}  {elapsed}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar, tenths: 0 }
    }

    /// Something is read.
    pub fn reading(&self, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.reset();
                bar.set_message(format!("reading {what}"));
            }
            None => output::line(format_args!("{what}: reading")),
        }
    }

    /// So many of something are written.
    pub fn writing(&mut self, what: &str, done: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
            bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            return;
        }
        let tenths = done * 10 / of.max(1);
        // Little is done before anyone could read how far it is.
        if tenths != self.tenths && of >= 10_000 {
            output::line(format_args!("{what}: {done} of {of}"));
        }
        self.tenths = tenths;
    }

    /// A line that stays.
    pub fn finished(&self, line: Arguments<'_>) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::line(line)),
            None => output::line(line),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

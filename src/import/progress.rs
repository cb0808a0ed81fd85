//! How far an import is: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::import::Step;
use business_mcp_engine::cli::output;

/// What a person sees of an import.
pub(crate) struct Shown {
    /// None where standard error is no terminal.
    bar: Option<ProgressBar>,
    /// Tenths of the file that have been spoken of.
    tenths: usize,
}

impl Shown {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn step(&mut self, step: Step<'_>) {
        match (&self.bar, step) {
            (Some(bar), Step::Reading { file }) => {
                bar.reset();
                bar.set_message(format!("reading {file}"));
            }
            (Some(bar), Step::Writing { file, done, of }) => {
                bar.set_message(file.to_owned());
                bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            }
            (Some(bar), Step::Finished(file)) => {
                bar.suspend(|| output::line(format_args!("{file}")));
            }
            (None, Step::Reading { file }) => output::line(format_args!("{file}: reading")),
            (None, Step::Writing { file, done, of }) => {
                let tenths = done * 10 / of.max(1);
                // Small files are done before anyone could read how far they are.
                if tenths != self.tenths && of >= 10_000 {
                    output::line(format_args!("{file}: {done} of {of}"));
                }
                self.tenths = tenths;
            }
            (None, Step::Finished(file)) => output::line(format_args!("{file}")),
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

//! How far an import is, as a person sees it.

use crate::import::Step;
use business_mcp_engine::cli::progress::Shown;

/// Shows a step of an import.
pub(crate) fn show(shown: &mut Shown, step: Step<'_>) {
    match step {
        Step::Reading { file } => shown.reading(file),
        Step::Writing { file, done, of } => shown.writing(file, done, of),
        Step::Finished(file) => shown.finished(format_args!("{file}")),
    }
}

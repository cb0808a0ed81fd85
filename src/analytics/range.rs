//! The days that a report is about.

use chrono::NaiveDate;

use business_mcp_engine::{
    period::{self, DayRange, MAX_DAYS},
    text,
    tool::{CallContext, ToolError},
};

/// Reads the argument `period`.
///
/// # Errors
/// `invalid_parameters` for what is no period, or too long a one.
pub fn period(ctx: &CallContext, text: &str) -> Result<DayRange, ToolError> {
    let range = period::parse(text, ctx.today()).and_then(|range| range.within(MAX_DAYS));
    range.map_err(|why| ToolError::invalid(text!("The argument period {why}.", why)))
}

/// Reads the arguments `from` and `to`.
///
/// # Errors
/// `invalid_parameters` for what is no day, or a range that is back to front or too long.
pub fn from_to(ctx: &CallContext, from: &str, to: &str) -> Result<DayRange, ToolError> {
    let range = DayRange::new(day(ctx, "from", from)?, day(ctx, "to", to)?);
    let range = range.and_then(|range| range.within(MAX_DAYS));
    range.map_err(|why| ToolError::invalid(text!("The range of from and to {why}.", why)))
}

fn day(ctx: &CallContext, argument: &str, text: &str) -> Result<NaiveDate, ToolError> {
    let range = period::parse(text, ctx.today()).ok().filter(|range| range.from == range.to);
    range.map(|range| range.from).ok_or_else(|| {
        ToolError::invalid(text!(
            "The argument {argument} must be a day such as 2026-11-30.",
            argument
        ))
    })
}

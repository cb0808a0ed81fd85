//! Figures.
//!
//! * `range`: the days that a report is about.

mod analytics_kpis;
mod analytics_sales;
mod range;

pub use analytics_kpis::AnalyticsKpis;
pub use analytics_sales::AnalyticsSales;

use business_mcp_engine::Module;

/// The module: its tools, in listed order.
pub fn module() -> Module {
    Module::new("analytics").tool(AnalyticsKpis).tool(AnalyticsSales)
}

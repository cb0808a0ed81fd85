//! Figures.
//!
//! * `range`: the days that a report is about.

mod analytics_kpis;
mod analytics_sales;
mod range;

pub use analytics_kpis::AnalyticsKpis;
pub use analytics_sales::AnalyticsSales;

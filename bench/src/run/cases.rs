//! What is measured, in order.

use crate::workload::Workload;

/// One measurement of the server and its counterpart of the baseline.
#[derive(Debug, PartialEq, Eq)]
pub struct Case {
    /// How the results name it.
    pub label: &'static str,
    /// What the server is asked; none where only the baseline has it.
    pub server: Option<Workload>,
    /// What the baseline is asked.
    pub raw: Workload,
    /// Connections that are open.
    pub connections: usize,
    /// The rate of an open loop.
    pub rate: Option<Rate>,
}

/// Requests a second of an open loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// This many.
    Fixed(u32),
    /// Half of what the server answered in [`SATURATION`], in the same round.
    HalfOfSaturation,
}

impl Rate {
    /// This rate, where the server answers `saturation` requests a second at most.
    pub fn per_second(self, saturation: f64) -> f64 {
        match self {
            Self::Fixed(rate) => f64::from(rate),
            Self::HalfOfSaturation => (saturation / 2.0).max(1.0),
        }
    }
}

/// `tools/list` beside stored bytes.
pub const TOOLS_LIST: &str = "`tools/list`, 16 connections";
/// The look-up by which processor times are compared.
pub const LOOKUP: &str = "`customer_lookup`, 16 connections";
/// The same two as a client of 2026-07-28 asks.
pub const TOOLS_LIST_MODERN: &str = "`tools/list` of 2026-07-28, 16 connections";
/// See [`TOOLS_LIST_MODERN`].
pub const LOOKUP_MODERN: &str = "`customer_lookup` of 2026-07-28, 16 connections";
/// The look-up that shows how much the server can answer.
pub const SATURATION: &str = "`customer_lookup`, 64 connections";
/// The look-up under many connections.
pub const CROWD: &str = "`customer_lookup`, 256 connections";
/// Reading at the pace of a busy telephone exchange.
pub const CALM_READS: &str = "`customer_lookup`, 50 a second";
/// Reading at half of what the server can do.
pub const HALF_LOAD: &str = "`customer_lookup`, half of saturation";
/// Everybody orders the same product.
pub const ORDERS: &str = "`order_create`, one product, 64 callers";
/// Ordering at the pace of a busy telephone exchange.
pub const CALM_WRITES: &str = "`order_create`, 50 a second";

const LINES: usize = 64;

/// Every case. The one that finds saturation stands before the one that needs it, and orders come
/// last, because they change the database.
pub const CASES: [Case; 12] = [
    Case {
        label: "nothing at all (`GET /hello`), 16 connections",
        server: None,
        raw: Workload::RawHello,
        connections: 16,
        rate: None,
    },
    Case {
        label: TOOLS_LIST,
        server: Some(Workload::ToolsList),
        raw: Workload::RawToolsList,
        connections: 16,
        rate: None,
    },
    Case {
        label: TOOLS_LIST_MODERN,
        server: Some(Workload::ToolsListModern),
        raw: Workload::RawToolsList,
        connections: 16,
        rate: None,
    },
    lookup("`customer_lookup`, 1 connection", 1, None),
    lookup(LOOKUP, 16, None),
    Case {
        label: LOOKUP_MODERN,
        server: Some(Workload::LookupModern),
        raw: Workload::RawLookup,
        connections: 16,
        rate: None,
    },
    lookup(SATURATION, 64, None),
    lookup(CROWD, 256, None),
    lookup(CALM_READS, LINES, Some(Rate::Fixed(50))),
    lookup(HALF_LOAD, LINES, Some(Rate::HalfOfSaturation)),
    order(ORDERS, None),
    order(CALM_WRITES, Some(Rate::Fixed(50))),
];

const fn lookup(label: &'static str, connections: usize, rate: Option<Rate>) -> Case {
    Case { label, server: Some(Workload::Lookup), raw: Workload::RawLookup, connections, rate }
}

const fn order(label: &'static str, rate: Option<Rate>) -> Case {
    Case {
        label,
        server: Some(Workload::OrderCreate),
        raw: Workload::RawOrderCreate,
        connections: LINES,
        rate,
    }
}

//! Every tool at the pace of a busy telephone exchange, on the whole data set.
//!
//! Each call is about another customer, order or product, as the data set has them just before the
//! tool's turn.

use std::path::Path;

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Options,
    database::Dataset,
    server::{self, Business, everyones_name},
};
use crate::report::Report;

/// Calls a second.
const RATE: f64 = 50.0;
const SECONDS: f64 = 3.0;
const WARMUP: f64 = 1.0;
/// A few more than are made, so that nothing is asked twice.
const CALLS: i64 = 216;
/// How many are made: some tools are about what the calls of others have left.
const MADE: usize = 200;
/// A caller has at most 20 requests waiting, and some tools always wait.
const CALLERS: usize = 96;

/// The arguments of tools' calls, a row each; `?1` is how many. A second column names who has to
/// make the call.
const ARGUMENTS: &[(&str, &str)] = &[
    ("customer_lookup", "select json_object('customer_id', id) from customers order by random() limit ?1"),
    (
        "customer_verify",
        "select json_object('customer_id', id, 'postal_code', postal_code,
                            'phone_last4', substr(phone, -4))
         from customers where phone is not null and postal_code is not null
         order by random() limit ?1",
    ),
    ("crm_search_customers", "select json_object('query', name) from customers order by random() limit ?1"),
    ("crm_get_customer", "select json_object('customer_id', id) from customers order by random() limit ?1"),
    (
        "crm_create_customer",
        "select json_object('name', name || ' Junior', 'email', 'junior.' || email)
         from customers where email is not null order by random() limit ?1",
    ),
    (
        "crm_update_customer",
        "select json_object('customer_id', id, 'company', 'Measured ' || id)
         from customers order by random() limit ?1",
    ),
    (
        "crm_get_interactions",
        "select json_object('customer_id', customer_id)
         from (select distinct customer_id from interactions) order by random() limit ?1",
    ),
    (
        "crm_create_note",
        "select json_object('customer_id', id, 'text', 'Asked about something.')
         from customers order by random() limit ?1",
    ),
    ("product_search", "select json_object('query', name) from products order by random() limit ?1"),
    ("get_product_info", "select json_object('sku', sku) from variants order by random() limit ?1"),
    (
        "inventory_check_stock",
        "select json_object('sku', sku, 'quantity', 3) from variants order by random() limit ?1",
    ),
    (
        "inventory_reserve",
        "select json_object('sku', sku, 'quantity', 1)
         from stock where sku in (select sku from variants where active)
         group by sku having sum(on_hand - reserved) > 5 order by random() limit ?1",
    ),
    (
        "inventory_release",
        "select json_object('reservation_id', holder)
         from reservations where holder like 'RES-%' group by holder limit ?1",
    ),
    (
        "inventory_adjust",
        "select json_object('sku', sku, 'mode', 'delta', 'quantity', 1, 'reason', 'counted')
         from variants order by random() limit ?1",
    ),
    (
        "inventory_transfer",
        "select json_object('sku', sku, 'from', location, 'to',
                            case location when 'main' then 'store' else 'main' end, 'quantity', 1)
         from stock where on_hand - reserved > 5 and location in ('main', 'store')
         group by sku order by random() limit ?1",
    ),
    ("inventory_low_stock", "select json_object('limit', 10) from variants limit ?1"),
    (
        "product_update",
        "select json_object('sku', sku, 'reorder_point', reorder_point + 1)
         from variants order by random() limit ?1",
    ),
    (
        "calculate_discount",
        "select json_object('amount', printf('%d.%02d', price_minor / 100, price_minor % 100),
                            'tier', 'premium', 'quantity', 12)
         from variants order by random() limit ?1",
    ),
    (
        "order_quote",
        "select json_object('customer_id', c.id,
                            'items', json_array(json_object('sku', v.sku, 'quantity', 2)))
         from (select id, row_number() over (order by random()) as n from customers limit ?1) c
         join (select sku, row_number() over (order by random()) as n from variants
               where active limit ?1) v on v.n = c.n",
    ),
    (
        "order_create",
        "select json_object('customer_id', c.id,
                            'items', json_array(json_object('sku', v.sku, 'quantity', 1)),
                            'total', printf('%d.%02d', v.price_minor / 100, v.price_minor % 100))
         from (select id, row_number() over (order by random()) as n
               from customers where tier is null limit ?1) c
         join (select sku, price_minor, row_number() over (order by random()) as n
               from variants where active and sku in
                    (select sku from stock group by sku having sum(on_hand - reserved) > 5)
               limit ?1) v on v.n = c.n",
    ),
    ("get_order_status", "select json_object('order_id', id) from orders order by random() limit ?1"),
    ("order_get", "select json_object('order_id', id) from orders order by random() limit ?1"),
    (
        "order_list",
        "select json_object('customer_id', customer_id) from orders order by random() limit ?1",
    ),
    (
        "order_update_address",
        "select json_object('order_id', id, 'address', json_object('line1', '5 Elm Street',
                            'city', 'Boston', 'postal_code', '02108', 'country', 'USA'))
         from orders where status = 'pending' limit ?1",
    ),
    (
        "order_update_items",
        "select json_object('order_id', o.id, 'payment_method_id', min(p.payment_method_id),
                            'changes', json_array(json_object('sku', i.sku, 'new_sku', min(w.sku))))
         from orders o
         join order_items i on i.order_id = o.id
         join payments p on p.order_id = o.id
         join payment_methods m on m.customer_id = o.customer_id and m.id = p.payment_method_id
                               and m.kind <> 'gift_card'
         join variants v on v.sku = i.sku
         join variants w on w.product_id = v.product_id and w.sku <> v.sku and w.active
         join stock s on s.sku = w.sku and s.on_hand - s.reserved > 20
         where o.status = 'pending'
           and 1 = (select count(*) from payment_methods c where c.customer_id = o.customer_id)
         group by o.id limit ?1",
    ),
    (
        "order_update_payment",
        "select json_object('order_id', o.id, 'payment_method_id', min(m.id))
         from orders o
         join payments p on p.order_id = o.id
         join payment_methods m on m.customer_id = o.customer_id and m.id <> p.payment_method_id
              and (m.kind <> 'gift_card' or m.balance_minor >= p.amount_minor)
         where o.status = 'pending' group by o.id having count(distinct p.id) = 1 limit ?1",
    ),
    (
        "order_cancel",
        "select json_object('order_id', id, 'reason', 'no longer needed')
         from orders where status = 'pending' limit ?1",
    ),
    (
        "order_return",
        "select json_object('order_id', o.id,
                            'items', json_array(json_object('sku', i.sku, 'quantity', 1)))
         from orders o join order_items i on i.order_id = o.id and i.line = 1
         where o.status = 'delivered' order by o.id desc limit ?1",
    ),
    (
        "order_exchange",
        "select json_object('order_id', o.id, 'payment_method_id', min(m.id),
                            'changes', json_array(json_object('sku', i.sku, 'new_sku', min(w.sku))))
         from (select * from orders where status = 'delivered' order by placed_at limit 5000) o
         join order_items i on i.order_id = o.id
         join payment_methods m on m.customer_id = o.customer_id and m.kind <> 'gift_card'
         join variants v on v.sku = i.sku
         join variants w on w.product_id = v.product_id and w.sku <> v.sku and w.active
         join stock s on s.sku = w.sku and s.on_hand - s.reserved > 20
         group by o.id limit ?1",
    ),
    (
        "order_settle_request",
        "select json_object('order_id', order_id, 'request_id', id)
         from order_requests where status = 'open' limit ?1",
    ),
    (
        "order_refund",
        "select json_object('order_id', o.id, 'amount', '1.00', 'reason', 'It came late.')
         from (select * from orders where status = 'shipped' limit 1000) o
         join payments p on p.order_id = o.id
         group by o.id having sum(case p.kind when 'charge' then amount_minor
                                              else -amount_minor end) > 100
         limit ?1",
    ),
    (
        "order_ship",
        "select json_object('order_id', id, 'carrier', 'Northline', 'tracking_number', 'NL' || id)
         from orders where status = 'processed' limit ?1",
    ),
    ("order_deliver", "select json_object('order_id', id) from orders where status = 'shipped' limit ?1"),
    (
        "support_escalate",
        "select json_object('reason', 'asks for a person', 'summary', 'It is about ' || id,
                            'customer_id', id)
         from customers order by random() limit ?1",
    ),
    (
        "analytics_kpis",
        "select json_object('period', substr(placed_on, 1, 7)) from orders order by random() limit ?1",
    ),
    (
        "analytics_sales",
        "select json_object('from', substr(placed_on, 1, 7) || '-01', 'to', substr(placed_on, 1, 7) || '-28',
                            'group_by', json_extract('[\"day\", \"week\", \"month\", \"tier\", \"category\", \"product\"]',
                                                     '$[' || abs(random() % 6) || ']'))
         from orders order by random() limit ?1",
    ),
    ("approval_status", "select json_object('approval_id', id), requester from approvals limit ?1"),
    (
        "approval_withdraw",
        "select json_object('approval_id', id), requester
         from approvals where status = 'pending' limit ?1",
    ),
];

/// A tool and what was measured of it.
#[derive(Debug)]
pub struct Everyday {
    /// Its name.
    pub tool: String,
    /// Its calls.
    pub report: Report,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    approval: String,
    writes: bool,
    /// Arguments that work, where the tool gives them.
    example: Option<Value>,
}

/// Measures every tool that is switched on, one after the other.
///
/// # Errors
/// A tool for which the data set has too few calls, by name.
pub fn measure(
    options: &Options,
    dataset: &Dataset,
    server: &Business,
) -> anyhow::Result<Vec<Everyday>> {
    let database = dataset.working();
    let tools = server::command(options, &database, &["tools", "--json"])?;
    let tools: Vec<Listed> = serde_json::from_str(&tools)?;
    let tokens = Business::everyone(options, &database, CALLERS)?;
    let file = dataset.file("calls.jsonl");
    let mut measured = Vec::with_capacity(tools.len());
    for (nth, Listed { name, approval, writes, example }) in tools.into_iter().enumerate() {
        if approval == "disabled" {
            continue;
        }
        // The same write again is a retry, and those are another measurement.
        let example = example.filter(|_| !writes);
        let Some(calls) = calls(&database, &name, example, nth)? else {
            eprintln!("{name}: not measured, because nothing says with which arguments");
            continue;
        };
        std::fs::write(&file, calls)?;
        let pace = (RATE, SECONDS, WARMUP);
        let report = server.process.calls(options, (&server.url(), &tokens), &file, pace)?;
        eprint!("{name}: {report}");
        measured.push(Everyday { tool: name, report });
    }
    Ok(measured)
}

/// The calls of a tool, a line each: many different ones where [`ARGUMENTS`] finds them in the data set, or else its
/// own example again and again.
fn calls(
    database: &Path,
    tool: &str,
    example: Option<Value>,
    nth: usize,
) -> anyhow::Result<Option<String>> {
    let sql = ARGUMENTS.iter().find(|(name, _)| *name == tool);
    let Some((_, sql)) = sql else {
        let line =
            |arguments: &Value, count| call(tool, arguments, Some((count + nth * 31) % CALLERS));
        return Ok(example.map(|example| (0..MADE).map(|count| line(&example, count)).collect()));
    };
    let connection = Connection::open(database)?;
    let mut statement = connection.prepare(sql).with_context(|| tool.to_owned())?;
    let by_whom = statement.column_count() > 1;
    let mut rows = statement.query(params![CALLS])?;
    let mut text = String::new();
    let mut count = 0_usize;
    while let Some(row) = rows.next()? {
        let arguments: Value = serde_json::from_str(&row.get::<_, String>(0)?)?;
        let caller = if by_whom {
            let subject: String = row.get(1)?;
            (0..CALLERS).find(|number| everyones_name(*number) == subject)
        } else {
            // Waiting requests are shared out among the callers.
            Some((count + nth * 31) % CALLERS)
        };
        text.push_str(&call(tool, &arguments, caller));
        count += 1;
    }
    ensure!(count >= MADE, "the data set has {count} of {MADE} calls of {tool}");
    Ok(Some(text))
}

/// The line of one call.
fn call(tool: &str, arguments: &Value, caller: Option<usize>) -> String {
    json!({ "name": tool, "arguments": arguments, "caller": caller }).to_string() + "\n"
}

//! Who bought what and when: more each month, less on Sundays, and some come back again and again.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    catalogue::Stocked,
    people::{EXAMPLE, FIRST},
    rng::{Rng, add_up},
};
use crate::{
    customers::import::{CustomerRecord, MethodKind},
    orders::{
        import::{ItemRecord, OrderRecord, PaymentKind, PaymentRecord, ShipmentRecord},
        order_state::OrderStatus,
    },
};
use business_mcp_engine::money::Money;

/// What orders are made of.
pub(super) struct History<'a> {
    /// Customers by the time they came.
    buyers: Vec<&'a CustomerRecord>,
    came: Vec<DateTime<Utc>>,
    products: &'a [Stocked],
    /// For each month, the weights of the products, added up.
    demand: Vec<Vec<usize>>,
    zone: Tz,
    rng: Rng,
}

impl<'a> History<'a> {
    pub(super) fn new(customers: &'a [CustomerRecord], products: &'a [Stocked], zone: Tz) -> Self {
        let mut buyers: Vec<&CustomerRecord> = customers.iter().collect();
        buyers.sort_by_key(|buyer| buyer.created_at);
        let demand = (1..=12).map(|month| {
            add_up(products.iter().map(|product| product.demand * product.season.percent(month)))
        });
        Self {
            came: buyers.iter().filter_map(|buyer| buyer.created_at).collect(),
            buyers,
            products,
            demand: demand.collect(),
            zone,
            rng: Rng::new(0x0D_0D0E_5EED),
        }
    }

    /// So many orders over the days before `end`, numbered in the order in which they were placed.
    /// The numbers of `fixed` orders are left to those.
    pub(super) fn orders(
        &mut self,
        count: usize,
        fixed: &[OrderRecord],
        end: DateTime<Utc>,
        days: i64,
    ) -> Vec<OrderRecord> {
        let taken: Vec<&str> = fixed.iter().map(|order| order.id.as_str()).collect();
        let last = EXAMPLE + fixed.len();
        let numbers = (FIRST..).map(|number| (number, format!("ORD-{number}")));
        let mut numbers =
            numbers.filter(|(n, id)| !(EXAMPLE..last).contains(n) || !taken.contains(&id.as_str()));
        let mut times = self.times(count, end, days);
        times.sort_unstable();
        let mut orders = Vec::with_capacity(count);
        for placed_at in times {
            let Some(buyer) = self.buyer(placed_at) else { continue };
            let Some((number, id)) = numbers.next() else { break };
            orders.push(self.order(id, number, buyer, placed_at, end));
        }
        orders
    }

    fn times(&mut self, count: usize, end: DateTime<Utc>, days: i64) -> Vec<DateTime<Utc>> {
        let begin = end - TimeDelta::days(days);
        let day_weights = add_up((0..days).map(|day| {
            let date = (begin + TimeDelta::days(day)).with_timezone(&self.zone);
            let grown = 1000 + usize::try_from(day * 900 / days).unwrap_or_default();
            grown * rhythm(date.weekday()) / 100 * month_percent(date.month()) / 100
        }));
        let hours = add_up(
            [1, 1, 0, 0, 0, 1, 3, 8, 14, 18, 20, 18, 15, 14, 15, 16, 14, 12, 10, 9, 9, 8, 5, 2]
                .into_iter(),
        );
        let time = |_| {
            let day = i64::try_from(self.rng.weighted(&day_weights)).unwrap_or_default();
            let hour = i64::try_from(self.rng.weighted(&hours)).unwrap_or_default();
            begin
                + TimeDelta::days(day)
                + TimeDelta::hours(hour)
                + TimeDelta::seconds(self.rng.between(0, 3599))
        };
        (0..count).map(time).collect()
    }

    /// Someone who was a customer by then. Every fourth is a regular, and they place
    /// nearly half of all orders.
    fn buyer(&mut self, at: DateTime<Utc>) -> Option<&'a CustomerRecord> {
        let there = self.came.partition_point(|came| *came <= at);
        let mut place = self.rng.below(there);
        if self.rng.chance(250) {
            place = (place / 4 * 4 + 3).min(there.saturating_sub(1));
        }
        self.buyers.get(..there)?.get(place).copied()
    }

    fn order(
        &mut self,
        id: String,
        number: usize,
        buyer: &CustomerRecord,
        placed_at: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> OrderRecord {
        let items = self.items(buyer.company.is_some(), placed_at);
        let status = self.status((end - placed_at).num_days());
        let mut order = OrderRecord {
            id,
            customer_id: buyer.id.clone(),
            status,
            placed_at: Some(placed_at),
            address: buyer.address.clone(),
            items,
            payments: Vec::new(),
            shipments: Vec::new(),
        };
        order.payments = self.payments(&order, buyer);
        if matches!(status, OrderStatus::Shipped | OrderStatus::Delivered) {
            order.shipments.push(self.parcel(&order, number));
        }
        order
    }

    fn items(&mut self, is_company: bool, at: DateTime<Utc>) -> Vec<ItemRecord> {
        let lines = match self.rng.below(100) {
            0..=37 => 1,
            38..=71 => 2,
            72..=89 => 3,
            _ => 4,
        };
        let month = usize::try_from(at.with_timezone(&self.zone).month0()).unwrap_or_default();
        let mut items: Vec<ItemRecord> = Vec::with_capacity(lines);
        // A thing that is picked twice is a longer look at the shelf, not a second line.
        for _ in 0..lines * 3 {
            let weights = self.demand.get(month).map_or(&[][..], Vec::as_slice);
            let place = self.rng.weighted(weights);
            let product = self.products.get(place).map(|product| &product.record);
            let variant = product.and_then(|product| self.rng.pick(&product.variants));
            let Some(variant) = variant.filter(|_| items.len() < lines) else { continue };
            if items.iter().all(|item| item.sku != variant.sku) {
                let quantity = self.quantity(is_company, variant.price);
                items.push(ItemRecord {
                    sku: variant.sku.clone(),
                    quantity,
                    unit_price: variant.price,
                });
            }
        }
        items
    }

    /// Firms buy more at once, and nobody buys many of what is dear.
    fn quantity(&mut self, is_company: bool, price: Money) -> i64 {
        let dear = price.minor >= 10_000;
        match (is_company, dear, self.rng.below(100)) {
            (true, false, 0..=19) => self.rng.between(10, 24),
            (true, false, _) => self.rng.between(1, 8),
            (true, true, 0..=29) => self.rng.between(2, 4),
            (false, false, 0..=24) => 2,
            (false, false, 25..=30) => 3,
            _ => 1,
        }
    }

    fn status(&mut self, age: i64) -> OrderStatus {
        let chance = self.rng.below(1000);
        match (age, chance) {
            (_, 0..=44) => OrderStatus::Cancelled,
            (12.., _) | (5..12, 45..=299) => OrderStatus::Delivered,
            (5..12, _) | (2..5, 45..=344) => OrderStatus::Shipped,
            (2..5, _) | (_, 45..=94) => OrderStatus::Processed,
            (_, 95..=134) => OrderStatus::PendingModified,
            _ => OrderStatus::Pending,
        }
    }

    /// The charge; all of it back for what was cancelled, and one line of it now and then.
    fn payments(&mut self, order: &OrderRecord, buyer: &CustomerRecord) -> Vec<PaymentRecord> {
        let can_pay = buyer.payment_methods.iter().filter(|it| it.kind != MethodKind::GiftCard);
        let ids: Vec<&str> = can_pay.map(|method| method.id.as_str()).collect();
        let Some(method) = self.rng.pick(&ids) else { return Vec::new() };
        let Some(first) = order.items.first() else { return Vec::new() };
        let pay = |kind, minor| PaymentRecord {
            kind,
            amount: Money::new(minor, first.unit_price.currency),
            payment_method_id: (*method).to_owned(),
        };
        let total = order.total_minor();
        let mut payments = vec![pay(PaymentKind::Charge, total)];
        match order.status {
            OrderStatus::Cancelled => payments.push(pay(PaymentKind::Refund, total)),
            OrderStatus::Delivered if self.rng.chance(25) => {
                payments.push(pay(PaymentKind::Refund, first.unit_price.minor));
            }
            _ => {}
        }
        payments
    }

    fn parcel(&mut self, order: &OrderRecord, number: usize) -> ShipmentRecord {
        let (prefix, carrier) =
            if self.rng.chance(600) { ("NL", "Northline") } else { ("PC", "Parcel Coast") };
        ShipmentRecord {
            tracking_number: format!("{prefix}{number:06}{:04}", self.rng.below(10_000)),
            carrier: Some(carrier.to_owned()),
            skus: order.items.iter().map(|item| item.sku.clone()).collect(),
        }
    }
}

/// How busy a day of the week is, in percent.
const fn rhythm(day: chrono::Weekday) -> usize {
    match day {
        chrono::Weekday::Mon => 130,
        chrono::Weekday::Tue => 120,
        chrono::Weekday::Wed => 110,
        chrono::Weekday::Thu => 105,
        chrono::Weekday::Fri => 95,
        chrono::Weekday::Sat => 80,
        chrono::Weekday::Sun => 60,
    }
}

/// How busy a month is, in percent.
const fn month_percent(month: u32) -> usize {
    match month {
        11 => 135,
        12 => 145,
        1 | 2 => 85,
        3..=5 => 110,
        _ => 100,
    }
}

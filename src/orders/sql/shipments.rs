//! The parcels of orders.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A parcel.
    #[derive(Debug, Clone)]
    pub struct ShipmentRow {
        /// The carrier's number.
        pub tracking_number: String,
        /// Who carries it.
        pub carrier: Option<String>,
        /// What is in it, as a JSON list of SKUs.
        pub skus: String,
        /// The day on which it should arrive.
        pub expected_on: Option<String>,
    }
}

/// The parcels of an order.
pub async fn of_order(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<ShipmentRow>> {
    tx.fetch_all(
        "select tracking_number, carrier, skus, expected_on
         from shipments
         where tenant_id = $1 and order_id = $2
         order by tracking_number",
        params![TENANT, order_id],
    )
    .await
}

/// Adds a parcel. False where the order has one with this number.
pub async fn insert(tx: &mut Tx, order_id: &str, parcel: &ShipmentRow) -> StoreResult<bool> {
    let added = tx
        .execute(
            "insert into shipments
                 (tenant_id, order_id, tracking_number, carrier, skus, expected_on)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id, order_id, tracking_number) do nothing",
            params![
                TENANT,
                order_id,
                &parcel.tracking_number,
                &parcel.carrier,
                &parcel.skus,
                &parcel.expected_on
            ],
        )
        .await?;
    Ok(added == 1)
}

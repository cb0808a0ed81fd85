//! The data set: made once by the server's own `seed`, copied for each round, and read again after
//! orders to see whether the rows agree with the answers.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Options, server};

const TENANT: &str = "demo";
/// More than any run orders.
const PLENTY: i64 = 100_000_000;

/// The data set on disk.
pub struct Dataset {
    folder: PathBuf,
    pristine: PathBuf,
    /// How long it took to make, where it was this machine that made it.
    pub made_in: Option<Duration>,
    /// Customers, products and orders.
    pub counts: [i64; 3],
}

/// Makes the data set where it is not there yet.
pub fn prepare(options: &Options) -> anyhow::Result<Dataset> {
    let folder = options.data.clone();
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let pristine = folder.join(format!("seeded-{}.db", options.size));
    let took = folder.join(format!("seeded-{}.seconds", options.size));
    if !pristine.exists() {
        let making = folder.join("seeding.db");
        remove(&making)?;
        eprintln!("making the data set ({})", options.size);
        server::command(options, &making, &["migrate"])?;
        let began = Instant::now();
        server::command(options, &making, &["seed", "--size", &options.size])?;
        fs::write(&took, began.elapsed().as_secs_f64().to_string())?;
        // The write-ahead log becomes part of the file, so that one file is the whole data set.
        let connection = Connection::open(&making)?;
        connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
        drop(connection);
        fs::rename(&making, &pristine)?;
    }
    let made_in = fs::read_to_string(&took)
        .ok()
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs_f64);
    let counts = count(&pristine, options)?;
    Ok(Dataset { folder, pristine, made_in, counts })
}

fn count(database: &Path, options: &Options) -> anyhow::Result<[i64; 3]> {
    let connection = Connection::open(database)?;
    let wanted = i64::from(options.last_customer) - i64::from(options.first_customer) + 1;
    let there: i64 = connection.query_row(
        "select count(*)
         from customers
         where tenant_id = ?1
           and id glob 'CUST-[0-9]*'
           and cast(substr(id, 6) as integer) between ?2 and ?3",
        params![TENANT, options.first_customer, options.last_customer],
        |row| row.get(0),
    )?;
    ensure!(
        there == wanted,
        "{there} of the {wanted} customers CUST-{} to CUST-{} are in {}: give --first-customer and \
         --last-customer",
        options.first_customer,
        options.last_customer,
        database.display()
    );
    let counts = connection.query_row(
        "select (select count(*) from customers where tenant_id = ?1),
                (select count(*) from products where tenant_id = ?1),
                (select count(*) from orders where tenant_id = ?1)",
        params![TENANT],
        |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]),
    )?;
    Ok(counts)
}

impl Dataset {
    /// The copy that a round works on.
    pub fn working(&self) -> PathBuf {
        self.folder.join("working.db")
    }

    /// A file of this name in the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a fresh copy for a round.
    pub fn copy(&self) -> anyhow::Result<PathBuf> {
        let working = self.working();
        remove(&working)?;
        fs::copy(&self.pristine, &working)
            .with_context(|| format!("{} cannot be copied", self.pristine.display()))?;
        Ok(working)
    }
}

/// Removes a database with what SQLite lays beside it.
fn remove(database: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot go", database.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The product that everybody orders, and who orders it.
#[derive(Debug, Clone)]
pub struct Hot {
    /// Who orders.
    pub buyer: String,
    /// The buyer's card, where there is one.
    pub card: Option<String>,
    /// The product.
    pub sku: String,
    /// What one piece costs the buyer; asked of the server.
    pub total: String,
    /// What the rows say.
    pub ledger: Ledger,
}

/// What the rows say about a product that is being ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    orders: i64,
    on_hand: i64,
    moved: i64,
}

/// Chooses the cheapest product and a buyer without discounts, and stocks more of it than anybody
/// can order: as a row and as a movement, so that the ledger still agrees.
pub fn heat(database: &Path) -> anyhow::Result<Hot> {
    let mut connection = Connection::open(database)?;
    let (buyer, card) = connection.query_row(
        "select customers.id, payment_methods.id
         from customers
         left join payment_methods
           on payment_methods.tenant_id = customers.tenant_id
          and payment_methods.customer_id = customers.id
          and payment_methods.kind = 'card'
         where customers.tenant_id = ?1
         order by payment_methods.id is null, customers.tier is not null, customers.id
         limit 1",
        params![TENANT],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (sku, location): (String, String) = connection
        .query_row(
            "select variants.sku, stock.location
             from variants
             join stock on stock.tenant_id = variants.tenant_id and stock.sku = variants.sku
             where variants.tenant_id = ?1 and variants.active and variants.price_minor > 0
             order by variants.price_minor, variants.sku, stock.location
             limit 1",
            params![TENANT],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?
        .context("the data set has no product in stock")?;
    let tx = connection.transaction()?;
    tx.execute(
        "update stock
         set on_hand = on_hand + ?4
         where tenant_id = ?1 and sku = ?2 and location = ?3",
        params![TENANT, sku, location, PLENTY],
    )?;
    tx.execute(
        "insert into stock_movements
             (tenant_id, id, sku, location, delta, reason, cause, actor, at)
         values (?1, 'benchmark', ?2, ?3, ?4, 'received', 'benchmark', 'benchmark',
                 strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        params![TENANT, sku, location, PLENTY],
    )?;
    tx.commit()?;
    let ledger = Ledger::read(database, &sku)?;
    Ok(Hot { buyer, card, sku, total: String::new(), ledger })
}

impl Hot {
    /// Reads the ledger anew.
    pub fn refresh(&mut self, database: &Path) -> anyhow::Result<()> {
        self.ledger = Ledger::read(database, &self.sku)?;
        Ok(())
    }
}

impl Ledger {
    fn read(database: &Path, sku: &str) -> anyhow::Result<Self> {
        let connection = Connection::open(database)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let ledger = connection.query_row(
            "select (select count(*) from orders where tenant_id = ?1),
                    (select sum(on_hand) from stock where tenant_id = ?1 and sku = ?2),
                    (select sum(delta) from stock_movements where tenant_id = ?1 and sku = ?2)",
            params![TENANT, sku],
            |row| Ok(Self { orders: row.get(0)?, on_hand: row.get(1)?, moved: row.get(2)? }),
        )?;
        Ok(ledger)
    }

    /// Whether this many orders of one piece lead from this ledger to the later one.
    pub fn explains(&self, later: &Self, orders: u64) -> Result<(), String> {
        let seen =
            [later.orders - self.orders, self.on_hand - later.on_hand, self.moved - later.moved];
        if seen.iter().all(|count| u64::try_from(*count) == Ok(orders)) {
            return Ok(());
        }
        let [rows, pieces, movements] = seen;
        Err(format!(
            "{orders} orders were answered, and the database has {rows} more orders, {pieces} \
             fewer pieces on hand and {movements} moved out"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_was_answered_and_is_not_there_is_found() {
        let before = Ledger { orders: 10, on_hand: 500, moved: 500 };
        let after = Ledger { orders: 13, on_hand: 497, moved: 497 };
        assert_eq!(before.explains(&after, 3), Ok(()));
        assert!(before.explains(&after, 4).is_err());
        let oversold = Ledger { moved: 496, ..after };
        assert!(before.explains(&oversold, 3).unwrap_err().contains("4 moved out"));
    }
}

//! The whole database before and after: which tables' rows have changed, and whose.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use business_mcp_engine::db::Db;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::payments::quiet;
use crate::{
    books::{change, open_other_shop},
    support::servers,
};

/// Every row of every table, as lines of JSON in one text a table.
pub struct Dump(BTreeMap<String, String>);

impl Dump {
    /// Reads it, in one statement, once the payment provider has nothing in hand.
    pub async fn of(db: &Db) -> Self {
        static SQLITE: OnceCell<String> = OnceCell::const_new();
        static POSTGRES: OnceCell<String> = OnceCell::const_new();
        quiet(db).await;
        let kept = if db.kind() == "sqlite" { &SQLITE } else { &POSTGRES };
        let sql = kept.get_or_init(|| statement(db)).await;
        let mut tx = db.read().await.unwrap().of("demo");
        let tables: Vec<(String, String)> = tx.fetch_all(sql, &[]).await.unwrap();
        Self(tables.into_iter().collect())
    }

    /// The rows in which a text stands, in any case.
    pub fn rows_with(&self, text: &str) -> Vec<&str> {
        let rows = self.0.values().flat_map(|rows| rows.lines());
        rows.filter(|row| row.to_lowercase().contains(text)).collect()
    }

    /// The rows that `now` has otherwise: what was, and what has come.
    pub fn changes(&self, now: &Self) -> Changes {
        let changed = |(table, before): (&String, &String)| {
            let now = &now.0[table];
            if before == now {
                return None;
            }
            let [before, now] = [before, now].map(|rows| rows.lines().collect::<BTreeSet<_>>());
            let rows = before.symmetric_difference(&now);
            let rows: Vec<Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
            (!rows.is_empty()).then(|| (table.clone(), rows))
        };
        Changes(self.0.iter().filter_map(changed).collect())
    }
}

/// The statement that reads every row of every table as JSON, made of what the database says it has.
/// Figures that the server counts again by itself are left out.
async fn statement(db: &Db) -> String {
    let mut tx = db.read().await.unwrap().of("demo");
    let names = if db.kind() == "sqlite" {
        "select name from sqlite_master
         where type = 'table' and name not like 'sqlite%' and name <> 'applied_migrations'
           and name <> 'sales_days'"
    } else {
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_name <> 'applied_migrations'
           and table_name <> 'sales_days'"
    };
    let names: Vec<(String,)> = tx.fetch_all(names, &[]).await.unwrap();
    assert!(names.len() > 20, "the database has tables");
    let mut selects = Vec::new();
    for (table,) in names {
        let rows = if db.kind() == "sqlite" {
            let columns = "select name from pragma_table_info($1)";
            let columns: Vec<(String,)> =
                tx.fetch_all(columns, &[table.as_str().into()]).await.unwrap();
            let pairs: Vec<_> = columns.iter().map(|(c,)| format!("'{c}', \"{c}\"")).collect();
            format!("group_concat(json_object({}), char(10))", pairs.join(", "))
        } else {
            "string_agg(to_jsonb(t)::text, chr(10))".to_owned()
        };
        selects.push(format!("select '{table}', coalesce({rows}, '') from \"{table}\" t"));
    }
    selects.join(" union all ")
}

/// What two dumps differ in: rows by table.
pub struct Changes(BTreeMap<String, Vec<Value>>);

impl Changes {
    /// The names of the tables.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The names of the tables where rows of the business have changed, not only the gate's own.
    pub fn of_the_business(&self) -> BTreeSet<&str> {
        // A row for each requester makes their requests queue; it counts nothing.
        let queue = |row: &Value| row["name"].as_str().unwrap_or_default().starts_with("requests:");
        let business = |(table, rows): &(&String, &Vec<Value>)| {
            let only_queue = *table == "counters" && rows.iter().all(queue);
            !GATE.contains(&table.as_str()) && !only_queue
        };
        self.0.iter().filter(business).map(|(table, _)| table.as_str()).collect()
    }

    /// How many rows of a table.
    pub fn rows(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, Vec::len)
    }

    /// Whose rows they are.
    pub fn tenants(&self) -> BTreeSet<&str> {
        // The table of tenants itself has their names as ids.
        let rows = self.0.values().flatten();
        rows.map(|row| row["tenant_id"].as_str().or(row["id"].as_str()).unwrap_or("nobody"))
            .collect()
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, rows) in &self.0 {
            let first: String = rows.iter().take(1).map(Value::to_string).collect();
            writeln!(f, "\n{table}: {} rows, such as {first}", rows.len())?;
        }
        Ok(())
    }
}

/// Where the gate keeps what it knows of a call, and the sandbox what it was asked.
const GATE: [&str; 4] = ["approvals", "audit", "idempotency_keys", "sandbox_calls"];

#[tokio::test]
async fn a_dump_sees_every_change_of_a_row_and_whose_it_is() {
    for server in servers().await {
        open_other_shop(&server).await;
        let before = Dump::of(&server.db).await;
        assert_eq!(before.changes(&Dump::of(&server.db).await).tables(), BTreeSet::new());
        let renamed = "update customers set name = 'Other\nName'
                       where tenant_id = 'other' and id = 'CUST-12345'";
        change(&server.db, renamed, &[]).await;
        let changes = before.changes(&Dump::of(&server.db).await);
        assert_eq!(changes.tables(), BTreeSet::from(["customers"]));
        // As it was, and as it is.
        assert_eq!(changes.rows("customers"), 2);
        assert_eq!(changes.tenants(), BTreeSet::from(["other"]));
    }
}

//! What the framework promises of any kind of records, shown with two toys.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{fields::ID, *};
use crate::{
    Application, Module,
    db::{StoreResult, bulk::Insert, params},
    testing::{FIXTURE_FACTS, TestDb, access::ACCESS, databases_with},
};

const TABLES: &str = r#"
    create table boxes (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        weight bigint not null,
        colour text,
        sealed boolean not null,
        primary key (tenant_id, id)
    );
    create table remarks (
        tenant_id text collate "C" not null,
        id text collate "C" not null,
        box_id text collate "C" not null,
        text text not null,
        primary key (tenant_id, id)
    );
"#;

#[derive(serde::Serialize)]
struct BoxRecord {
    id: String,
    weight: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<String>,
}

/// Records with an id of their own.
struct Boxes;

static BOXES: Insert = Insert::new("insert into boxes (tenant_id, id, weight, colour, sealed)", 5);

impl Importer for Boxes {
    type Record = BoxRecord;
    type References = ();
    type Stored = (i64, Option<String>);
    const KIND: &'static str = "boxes";

    fn read(fields: &mut Fields<'_>) -> Result<BoxRecord, FieldError> {
        let weight = fields.whole("weight", 1, 1_000)?;
        Ok(BoxRecord {
            id: fields.required("id", ID)?,
            weight: fields.present("weight", weight)?,
            colour: fields.optional("colour", ID)?,
        })
    }

    fn id(record: &BoxRecord) -> Option<&str> {
        Some(&record.id)
    }

    async fn references(_ctx: &mut ImportContext) -> StoreResult<()> {
        Ok(())
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        let sql = "select id from boxes where tenant_id = $1";
        imports::column(&mut ctx.tx, sql).await
    }

    async fn insert(ctx: &mut ImportContext, records: &[(&str, &BoxRecord)]) -> StoreResult<()> {
        let mut values = Vec::new();
        for (id, record) in records {
            let (weight, colour) = (record.weight, &record.colour);
            values.extend_from_slice(params![&*ctx.tenant.id, *id, weight, colour, false]);
        }
        BOXES.run(&mut ctx.tx, &values).await
    }

    async fn stored(
        ctx: &mut ImportContext,
        (): &(),
        id: &str,
        _named: &Object,
    ) -> StoreResult<Option<(Object, Self::Stored)>> {
        let sql = "select weight, colour, sealed from boxes where tenant_id = $1 and id = $2";
        let (weight, colour, sealed): (i64, Option<String>, bool) =
            ctx.tx.fetch_one(sql, params![&*ctx.tenant.id, id]).await?;
        let record = present(json!({ "id": id, "weight": weight, "colour": colour }));
        Ok((!sealed).then_some((record, (weight, colour))))
    }

    async fn update(
        ctx: &mut ImportContext,
        record: &BoxRecord,
        merge: &Merge,
        (weight, colour): Self::Stored,
    ) -> StoreResult<Result<bool, FieldError>> {
        let new = if merge.changes("weight") { record.weight } else { weight };
        if new < weight {
            return Ok(Err(FieldError::new("weight", "is less than before")));
        }
        let colour = if merge.changes("colour") { &record.colour } else { &colour };
        let sql = "update boxes set weight = $3, colour = $4 where tenant_id = $1 and id = $2";
        ctx.tx.execute(sql, params![&*ctx.tenant.id, &record.id, new, colour]).await?;
        Ok(Ok(!merge.is_settled()))
    }

    async fn finish(ctx: &mut ImportContext, ids: &[&str], _counts: Counts) -> StoreResult<()> {
        tenants::count_on(&mut ctx.tx, "box", "BOX-", ids).await
    }
}

#[derive(serde::Serialize)]
struct RemarkRecord {
    #[serde(rename = "box")]
    of: String,
    text: String,
}

/// Records without an id, which refer to others.
struct Remarks;

static REMARKS: Insert = Insert::new("insert into remarks (tenant_id, id, box_id, text)", 4);

impl Importer for Remarks {
    type Record = RemarkRecord;
    type References = HashSet<String>;
    type Stored = ();
    const KIND: &'static str = "remarks";
    const AFTER: &'static [&'static str] = &["boxes"];

    fn read(fields: &mut Fields<'_>) -> Result<RemarkRecord, FieldError> {
        Ok(RemarkRecord { of: fields.required("box", ID)?, text: fields.required("text", ID)? })
    }

    fn id(_record: &RemarkRecord) -> Option<&str> {
        None
    }

    async fn references(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        Boxes::ids(ctx).await
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        let sql = "select id from remarks where tenant_id = $1";
        imports::column(&mut ctx.tx, sql).await
    }

    async fn check(
        _ctx: &mut ImportContext,
        boxes: &mut HashSet<String>,
        record: &RemarkRecord,
    ) -> StoreResult<Vec<FieldError>> {
        let is_there = boxes.contains(&record.of);
        let problem = FieldError::new("box", format!("{} is no box", record.of));
        Ok((!is_there).then_some(problem).into_iter().collect())
    }

    async fn insert(ctx: &mut ImportContext, records: &[(&str, &RemarkRecord)]) -> StoreResult<()> {
        let mut values = Vec::new();
        for (id, record) in records {
            values.extend_from_slice(params![&*ctx.tenant.id, *id, &record.of, &record.text]);
        }
        REMARKS.run(&mut ctx.tx, &values).await
    }
}

/// The remarks come first in the list, and refer to the boxes.
fn application() -> Application {
    let boxes = Module::new("boxes").migration(1, "boxes", TABLES).importer(Boxes);
    Application::new(&ACCESS, "", |_| Ok(Arc::new(FIXTURE_FACTS)))
        .module(Module::new("remarks").importer(Remarks))
        .module(boxes)
}

fn tenant() -> Tenant {
    Tenant::new("demo".into(), Arc::new(FIXTURE_FACTS))
}

/// A database, and a folder of files.
struct Warehouse {
    test_db: TestDb,
    folder: tempfile::TempDir,
    now: DateTime<Utc>,
}

impl Warehouse {
    async fn all() -> Vec<Self> {
        let migrations = application().migrations().unwrap();
        let with_folder = |test_db| Self {
            test_db,
            folder: tempfile::tempdir().unwrap(),
            now: "2026-06-01T12:00:00Z".parse().unwrap(),
        };
        databases_with(&migrations).await.into_iter().map(with_folder).collect()
    }

    fn put(&self, name: &str, lines: &[Value]) {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        self.put_text(name, &lines.join("\n"));
    }

    fn put_text(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Imports the folder: of each file its name, and how many are new, changed and unchanged. Or what is wrong.
    async fn import(&mut self) -> Result<Vec<String>, String> {
        self.now += chrono::TimeDelta::seconds(1);
        let application = application();

        let import = Import::begin(&self.test_db.db, tenant(), self.now).await.unwrap();
        let importers = application.importers().unwrap();
        let report = import.path(&importers, self.folder.path(), &mut |_| {}).await;
        let report = report.map_err(|error| error.to_string())?;
        Ok(report.files.iter().map(ToString::to_string).collect())
    }

    async fn run(&self, sql: &'static str) {
        let mut tx = self.test_db.db.write().await.unwrap().of("demo");
        assert_eq!(tx.execute(sql, &[]).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn boxes(&self) -> HashMap<String, (i64, Option<String>)> {
        let mut tx = self.test_db.db.read().await.unwrap().of("demo");
        let sql = "select id, weight, colour from boxes";
        let rows: Vec<(String, i64, Option<String>)> = tx.fetch_all(sql, &[]).await.unwrap();
        rows.into_iter().map(|(id, weight, colour)| (id, (weight, colour))).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.test_db.db.read().await.unwrap().of("demo");
        let (number,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
        number
    }
}

fn box_of(id: &str, weight: i64, colour: &str) -> Value {
    json!({ "id": id, "weight": weight, "colour": colour })
}

#[tokio::test]
async fn a_folder_is_imported_once_in_the_order_of_references() {
    for mut warehouse in Warehouse::all().await {
        let boxes = [box_of("BOX-20000", 5, "red"), box_of("b", 7, "blue")];
        let remarks = ["b", "b", "BOX-20000"].map(|of| json!({ "box": of, "text": "Heavy." }));
        warehouse.put("boxes.jsonl", &boxes);
        warehouse.put("remarks.jsonl", &remarks);
        let counts = |boxes: &str, remarks: &str| {
            Ok(vec![format!("boxes.jsonl: {boxes}"), format!("remarks.jsonl: {remarks}")])
        };
        let first = counts("2 new, 0 changed, 0 unchanged", "3 new, 0 changed, 0 unchanged");
        assert_eq!(warehouse.import().await, first);
        let again = counts("0 new, 0 changed, 2 unchanged", "0 new, 0 changed, 3 unchanged");
        assert_eq!(warehouse.import().await, again);
        // Another byte, and each record is compared.
        warehouse.put_text("boxes.jsonl", &format!("{}\n\n{}\n", boxes[0], boxes[1]));
        warehouse.put_text("remarks.jsonl", &remarks.map(|line| format!("{line}\n\n")).concat());
        assert_eq!(warehouse.import().await, again);
        assert_eq!(warehouse.number("select count(*) from remarks").await, 3);
        let counter = "select value from counters where name = 'box'";
        assert_eq!(warehouse.number(counter).await, 20_000);
    }
}

#[tokio::test]
async fn what_a_file_changes_is_applied_and_the_rest_stays() {
    for mut warehouse in Warehouse::all().await {
        warehouse.put("boxes.jsonl", &[box_of("a", 5, "red"), box_of("b", 7, "blue")]);
        warehouse.import().await.unwrap();
        warehouse.run("update boxes set colour = 'green' where id = 'a'").await;
        warehouse.run("update boxes set sealed = true where id = 'b'").await;
        warehouse.put("boxes.jsonl", &[box_of("a", 6, "red"), box_of("b", 8, "blue")]);
        let report = warehouse.import().await.unwrap();
        assert_eq!(report, ["boxes.jsonl: 0 new, 1 changed, 1 unchanged"]);
        let boxes = warehouse.boxes().await;
        assert_eq!(boxes["a"], (6, Some("green".to_owned())), "its colour is the server's");
        assert_eq!(boxes["b"], (7, Some("blue".to_owned())), "it stays whatever a file says");
        // What is left out stays, and an empty cell of a column clears.
        std::fs::remove_file(warehouse.folder.path().join("boxes.jsonl")).unwrap();
        warehouse.put_text("boxes.csv", "id,colour\na,\n");
        let report = warehouse.import().await.unwrap();
        assert_eq!(report, ["boxes.csv: 0 new, 1 changed, 0 unchanged"]);
        assert_eq!(warehouse.boxes().await["a"], (6, None));
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_of_its_file_is_written() {
    for mut warehouse in Warehouse::all().await {
        let wrong = [json!({ "id": "b", "weight": "much" }), json!({ "id": "c", "size": 1 })];
        warehouse.put("boxes.jsonl", &[box_of("a", 5, "red"), wrong[0].clone(), wrong[1].clone()]);
        let refused = warehouse.import().await.unwrap_err();
        assert_eq!(
            refused,
            "boxes.jsonl:2: weight: is not a whole number\n\
             boxes.jsonl:3: weight: is missing\n\
             nothing of this file was imported"
        );
        assert!(warehouse.boxes().await.is_empty());

        warehouse.put("boxes.jsonl", &[box_of("a", 5, "red")]);
        let remarks = ["a", "z"].map(|of| json!({ "box": of, "text": "Heavy." }));
        warehouse.put("remarks.jsonl", &remarks);
        let refused = warehouse.import().await.unwrap_err();
        assert!(refused.starts_with("remarks.jsonl:2: box: z is no box"), "{refused}");
        assert_eq!(warehouse.number("select count(*) from remarks").await, 0);
        assert_eq!(warehouse.boxes().await.len(), 1, "the files before stay imported");

        warehouse.put("boxes.jsonl", &[box_of("c", 1, "red"), box_of("a", 4, "red")]);
        let refused = warehouse.import().await.unwrap_err();
        assert!(refused.starts_with("boxes.jsonl:2: weight: is less than before"), "{refused}");
        assert_eq!(warehouse.boxes().await.len(), 1);

        warehouse.put("bags.jsonl", &[]);
        let refused = warehouse.import().await.unwrap_err();
        assert!(refused.contains("bags.jsonl is none of boxes, remarks, each with"), "{refused}");
    }
}

#[tokio::test]
async fn records_in_memory_are_imported_once_under_a_name() {
    for warehouse in Warehouse::all().await {
        let db = &warehouse.test_db.db;
        let import = Import::begin(db, tenant(), warehouse.now).await.unwrap();
        let records = || vec![BoxRecord { id: "a".to_owned(), weight: 5, colour: None }];
        let first = import.records(Boxes, "samples", records(), &mut |_| {}).await.unwrap();
        assert_eq!(first.to_string(), "samples: boxes: 1 new, 0 changed, 0 unchanged");
        warehouse.run("update boxes set weight = 9 where id = 'a'").await;
        let again = import.records(Boxes, "samples", records(), &mut |_| {}).await.unwrap();
        assert_eq!(again.to_string(), "samples: boxes: 0 new, 0 changed, 1 unchanged");
        assert_eq!(warehouse.boxes().await["a"].0, 9);
    }
}

#[test]
fn a_kind_has_one_importer() {
    let twice = application().module(Module::new("more").importer(Boxes));
    let refused = twice.importers().map(|_| ()).unwrap_err().to_string();
    assert_eq!(refused, "two modules import boxes");
}

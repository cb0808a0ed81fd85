//! Databases with the shop in them, by the program's own `import`.

use std::path::{Path, PathBuf};

use super::import_format;
use crate::{
    databases::{copy_of_postgres, drop_postgres, fresh_postgres},
    process::program,
    support::TestServer,
};

/// A database just after the import; nobody uses it but to copy it.
pub struct Imported {
    url: String,
    folder: tempfile::TempDir,
}

/// A server on a copy.
pub struct Copy {
    pub server: TestServer,
    _folder: tempfile::TempDir,
}

impl Imported {
    /// The shop in this folder, on SQLite and on Postgres.
    pub async fn on_both(data: &Path) -> [Self; 2] {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let urls = [sqlite(&folders[0]), fresh_postgres().await];
        let shops = urls.into_iter().zip(folders).map(|(url, folder)| {
            let imported = Self { url, folder };
            import_format::write_import_folder(&data.join("db.json"), &imported.files()).unwrap();
            imported.import_into(&imported.url);
            imported
        });
        shops.collect::<Vec<_>>().try_into().ok().unwrap()
    }

    /// Runs the program's import on this database and returns what it says.
    pub fn import_into(&self, url: &str) -> String {
        let run = program(url).arg("import").arg(self.files()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{said}");
        said
    }

    /// SQLite or Postgres.
    pub fn kind(&self) -> &'static str {
        if self.url.starts_with("sqlite") { "SQLite" } else { "Postgres" }
    }

    /// A server on a copy of the database.
    pub async fn copy(&self) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        let url = if self.kind() == "SQLite" {
            // The program closed the file before it ended, so all of it is in the one file.
            std::fs::copy(file(&self.folder), file(&folder)).unwrap();
            sqlite(&folder)
        } else {
            copy_of_postgres(&self.url).await
        };
        Copy { server: TestServer::on(&url).await, _folder: folder }
    }

    /// Leaves no database behind on the Postgres server.
    pub async fn drop(&self) {
        if self.kind() == "Postgres" {
            drop_postgres(&self.url).await;
        }
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("records")
    }
}

impl Copy {
    /// Stops the server, and leaves no database behind on the Postgres server.
    pub async fn drop(mut self) {
        self.server.stop().await;
        if self.server.database_url.starts_with("postgres") {
            drop_postgres(&self.server.database_url).await;
        }
    }
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("shop.db")
}

fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}", file(folder).display())
}

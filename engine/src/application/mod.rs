//! What a business hands to the engine: its facts, its modules and its own commands.

use std::{collections::HashMap, path::Path, sync::Arc};

use anyhow::{anyhow, bail, ensure};

mod command;
mod module;

pub use command::Command;
pub use module::{AfterImport, Check, Index, Job, Module, Reindexed};

use crate::{
    business::{NoReservations, Reservations},
    db::Migrations,
    import::Importers,
    tenants::{BusinessFile, ReadFacts},
    tool::{Access, Catalogue, Spec},
};

/// A server with a business behind it.
pub struct Application {
    access: &'static Access,
    read_facts: ReadFacts,
    shipped_facts: &'static str,
    instructions: &'static str,
    modules: Vec<Module>,
    commands: Vec<Command>,
}

impl Application {
    /// An application without modules, with what its tokens can say. The facts are read from a file of the business's
    /// own form, by default from `shipped`.
    pub fn new(access: &'static Access, shipped: &'static str, read: ReadFacts) -> Self {
        Self {
            access,
            read_facts: read,
            shipped_facts: shipped,
            instructions: "",
            modules: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Sets the instructions that agents read before they call any tool. The engine adds how to speak, and what to do
    /// while an approval is pending.
    #[must_use]
    pub fn instructions(mut self, text: &'static str) -> Self {
        self.instructions = text;
        self
    }

    /// This application and one module more. Its tools are listed after those of the modules before it.
    #[must_use]
    pub fn module(mut self, module: Module) -> Self {
        self.modules.push(module);
        self
    }

    /// This application and one command more.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    /// The facts of the business: from this file, or the shipped ones.
    ///
    /// # Errors
    /// A sentence that names the file, and the line and the setting that are wrong.
    pub fn business_file(&self, path: Option<&Path>) -> anyhow::Result<BusinessFile> {
        let file = match path {
            Some(path) => BusinessFile::open(path, self.read_facts),
            None => BusinessFile::shipped(self.shipped_facts, self.read_facts),
        };
        file.map_err(|why| anyhow!(why))
    }

    /// The statements that count what is recorded in a tenant's currency.
    pub fn money(&self) -> Vec<&'static str> {
        self.modules.iter().filter_map(|module| module.money).collect()
    }

    /// What tokens can say.
    pub fn access(&self) -> &'static Access {
        self.access
    }

    /// Every tool, in the order in which they are listed. `ignored` are argument names that platforms inject.
    pub fn tools(&self, ignored: Vec<String>) -> Catalogue {
        let entries = self.modules.iter().flat_map(Module::entries);
        let empty = Catalogue::new(ignored, self.instructions);
        entries.fold(empty, Catalogue::with_entry)
    }

    /// Whether the modules fit together.
    ///
    /// # Errors
    /// A sentence: two tools of the same name, two modules that reserve things, or a job that is needed and missing.
    pub fn check(&self) -> anyhow::Result<()> {
        let mut tools: HashMap<&str, &str> = HashMap::new();
        for Spec { name, aliases, .. } in self.tools(Vec::new()).iter().map(|entry| entry.spec) {
            for called in std::iter::once(name).chain(*aliases) {
                if let Some(other) = tools.insert(called, name) {
                    bail!(
                        "two tools answer to {called}, {other} and {name}: each needs names of its own"
                    );
                }
            }
        }
        for (job, why) in self.modules.iter().flat_map(|module| &module.needed_jobs) {
            ensure!(self.jobs().any(|there| there.name == *job), *why);
        }
        let mut reserving = Vec::new();
        for module in &self.modules {
            reserving.extend(module.reservations.iter().map(|_| module.name));
        }
        ensure!(
            reserving.len() <= 1,
            "only one module can reserve things for approvals, and these do: {}",
            reserving.join(", ")
        );
        Ok(())
    }

    /// The whole schema: the engine's migrations, and then each module's.
    ///
    /// # Errors
    /// Two migrations of a module with the same version.
    pub fn migrations(&self) -> anyhow::Result<Migrations> {
        let of_modules = self.modules.iter().flat_map(|module| module.migrations.iter().copied());
        Migrations::new(of_modules).map_err(|why| anyhow!(why))
    }

    /// What the records of every module are found by.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.modules.iter().flat_map(|module| &module.indexes)
    }

    /// What imports the records of every module.
    ///
    /// # Errors
    /// Two importers of one kind, or some that wait for each other.
    pub fn importers(&self) -> anyhow::Result<Importers> {
        let listed = self.modules.iter().flat_map(|module| module.importers.iter().cloned());
        Importers::new(listed.collect()).map_err(|why| anyhow!(why))
    }

    /// What the modules do when records have been imported.
    pub fn after_import(&self) -> impl Iterator<Item = &AfterImport> {
        self.modules.iter().flat_map(|module| &module.after_import)
    }

    /// The statements that erase what the modules keep of a person.
    pub fn erasures(&self) -> Arc<[&'static str]> {
        self.modules.iter().flat_map(|module| module.erasures.iter().copied()).collect()
    }

    /// What reserves things for approvals.
    pub fn reservations(&self) -> Arc<dyn Reservations> {
        let found = self.modules.iter().flat_map(|module| &module.reservations).next();
        found.cloned().unwrap_or_else(|| Arc::new(NoReservations))
    }

    /// The background jobs of every module.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.modules.iter().flat_map(|module| &module.jobs)
    }

    /// The checks of every module, for `doctor`.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.modules.iter().flat_map(|module| &module.checks)
    }

    /// The business's own commands.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approvals::{self, ApprovalStatus},
        testing::FIXTURE_FACTS,
    };

    fn application() -> Application {
        let approvals = approvals::module();
        Application::new(Access::BASIC, "", |_| Ok(Arc::new(FIXTURE_FACTS))).module(approvals)
    }

    #[test]
    fn two_tools_of_one_name_are_refused() {
        application().check().unwrap();
        let twice = application().module(Module::new("again").tool(ApprovalStatus));
        assert_eq!(
            twice.check().unwrap_err().to_string(),
            "two tools answer to approval_status, approval_status and approval_status: each needs \
             names of its own"
        );
    }

    #[test]
    fn a_second_module_that_reserves_is_refused() {
        let reserving = |name| Module::new(name).reserves(Arc::new(NoReservations));
        let one = application().module(reserving("stock"));
        one.check().unwrap();
        assert_eq!(
            one.module(reserving("rooms")).check().unwrap_err().to_string(),
            "only one module can reserve things for approvals, and these do: stock, rooms"
        );
    }

    #[test]
    fn a_job_that_a_module_needs_is_brought_by_some_module() {
        let needing =
            application().module(Module::new("payments").needs_job("worker", "no provider"));
        assert_eq!(needing.check().unwrap_err().to_string(), "no provider");
        let worker = Module::new("provider").job("worker", |_, _, _| Box::pin(async {}));
        needing.module(worker).check().unwrap();
    }
}

//! A command of the business.

use std::sync::Arc;

use clap::{ArgMatches, Args};
use futures::future::LocalBoxFuture;

use super::Application;

/// A command of the business beside those of the engine.
pub struct Command {
    definition: clap::Command,
    run: Box<RunCommand>,
}

type Ran = LocalBoxFuture<'static, anyhow::Result<()>>;
type RunCommand = dyn Fn(&ArgMatches, Arc<Application>) -> Ran + Send + Sync;

impl Command {
    /// A command with these arguments.
    pub fn new<A, F>(
        name: &'static str,
        about: &'static str,
        run: fn(A, Arc<Application>) -> F,
    ) -> Self
    where
        A: Args + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + 'static,
    {
        let definition = A::augment_args(clap::Command::new(name)).about(about);
        let run = move |matches: &ArgMatches, application| -> Ran {
            match A::from_arg_matches(matches) {
                Ok(args) => Box::pin(run(args, application)),
                Err(error) => error.exit(),
            }
        };
        Self { definition, run: Box::new(run) }
    }

    /// Its name on the command line.
    pub fn name(&self) -> &str {
        self.definition.get_name()
    }

    /// Its arguments and its help.
    pub fn definition(&self) -> clap::Command {
        self.definition.clone()
    }

    /// Runs it.
    ///
    /// # Errors
    /// Whatever makes the program exit with 1, in one sentence.
    pub async fn run(
        &self,
        matches: &ArgMatches,
        application: Arc<Application>,
    ) -> anyhow::Result<()> {
        (self.run)(matches, application).await
    }
}

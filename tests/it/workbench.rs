//! A folder with a manifest and a store, run inside this process.

use std::fs;
use std::path::PathBuf;

use engine::{
    Format, Manifest, Open, Options, Plan, PlanError, RunReport, State, StepReport, Store, Value, open_at, run,
};
use tempfile::TempDir;

/// A manifest with a store of its own.
pub struct Workbench {
    folder: TempDir,
    store: Store,
}

impl Workbench {
    /// Returns a workbench whose manifest says `manifest`.
    pub fn new(manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        Self { folder, store }
    }

    /// Returns the path of a file beside the manifest.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the plan of the manifest with `sets` laid over it, or why there is none.
    pub fn try_plan(&self, sets: &[&str]) -> Result<Plan, PlanError> {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let manifest = Manifest::load(&self.path("manifest.toml"), None, &sets).unwrap();
        Plan::new(&manifest, &stages::registry(), &self.store)
    }

    /// Returns the plan of the manifest with `sets` laid over it.
    pub fn plan(&self, sets: &[&str]) -> Plan {
        self.try_plan(sets).unwrap()
    }

    /// Runs the manifest with `sets` laid over it.
    pub fn run(&self, sets: &[&str]) -> RunReport {
        let options = Options { device: "flex".to_owned(), ..Options::default() };
        run(&self.plan(sets), &self.store, &options, &|_| {}).unwrap()
    }

    /// Runs the manifest, which must succeed.
    pub fn done(&self, sets: &[&str]) -> RunReport {
        let report = self.run(sets);
        assert_eq!(report.exit_code(), 0, "{:#?}", errors(&report));
        report
    }
}

/// Returns the errors of a report by step.
pub fn errors(report: &RunReport) -> Vec<(&str, &str)> {
    report.steps.iter().filter_map(|step| Some((step.id.as_str(), step.error.as_deref()?))).collect()
}

/// Returns the ids of the steps that ended in `state`, sorted.
pub fn steps_in(report: &RunReport, state: State) -> Vec<&str> {
    let steps = report.steps.iter().filter(|step| step.state == state);
    let mut ids: Vec<&str> = steps.map(|step| step.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// Returns the step called `id`.
pub fn step<'a>(report: &'a RunReport, id: &str) -> &'a StepReport {
    report.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("no step `{id}`"))
}

/// Returns a headline of a step as a number.
pub fn number(report: &RunReport, id: &str, headline: &str) -> f64 {
    let found = step(report, id).headlines.iter().find(|found| found.name == headline);
    match found.map(|found| &found.value) {
        Some(Value::Number(number)) => *number,
        Some(Value::Integer(number)) => *number as f64,
        other => panic!("`{id}.{headline}` is {other:?}, wanted a number"),
    }
}

/// Opens what a step made at a port.
pub fn artifact<A: Open>(report: &RunReport, id: &str, port: &str) -> A {
    let output = &step(report, id).outputs[port];
    assert_eq!(output.format, Format::of::<A>());
    open_at(&output.folder).unwrap()
}

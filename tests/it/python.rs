//! Python (`PYTHON`, or `python3`), where it is there, as another reader of our files.

use std::env;
use std::path::Path;
use std::process::Command;

/// An interpreter that has the packages asked for.
pub struct Python {
    program: String,
}

impl Python {
    /// Returns the interpreter, or says on standard error that the test is skipped.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub fn with(packages: &[&str]) -> Option<Self> {
        let program = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let wanted = packages.join(", ");
        let probe = Command::new(&program).args(["-c", &format!("import {wanted}")]).output();
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(Self { program });
        }
        eprintln!("skipped: `{program}` cannot import {wanted}; set PYTHON to one that can");
        None
    }

    /// Runs a script with a folder as its argument and returns what it printed.
    pub fn run(&self, script: &str, folder: &Path) -> String {
        let output = Command::new(&self.program).args(["-c", script]).arg(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

//! The `shiftaddnas` command, run in processes of its own inside a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::workspace;

/// A folder in which the command runs.
pub struct Sandbox {
    folder: TempDir,
}

/// What the command answered.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Sandbox {
    /// Returns a sandbox whose only manifest, `manifest.toml`, says `manifest`.
    pub fn new(manifest: &str) -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(sandbox.path("manifest.toml"), manifest).unwrap();
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the command inside the sandbox, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.folder.path()).env_remove("SHIFTADDNAS_STORE");
        command.stdin(Stdio::null());
        command
    }

    /// Returns the answer of the command.
    pub fn call(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap())
    }

    /// Runs the manifest to its end and returns the report.
    pub fn report(&self, arguments: &[&str]) -> Value {
        let answer = self.call(&[&["run", "manifest.toml", "--json"], arguments].concat());
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.report()
    }

    /// Starts a run of which every progress line is told.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let arguments = [&["run", "manifest.toml", "--json", "--verbose"], arguments].concat();
        let mut command = self.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        Running { child, lines, heard: String::new() }
    }
}

impl Answer {
    fn of(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Returns the report that `--json` asked for.
    pub fn report(&self) -> Value {
        serde_json::from_str(self.out.trim()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A command under way.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    /// Waits until the command says a line that contains `words`.
    pub fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let bytes = self.lines.read_line(&mut line).unwrap();
            assert!(bytes > 0, "`{words}` was never said, but:\n{}", self.heard);
            self.heard.push_str(&line);
        }
    }

    /// Ends the command at once, as a lost machine would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), None, "a killed process has no exit code");
    }

    /// Asks the command to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end and returns the answer, with all that was said.
    pub fn finish(mut self) -> Answer {
        while self.lines.read_line(&mut self.heard).unwrap() > 0 {}
        let answer = Answer::of(self.child.wait_with_output().unwrap());
        Answer { err: self.heard, ..answer }
    }
}

/// Returns `step.port digest` of everything a reported run made or found.
pub fn digests(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    let ports = steps.flat_map(|step| {
        let artifacts = step["artifacts"].as_object().unwrap().iter();
        artifacts.map(move |(port, artifact)| format!("{}.{port} {}", text(&step["id"]), text(&artifact["digest"])))
    });
    ports.collect()
}

/// Returns `step state` of every step of a reported run.
pub fn states(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps.map(|step| format!("{} {}", text(&step["id"]), text(&step["state"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Returns the command's binary, which stands above this test's own.
///
/// A test of the whole workspace has just built it. A test of this package alone takes the one that is there, and
/// builds it if there is none.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).expect("tests are built in `PROFILE/deps`");
        let binary = folder.join(format!("shiftaddnas{}", std::env::consts::EXE_SUFFIX));
        if !binary.is_file() {
            build(folder);
        }
        binary
    })
}

fn build(folder: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "shiftaddnas", "--target-dir"]);
    cargo.arg(folder.parent().expect("a profile's folder is in the target folder"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.current_dir(workspace::root()).status().unwrap().success());
}

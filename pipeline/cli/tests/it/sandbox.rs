//! A folder with a manifest and a store, and the command run inside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Two steps that need no time: one writes letters, the other counts them.
pub const LETTERS: &str = r#"
version = 1
name = "letters"
seed = 1

[stage.letters]
kind = "command"
outputs = { text = "letters" }
params.argv = ["sh", "-c", "printf abc > {output.text}/letters.txt"]

[stage.count]
kind = "command"
inputs = { text = "letters" }
outputs = { count = "count" }
params.argv = ["sh", "-c", "wc -c < {input.text}/letters.txt > {output.count}/count.txt"]

[profile.long]
stage.letters.params.argv = ["sh", "-c", "printf abcdef > {output.text}/letters.txt"]
"#;

/// One step with tables and headlines.
pub const PICTURES: &str = r#"
version = 1
name = "pictures"
seed = 1

[stage.data]
kind = "prepare-dataset"
params = { source = "synthetic", options = { size = 4, synthetic = { train = 20, test = 8 } } }
"#;

/// From pictures to a model that runs, as small as it can be.
pub const FLOW: &str = r#"
version = 1
name = "flow"
seed = 1

[stage.data]
kind = "prepare-dataset"
params = { source = "synthetic", options = { size = 8, synthetic = { train = 40, test = 8 } } }

[stage.supernet]
kind = "train-supernet"
inputs = { dataset = "data" }

[stage.supernet.params]
training = { epochs = 1, learning_rate = 1e-3 }

[stage.supernet.params.space]
kind = "hybrid-cnn"
stem = { channels = 4, kernel = 3, stride = 1 }
layers = 1
head_channels = 4
levels = [{ channels = 4, operators = ["conv", "add"], layers = { min = 1, max = 1 } }]

[stage.search]
kind = "search-architecture"
inputs = { dataset = "data", supernet = "supernet" }
params = { evolution = { population = 2, generations = 1, parents = 1, mutants = 1, crossovers = 0 } }

[stage.winner]
kind = "retrain-subnet"
inputs = { dataset = "data", architecture = "search" }
params = { training = { epochs = 1, learning_rate = 1e-3 } }

[stage.onnx]
kind = "export-onnx"
inputs = { dataset = "data", subnet = "winner" }

[stage.verify]
kind = "verify-onnx"
inputs = { dataset = "data", model = "onnx", reference = "onnx" }
params = { repetitions = 1 }
"#;

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
        sandbox.write("manifest.toml", manifest);
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Returns the command inside the sandbox, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shiftaddnas"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("SHIFTADDNAS_STORE");
        command.stdin(Stdio::null());
        command
    }

    pub fn call(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Returns standard output of a call that must be done.
    pub fn done(&self, arguments: &[&str]) -> String {
        let answer = self.call(arguments);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.out
    }

    /// Returns the report of a run and its exit code.
    pub fn report(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let answer = self.call(&[&["run", "manifest.toml", "--json"], arguments].concat());
        let lines: Vec<&str> = answer.out.lines().collect();
        assert_eq!(lines.len(), 1, "{answer:?}");
        (answer.code, serde_json::from_str(lines[0]).unwrap())
    }

    /// Returns the only artifact folder of a port in a report.
    pub fn artifact(report: &Value, step: usize, port: &str, folder: &Path) -> PathBuf {
        folder.join(report["steps"][step]["artifacts"][port]["folder"].as_str().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

//! An external program as a stage.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::{ArtifactError, Format};
use crate::context::Context;
use crate::event::Event;
use crate::folder::{FolderWriter, write_synced};
use crate::manifest::{Form, StageEntry};
use crate::params::{self, ParamsError};
use crate::ports::{Arity, InputFolders, InputPort, OutputFolders, OutputPort, Presence};
use crate::registry::{ErasedParams, ErasedStage, Registry, Source, StageDescription};
use crate::source::SourcePath;
use crate::stage::StageError;
use crate::upstream::{Unmet, Upstream};

/// The kind of every external program.
pub(crate) const KIND: &str = "command";

const VERSION: u32 = 1;

/// The exit code by which a program says that it was interrupted and can go on later.
const INTERRUPTED: i32 = 75;

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(20);

/// How many of the last lines a failed program said are told.
const LAST_LINES: usize = 20;

/// The longest line that is passed on.
const LINE_BYTES: u64 = 64 << 10;

/// What a user may say of an external program.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CommandParams {
    /// The program and its arguments. `{input.NAME}` and `{output.NAME}` stand for folders. Arguments that name files
    /// in `cwd` count as sources: a changed script runs again.
    argv: Vec<String>,
    /// The folder the program runs in, relative to the manifest's.
    #[serde(default = "here", skip_serializing)]
    cwd: PathBuf,
    /// More environment variables.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// More files and folders whose content matters.
    #[serde(default)]
    sources: Vec<SourcePath>,
    /// Anything the program wants to know; it finds it as JSON in the file `PARAMS_JSON`.
    #[serde(default)]
    values: BTreeMap<String, serde_json::Value>,
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

/// An external program with the ports its manifest declares.
pub(crate) struct CommandStage {
    inputs: Vec<InputPort>,
    outputs: Vec<OutputPort>,
}

/// Params with the manifest's folder applied.
struct Prepared {
    params: CommandParams,
    cwd: PathBuf,
}

pub(crate) fn description() -> StageDescription {
    StageDescription {
        kind: KIND.to_owned(),
        version: VERSION,
        summary: "Runs an external program; inputs and outputs are what the manifest declares".to_owned(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        params: schemars::schema_for!(CommandParams).to_value(),
    }
}

impl CommandStage {
    /// Takes the ports from the manifest; a format some stage knows has its version.
    pub(crate) fn new(entry: &StageEntry, registry: &Registry) -> Self {
        let inputs = entry.inputs.iter().map(|input| InputPort {
            name: input.port.text.clone(),
            doc: String::new(),
            arity: match input.form {
                Form::Single => Arity::One,
                Form::List => Arity::Many,
            },
            format: None,
        });
        let outputs = entry.outputs.iter().map(|output| OutputPort {
            name: output.port.text.clone(),
            doc: String::new(),
            presence: Presence::Always,
            format: Format {
                name: output.format.text.clone(),
                version: registry.format_version(&output.format.text).unwrap_or(1),
            },
            summary: String::new(),
        });
        Self { inputs: inputs.collect(), outputs: outputs.collect() }
    }
}

impl ErasedStage for CommandStage {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn description(&self) -> StageDescription {
        StageDescription { inputs: self.inputs.clone(), outputs: self.outputs.clone(), ..description() }
    }

    fn parse(&self, json: serde_json::Value, base: &Path) -> Result<ErasedParams, ParamsError> {
        let (params, json) = params::parse::<CommandParams>(json)?;
        if params.argv.is_empty() {
            return Err(ParamsError {
                path: vec![params::Step::Key("argv".to_owned())],
                message: "wanted a program, found nothing".to_owned(),
            });
        }
        let listed: Vec<&SourcePath> = params.sources.iter().collect();
        let mut sources = params::resolve_sources(KIND, &json["sources"], &listed, base)?;
        let cwd = base.join(&params.cwd);
        sources.extend(params.argv.iter().filter_map(|argument| {
            let path = cwd.join(argument);
            let written = argument.clone();
            path.is_file().then_some(Source { written, path })
        }));
        Ok(ErasedParams { value: Box::new(Prepared { params, cwd }), json, sources, fault: None })
    }

    /// A program is not asked: what it does is known once it runs.
    fn foresee(&self, _: &ErasedParams, _: &Upstream<'_>) -> Result<(), Unmet> {
        Ok(())
    }

    fn run(
        &self,
        params: &ErasedParams,
        inputs: &InputFolders,
        context: &mut Context<'_>,
        outputs: &mut OutputFolders<'_>,
    ) -> Result<(), StageError> {
        let prepared = params.value.downcast_ref::<Prepared>();
        let prepared = prepared.expect("params were parsed by this very stage");
        let mut writers = Vec::new();
        for port in &self.outputs {
            writers.push((port, outputs.create(&port.name, port.format.clone())?));
        }
        let values = serde_json::to_vec(&prepared.params.values)
            .map_err(|e| StageError::caused("cannot write the values as JSON", e))?;
        let values_path = outputs.scratch().join("params.json");
        write_synced(&values_path, &values)?;
        let folders = Folders::new(&self.inputs, inputs, &writers)?;
        let mut command = prepared.command(&folders)?;
        command
            .env("SEED", context.seed().to_string())
            .env("THREADS", context.threads().to_string())
            .env("DEVICE", context.device())
            .env("PARAMS_JSON", absolute(&values_path)?);
        watch(command, &prepared.params.argv[0], context)?;
        for (port, mut writer) in writers {
            adopt(&port.name, &mut writer)?;
            outputs.keep(&port.name, writer)?;
        }
        Ok(())
    }
}

/// The folders a program is given, by port.
struct Folders {
    inputs: BTreeMap<String, OsString>,
    outputs: BTreeMap<String, OsString>,
}

impl Folders {
    fn new(
        ports: &[InputPort],
        bound: &InputFolders,
        writers: &[(&OutputPort, FolderWriter)],
    ) -> Result<Self, StageError> {
        let mut inputs = BTreeMap::new();
        for port in ports {
            let paths = bound.of(&port.name).iter();
            let paths: Vec<PathBuf> = paths.map(|(_, folder)| absolute(folder.path())).collect::<Result<_, _>>()?;
            let joined = std::env::join_paths(paths)
                .map_err(|e| StageError::caused("an input folder's path has a separator", e))?;
            inputs.insert(port.name.clone(), joined);
        }
        let mut outputs = BTreeMap::new();
        for (port, writer) in writers {
            outputs.insert(port.name.clone(), absolute(writer.path())?.into_os_string());
        }
        Ok(Self { inputs, outputs })
    }

    /// Replaces `{input.NAME}` and `{output.NAME}`.
    fn fill(&self, argument: &str) -> Result<String, StageError> {
        let mut filled = argument.to_owned();
        for (what, folders) in [("input", &self.inputs), ("output", &self.outputs)] {
            for (port, folder) in folders {
                let place = format!("{{{what}.{port}}}");
                filled = filled.replace(&place, &folder.to_string_lossy());
            }
        }
        let unknown = [("{input.", &self.inputs), ("{output.", &self.outputs)];
        if unknown.into_iter().any(|(start, ports)| names_no_port(argument, start, ports)) {
            let message = format!("argument `{argument}` names a port the stage does not have");
            return Err(StageError::usage(message));
        }
        Ok(filled)
    }
}

/// Returns whether a placeholder that begins with `start` names no port.
fn names_no_port(argument: &str, start: &str, ports: &BTreeMap<String, OsString>) -> bool {
    argument.split(start).skip(1).any(|rest| {
        let name = rest.split('}').next().unwrap_or_default();
        !ports.contains_key(name)
    })
}

impl Prepared {
    fn command(&self, folders: &Folders) -> Result<Command, StageError> {
        let mut argv = self.params.argv.iter();
        let program = argv.next().map(|program| folders.fill(program)).transpose()?;
        let mut command = Command::new(program.unwrap_or_default());
        for argument in argv {
            command.arg(folders.fill(argument)?);
        }
        command.current_dir(&self.cwd).envs(&self.params.env);
        for (port, folder) in &folders.inputs {
            command.env(variable("INPUT", port), folder);
        }
        for (port, folder) in &folders.outputs {
            command.env(variable("OUTPUT", port), folder);
        }
        Ok(command)
    }
}

fn variable(prefix: &str, port: &str) -> String {
    format!("{prefix}_{}", port.to_uppercase().replace('-', "_"))
}

fn absolute(path: &Path) -> Result<PathBuf, StageError> {
    std::path::absolute(path).map_err(|e| StageError::caused(format!("cannot resolve {}", path.display()), e))
}

/// Runs the program to its end, passing on what it says and the wish to stop.
fn watch(mut command: Command, program: &str, context: &Context<'_>) -> Result<(), StageError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            StageError::usage(format!("program `{program}` is not there; is it installed?"))
        }
        _ => StageError::caused(format!("cannot start `{program}`"), e),
    })?;
    let last = Mutex::new(Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = std::thread::scope(|scope| {
        scope.spawn(|| listen(stdout, context, &last));
        scope.spawn(|| listen(stderr, context, &last));
        wait(&mut child, context)
    });
    let status = status.map_err(|e| StageError::caused(format!("lost `{program}`"), e))?;
    let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    match status.code() {
        Some(0) => Ok(()),
        Some(INTERRUPTED) => Err(StageError::Interrupted),
        None if context.interrupt.is_requested() => Err(StageError::Interrupted),
        Some(_) | None => {
            Err(StageError::failed(format!("`{program}` ended with {status}; its last words:\n{}", last.join("\n"))))
        }
    }
}

fn wait(child: &mut Child, context: &Context<'_>) -> std::io::Result<ExitStatus> {
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if context.interrupt.is_requested() && !asked {
            asked = true;
            terminate(child)?;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing else tells both of a program's end and of an interrupt")]
fn pause() {
    std::thread::sleep(POLL);
}

#[cfg(unix)]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    let pid = rustix::process::Pid::from_child(child);
    Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    child.kill()
}

fn listen(stream: Option<impl Read>, context: &Context<'_>, last: &Mutex<Vec<String>>) {
    let Some(stream) = stream else {
        return;
    };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        let message = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        (context.sink)(&Event::Note { step: context.step.clone(), message: message.clone() });
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.remove(0);
        }
        last.push(message);
    }
}

/// Adds what the program wrote to its output.
fn adopt(port: &str, writer: &mut FolderWriter) -> Result<(), StageError> {
    let folder = writer.path().to_owned();
    let error = |source| ArtifactError::Io { action: "read", path: folder.clone(), source };
    let mut files = 0;
    for entry in fs::read_dir(&folder).map_err(error)? {
        let entry = entry.map_err(error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().map_err(error)?.is_file() {
            return Err(StageError::failed(format!("output `{port}` holds `{name}`, which is not a file")));
        }
        writer.adopt(&name)?;
        files += 1;
    }
    if files == 0 {
        return Err(StageError::failed(format!(
            "the program made no file in output `{port}`; it is told the folder as `{}`",
            variable("OUTPUT", port)
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

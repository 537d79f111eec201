use std::fs;
use std::io::Write;
use std::path::Path;

use indicatif::HumanBytes;
use stages::device::BackendStatus;

use crate::args::Cli;
use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// One line of the answer.
struct Finding {
    name: String,
    sound: Soundness,
    text: String,
}

/// Whether a run could work with what was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Soundness {
    Sound,
    Broken,
}

impl Finding {
    fn sound(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), sound: Soundness::Sound, text: text.into() }
    }

    fn broken(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), sound: Soundness::Broken, text: text.into() }
    }
}

pub(super) fn execute(cli: &Cli, output: &mut Output) -> Result<Exit, CommandError> {
    let mut findings = vec![
        Finding::sound("version", env!("CARGO_PKG_VERSION")),
        store(cli),
        Finding::sound("cpu", format!("{}: {}", std::env::consts::ARCH, cpu_features().join(", "))),
        threads(),
        Finding::sound("onnx", format!("opset {}, standard operators", exports::OPSET)),
        Finding::sound("stages", stages::registry().kinds().join(", ")),
    ];
    findings.extend(stages::device::backends().iter().map(device));
    let rows = findings.iter().map(|finding| {
        let sound = match finding.sound {
            Soundness::Sound => output.paint("ok", Ink::Good),
            Soundness::Broken => output.paint("no", Ink::Bad),
        };
        vec![sound, finding.name.clone(), finding.text.clone()]
    });
    write!(output, "{}", columns(&rows.collect::<Vec<_>>()))?;
    let broken = findings.iter().any(|finding| finding.sound == Soundness::Broken);
    Ok(if broken { Exit::FAILED } else { Exit::DONE })
}

fn store(cli: &Cli) -> Finding {
    let store = match cli.store() {
        Ok(store) => store,
        Err(error) => return Finding::broken("store", format!("{error}: {}", cause(&error))),
    };
    let path = store.path();
    let probe = path.join("tmp").join(format!("doctor-{}", std::process::id()));
    let writable = fs::write(&probe, b"probe").and_then(|()| fs::remove_file(&probe));
    if let Err(error) = writable {
        return Finding::broken("store", format!("{} is not writable: {error}", path.display()));
    }
    let free = free_bytes(path).map_or_else(|| "unknown".to_owned(), |bytes| HumanBytes(bytes).to_string());
    Finding::sound("store", format!("{}: {} used, {free} free", path.display(), HumanBytes(used_bytes(path))))
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

fn used_bytes(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => used_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(path).ok()?;
    Some(volume.f_bavail.saturating_mul(volume.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Returns which of the instructions that our arithmetic is written for the processor has.
fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let known = [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ];
    #[cfg(target_arch = "aarch64")]
    let known = [("neon", std::arch::is_aarch64_feature_detected!("neon"))];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let known: [(&str, bool); 0] = [];
    known.into_iter().filter_map(|(name, found)| found.then_some(name)).collect()
}

fn threads() -> Finding {
    match std::thread::available_parallelism() {
        Ok(threads) => Finding::sound("threads", threads.to_string()),
        Err(error) => Finding::sound("threads", format!("unknown, 1 is used: {error}")),
    }
}

/// A device that is not there is no fault: the pure-Rust one always is.
fn device(status: &BackendStatus) -> Finding {
    let name = format!("device {}", status.name.name());
    let text = match (status.devices, status.feature) {
        (Some(0), _) => "compiled in, no device found".to_owned(),
        (Some(devices), _) => format!("{devices} found"),
        (None, Some(feature)) => format!("not compiled in; build with `--features {feature}`"),
        (None, None) => "not compiled in".to_owned(),
    };
    Finding::sound(&name, text)
}

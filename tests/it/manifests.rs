//! Manifests that must be sound, and what is said of those that are not.
//!
//! Every file in `manifests/invalid` is a manifest with one mistake, told in its first line. A line `# with: …` holds
//! arguments for the command. Its answer is the snapshot of the same name; mistakes that no check can find show when
//! the manifest runs.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::program::{Answer, Sandbox};
use crate::workspace;

/// Raw data need not be there to tell whether a manifest is sound, but something must.
#[test]
fn manifests_that_are_shipped_are_sound_with_every_profile() {
    let manifests = workspace::files_below(&workspace::root().join("pipeline/manifests"), "toml");
    assert!(manifests.len() > 1);
    let sandbox = Sandbox::new("");
    let folder = sandbox.path("pipeline/manifests");
    fs::create_dir_all(&folder).unwrap();
    for manifest in manifests {
        let copy = folder.join(manifest.file_name().unwrap());
        fs::copy(&manifest, &copy).unwrap();
        let table: Table = fs::read_to_string(&copy).unwrap().parse().unwrap();
        for source in sources(&table) {
            fs::create_dir_all(folder.join(source)).unwrap();
        }
        let profiles = table.get("profile").and_then(Value::as_table).into_iter().flat_map(Table::keys);
        let profiles = profiles.map(|profile| vec!["--profile", profile]);
        for more in profiles.chain([Vec::new()]) {
            let answer = sandbox.call(&[&["check", copy.to_str().unwrap()], more.as_slice()].concat());
            assert_eq!(answer.code, Some(0), "{more:?}\n{}", answer.err);
        }
    }
}

/// Returns the `path` of every stage of a manifest that has one.
fn sources(manifest: &Table) -> Vec<&str> {
    let stages = manifest["stage"].as_table().unwrap().values();
    stages.filter_map(|stage| stage.get("params")?.get("path")?.as_str()).collect()
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_fix() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/invalid");
    let manifests = workspace::files_below(&folder, "toml");
    assert!(manifests.len() > 20);
    let sandbox = Sandbox::new("");
    write_raw_data(&sandbox.path("raw"));
    for manifest in manifests {
        let name = manifest.file_stem().unwrap().to_str().unwrap();
        let told = answer(&sandbox, &manifest).replace(sandbox.path("").to_str().unwrap(), "HERE/");
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, told);
        });
    }
}

#[test]
fn every_snapshot_has_its_manifest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &str, extension: &str| -> Vec<PathBuf> {
        let files = workspace::files_below(&root.join(folder), extension).into_iter();
        files.map(|file| file.file_stem().unwrap().into()).collect()
    };
    assert_eq!(names("snapshots", "snap"), names("manifests/invalid", "toml"));
}

/// Returns the exit code of the check, or of the run if the check finds nothing, and what was said.
fn answer(sandbox: &Sandbox, manifest: &Path) -> String {
    let name = manifest.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(manifest).unwrap();
    fs::write(sandbox.path(name), &text).unwrap();
    let more: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# with: ")).flat_map(str::split_whitespace).collect();
    let call = |command: &str| sandbox.call(&[&["--quiet", command, name], more.as_slice()].concat());
    let told = |command: &str, answer: Answer| {
        assert_ne!(answer.code, Some(0), "{name}: {answer:?}");
        format!("{command} ends with exit code {}\n{}", answer.code.expect("no signal"), answer.err)
    };
    match call("check") {
        sound if sound.code == Some(0) => told("run", call("run")),
        unsound => told("check", unsound),
    }
}

/// Writes raw data that is damaged in one way each.
fn write_raw_data(folder: &Path) {
    let embedded = workspace::root().join("datasets/embedded");
    let half = |file: &str| {
        let bytes = fs::read(embedded.join(file)).unwrap();
        bytes[..bytes.len() / 2].to_vec()
    };
    let write = |file: &str, bytes: &[u8]| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("cifar-10-binary.tar.gz", &half("fashion-mini/train-labels-idx1-ubyte.gz"));
    for batch in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        let records = if batch == "data_batch_4" { 3073 + 1000 } else { 2 * 3073 };
        write(&format!("cifar-10-batches-bin/{batch}.bin"), &vec![0; records]);
    }
    let names = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n";
    write("cifar-10-batches-bin/batches.meta.txt", names.as_bytes());
    let photograph = "photo-cc0-imagenet/train/cat/cat_000.JPEG";
    let whole = fs::read(embedded.join(photograph)).unwrap();
    for file in ["train/cat/first.JPEG", "train/cat/second.JPEG", "test/cat/third.JPEG"] {
        write(&format!("photographs/{file}"), &whole);
    }
    write("photographs/train/cat/third.JPEG", &half(photograph));
    write_texts(&folder.join("text"));
}

/// Writes parallel texts of which one side is damaged in one way each.
fn write_texts(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let write = |file: &str, bytes: &[u8]| fs::write(folder.join(file), bytes).unwrap();
    let (english, german) = ("One line.\nAnother line.\n", "Eine Zeile.\nNoch eine Zeile.\n");
    for name in ["sound", "unequal", "latin1", "empty", "endless", "nul", "alone"] {
        write(&format!("{name}.en"), english.as_bytes());
        write(&format!("{name}.de"), german.as_bytes());
    }
    write("unequal.de", b"Eine Zeile.\n");
    write("latin1.de", b"Eine Zeile.\nZur\xfcck.\n");
    write("empty.de", b"");
    write("endless.de", "x".repeat(10_000_000).as_bytes());
    write("nul.de", b"Eine Zeile.\nNoch\0eine Zeile.\n");
    fs::remove_file(folder.join("alone.de")).unwrap();
}

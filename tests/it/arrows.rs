//! Who may import whom, and what no source may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::workspace;

/// What a crate may import of ours, and the heavy dependencies it owns.
struct Arrows {
    package: &'static str,
    ours: &'static [&'static str],
    heavy: &'static [&'static str],
}

/// The table "Arrows" of `docs/architecture.md`, with the package that `pipeline/cli` is.
const ARROWS: [Arrows; 11] = [
    Arrows { package: "spaces", ours: &[], heavy: &[] },
    Arrows { package: "kernels", ours: &[], heavy: &[] },
    Arrows { package: "costs", ours: &["spaces"], heavy: &["nalgebra"] },
    Arrows { package: "search", ours: &["spaces"], heavy: &[] },
    Arrows { package: "translation", ours: &[], heavy: &[] },
    Arrows { package: "datasets", ours: &["translation"], heavy: &["image", "zune-jpeg"] },
    Arrows {
        package: "networks",
        ours: &["spaces", "kernels", "datasets", "translation"],
        heavy: &["burn", "burn-cubecl", "burn-flex", "tch"],
    },
    Arrows {
        package: "exports",
        ours: &["spaces", "kernels", "translation"],
        heavy: &["tract-onnx", "onnx-protobuf", "protobuf"],
    },
    Arrows { package: "engine", ours: &[], heavy: &["polars"] },
    Arrows {
        package: "stages",
        ours: &["spaces", "kernels", "costs", "search", "translation", "datasets", "networks", "exports", "engine"],
        heavy: &[],
    },
    Arrows {
        package: "shiftaddnas",
        ours: &["engine", "stages", "exports", "translation"],
        heavy: &["clap", "indicatif"],
    },
];

/// This package is joined to all others, and no other to it.
const TESTS: &str = "tests";

/// Which dependencies of a crate are meant.
#[derive(Clone, Copy)]
enum Kinds {
    /// Those that its users compile too.
    Normal,
    /// Those of its tests and build script as well.
    All,
}

struct Package {
    name: String,
    folder: PathBuf,
    manifest: Table,
}

impl Package {
    /// Returns the names of its dependencies, those of every target included.
    fn dependencies(&self, kinds: Kinds) -> BTreeSet<String> {
        let kinds: &[&str] = match kinds {
            Kinds::Normal => &["dependencies"],
            Kinds::All => &["dependencies", "dev-dependencies", "build-dependencies"],
        };
        let targets = self.manifest.get("target").and_then(Value::as_table);
        let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        let tables = targets.chain([&self.manifest]);
        let named = tables.flat_map(|table| kinds.iter().filter_map(|&kind| table.get(kind)?.as_table()));
        named.flat_map(|table| table.keys().cloned()).collect()
    }
}

fn packages() -> Vec<Package> {
    let root = workspace::root();
    let members = &table(&root.join("Cargo.toml"))["workspace"]["members"];
    let members = members.as_array().unwrap().iter();
    let packages = members.map(|member| {
        let folder = root.join(member.as_str().unwrap());
        let manifest = table(&folder.join("Cargo.toml"));
        Package { name: manifest["package"]["name"].as_str().unwrap().to_owned(), folder, manifest }
    });
    packages.collect()
}

fn table(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn package(name: &str) -> Package {
    packages().into_iter().find(|package| package.name == name).unwrap_or_else(|| panic!("no package `{name}`"))
}

fn sources(package: &Package) -> Vec<(PathBuf, String)> {
    let files = workspace::files_below(&package.folder.join("src"), "rs").into_iter();
    files.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_package_has_its_arrows() {
    let members: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    let drawn = ARROWS.iter().map(|arrows| arrows.package).chain([TESTS]);
    assert_eq!(members, drawn.map(str::to_owned).collect());
}

#[test]
fn packages_import_what_their_arrows_allow() {
    let ours: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    for arrows in &ARROWS {
        let found = package(arrows.package).dependencies(Kinds::Normal);
        let beyond: Vec<&String> =
            found.intersection(&ours).filter(|name| !arrows.ours.contains(&name.as_str())).collect();
        assert!(beyond.is_empty(), "`{}` must not import {beyond:?}", arrows.package);
    }
}

#[test]
fn a_heavy_dependency_has_one_owner_even_in_tests() {
    for owner in &ARROWS {
        for &heavy in owner.heavy {
            let users = packages().into_iter().filter(|package| package.dependencies(Kinds::All).contains(heavy));
            let users: Vec<String> = users.map(|package| package.name).collect();
            assert_eq!(users, [owner.package], "users of `{heavy}`");
        }
    }
}

#[test]
fn families_of_a_heavy_dependency_stay_with_its_owner() {
    for (family, owner) in [("burn", "networks"), ("cubecl", "networks"), ("tract", "exports"), ("polars", "engine")] {
        for package in packages().into_iter().filter(|package| package.name != owner) {
            let found = package.dependencies(Kinds::All).into_iter().find(|name| name.starts_with(family));
            assert_eq!(found, None, "`{}` and the family of `{family}`", package.name);
        }
    }
}

#[test]
fn packages_are_joined_without_a_ring_even_in_tests() {
    let mut open: BTreeMap<String, BTreeSet<String>> =
        packages().into_iter().map(|package| (package.name.clone(), package.dependencies(Kinds::All))).collect();
    let names: BTreeSet<String> = open.keys().cloned().collect();
    open.values_mut().for_each(|imports| imports.retain(|name| names.contains(name)));
    while let Some(leaf) = open.iter().find(|(_, imports)| imports.is_empty()).map(|(name, _)| name.clone()) {
        open.remove(&leaf);
        open.values_mut().for_each(|imports| imports.retain(|name| *name != leaf));
    }
    assert!(open.is_empty(), "each of these waits for another: {open:?}");
}

/// Words of what stages are about; the engine would do for any other subject.
const DOMAIN: [&str; 18] = [
    "epoch",
    "supernet",
    "subnet",
    "onnx",
    "accuracy",
    "genome",
    "tensor",
    "pixel",
    "gradient",
    "neural",
    "network",
    "architecture",
    "training",
    "quantize",
    "attention",
    "picture",
    "burn",
    "tract",
];

#[test]
fn the_engine_knows_no_word_of_the_domain() {
    for (path, text) in sources(&package("engine")) {
        // The one epoch that a clock knows.
        let text = text.replace("UNIX_EPOCH", "");
        let words = text.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase);
        let words: BTreeSet<String> = words.collect();
        for word in DOMAIN {
            let plural = format!("{word}s");
            assert!(!words.contains(word) && !words.contains(&plural), "`{word}` in {}", path.display());
        }
    }
}

#[test]
fn pure_crates_know_no_file_clock_or_thread() {
    for name in ["spaces", "search", "costs", "translation"] {
        for (path, text) in sources(&package(name)) {
            for module in ["std::fs", "std::io", "std::env", "std::net", "std::process", "std::time", "std::thread"] {
                assert!(!text.contains(module), "`{module}` in {}", path.display());
            }
        }
    }
}

#[test]
fn only_the_command_prints() {
    let printing = ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("];
    for package in packages().into_iter().filter(|package| package.folder.join("src").is_dir()) {
        let mut found = sources(&package).into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
        let found = found.find(|(_, text)| printing.iter().any(|call| text.contains(call)));
        let allowed = package.name == "shiftaddnas";
        assert!(allowed || found.is_none(), "{} prints", found.unwrap().0.display());
    }
}

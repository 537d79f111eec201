use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;
use crate::run::State;
use crate::test_stages::{CHAIN, HANG, World, states};

#[test]
fn file_names_are_safe_short_and_distinct() {
    assert_eq!(file_name("count[size=0.1]"), "count[size=0.1]");
    assert_eq!(file_name("a[b=x/y]"), "a[b=x%2Fy]");
    assert_eq!(file_name(".."), "%2E.");
    let long = |last: &str| file_name(&("x".repeat(300) + last));
    assert!(long("a").len() < 255);
    assert_ne!(long("a"), long("b"));
}

#[test]
fn gc_removes_what_no_latest_step_leads_to() {
    let world = World::new();
    world.run(CHAIN, &["stage.write.params.text=x"]);
    world.run(CHAIN, &[]);
    let dry = world.store.gc(Sweep::DryRun, &Keep::Latest).unwrap();
    assert_eq!((dry.artifacts.len(), dry.steps.len()), (3 - 1, 3));
    assert_eq!(world.store.gc(Sweep::Remove, &Keep::Latest).unwrap(), dry);
    assert_eq!(world.store.gc(Sweep::DryRun, &Keep::Latest).unwrap(), Collected::default());
    let report = world.run(CHAIN, &[]);
    assert_eq!(states(&report), "write fresh, count fresh, merge fresh");
    let none = Keep::LatestOf(Vec::new());
    world.store.gc(Sweep::Remove, &none).unwrap();
    assert_eq!((world.store.ls(None), world.store.digests()), (vec![], vec![]));
    assert_eq!(fs::read_dir(world.path().join("store/locks")).unwrap().count(), 2);
}

#[test]
fn gc_waits_for_nobody_and_says_so() {
    let world = World::new();
    let _run = world.store.lock_shared().unwrap();
    let error = world.store.gc(Sweep::Remove, &Keep::Latest).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }));
}

#[test]
fn what_a_dead_run_left_is_removed_and_a_living_one_is_left_alone() {
    let world = World::new();
    let alive = world.store.session().unwrap();
    let kept = alive.folder().unwrap();
    let tmp = world.path().join("store/tmp");
    fs::create_dir(tmp.join("run-dead")).unwrap();
    fs::write(tmp.join("run-dead/half"), "half").unwrap();
    fs::write(tmp.join("run-dead.lock"), "").unwrap();
    let _next = world.store.session().unwrap();
    assert!(!tmp.join("run-dead").exists() && !tmp.join("run-dead.lock").exists());
    assert!(kept.exists());
}

#[test]
fn a_record_of_another_version_counts_as_none() {
    let world = World::new();
    let report = world.run(CHAIN, &[]);
    let fingerprint = report.steps[0].fingerprint.unwrap();
    let path = world.store.record_path(&fingerprint);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"record\": 1", "\"record\": 2")).unwrap();
    assert_eq!(world.store.record(&fingerprint), None);
    assert_eq!(world.run(CHAIN, &[]).steps[0].state, State::Ran);
}

#[test]
fn names_resolve_to_folders() {
    let world = World::new();
    let report = world.run(CHAIN, &[]);
    let digest = report.steps[0].outputs["letters"].digest;
    let resolve = |name: &str| world.store.resolve(name, None).map(|folder| folder.digest());
    assert_eq!(resolve("write.letters").unwrap(), digest);
    assert_eq!(resolve("write").unwrap(), digest);
    assert_eq!(resolve(&digest.short()).unwrap(), digest);
    insta::assert_snapshot!(
        resolve("write.leters").unwrap_err(),
        @"nothing in the store is called `write.leters`; did you mean `write.letters`?"
    );
}

#[test]
fn verify_finds_every_kind_of_damage() {
    let world = World::new();
    let report = world.run(CHAIN, &[]);
    let letters = &report.steps[0].outputs["letters"].folder;
    fs::write(letters.join("extra"), "").unwrap();
    let counts = &report.steps[1].outputs["counts"].folder;
    fs::write(counts.join("artifact.json"), "{}").unwrap();
    let problems = world.store.verify();
    let has = |wanted: fn(&Problem) -> bool| problems.iter().any(wanted);
    assert_eq!(problems.len(), 2);
    assert!(has(|problem| matches!(problem, Problem::Listing { .. })));
    assert!(has(|problem| matches!(problem, Problem::File { fault: Fault::Unlisted, .. })));
    fs::remove_dir_all(letters).unwrap();
    assert!(matches!(world.store.verify().last(), Some(Problem::Missing { .. })));
}

#[test]
fn artifacts_of_a_run_that_died_before_its_record_are_used_again() {
    let world = World::new();
    let first = world.run(CHAIN, &[]);
    for step in &first.steps {
        fs::remove_file(world.store.record_path(&step.fingerprint.unwrap())).unwrap();
    }
    insta::assert_snapshot!(world.why(CHAIN, &[]).lines().next().unwrap(), @"write: the record of the last run is gone");
    let second = world.run(CHAIN, &[]);
    assert_eq!(states(&second), "write ran, count ran, merge ran");
    assert_eq!(second.steps[2].outputs, first.steps[2].outputs);
}

#[test]
fn a_step_that_another_run_holds_is_waited_for_until_an_interrupt() {
    let world = World::new();
    let plan = world.plan(CHAIN, &[]);
    let fingerprint = world.run(CHAIN, &[]).steps[0].fingerprint.unwrap();
    let interrupt = crate::Interrupt::default();
    let _held = world.store.lock_step(&fingerprint, &interrupt, || ()).unwrap().unwrap();
    let options = crate::Options { interrupt, ..crate::Options::default() };
    let report = crate::run(&plan, &world.store, &options, &|event| {
        if matches!(event, crate::Event::Waiting { .. }) {
            options.interrupt.request();
        }
    });
    assert_eq!(states(&report.unwrap()), "write interrupted, count interrupted, merge interrupted");
}

/// Runs the chain in the store that the environment names; only the test below calls it, in a process of its own.
#[test]
fn child_of_the_killed_run() {
    let Some(store) = std::env::var_os(HANG) else {
        return;
    };
    let world = World::new();
    let store = Store::open(store).unwrap();
    let _ = crate::run(&world.plan(CHAIN, &[]), &store, &crate::Options::default(), &|_| {});
}

#[test]
fn a_killed_run_leaves_a_usable_store() {
    let world = World::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::child_of_the_killed_run", "--nocapture"])
        .env(HANG, world.store.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("half written")));
    child.kill().unwrap();
    child.wait().unwrap();
    let tmp = world.path().join("store/tmp");
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 2);
    assert_eq!(world.store.digests(), []);
    assert_eq!(states(&world.run(CHAIN, &[])), "write ran, count ran, merge ran");
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
    assert_eq!(world.store.verify(), []);
}

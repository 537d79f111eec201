use std::fs;
use std::sync::Mutex;

use super::*;
use crate::test_stages::{CHAIN, World, states};
use crate::{StaleReason, Status, Value};

#[test]
fn a_second_run_finds_everything_fresh_and_reports_the_same() {
    let world = World::new();
    let first = world.run(CHAIN, &[]);
    assert_eq!(states(&first), "write ran, count ran, merge ran");
    let second = world.run(CHAIN, &[]);
    assert_eq!(states(&second), "write fresh, count fresh, merge fresh");
    assert_eq!(second.exit_code(), 0);
    for (first, second) in first.steps.iter().zip(&second.steps) {
        assert_eq!(first.outputs, second.outputs);
        assert_eq!(first.headlines, second.headlines);
        assert_eq!(first.gates, second.gates);
    }
    assert_eq!(second.steps[1].headlines[0].value, Value::Integer(4));
    assert!(world.plan(CHAIN, &[]).is_fresh());
}

#[test]
fn a_spelled_out_default_stays_fresh() {
    let world = World::new();
    world.run(CHAIN, &[]);
    assert!(world.plan(CHAIN, &["stage.write.params.repeat=1"]).is_fresh());
}

#[test]
fn a_changed_param_is_told_with_old_and_new_value() {
    let world = World::new();
    world.run(CHAIN, &[]);
    insta::assert_snapshot!(world.why(CHAIN, &["stage.write.params.repeat=2"]), @"
    write: params.repeat 1 -> 2
    count: input letters waits for write
    merge: input counts waits for count
    ");
}

#[test]
fn a_change_that_changes_no_content_stops_early() {
    let world = World::new();
    world.run(CHAIN, &[]);
    let report = world.run(CHAIN, &["stage.write.params.text=baab"]);
    assert_eq!(states(&report), "write ran, count ran, merge fresh");
}

#[test]
fn going_back_to_old_params_needs_no_run() {
    let world = World::new();
    world.run(CHAIN, &[]);
    world.run(CHAIN, &["stage.write.params.text=x"]);
    let back = world.run(CHAIN, &[]);
    assert_eq!(states(&back), "write fresh, count fresh, merge fresh");
}

#[test]
fn a_changed_seed_is_a_reason() {
    let world = World::new();
    world.run(CHAIN, &[]);
    let plan = world.plan(CHAIN, &["seed=8"]);
    let Status::Stale(reasons) = &plan.steps[0].status else {
        panic!("the seed is in the fingerprint");
    };
    assert!(matches!(reasons.as_slice(), [StaleReason::SeedChanged { .. }]));
}

#[test]
fn device_and_threads_are_no_reason() {
    let world = World::new();
    world.run(CHAIN, &[]);
    let options = Options { device: "other".to_owned(), threads: 77, jobs: 3, ..Options::default() };
    let report = world.run_with(CHAIN, &[], &options);
    assert_eq!(states(&report), "write fresh, count fresh, merge fresh");
}

#[test]
fn a_source_counts_by_content_and_not_by_place() {
    let world = World::new();
    let raw = |name: &str| format!("stage.write.params.raw={name}");
    world.write("a.txt", "xyz");
    world.write("b.txt", "xyz");
    world.run(CHAIN, &[&raw("a.txt")]);
    assert!(world.plan(CHAIN, &[&raw("b.txt")]).is_fresh());
    world.write("b.txt", "xyz!");
    let why = world.why(CHAIN, &[&raw("b.txt")]);
    assert!(why.starts_with("write: source b.txt "), "{why}");
}

#[test]
fn a_damaged_artifact_is_quarantined_and_made_again() {
    let world = World::new();
    let first = world.run(CHAIN, &[]);
    let folder = &first.steps[0].outputs["letters"].folder;
    fs::write(folder.join("letters.txt"), "abbX").unwrap();
    let events = Mutex::new(Vec::new());
    let plan = world.plan(CHAIN, &[]);
    let report = run(&plan, &world.store, &Options::default(), &|event| {
        if let Event::Corrupt { step, problem } = event {
            events.lock().unwrap().push(format!("{step}: {problem}"));
        }
    });
    let report = report.unwrap();
    assert_eq!(states(&report), "write ran, count fresh, merge fresh");
    assert_eq!(report.steps[0].outputs, first.steps[0].outputs);
    let events = events.into_inner().unwrap();
    assert_eq!(events.len(), 1);
    assert!(events[0].contains("`letters.txt` has other content"), "{}", events[0]);
    assert_eq!(fs::read_dir(world.path().join("store/quarantine")).unwrap().count(), 1);
    assert_eq!(world.store.verify(), []);
}

#[test]
fn a_lost_or_shortened_file_is_seen_by_the_plan() {
    let world = World::new();
    let first = world.run(CHAIN, &[]);
    let file = first.steps[0].outputs["letters"].folder.join("letters.txt");
    fs::write(&file, "a").unwrap();
    let why = world.why(CHAIN, &[]);
    assert!(why.contains("`letters.txt` has 1 bytes, wanted 4"), "{why}");
    fs::remove_file(file).unwrap();
    let why = world.why(CHAIN, &[]);
    assert!(why.contains("has lost its file `letters.txt`"), "{why}");
    let report = world.run(CHAIN, &[]);
    assert_eq!(states(&report), "write ran, count fresh, merge fresh");
}

#[test]
fn a_failed_gate_stops_dependents_now_and_later_without_a_new_run() {
    let world = World::new();
    let sets = ["stage.count.params.at_least=5"];
    let first = world.run(CHAIN, &sets);
    assert_eq!(states(&first), "write ran, count gate-failed, merge skipped");
    assert_eq!(first.exit_code(), 3);
    let second = world.run(CHAIN, &sets);
    assert_eq!(states(&second), "write fresh, count gate-failed, merge skipped");
    assert!(second.steps[1].reasons.is_empty());
    assert_eq!(second.steps[1].gates, first.steps[1].gates);
    assert_eq!(second.steps[1].outputs, first.steps[1].outputs);
    assert_eq!(second.exit_code(), 3);
}

const SLOW: &str = r#"
version = 1
name = "slow"
seed = 1
[stage.sum]
kind = "slow-sum"
params.steps = 10
[stage.count]
kind = "count-letters"
inputs.letters = "sum"
"#;

#[test]
fn an_interrupted_step_goes_on_from_its_checkpoint() {
    let world = World::new();
    let first = world.run_with(SLOW, &[], &crate::test_stages::uninterrupted());
    assert_eq!(states(&first), "sum interrupted, count interrupted");
    assert_eq!(first.exit_code(), 75);
    let kept = world.store.gc(crate::Sweep::DryRun, &crate::Keep::Latest).unwrap();
    assert_eq!(kept.checkpoints, []);
    let second = world.run_with(SLOW, &[], &crate::test_stages::uninterrupted());
    assert_eq!(states(&second), "sum ran, count ran");
    assert_eq!(second.steps[0].headlines[0].value, Value::Integer(5));
    assert_eq!(fs::read_dir(world.path().join("store/checkpoints")).unwrap().count(), 0);
}

#[test]
fn a_run_that_is_interrupted_from_the_start_does_nothing() {
    let world = World::new();
    let options = Options::default();
    options.interrupt.request();
    let report = world.run_with(CHAIN, &[], &options);
    assert_eq!(states(&report), "write interrupted, count interrupted, merge interrupted");
    assert_eq!(world.store.ls(None), []);
}

fn misbehaving(how: &str) -> String {
    format!(
        r#"
version = 1
name = "bad"
seed = 1
[stage.bad]
kind = "misbehave"
params.how = "{how}"
[stage.after]
kind = "count-letters"
inputs.letters = "bad"
[stage.other]
kind = "write-letters"
params.text = "a"
"#
    )
}

#[test]
fn a_panic_is_a_failed_step_and_not_a_crash() {
    let world = World::new();
    let report = world.run(&misbehaving("panic"), &[]);
    assert_eq!(states(&report), "bad failed, after skipped, other skipped");
    insta::assert_snapshot!(
        report.steps[0].error.as_deref().unwrap(),
        @"bug in stage `misbehave`: an invariant did not hold"
    );
    assert_eq!((report.steps[0].failure, report.exit_code()), (Some(Failure::Bug), 1));
}

#[test]
fn a_failure_is_told_with_its_cause_and_others_can_go_on() {
    let world = World::new();
    let options = Options { on_failure: OnFailure::KeepGoing, ..Options::default() };
    let report = world.run_with(&misbehaving("fail"), &[], &options);
    assert_eq!(states(&report), "bad failed, after skipped, other ran");
    insta::assert_snapshot!(
        report.steps[0].error.as_deref().unwrap(),
        @"cannot write the text: disk on fire"
    );
    insta::assert_snapshot!(
        report.steps[1].error.as_deref().unwrap(),
        @"`bad` did not succeed"
    );
}

#[test]
fn a_usage_error_of_a_stage_has_its_own_exit_code() {
    let world = World::new();
    assert_eq!(world.run(&misbehaving("refuse"), &[]).exit_code(), 2);
}

#[test]
fn targets_run_with_what_they_need_and_nothing_else() {
    let world = World::new();
    let options = Options { targets: vec!["count".to_owned()], ..Options::default() };
    let report = world.run_with(CHAIN, &[], &options);
    assert_eq!(states(&report), "write ran, count ran");
    let options = Options { targets: vec!["coutn".to_owned()], ..Options::default() };
    let error = run(&world.plan(CHAIN, &[]), &world.store, &options, &|_| {}).unwrap_err();
    insta::assert_snapshot!(error, @"there is no step `coutn`; there are `count`, `merge`, `write`");
}

#[test]
fn a_forced_step_runs_again_and_equal_content_stops_early() {
    let world = World::new();
    world.run(CHAIN, &[]);
    let options = Options { force: vec!["write".to_owned()], ..Options::default() };
    let report = world.run_with(CHAIN, &[], &options);
    assert_eq!(states(&report), "write ran, count fresh, merge fresh");
    assert_eq!(report.steps[0].reasons, [StaleReason::Forced]);
}

#[test]
fn two_runs_at_once_do_each_step_once() {
    let world = World::new();
    let plan = world.plan(CHAIN, &[]);
    let reports: Vec<RunReport> = std::thread::scope(|scope| {
        let run = || run(&plan, &world.store, &Options::default(), &|_| {}).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for step in 0..plan.steps.len() {
        let ran = reports.iter().filter(|report| report.steps[step].state == State::Ran);
        assert_eq!(ran.count(), 1, "{}", plan.steps[step].id);
        assert!(reports.iter().all(|report| report.steps[step].state.feeds_dependents()));
    }
    assert_eq!(fs::read_dir(world.path().join("store/tmp")).unwrap().count(), 0);
}

#[test]
fn a_matrix_expands_its_stage_and_those_after_it_and_many_collects() {
    let world = World::new();
    let text = CHAIN.replace("[stage.count]", "[stage.write.matrix]\nrepeat = [1, 3]\n\n[stage.count]");
    let options = Options { jobs: 2, ..Options::default() };
    let report = world.run_with(&text, &[], &options);
    assert_eq!(
        states(&report),
        "write[repeat=1] ran, write[repeat=3] ran, count[repeat=1] ran, count[repeat=3] ran, merge ran"
    );
    let merged = &report.steps[4].headlines;
    assert_eq!(merged[0].value, Value::Integer(2));
    assert_eq!(merged[1].value, Value::Integer(16));
}

#[test]
fn axes_that_meet_again_are_joined() {
    let world = World::new();
    let text = format!(
        "{}\n[stage.write.matrix]\nrepeat = [1, 3]\n[stage.twice]\nkind = \"count-letters\"\n\
         inputs = {{ letters = \"write\", earlier = \"count.counts\" }}\n\
         [stage.twice.matrix]\nignore_case = [true, false]\n",
        CHAIN
    );
    let plan = world.plan(&text, &[]);
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids[5..],
        [
            "twice[ignore_case=true,repeat=1]",
            "twice[ignore_case=true,repeat=3]",
            "twice[ignore_case=false,repeat=1]",
            "twice[ignore_case=false,repeat=3]",
        ]
    );
}

#[test]
fn an_output_that_was_not_made_cannot_feed_a_required_input() {
    let world = World::new();
    let text = format!("{CHAIN}\n[stage.again]\nkind = \"count-letters\"\ninputs.letters = \"count.rare\"\n");
    let report = world.run(&text, &[]);
    let again = report.steps.iter().find(|step| step.id == "again").unwrap();
    insta::assert_snapshot!(
        again.error.as_deref().unwrap(),
        @"input `again.letters` wants `count.rare`, which was not made with these params"
    );
    let report = world.run(&text, &["stage.count.params.list_rare=true"]);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn the_ledger_has_a_row_for_every_step_of_every_run() {
    let world = World::new();
    world.run(CHAIN, &[]);
    world.run(CHAIN, &[]);
    let ledger = world.store.ledger().unwrap();
    assert_eq!(ledger.get::<String>("state").unwrap(), ["ran", "ran", "ran", "fresh", "fresh", "fresh"]);
    assert_eq!(ledger.get::<String>("step").unwrap()[..3], ["write", "count", "merge"]);
}

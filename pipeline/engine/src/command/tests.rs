use crate::State;
use crate::test_stages::{CHAIN, World, states};

fn command(script: &str) -> String {
    format!(
        "{CHAIN}\n[stage.upper]\nkind = \"command\"\ninputs = {{ text = \"write\" }}\n\
         outputs = {{ letters = \"letters\" }}\nparams.argv = [\"sh\", \"-c\", '''{script}''']\n\
         params.values = {{ word = \"hello\" }}\n\
         [stage.after]\nkind = \"count-letters\"\ninputs.letters = \"upper.letters\"\n"
    )
}

#[test]
fn a_program_is_a_stage_like_any_other() {
    let world = World::new();
    let text = command("tr a-z A-Z < {input.text}/letters.txt > $OUTPUT_LETTERS/letters.txt; echo made");
    let report = world.run(&text, &[]);
    assert_eq!(report.exit_code(), 0, "{report:?}");
    assert_eq!(states(&world.run(&text, &[])).matches("fresh").count(), 5);
    let folder = world.store.resolve("upper.letters", None).unwrap();
    assert_eq!(folder.bytes("letters.txt").unwrap(), b"ABBA");
}

#[test]
fn a_program_finds_its_values_and_seed() {
    let world = World::new();
    let text = command("cat $PARAMS_JSON > {output.letters}/letters.txt; test -n \"$SEED\"");
    assert_eq!(world.run(&text, &[]).exit_code(), 0);
    let folder = world.store.resolve("upper", None).unwrap();
    assert_eq!(folder.bytes("letters.txt").unwrap(), br#"{"word":"hello"}"#);
}

#[test]
fn what_a_program_does_wrong_is_told() {
    let world = World::new();
    let error = |script: &str| {
        let report = world.run(&command(script), &[]);
        let step = report.steps.iter().find(|step| step.id == "upper").unwrap();
        (step.state, step.error.clone().unwrap_or_default())
    };
    insta::assert_snapshot!(
        error("true").1,
        @"the program made no file in output `letters`; it is told the folder as `OUTPUT_LETTERS`"
    );
    insta::assert_snapshot!(
        error("echo no way >&2; exit 4").1,
        @r"
    `sh` ended with exit status: 4; its last words:
    no way
    "
    );
    insta::assert_snapshot!(
        error("cat {input.nothing}").1,
        @"argument `cat {input.nothing}` names a port the stage does not have"
    );
    assert_eq!(error("exit 75").0, State::Interrupted);
    let text = command("true").replace("\"sh\"", "\"no-such-program\"");
    let report = world.run(&text, &[]);
    let upper = report.steps.iter().find(|step| step.id == "upper").unwrap();
    insta::assert_snapshot!(
        upper.error.as_deref().unwrap(),
        @"program `no-such-program` is not there; is it installed?"
    );
}

#[test]
fn a_changed_script_runs_again() {
    let world = World::new();
    world.write("make.sh", "printf one > $OUTPUT_LETTERS/letters.txt");
    let text = command("").replace(r#"["sh", "-c", '''''']"#, r#"["sh", "make.sh"]"#);
    assert_eq!(world.run(&text, &[]).exit_code(), 0);
    world.write("make.sh", "printf two > $OUTPUT_LETTERS/letters.txt");
    assert!(world.why(&text, &[]).contains("upper: source make.sh "));
}

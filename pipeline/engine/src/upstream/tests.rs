use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::test_stages::{Letters, World, WriteLetters, registry};
use crate::{Context, One, Plan, PlanError, Registry, StageError, inputs, outputs};

/// Passes letters on if they are few enough.
struct LimitLetters;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LimitParams {
    /// Most letters.
    at_most: usize,
}

inputs! {
    struct LimitInputs {
        /// The text.
        letters: One<Letters>,
    }
}

outputs! {
    struct LimitOutputs {
        /// The same text.
        letters: Letters,
    }
}

impl Stage for LimitLetters {
    const KIND: &'static str = "limit-letters";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Passes a short text on";
    type Params = LimitParams;
    type Inputs = LimitInputs;
    type Outputs = LimitOutputs;

    fn foresee(&self, params: &LimitParams, upstream: &Upstream<'_>) -> Result<(), Unmet> {
        let mut producer = upstream.of("letters");
        while let Some(limiter) = producer.filter(|producer| producer.params::<Self>().is_some()) {
            producer = limiter.upstream().of("letters");
        }
        let Some(written) = producer.and_then(|producer| producer.params::<WriteLetters>()) else { return Ok(()) };
        let (letters, at_most) = (written.text.len() * written.repeat as usize, params.at_most);
        if letters <= at_most {
            return Ok(());
        }
        Err(Unmet { message: format!("`at_most` is {at_most}, the text has {letters} letters") })
    }

    fn run(&self, _: &LimitParams, inputs: LimitInputs, _: &mut Context<'_>) -> Result<LimitOutputs, StageError> {
        Ok(LimitOutputs { letters: Letters(inputs.letters.0.clone()) })
    }
}

const TWO_LIMITS: &str = r#"
version = 1
name = "limits"
seed = 1

[stage.write]
kind = "write-letters"
params = { text = "abba", repeat = 2 }

[stage.first]
kind = "limit-letters"
inputs = { letters = "write" }
params = { at_most = 8 }

[stage.second]
kind = "limit-letters"
inputs = { letters = "first" }
params = { at_most = 8 }
"#;

fn stages() -> Registry {
    registry().with(LimitLetters)
}

fn refused(world: &World, text: &str, sets: &[&str]) -> Vec<String> {
    match Plan::new(&world.manifest(text, sets), &stages(), &world.store) {
        Ok(_) => Vec::new(),
        Err(PlanError::Unmet { steps }) => steps.iter().map(UnmetStep::to_string).collect(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_cannot_be_had_is_told_of_every_step_before_there_is_a_plan() {
    let world = World::new();
    assert_eq!(refused(&world, TWO_LIMITS, &[]), [""; 0]);
    assert_eq!(
        refused(&world, TWO_LIMITS, &["stage.write.params.repeat=3"]),
        [
            "step `first`: `at_most` is 8, the text has 12 letters",
            "step `second`: `at_most` is 8, the text has 12 letters",
        ]
    );
}

#[test]
fn a_step_of_a_matrix_is_judged_by_the_step_that_feeds_it() {
    let world = World::new();
    let text = format!("{TWO_LIMITS}\n[stage.write.matrix]\nrepeat = [1, 3]\n");
    assert_eq!(
        refused(&world, &text, &["stage.second.params.at_most=20"]),
        ["step `first[repeat=3]`: `at_most` is 8, the text has 12 letters"]
    );
}

#[test]
fn a_producer_of_another_kind_has_no_params_of_this_one() {
    let world = World::new();
    let program = "kind = \"command\"\noutputs = { letters = \"letters\" }\nparams = { argv = [\"true\"] }\n";
    let text = TWO_LIMITS.replace("kind = \"write-letters\"\nparams = { text = \"abba\", repeat = 2 }\n", program);
    assert_eq!(refused(&world, &text, &["stage.first.params.at_most=1"]), [""; 0]);
}

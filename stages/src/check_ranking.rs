use std::collections::BTreeMap;

use engine::{Context, One, Stage, StageError, inputs, outputs};
use schemars::JsonSchema;
use search::{Bootstrap, Correlation, RankingReport, Subset, ranking_report};
use serde::{Deserialize, Serialize};

use crate::artifacts::{Ranking, RankingRow, ScoreTable};

/// Compares two rankings of the same candidates.
pub struct CheckRanking;

/// How rankings are compared and what is wanted.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRankingParams {
    /// Smallest Kendall tau-b for the gate to pass; absent for no gate.
    #[serde(default)]
    min_tau: Option<f64>,
    /// Which candidates count.
    #[serde(default)]
    subset: Subset,
    /// The intervals.
    #[serde(default)]
    bootstrap: Bootstrap,
}

inputs! {
    /// Two score tables of the same candidates.
    pub struct CheckRankingInputs {
        /// The ground truth, such as scores of candidates trained alone.
        pub reference: One<ScoreTable>,
        /// The scores that should predict it.
        pub scores: One<ScoreTable>,
    }
}

outputs! {
    /// The comparison.
    pub struct CheckRankingOutputs {
        /// Coefficients with intervals.
        pub ranking: Ranking,
    }
}

impl Stage for CheckRanking {
    const KIND: &'static str = "check-ranking";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Correlates two rankings of the same candidates (Table 6), with a gate";

    type Params = CheckRankingParams;
    type Inputs = CheckRankingInputs;
    type Outputs = CheckRankingOutputs;

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let pairs = pairs(&inputs)?;
        let (reference, scores): (Vec<f64>, Vec<f64>) = pairs.iter().map(|pair| (pair.1, pair.2)).unzip();
        let report = ranking_report(&reference, &scores, params.subset, &params.bootstrap, context.seed());
        let report = report.map_err(|error| StageError::usage(error.to_string()))?;
        let rows = rows(&report);
        for row in &rows {
            context.headline(row.coefficient, row.value, "");
        }
        context.headline("kendall_tau_b_low", report.low.kendall_tau_b, "");
        context.headline("kendall_tau_b_high", report.high.kendall_tau_b, "");
        if let Some(least) = params.min_tau {
            let tau = report.correlation.kendall_tau_b;
            context.gate("kendall_tau_b", tau >= least, tau, format!("at least {least}"));
        }
        Ok(CheckRankingOutputs { ranking: Ranking { rows, pairs } })
    }
}

fn pairs(inputs: &CheckRankingInputs) -> Result<Vec<(String, f64, f64)>, StageError> {
    let predicted: BTreeMap<_, f64> = inputs.scores.scores.iter().map(|score| (&score.genome, score.score)).collect();
    let space = inputs.reference.space.search_space();
    let pair = |reference: &crate::artifacts::Score| {
        let name = space.format(&reference.genome);
        match predicted.get(&reference.genome) {
            Some(&score) => Ok((name, reference.score, score)),
            None => Err(StageError::usage(format!("candidate {name} of `reference` is missing in `scores`"))),
        }
    };
    inputs.reference.scores.iter().map(pair).collect()
}

fn rows(report: &RankingReport) -> Vec<RankingRow> {
    let row = |coefficient, value: fn(&Correlation) -> f64| RankingRow {
        coefficient,
        value: value(&report.correlation),
        low: value(&report.low),
        high: value(&report.high),
    };
    vec![
        row("kendall_tau_b", |correlation| correlation.kendall_tau_b),
        row("pearson_r", |correlation| correlation.pearson_r),
        row("spearman_rho", |correlation| correlation.spearman_rho),
    ]
}

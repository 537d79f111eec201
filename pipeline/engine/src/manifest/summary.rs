//! The `[summary]` table: which results of which stages a run prints, and under what label.

use super::StageEntry;
use super::shape::{entries, text, wrong_type};
use super::spans::{Node, NodeValue, Text};
use crate::diagnostic::Diagnostic;

/// One line of the summary: a label and the results that stand behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    /// What a person reads.
    pub label: String,
    /// Stage and name of each result, in order.
    pub results: Vec<(String, String)>,
}

/// Reads the table; every reference must name a stage of the manifest.
pub(super) fn summary(root: &Node, stages: &[StageEntry], errors: &mut Vec<Diagnostic>) -> Vec<SummaryLine> {
    let Some(table) = root.get("summary") else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for entry in entries(&table.value, errors) {
        let references: Vec<Text> = match &entry.value.value {
            NodeValue::Text(_) => text(&entry.value, errors).into_iter().collect(),
            NodeValue::List(items) => items.iter().filter_map(|item| text(item, errors)).collect(),
            _ => {
                errors.push(wrong_type(&entry.value, "`stage.result` or a list of them"));
                continue;
            }
        };
        let results = references.iter().filter_map(|reference| result(reference, stages, errors)).collect();
        lines.push(SummaryLine { label: entry.key.clone(), results });
    }
    lines
}

fn result(reference: &Text, stages: &[StageEntry], errors: &mut Vec<Diagnostic>) -> Option<(String, String)> {
    let Some((stage, name)) = reference.text.split_once('.') else {
        let message = format!("wanted `stage.result`, found `{}`", reference.text);
        errors.push(Diagnostic::new(message).at(&reference.span));
        return None;
    };
    let ids = stages.iter().map(|stage| stage.id.text.as_str());
    if !ids.clone().any(|id| id == stage) {
        let message = format!("the summary names stage `{stage}`, which is not there");
        errors.push(Diagnostic::new(message).at(&reference.span).did_you_mean(stage, ids));
        return None;
    }
    Some((stage.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Manifest;

    fn parse(summary: &str) -> Result<Manifest, String> {
        let text = format!("version = 1\nname = \"n\"\nseed = 1\n[stage.one]\nkind = \"k\"\n[summary]\n{summary}\n");
        Manifest::parse(Path::new("m.toml"), text, None, &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_keep_the_manifests_order_and_take_one_result_or_several() {
        let manifest = parse("\"z first\" = \"one.a\"\nsecond = [\"one.b\", \"one.c\"]").unwrap();
        let lines: Vec<(&str, usize)> =
            manifest.summary().iter().map(|line| (line.label.as_str(), line.results.len())).collect();
        assert_eq!(lines, [("z first", 1), ("second", 2)]);
    }

    #[test]
    fn a_summary_of_an_unknown_stage_is_refused_with_a_hint() {
        let error = parse("label = \"ome.a\"").unwrap_err();
        assert!(error.contains("the summary names stage `ome`, which is not there"), "{error}");
        assert!(error.contains("one"), "{error}");
        assert!(parse("label = 3").unwrap_err().contains("wanted `stage.result` or a list of them"));
        assert!(parse("label = \"one\"").unwrap_err().contains("wanted `stage.result`, found `one`"));
    }
}

use datasets::PartCounts;
use engine::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many pairs a corpus must give: a gate for each number that is named. Another number means other files or other rules
/// than the ones that results were told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedPairs {
    /// Of the train split.
    train: ExpectedCounts,
    /// Of the valid split.
    valid: ExpectedCounts,
    /// Of the test split.
    test: ExpectedCounts,
}

/// Numbers of pairs of a split; what is absent is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ExpectedCounts {
    /// Pairs read.
    read: Option<u64>,
    /// Pairs used.
    kept: Option<u64>,
    /// Pairs that `cleaning.least` drops.
    too_short: Option<u64>,
    /// Pairs that `cleaning.most` drops.
    too_long: Option<u64>,
    /// Pairs that `cleaning.ratio` drops.
    ratio: Option<u64>,
    /// Pairs whose sides are equal.
    identical: Option<u64>,
}

impl ExpectedPairs {
    /// Judges the counts of train, valid and test split.
    pub fn judge(&self, [train, valid, test]: [&PartCounts; 3], context: &mut Context<'_>) {
        for (part, wanted, found) in
            [("train", &self.train, train), ("valid", &self.valid, valid), ("test", &self.test, test)]
        {
            let counts = [
                ("read", wanted.read, found.read),
                ("kept", wanted.kept, found.kept),
                ("too_short", wanted.too_short, found.too_short),
                ("too_long", wanted.too_long, found.too_long),
                ("ratio", wanted.ratio, found.ratio),
                ("identical", wanted.identical, found.identical),
            ];
            for (count, wanted, found) in counts {
                if let Some(wanted) = wanted {
                    context.gate(&format!("{part}_{count}"), found == wanted, found, format!("{wanted}"));
                }
            }
        }
    }
}

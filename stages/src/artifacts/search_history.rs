use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};
use search::{Candidate, History, Origin};

use super::ScoredSpace;

/// Every candidate of one search.
pub struct SearchRow {
    /// Name of the search: `evolution` or `random`.
    pub method: &'static str,
    /// Its candidates in order of evaluation.
    pub history: History,
}

/// Every candidate that a search and its baseline evaluated.
pub struct SearchHistory {
    /// The space, to print genomes.
    pub space: ScoredSpace,
    /// The searches.
    pub searches: Vec<SearchRow>,
}

impl Artifact for SearchHistory {
    const FORMAT: &'static str = "search-history";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Every candidate with score, costs, generation and parents";
}

impl Publish for SearchHistory {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let searches = self.searches.iter();
        let rows: Vec<(&SearchRow, &Candidate)> = searches
            .flat_map(|search| search.history.candidates.iter().map(move |candidate| (search, candidate)))
            .collect();
        let mut table = Table::new()
            .with::<String>("method", rows.iter().map(|(search, _)| search.method.to_owned()).collect())
            .with::<u32>("generation", rows.iter().map(|(_, candidate)| candidate.generation as u32).collect())
            .with::<u32>("index", rows.iter().map(|(_, candidate)| candidate.index as u32).collect())
            .with::<String>(
                "architecture",
                rows.iter().map(|(_, c)| self.space.search_space().format(&c.genome)).collect(),
            )
            .with::<f64>("score", rows.iter().map(|(_, candidate)| candidate.score).collect());
        let costs = rows.first().map(|(_, candidate)| candidate.costs.keys().cloned().collect::<Vec<_>>());
        for cost in costs.unwrap_or_default() {
            let values: Vec<Option<f64>> = rows.iter().map(|(_, c)| c.costs.get(&cost).copied()).collect();
            table = table.with(&cost, values);
        }
        let (origins, parents): (Vec<String>, Vec<String>) =
            rows.iter().map(|(search, candidate)| self.origin(search, &candidate.origin)).unzip();
        folder.write_table("candidates", &table.with("origin", origins).with("parents", parents))
    }
}

impl SearchHistory {
    fn origin(&self, search: &SearchRow, origin: &Origin) -> (String, String) {
        let name = |position: &usize| self.space.search_space().format(&search.history.candidates[*position].genome);
        match origin {
            Origin::Initial => ("initial".to_owned(), String::new()),
            Origin::Random => ("random".to_owned(), String::new()),
            Origin::Mutation { parent } => ("mutation".to_owned(), name(parent)),
            Origin::Crossover { left, right } => ("crossover".to_owned(), format!("{} {}", name(left), name(right))),
        }
    }
}

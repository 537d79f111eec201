use spaces::TranslationTask;

use super::part::Part;
use crate::LoweringError;

/// Name of the embedding, one for sources, targets and output.
const EMBEDDING: &str = "embedding.weight";

impl Part<'_> {
    /// Adds the first `width` columns of the embedding, of which `wider` are stored, and returns its name.
    pub(super) fn embedding(
        &mut self,
        task: &TranslationTask,
        width: usize,
        wider: usize,
    ) -> Result<&'static str, LoweringError> {
        let rows = self.weights.floats(EMBEDDING, &[task.vocabulary, wider])?.chunks_exact(wider);
        let values: Vec<f32> = rows.flat_map(|row| &row[..width]).copied().collect();
        self.builder.floats(EMBEDDING, &[task.vocabulary, width], &values);
        Ok(EMBEDDING)
    }

    /// Adds the table of positions, `[longest, width]`, and returns its name.
    pub(super) fn positions(&mut self, task: &TranslationTask, width: usize) -> String {
        let values: Vec<f32> =
            (0..task.longest).flat_map(|index| task.conventions.positions.row(index, width)).collect();
        self.builder.floats("positions", &[task.longest, width], &values);
        "positions".to_owned()
    }

    /// Returns √width · embedding\[tokens\] + positions, where positions is a value that broadcasts.
    pub(super) fn embedded(&mut self, tokens: &str, embedding: &str, positions: &str, width: usize) -> String {
        let rows = self.node("embedding", "Gather", &[embedding, tokens], Vec::new());
        let factor = self.scalar("embedding.factor", (width as f32).sqrt());
        let scaled = self.node("embedding.scaled", "Mul", &[&rows, &factor], Vec::new());
        self.node("embedded", "Add", &[&scaled, positions], Vec::new())
    }
}

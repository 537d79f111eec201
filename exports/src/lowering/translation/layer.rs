use spaces::{LinearForm, Mix};

use super::part::Part;
use crate::LoweringError;

impl Part<'_> {
    /// Returns what the attention and the local branch of a mix read: all channels, or each its half.
    pub(super) fn branches(&mut self, name: &str, mix: Mix, x: &str, width: usize) -> (Option<String>, Option<String>) {
        match (mix.attends(), mix.local().is_some()) {
            (true, true) => {
                let (half, width) = ((width / 2) as i64, width as i64);
                let first = self.slice(&format!("{name}.first"), x, 1, [0, half]);
                let second = self.slice(&format!("{name}.second"), x, 1, [half, width]);
                (Some(first), Some(second))
            }
            (attends, local) => (attends.then(|| x.to_owned()), local.then(|| x.to_owned())),
        }
    }

    /// Returns contract(relu(expand(x))) of the layer NAME.
    pub(super) fn mlp(
        &mut self,
        name: &str,
        form: LinearForm,
        x: &str,
        [width, inner]: [usize; 2],
    ) -> Result<String, LoweringError> {
        let expanded = self.linear(&format!("{name}.mlp.expand"), form, x, [inner, width])?;
        let positive = self.node(&format!("{name}.mlp.relu"), "Relu", &[&expanded], Vec::new());
        self.linear(&format!("{name}.mlp.contract"), form, &positive, [width, inner])
    }
}

use super::{LinearForm, LocalOperator, Mix, TransformerArchitecture, TranslationTask, kernel_length};

/// A tensor of a translation network: what [`crate::Weights`] holds of it by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformerParameter {
    /// Its name, for example `encoder.0.mix.attention.query.weight`.
    pub name: String,
    /// Sizes of its axes; weights are `[outputs, inputs]`.
    pub shape: Vec<usize>,
}

impl TransformerArchitecture {
    /// Returns the tensors of the network in execution order.
    ///
    /// | name | shape |
    /// |---|---|
    /// | `embedding.weight` | `[vocabulary, wider of both widths]`; either side reads its first columns |
    /// | `SIDE.N.mix.attention.{query, key, value}` | linear `[inner, w]`, w the width of the branch |
    /// | `SIDE.N.mix.attention.output` | linear `[w, inner]` |
    /// | `SIDE.N.mix.local.{input, output}` | linear `[w, w]` |
    /// | `SIDE.N.mix.local.shift` | shift layer `[w, w]`, for [`LocalOperator::Shift`] |
    /// | `SIDE.N.mix.local.kernel` | `[kernels, length]`: as it is applied, after softmax and T |
    /// | `decoder.N.cross.{query, key, value, output}` | linear; keys and values read the encoder's width |
    /// | `SIDE.N.mlp.{expand, contract}` | linear `[inner, width]`, `[width, inner]` |
    /// | `SIDE.N.{mix_norm, cross_norm, mlp_norm}.{gamma, beta}` | `[width]` |
    ///
    /// A linear layer is `NAME.weight` and `NAME.bias`, for [`LinearForm::Add`] `NAME.weight`, `NAME.gamma` and
    /// `NAME.beta`. Weights of shift layers are rounded already.
    pub fn parameters(&self, task: &TranslationTask) -> Vec<TransformerParameter> {
        let sizes = self.sizes();
        let (encoder, decoder) = (sizes.encoder.width, sizes.decoder.width);
        let mut list = List(Vec::new());
        list.push("embedding.weight".to_owned(), vec![task.vocabulary, encoder.max(decoder)]);
        for (index, layer) in sizes.encoder.layers.iter().enumerate() {
            let name = format!("encoder.{index}");
            list.mix(&name, layer.mix, layer.projection_form, [encoder, sizes.inner_width, kernel_length(index)]);
            list.norm(&format!("{name}.mix_norm"), encoder);
            list.mlp(&name, layer.mlp_form, encoder, layer.mlp_width);
        }
        for (index, layer) in sizes.decoder.layers.iter().enumerate() {
            let name = format!("decoder.{index}");
            list.mix(&name, layer.mix, layer.projection_form, [decoder, sizes.inner_width, kernel_length(index)]);
            list.norm(&format!("{name}.mix_norm"), decoder);
            list.attention(&format!("{name}.cross"), layer.projection_form, [decoder, encoder, sizes.inner_width]);
            list.norm(&format!("{name}.cross_norm"), decoder);
            list.mlp(&name, layer.mlp_form, decoder, layer.mlp_width);
        }
        list.0
    }
}

struct List(Vec<TransformerParameter>);

impl List {
    fn push(&mut self, name: String, shape: Vec<usize>) {
        self.0.push(TransformerParameter { name, shape });
    }

    fn mix(&mut self, layer: &str, mix: Mix, form: LinearForm, [width, inner, length]: [usize; 3]) {
        let width = width / mix.branches();
        if mix.attends() {
            self.attention(&format!("{layer}.mix.attention"), form, [width, width, inner]);
        }
        if let Some(operator) = mix.local() {
            let name = format!("{layer}.mix.local");
            self.linear(&format!("{name}.input"), form, [width, width]);
            match operator {
                LocalOperator::Shift => self.linear(&format!("{name}.shift"), LinearForm::Shift, [width, width]),
                LocalOperator::Conv | LocalOperator::Add => {}
            }
            self.push(format!("{name}.kernel"), vec![mix.kernels(), length]);
            self.linear(&format!("{name}.output"), form, [width, width]);
        }
    }

    fn attention(&mut self, name: &str, form: LinearForm, [width, key_width, inner]: [usize; 3]) {
        self.linear(&format!("{name}.query"), form, [inner, width]);
        self.linear(&format!("{name}.key"), form, [inner, key_width]);
        self.linear(&format!("{name}.value"), form, [inner, key_width]);
        self.linear(&format!("{name}.output"), form, [width, inner]);
    }

    fn mlp(&mut self, layer: &str, form: LinearForm, width: usize, inner: usize) {
        self.linear(&format!("{layer}.mlp.expand"), form, [inner, width]);
        self.linear(&format!("{layer}.mlp.contract"), form, [width, inner]);
        self.norm(&format!("{layer}.mlp_norm"), width);
    }

    fn linear(&mut self, name: &str, form: LinearForm, [outputs, inputs]: [usize; 2]) {
        self.push(format!("{name}.weight"), vec![outputs, inputs]);
        match form {
            LinearForm::Dense | LinearForm::Shift => self.push(format!("{name}.bias"), vec![outputs]),
            LinearForm::Add => self.norm(name, outputs),
        }
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.push(format!("{name}.gamma"), vec![width]);
        self.push(format!("{name}.beta"), vec![width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conventions, HybridTransformer, TransformerSizes};

    fn task() -> TranslationTask {
        TranslationTask { vocabulary: 100, longest: 64, conventions: Conventions::default() }
    }

    fn scalars(sizes: &TransformerSizes) -> usize {
        let architecture = TransformerArchitecture::new(sizes.clone()).expect("sizes that fit");
        architecture.parameters(&task()).iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum()
    }

    fn transformer_base() -> TransformerSizes {
        let encoder = crate::EncoderLayer {
            mlp_width: 2048,
            heads: 8,
            mix: Mix::Attention,
            mlp_form: LinearForm::Dense,
            projection_form: LinearForm::Dense,
        };
        let decoder = crate::DecoderLayer {
            mlp_width: 2048,
            self_heads: 8,
            cross_heads: 8,
            sources: 1,
            mix: Mix::Attention,
            mlp_form: LinearForm::Dense,
            projection_form: LinearForm::Dense,
        };
        TransformerSizes {
            inner_width: HybridTransformer::en_de_v3().inner_width,
            encoder: crate::TransformerEncoder { width: 512, layers: vec![encoder; 6] },
            decoder: crate::TransformerDecoder { width: 512, layers: vec![decoder; 6] },
        }
    }

    /// 44.14 M parameters without embedding are the published size of the Transformer of width 512.
    #[test]
    fn the_transformer_has_its_published_size() {
        assert_eq!(scalars(&transformer_base()) - 100 * 512, 44_138_496);
    }

    #[test]
    fn names_are_told_once() {
        let mut sizes = transformer_base();
        sizes.encoder.layers[1].mix = Mix::AttentionShift;
        sizes.decoder.layers[1].mlp_form = LinearForm::Add;
        let architecture = TransformerArchitecture::new(sizes).expect("sizes that fit");
        let parameters = architecture.parameters(&task());
        let names: std::collections::BTreeSet<_> = parameters.iter().map(|parameter| &parameter.name).collect();
        assert_eq!(names.len(), parameters.len());
        assert!(names.contains(&"encoder.1.mix.local.shift.weight".to_owned()));
        assert!(names.contains(&"decoder.1.mlp.expand.gamma".to_owned()));
    }
}

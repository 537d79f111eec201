use spaces::{TransformerArchitecture, TransformerDecoder, TransformerEncoder};

/// Source and target tokens that the objective counts for.
const TOKENS: f64 = 30.0;
/// Operations that count as one.
const UNIT: f64 = 1e10;
/// What the sum so far is multiplied by at an encoder layer without attention.
const LOCAL_FACTOR: f64 = 0.6;
/// What the sum so far is multiplied by at every decoder layer.
const MLP_FACTOR: f64 = 0.5;

/// Returns F, which the search of the authors' release subtracts from the loss that it minimises: J = loss − F.
///
/// It is for comparison with that search only. F rewards operations of attention, in units of 10^10, and mixes them with
/// a loss in bits. With n = 30 tokens, widths d and inner width q, over the layers in their order:
///
/// - encoder: A = (A + 4 n d q + 2 n² q) · 0.6 where the layer has no attention, else without the factor;
/// - decoder: B = B + 4 n d q + 2 n² q + 4 n d q r + 2 n² q s, (r, s) = (1, 1), (1.5, 2), (2, 3) for 1, 2, 3 sources;
/// - decoder MLP of width f: C = (C + 2 n d f) · 0.5;
/// - F = 2 (A + B − C) / 10^10.
///
/// The factors multiply the running sums and so all layers before, an evident slip that is kept. Local branches, the MLP
/// of the encoder and the halved widths beside a local branch are not looked at.
pub fn released_objective_reward(architecture: &TransformerArchitecture) -> f64 {
    let sizes = architecture.sizes();
    let inner = sizes.inner_width as f64;
    2.0 * (encoder(&sizes.encoder, inner) + decoder(&sizes.decoder, inner) - mlp(&sizes.decoder)) / UNIT
}

fn encoder(encoder: &TransformerEncoder, inner: f64) -> f64 {
    let attention = projections(encoder.width, inner) + products(inner);
    encoder.layers.iter().fold(0.0, |sum, layer| {
        let factor = if layer.mix.attends() { 1.0 } else { LOCAL_FACTOR };
        (sum + attention) * factor
    })
}

fn decoder(decoder: &TransformerDecoder, inner: f64) -> f64 {
    let (projections, products) = (projections(decoder.width, inner), products(inner));
    let layer = |sources: usize| {
        let sources = sources as f64;
        projections + products + projections * (sources + 1.0) / 2.0 + products * sources
    };
    decoder.layers.iter().map(|each| layer(each.sources)).sum()
}

fn mlp(decoder: &TransformerDecoder) -> f64 {
    let products = |mlp_width: usize| 2.0 * TOKENS * decoder.width as f64 * mlp_width as f64;
    decoder.layers.iter().fold(0.0, |sum, layer| (sum + products(layer.mlp_width)) * MLP_FACTOR)
}

fn projections(width: usize, inner: f64) -> f64 {
    4.0 * TOKENS * width as f64 * inner
}

fn products(inner: f64) -> f64 {
    2.0 * TOKENS * TOKENS * inner
}

#[cfg(test)]
mod tests {
    use spaces::Mix;

    use super::*;
    use crate::translation_network;

    /// Per attention of width 512: 4 · 30 · 512² = 31 457 280 and 2 · 900 · 512 = 921 600, together 32 378 880.
    /// A = 6 · 32 378 880 = 194 273 280.
    /// B = 3 · (32 378 880 + 2 · 31 457 280 + 3 · 921 600) = 294 174 720.
    /// C: 2 · 30 · 512 · 4096 = 125 829 120, then 125 829 120, then with 3072 94 371 840;
    /// ((125 829 120 / 2 + 125 829 120) / 2 + 94 371 840) / 2 = 94 371 840.
    /// F = 2 · (194 273 280 + 294 174 720 − 94 371 840) / 10^10.
    #[test]
    fn the_350_ms_network_is_rewarded_as_worked_out_by_hand() {
        let architecture = translation_network("en-de@350ms_update").expect("published");
        assert!((released_objective_reward(&architecture) - 0.078_815_232).abs() < 1e-12);
    }

    /// As above, but A is multiplied by 0.6 at layer 5, all of it, and at layer 0 the first term alone:
    /// A = (0.6 + 5) · 32 378 880 = 181 321 728 or 0.6 · 194 273 280 = 116 563 968.
    #[test]
    fn a_local_layer_reduces_all_layers_before_it() {
        let reward = |layer: usize| {
            let mut sizes = translation_network("en-de@350ms_update").expect("published").sizes().clone();
            sizes.encoder.layers[layer].mix = Mix::Add;
            released_objective_reward(&TransformerArchitecture::new(sizes).expect("512 channels divide"))
        };
        assert!((reward(0) - 0.076_224_921_6).abs() < 1e-12);
        assert!((reward(5) - 0.063_273_369_6).abs() < 1e-12);
    }

    /// Two sources: 32 378 880 + 1.5 · 31 457 280 + 2 · 921 600 = 81 408 000.
    /// C with one layer of 1024 is 15 728 640. F = 2 · (194 273 280 + 81 408 000 − 15 728 640) / 10^10.
    #[test]
    fn two_sources_count_one_and_a_half_projections() {
        let mut sizes = translation_network("en-de@350ms_update").expect("published").sizes().clone();
        sizes.decoder.layers.truncate(1);
        (sizes.decoder.layers[0].sources, sizes.decoder.layers[0].mlp_width) = (2, 1024);
        let architecture = TransformerArchitecture::new(sizes).expect("all rules hold");
        assert!((released_objective_reward(&architecture) - 0.051_990_528).abs() < 1e-12);
    }

    /// Of the logged winners F was 0.03 to 0.065.
    #[test]
    fn a_winner_before_it_was_edited_has_a_reward_like_those_logged() {
        let reward = released_objective_reward(&translation_network("en-de@120ms_winner").expect("published"));
        assert!((0.03..0.065).contains(&reward), "{reward}");
    }
}

use super::*;

/// The first encoder layer and the decoder of the 120 ms network of En-De, reading one source.
fn small() -> TransformerSizes {
    let encoder_layer = EncoderLayer {
        mlp_width: 1024,
        heads: 8,
        mix: Mix::AttentionAdd,
        mlp_form: LinearForm::Dense,
        projection_form: LinearForm::Dense,
    };
    let decoder_layer = DecoderLayer {
        mlp_width: 4096,
        self_heads: 8,
        cross_heads: 4,
        sources: 1,
        mix: Mix::Attention,
        mlp_form: LinearForm::Dense,
        projection_form: LinearForm::Dense,
    };
    TransformerSizes {
        inner_width: 512,
        encoder: TransformerEncoder { width: 512, layers: vec![encoder_layer] },
        decoder: TransformerDecoder { width: 512, layers: vec![decoder_layer] },
    }
}

fn error(change: impl FnOnce(&mut TransformerSizes)) -> String {
    let mut sizes = small();
    change(&mut sizes);
    TransformerArchitecture::new(sizes).expect_err("the change breaks a rule").to_string()
}

#[test]
fn sizes_that_fit_make_an_architecture() {
    let architecture = TransformerArchitecture::new(small()).expect("all rules hold");
    assert_eq!(*architecture.sizes(), small());
}

#[test]
fn sizes_that_do_not_fit_are_told_with_their_place() {
    let heads = "encoder layer 0: 3 self-attention heads do not divide the inner width 512";
    assert_eq!(error(|sizes| sizes.encoder.layers[0].heads = 3), heads);
    let cross = "decoder layer 0: 0 cross-attention heads do not divide the inner width 512";
    assert_eq!(error(|sizes| sizes.decoder.layers[0].cross_heads = 0), cross);
    let sources = "decoder layer 0: 2 sources, wanted 1 to 1";
    assert_eq!(error(|sizes| sizes.decoder.layers[0].sources = 2), sources);
    let width = "encoder layer 0: 8 does not divide the width 12, as mix `AD` needs";
    assert_eq!(error(|sizes| sizes.encoder.width = 12), width);
    assert_eq!(error(|sizes| sizes.decoder.width = 0), "`decoder.width` is 0, wanted 1 to 65536");
    assert_eq!(error(|sizes| sizes.decoder.layers.clear()), "`decoder.layers` is 0, wanted 1 to 64");
}

#[test]
fn an_architecture_reads_back_what_it_wrote_and_checks_it() {
    let architecture = TransformerArchitecture::new(small()).expect("all rules hold");
    let text = serde_json::to_string(&architecture).expect("plain data serializes");
    assert!(text.contains(r#""mix":"AD""#), "{text}");
    assert_eq!(serde_json::from_str::<TransformerArchitecture>(&text).expect("as written"), architecture);
    let broken = text.replace(r#""heads":8"#, r#""heads":5"#);
    assert!(serde_json::from_str::<TransformerArchitecture>(&broken).is_err());
}

#[test]
fn serialized_mixes_are_their_letters() {
    for mix in Mix::ALL {
        let text = serde_json::to_string(&mix).expect("plain data serializes");
        assert_eq!(text, format!("\"{mix}\""));
        assert_eq!(mix.branches(), usize::from(mix.attends()) + usize::from(mix.local().is_some()));
    }
    assert!(Mix::ATTENDING.iter().all(|mix| mix.attends()));
}

#[test]
fn kernels_grow_with_depth() {
    let lengths: Vec<_> = (0..8).map(kernel_length).collect();
    assert_eq!(lengths, [3, 7, 15, 31, 31, 31, 31, 31]);
}

/// In Python: `9 * (7*3*4)**6 * sum((4*3*3*F*3)**n for n in range(1, 7))` with F = 4 for En-De and F = 3 for En-Fr;
/// `4 * (1*2*3)**6 * sum((1*2*2*3*3)**n for n in range(1, 7))` for HAT; with 7 for the first 1 for the two early
/// spaces, and 7 (v1) or 4 (v2) for the second.
#[test]
fn spaces_have_exactly_this_many_architectures() {
    let size = |space: HybridTransformer| space.size().expect("fits 128 bits");
    assert_eq!(size(HybridTransformer::en_de_v3()), 20_598_101_001_681_317_971_984_318_464);
    assert_eq!(size(HybridTransformer::en_fr_v1()), 3_668_856_917_320_566_368_461_209_600);
    assert_eq!(size(HybridTransformer::hat()), 417_846_678_672_384);
    assert_eq!(size(HybridTransformer::en_de_v1()), 5_645_284_034_245_437_197_822_976);
    assert_eq!(size(HybridTransformer::en_de_v2()), 197_132_005_835_403_152_855_040);
}

#[test]
fn a_space_beyond_128_bits_says_so() {
    let mut space = HybridTransformer::en_de_v3();
    space.encoder.layers = vec![64];
    assert_eq!(space.size(), Err(TransformerError::TooMany));
}

#[test]
fn published_spaces_pass_their_check() {
    for space in [
        HybridTransformer::en_de_v3(),
        HybridTransformer::en_fr_v1(),
        HybridTransformer::en_de_v1(),
        HybridTransformer::en_de_v2(),
        HybridTransformer::hat(),
    ] {
        assert_eq!(space.check(), Ok(()));
        assert_eq!(space.contains(&space.largest()), Ok(()));
    }
}

#[test]
fn the_largest_network_has_the_largest_of_every_list() {
    let mut space = HybridTransformer::hat();
    space.encoder.layers = vec![3, 6];
    let name = "640-A3072h8".to_owned() + &"-A3072h8".repeat(5) + "_640" + &"-A3072h8x8e3".repeat(6);
    assert_eq!(space.largest().name(), name);
}

#[test]
fn a_space_whose_choices_do_not_fit_together_is_refused_with_the_list() {
    let message = |change: fn(&mut HybridTransformer)| {
        let mut space = HybridTransformer::en_de_v3();
        change(&mut space);
        space.check().expect_err("the change breaks a rule").to_string()
    };
    let empty = "`decoder.mixes` is empty; list at least one value";
    assert_eq!(message(|space| space.decoder.mixes.clear()), empty);
    let twice = "`encoder.widths` lists 512 twice; each architecture would count more than once";
    assert_eq!(message(|space| space.encoder.widths = vec![512, 1024, 512]), twice);
    let long = "`encoder.mlp_widths` lists 1025 values, wanted at most 1024";
    assert_eq!(message(|space| space.encoder.mlp_widths = (1..1026).collect()), long);
    let size = "`decoder.layers` is 0, wanted 1 to 64";
    assert_eq!(message(|space| space.decoder.layers = vec![0, 1]), size);
    let heads = "`decoder.cross_heads` offers 6, which does not divide the inner width 512";
    assert_eq!(message(|space| space.decoder.cross_heads = vec![4, 6]), heads);
    let width = "`decoder.widths` offers 516, which 8 does not divide, as the offered mix `AC` needs";
    assert_eq!(message(|space| space.decoder.widths = vec![512, 516]), width);
    let sources = "`decoder.sources` offers 3, wanted 1 to 2";
    assert_eq!(message(|space| space.encoder.layers = vec![6, 2]), sources);
    let many = "the number of architectures of the space exceeds 128 bits";
    assert_eq!(message(|space| space.encoder.layers = vec![64]), many);
}

#[test]
fn a_space_tells_the_choice_that_it_does_not_offer() {
    let mut sizes = small();
    sizes.encoder.layers = vec![sizes.encoder.layers[0]; 6];
    let inside = TransformerArchitecture::new(sizes.clone()).expect("all rules hold");
    assert_eq!(HybridTransformer::en_de_v3().contains(&inside), Ok(()));
    let error = HybridTransformer::en_fr_v1().contains(&inside).expect_err("its decoder is narrower");
    assert_eq!(error.to_string(), "`decoder layer 0: mlp_width` is 4096, the space offers 3072, 2048, 1024");
    sizes.decoder.layers[0].mix = Mix::Shift;
    let outside = TransformerArchitecture::new(sizes).expect("all rules hold");
    let error = HybridTransformer::en_de_v3().contains(&outside).expect_err("its decoder always attends");
    assert_eq!(error.to_string(), "`decoder layer 0: mix` is S, the space offers A, AC, AD, AS");
}

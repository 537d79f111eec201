use super::*;

fn bleu(scheme: BleuScheme, hypotheses: &[&str], references: &[&str]) -> Bleu {
    CorpusBleu::new(scheme, hypotheses, references).unwrap().bleu()
}

fn assert_close(found: f64, wanted: f64) {
    // Both are f64 and add in the same order; logarithms and powers may differ in the last place.
    assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
}

const SACRE: BleuScheme = BleuScheme::Sacre(Case::Mixed);

const HYPOTHESES: [&str; 6] = [
    "The cat sat on the mat.",
    "It's 3.5% of $1,000.00 (not 2-3).",
    "Ein Mann läuft über die Straße.",
    "",
    "„Nein“, sagte sie — und ging…",
    "a b c",
];
const REFERENCES: [&str; 6] = [
    "The cat is sitting on the mat.",
    "It is 3.5 % of $1,000 (not 2-3).",
    "Ein Mann rennt über die Strasse.",
    "This one is missing.",
    "„Nein“, sagte sie – und ging fort…",
    "A B C d",
];

/// `sacrebleu.BLEU(lowercase=...).corpus_score(hypotheses, [references])`, sacrebleu 2.6.0.
#[test]
fn scores_of_ordinary_text_are_those_of_sacrebleu() {
    let found = bleu(SACRE, &HYPOTHESES, &REFERENCES);
    assert_close(found.score, 37.658066105193924);
    let precisions = [72.97297297297297, 56.25, 40.74074074074074, 31.818181818181817];
    found.precisions.iter().zip(precisions).for_each(|(&found, wanted)| assert_close(found, wanted));
    assert_close(found.brevity_penalty, 0.7840807682246866);
    assert_eq!((found.system_length, found.reference_length), (37, 46));
    assert_close(found.ratio, 37.0 / 46.0);
    assert_close(bleu(BleuScheme::Sacre(Case::Lower), &HYPOTHESES, &REFERENCES).score, 40.56802815685273);
}

/// The same call, one short text each.
#[test]
fn short_and_strange_texts_score_as_in_sacrebleu() {
    let long = bleu(SACRE, &["a b c d e f g h"], &["a b c d"]);
    assert_close(long.score, 34.57207846419409);
    assert_close(long.brevity_penalty, 1.0);
    // Orders 3 and 4 have no match and count as a half and a quarter.
    let smoothed = bleu(SACRE, &["the the cat runs a lot today"], &["the cat is a cat today"]);
    assert_close(smoothed.score, 15.619699684601283);
    assert_eq!(smoothed.precisions.map(|precision| (precision * 100.0).round()), [5714.0, 1667.0, 1000.0, 625.0]);
    let short = bleu(SACRE, &["Hello world", "good"], &["Hello there world", "bad"]);
    assert_eq!(short.score, 0.0);
    assert_close(short.precisions[1], 50.0);
    assert_close(short.brevity_penalty, 0.7165313105737893);
    let foreign = bleu(SACRE, &["x y z w v"], &["a b c d e"]);
    assert_eq!((foreign.score, foreign.precisions), (0.0, [0.0; 4]));
    let silent = bleu(SACRE, &[""], &["a b"]);
    assert_eq!((silent.score, silent.brevity_penalty, silent.ratio), (0.0, 0.0, 0.0));
    let alone = bleu(SACRE, &["a b"], &[""]);
    assert_eq!((alone.score, alone.brevity_penalty, alone.ratio), (0.0, 1.0, 0.0));
}

/// `the x-ray is good .` are 7 words; 6 of them, 4 of 6 pairs, 2 of 5 triples, 1 of 4 quadruples are in the reference.
#[test]
fn tokenised_text_is_split_at_hyphens() {
    let found = bleu(BleuScheme::Tokenized, &["the x-ray is good ."], &["the x-ray was good ."]);
    let precisions: [f64; 4] = [6.0 / 7.0, 4.0 / 6.0, 2.0 / 5.0, 1.0 / 4.0];
    assert_close(found.score, 100.0 * precisions.iter().product::<f64>().powf(0.25));
    found.precisions.iter().zip(precisions).for_each(|(&found, wanted)| assert_close(found, 100.0 * wanted));
    assert_eq!((found.system_length, found.reference_length), (7, 7));
}

#[test]
fn an_unknown_word_of_a_reference_never_matches() {
    let with = |reference| bleu(BleuScheme::Tokenized, &["a <unk> b c d e"], &[reference]).precisions;
    assert_close(with("a <unk> b c d e")[0], 500.0 / 6.0);
    assert_close(with("a <unk> b c d e")[1], 300.0 / 5.0);
    assert_close(with("a unk b c d e")[1], 300.0 / 5.0);
}

#[test]
fn tokenised_text_without_a_quadruple_scores_nothing() {
    let (hypothesis, reference) = (["a b c x d"], ["a b c y d"]);
    assert_eq!(bleu(BleuScheme::Tokenized, &hypothesis, &reference).score, 0.0);
    assert!(bleu(SACRE, &hypothesis, &reference).score > 0.0);
}

#[test]
fn counts_are_pooled_over_the_text() {
    let whole = bleu(BleuScheme::Tokenized, &["a b c d", "x"], &["a b c d", "y"]);
    let precisions: [f64; 4] = [4.0 / 5.0, 1.0, 1.0, 1.0];
    assert_close(whole.score, 100.0 * precisions[0].powf(0.25));
}

#[test]
fn a_score_is_written_as_fairseq_writes_it() {
    let score = Bleu {
        score: 26.9,
        precisions: [58.1, 32.4, 20.5, 13.5],
        brevity_penalty: 1.0,
        ratio: 64881.0 / 64496.0,
        system_length: 64881,
        reference_length: 64496,
    };
    let line = "BLEU4 = 26.90, 58.1/32.4/20.5/13.5 (BP=1.000, ratio=1.006, syslen=64881, reflen=64496)";
    assert_eq!(score.to_string(), line);
}

#[test]
fn a_signature_says_what_a_figure_depends_on() {
    let version = env!("CARGO_PKG_VERSION");
    let mixed = format!("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:shiftaddnas-{version}");
    assert_eq!(SACRE.signature(), mixed);
    assert_eq!(BleuScheme::Sacre(Case::Lower).signature(), mixed.replace("mixed", "lc"));
    let tokenised = mixed.replace("13a", "compounds").replace("exp", "none");
    assert_eq!(BleuScheme::Tokenized.signature(), tokenised);
}

#[test]
fn texts_that_do_not_belong_together_are_refused() {
    let refused = CorpusBleu::new(SACRE, &["a"], &["a", "b"]).unwrap_err();
    assert_eq!(refused, ScoreError::Lines { hypotheses: 1, references: 2 });
    let none: [&str; 0] = [];
    assert_eq!(CorpusBleu::new(SACRE, &none, &none).unwrap_err(), ScoreError::Empty);
}

#[test]
fn an_interval_holds_the_score() {
    let corpus = CorpusBleu::new(SACRE, &HYPOTHESES, &REFERENCES).unwrap();
    let resamples = NonZeroUsize::new(200).unwrap();
    let interval = corpus.interval(resamples, 1);
    let score = corpus.bleu().score;
    assert!(interval.low < score && score < interval.high, "{interval:?}");
    assert_eq!(interval, corpus.interval(resamples, 1));
    let one = CorpusBleu::new(SACRE, &HYPOTHESES[..1], &REFERENCES[..1]).unwrap();
    assert_eq!(one.interval(resamples, 1).low, one.bleu().score);
}

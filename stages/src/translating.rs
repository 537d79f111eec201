//! Text translated and scored: what the stages that decode share.

use engine::{Context, StageError};
use translation::{Bleu, Chrf, Hypothesis, TextCodec};

/// Sentences decoded between two progress reports.
const PORTION: usize = 256;

/// A translation of one sentence.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The sentence as it is scored tokenised: words, not pieces of words.
    pub words: String,
    /// The sentence as people read it.
    pub text: String,
    /// Its score, higher is better.
    pub score: f32,
}

/// Translates raw sentences, an empty one to an empty one. `decode` gets portions of tokens.
pub fn translate(
    codec: &TextCodec,
    sources: &[String],
    context: &mut Context<'_>,
    mut decode: impl FnMut(&[&[u32]]) -> Result<Vec<Vec<Hypothesis>>, StageError>,
) -> Result<Vec<Translated>, StageError> {
    let encoded: Vec<Vec<u32>> = sources.iter().map(|source| codec.encode_source(source)).collect();
    let mut order: Vec<usize> = (0..encoded.len()).filter(|&at| !encoded[at].is_empty()).collect();
    order.sort_by_key(|&at| (encoded[at].len(), at));
    let empty = Translated { words: String::new(), text: String::new(), score: 0.0 };
    let mut translated = vec![empty; sources.len()];
    let mut done = 0;
    for portion in order.chunks(PORTION) {
        context.check_interrupt()?;
        let tokens: Vec<&[u32]> = portion.iter().map(|&at| &*encoded[at]).collect();
        for (&at, hypotheses) in portion.iter().zip(decode(&tokens)?) {
            if let Some(best) = hypotheses.first() {
                let words = codec.decode_words(&best.tokens);
                let text = codec.decode_target(&best.tokens);
                translated[at] = Translated { words, text, score: best.score };
            }
        }
        done += portion.len();
        context.progress(done as u64, order.len() as u64, "sentences translated");
    }
    Ok(translated)
}

/// Scores of a translated split.
pub struct Scores {
    /// BLEU on words with compounds split, as the paper.
    pub tokenised: Bleu,
    /// BLEU on text, as sacreBLEU.
    pub sacre: Bleu,
    /// chrF2 on text.
    pub chrf: f64,
}

impl Scores {
    /// Scores translations against raw references.
    pub fn of(codec: &TextCodec, translated: &[Translated], references: &[String]) -> Self {
        let words: Vec<&str> = translated.iter().map(|sentence| &*sentence.words).collect();
        let texts: Vec<&str> = translated.iter().map(|sentence| &*sentence.text).collect();
        let wanted_words: Vec<String> = references.iter().map(|reference| codec.target_words(reference)).collect();
        let wanted_words: Vec<&str> = wanted_words.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = references.iter().map(String::as_str).collect();
        Self {
            tokenised: translation::tokenised_bleu(&words, &wanted_words),
            sacre: translation::sacre_bleu(&texts, &wanted),
            chrf: Chrf::of(&texts, &wanted).score,
        }
    }

    /// Reports the scores of a split.
    pub fn report(&self, split: &str, context: &mut Context<'_>) {
        context.headline(&format!("{split}_bleu_tokenised"), self.tokenised.score, "");
        context.headline(&format!("{split}_sacrebleu"), self.sacre.score, "");
        context.headline(&format!("{split}_chrf"), self.chrf, "");
    }
}

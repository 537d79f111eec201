//! Text translated and scored: what the stages that decode share.

use engine::{Context, StageError};
use networks::translation::{TranslationError, TranslationInference};
use translation::{BeamSettings, Bleu, BleuScheme, Case, CorpusBleu, CorpusChrF, Hypothesis, ScoreError};

use crate::artifacts::CorpusText;

/// Sentences decoded between two progress reports.
const PORTION: usize = 256;

/// Tells of a sentence that the training side cannot translate.
pub fn untranslatable(error: TranslationError) -> StageError {
    StageError::caused("a sentence cannot be translated", error)
}

/// Translates tokens on the training side.
pub fn decode(
    inference: &TranslationInference,
    sources: &[Vec<u32>],
    beam: &BeamSettings,
) -> Result<Vec<Vec<Hypothesis>>, StageError> {
    let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    inference.translate(&sources, beam).map_err(untranslatable)
}

/// A translation of one sentence.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The sentence as it is scored tokenized: words, not pieces of words.
    pub words: String,
    /// The sentence as people read it.
    pub text: String,
    /// Its score, higher is better.
    pub score: f32,
}

/// Translates raw sentences, an empty one to an empty one. `decode` gets portions of tokens.
pub fn translate(
    text: &CorpusText,
    sources: &[String],
    context: &mut Context<'_>,
    mut decode: impl FnMut(&[Vec<u32>]) -> Result<Vec<Vec<Hypothesis>>, StageError>,
) -> Result<Vec<Translated>, StageError> {
    let encoded: Vec<Vec<u32>> = sources.iter().map(|source| text.source.encode(source)).collect();
    let mut order: Vec<usize> = (0..encoded.len()).filter(|&at| !encoded[at].is_empty()).collect();
    order.sort_by_key(|&at| (encoded[at].len(), at));
    let empty = Translated { words: String::new(), text: String::new(), score: 0.0 };
    let mut translated = vec![empty; sources.len()];
    let mut done = 0;
    for portion in order.chunks(PORTION) {
        context.check_interrupt()?;
        let tokens: Vec<Vec<u32>> = portion.iter().map(|&at| encoded[at].clone()).collect();
        for (&at, hypotheses) in portion.iter().zip(decode(&tokens)?) {
            if let Some(best) = hypotheses.first() {
                let (words, text) = (text.target.words(&best.tokens), text.target.decode(&best.tokens));
                translated[at] = Translated { words, text, score: best.score };
            }
        }
        done += portion.len();
        context.progress(done as u64, order.len() as u64, "sentences translated");
    }
    Ok(translated)
}

/// BLEU as sacreBLEU computes it.
pub const SACRE: BleuScheme = BleuScheme::Sacre(Case::Mixed);

/// Scores of a translated split.
pub struct Scores {
    /// BLEU on words with compounds split, as the paper.
    pub tokenized: Bleu,
    /// BLEU on text, as sacreBLEU.
    pub sacre: Bleu,
    /// chrF2 on text.
    pub chrf: f64,
}

impl Scores {
    /// Scores translations against raw references.
    ///
    /// # Errors
    /// If there is no sentence.
    pub fn of(text: &CorpusText, translated: &[Translated], references: &[String]) -> Result<Self, StageError> {
        let words: Vec<&str> = translated.iter().map(|sentence| &*sentence.words).collect();
        let texts: Vec<&str> = translated.iter().map(|sentence| &*sentence.text).collect();
        let wanted: Vec<String> =
            references.iter().map(|line| text.target.splitter().split(line).into_owned()).collect();
        let broken = |error: ScoreError| StageError::caused("the split has no score", error);
        Ok(Self {
            tokenized: CorpusBleu::new(BleuScheme::Tokenized, &words, &wanted).map_err(broken)?.bleu(),
            sacre: CorpusBleu::new(SACRE, &texts, references).map_err(broken)?.bleu(),
            chrf: CorpusChrF::new(Case::Mixed, &texts, references).map_err(broken)?.score(),
        })
    }

    /// Reports the scores of a split.
    pub fn report(&self, split: &str, context: &mut Context<'_>) {
        context.headline(&format!("{split}_bleu_tokenized"), self.tokenized.score, "");
        context.headline(&format!("{split}_sacrebleu"), self.sacre.score, "");
        context.headline(&format!("{split}_chrf"), self.chrf, "");
    }
}

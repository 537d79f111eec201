use translation::{BeamSettings, Hypothesis, beam_search};

use super::error::TranslationError;
use super::frame::Padded;
use super::inference::TranslationInference;
use super::step::StepDecoder;

/// Sentences decoded at a time.
const SENTENCES: usize = 64;

impl TranslationInference {
    /// Returns the best translations of sentences in their order, each sentence without its end. Translations have at
    /// most as many tokens as the network was made for, whatever the settings allow.
    ///
    /// # Errors
    /// If a sentence is too long or holds a token that is not in the vocabulary.
    pub fn translate(
        &self,
        sentences: &[&[u32]],
        settings: &BeamSettings,
    ) -> Result<Vec<Vec<Hypothesis>>, TranslationError> {
        let task = self.task();
        sentences.iter().enumerate().try_for_each(|(index, sentence)| check(task, index, sentence))?;
        let settings = BeamSettings { most_length: settings.most_length.min(task.longest), ..*settings };
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        order.sort_by_key(|&sentence| sentences[sentence].len());
        let mut found = vec![Vec::new(); sentences.len()];
        for batch in order.chunks(SENTENCES) {
            let sources: Vec<&[u32]> = batch.iter().map(|&sentence| sentences[sentence]).collect();
            let translations = self.translate_batch(&sources, &settings);
            batch.iter().zip(translations).for_each(|(&sentence, best)| found[sentence] = best);
        }
        Ok(found)
    }

    fn translate_batch(&self, sources: &[&[u32]], settings: &BeamSettings) -> Vec<Vec<Hypothesis>> {
        let nothing: &[u32] = &[];
        let batch = datasets::TokenBatch::new(sources.iter().map(|&source| (source, nothing)));
        let forward = self.forward();
        let memory = forward.encode(&Padded::sources(&batch));
        let Ok(found) = beam_search(&mut StepDecoder::new(forward, &memory), sources.len(), settings);
        found
    }
}

/// Checks that a network can read a sentence, its end not among the tokens.
pub(super) fn check(task: &spaces::TranslationTask, sentence: usize, tokens: &[u32]) -> Result<(), TranslationError> {
    let (found, longest) = (tokens.len() + 1, task.longest);
    if found > longest {
        return Err(TranslationError::TooLong { sentence, found, longest });
    }
    match tokens.iter().find(|&&token| token as usize >= task.vocabulary) {
        Some(&token) => Err(TranslationError::Token { sentence, token, last: task.vocabulary - 1 }),
        None => Ok(()),
    }
}

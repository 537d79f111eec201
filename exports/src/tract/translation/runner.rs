use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use spaces::{TransformerArchitecture, TranslationTask};
use translation::{BeamSettings, Hypothesis, beam_search};

use super::super::file;
use super::part::Part;
use super::{Batching, Decoding, TranslationError};
use crate::Form;
use crate::lowering::translation::TranslationModel;
use crate::onnx::{TranslationFile, TranslationMetadata, TranslationPart, check_translation, digest};

/// A loaded translation model.
pub struct TranslationRunner {
    pub(super) encoder: Part,
    pub(super) decoder: Part,
    architecture: TransformerArchitecture,
    task: TranslationTask,
    form: Form,
    metadata: TranslationMetadata,
}

impl TranslationRunner {
    /// Returns the model of a folder that holds `encoder.onnx` and `decoder.onnx`.
    ///
    /// # Errors
    /// If a file cannot be read, is larger than 512 MiB or is none of [`crate::export_translation`], or if the two were
    /// not exported together.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, TranslationError> {
        let [encoder, decoder] = ["encoder.onnx", "decoder.onnx"].map(|name| folder.as_ref().join(name));
        let model = TranslationModel { encoder: file::read(&encoder)?, decoder: file::read(&decoder)? };
        Self::named(&model, [&encoder, &decoder].map(|path| path.display().to_string()))
    }

    /// Returns the model of two files' bytes.
    ///
    /// # Errors
    /// As [`TranslationRunner::load`].
    pub fn new(model: &TranslationModel) -> Result<Self, TranslationError> {
        Self::named(model, ["encoder.onnx", "decoder.onnx"].map(String::from))
    }

    pub(super) fn named(model: &TranslationModel, [encoder, decoder]: [String; 2]) -> Result<Self, TranslationError> {
        file::fits(&encoder, model.encoder.len() as u64)?;
        file::fits(&decoder, model.decoder.len() as u64)?;
        let first = check_translation(&model.encoder, &encoder)?;
        let second = check_translation(&model.decoder, &decoder)?;
        let wrong = |model: &str, wanted, found| TranslationError::Part { model: model.to_owned(), wanted, found };
        match (&first.part, &second.part) {
            (TranslationPart::Decoder, _) => return Err(wrong(&encoder, "encoder", "decoder")),
            (_, TranslationPart::Encoder { .. }) => return Err(wrong(&decoder, "decoder", "encoder")),
            (TranslationPart::Encoder { decoder: wanted }, TranslationPart::Decoder)
                if *wanted != digest(&model.decoder) =>
            {
                return Err(TranslationError::Unmatched { encoder, decoder });
            }
            (TranslationPart::Encoder { .. }, TranslationPart::Decoder) => {}
        }
        let parts = [Part::new(&first.proto, &encoder)?, Part::new(&second.proto, &decoder)?];
        let TranslationFile { architecture, task, form, metadata, .. } = first;
        let [encoder, decoder] = parts;
        Ok(Self { encoder, decoder, architecture, task, form, metadata })
    }

    /// Returns the sizes of the network.
    pub const fn architecture(&self) -> &TransformerArchitecture {
        &self.architecture
    }

    /// Returns what the network is for: vocabulary and longest sentence.
    pub const fn task(&self) -> &TranslationTask {
        &self.task
    }

    /// Returns how the numbers are stored.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Returns what the model says about itself.
    pub const fn metadata(&self) -> &TranslationMetadata {
        &self.metadata
    }

    /// Encodes sentences, tokens without an end of sentence, and returns a decoder of them.
    ///
    /// # Errors
    /// If a token is not in the vocabulary, a sentence is too long, or tract cannot run the encoder.
    pub fn decode(&self, sources: &[&[u32]]) -> Result<Decoding<'_>, TranslationError> {
        self.check(sources)?;
        Decoding::new(self, sources)
    }

    /// Returns the translations of sentences, tokens without an end of sentence, in the order of the sentences.
    ///
    /// Sentences of like length are translated together; an empty one has one empty translation. No translation is
    /// longer than the longest sentence of the model, whatever the settings say. `progress` is called with the number
    /// of sentences that have just been finished.
    ///
    /// # Errors
    /// As [`TranslationRunner::decode`], or if the settings make no sense for the model; nothing is translated then.
    pub fn translate(
        &self,
        sources: &[Vec<u32>],
        settings: &BeamSettings,
        batching: &Batching,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Vec<Hypothesis>>, TranslationError> {
        let sentences: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
        self.check(&sentences)?;
        let settings = BeamSettings { most_length: settings.most_length.min(self.task.longest), ..*settings };
        settings.check()?;
        let real: Vec<usize> = (0..sources.len()).filter(|&sentence| !sources[sentence].is_empty()).collect();
        let lengths: Vec<usize> = real.iter().map(|&sentence| sources[sentence].len() + 1).collect();
        let batches = batching.batches(&lengths);
        let found = Mutex::new(vec![vec![empty()]; sources.len()]);
        progress(sources.len() - real.len());
        let next = AtomicUsize::new(0);
        on_threads(batching.threads, || {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let batch: Vec<usize> = batch.iter().map(|&at| real[at]).collect();
                let sources: Vec<&[u32]> = batch.iter().map(|&sentence| sentences[sentence]).collect();
                let translations = beam_search(&mut Decoding::new(self, &sources)?, batch.len(), &settings)?;
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                batch.iter().zip(translations).for_each(|(&sentence, translation)| found[sentence] = translation);
                progress(batch.len());
            }
            Ok(())
        })?;
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn check(&self, sources: &[&[u32]]) -> Result<(), TranslationError> {
        let TranslationTask { vocabulary, longest, .. } = self.task;
        for (source, sentence) in sources.iter().zip(1..) {
            if let Some(&found) = source.iter().find(|&&token| token as usize >= vocabulary) {
                return Err(TranslationError::Token { sentence, vocabulary, found });
            }
            if source.len() >= longest {
                return Err(TranslationError::TooLong { sentence, longest: longest - 1, found: source.len() });
            }
        }
        Ok(())
    }
}

/// Runs the same work on several threads, this one among them; returns the first error.
fn on_threads(
    threads: NonZeroUsize,
    work: impl Fn() -> Result<(), TranslationError> + Copy + Send,
) -> Result<(), TranslationError> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        let own = work();
        let join = |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        others.into_iter().try_for_each(join).and(own)
    })
}

fn empty() -> Hypothesis {
    Hypothesis { tokens: Vec::new(), log_probability: 0.0, score: 0.0 }
}

//! What is wrong with a manifest, and where: messages with a line, a caret and a hint.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::manifest::spans::Span;

/// The worst spelling that still counts as a slip of a known name.
const SIMILARITY: f64 = 0.7;

/// A text that spans point into: the manifest, or an override of the command line.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What was wanted and what was found.
    pub message: String,
    /// The fix, if known.
    pub help: Option<String>,
    pub(crate) span: Option<Span>,
}

impl Diagnostic {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: None }
    }

    pub(crate) fn at(mut self, span: &Span) -> Self {
        self.span = Some(span.clone());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the most similar known name as help, or else all of them.
    pub(crate) fn did_you_mean<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let score = |candidate: &&str| strsim::jaro_winkler(name, candidate);
        let best = known.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b)));
        match best {
            Some(best) if score(&best) >= SIMILARITY => self.help(format!("did you mean `{best}`?")),
            Some(_) => self.help(format!("known are `{}`", known.join("`, `"))),
            None => self,
        }
    }
}

/// Whether a rendered message carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Text alone.
    #[default]
    Plain,
    /// ANSI escapes.
    Ansi,
}

/// Everything found wrong with a manifest in one go.
#[derive(Debug, Clone)]
pub struct ManifestError {
    diagnostics: Vec<Diagnostic>,
    sources: Vec<SourceText>,
}

impl ManifestError {
    pub(crate) fn new(mut diagnostics: Vec<Diagnostic>, sources: &[SourceText]) -> Self {
        diagnostics.dedup();
        Self { diagnostics, sources: sources.to_vec() }
    }

    /// Returns the mistakes in the order they were found.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Returns all mistakes with their lines.
    pub fn render(&self, colour: Colour) -> String {
        let renderer = match colour {
            Colour::Plain => Renderer::plain(),
            Colour::Ansi => Renderer::styled(),
        };
        let one = |diagnostic| renderer.render(&[self.group(diagnostic)]);
        let all: Vec<String> = self.diagnostics.iter().map(one).collect();
        all.join("\n\n")
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let title = Level::ERROR.primary_title(diagnostic.message.as_str());
        let help = diagnostic.help.as_deref().map(|help| Level::HELP.message(help));
        let Some(span) = &diagnostic.span else {
            return Group::with_title(title).elements(help);
        };
        let source = &self.sources[span.source];
        let mark = AnnotationKind::Primary.span(span.range.clone());
        let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(mark);
        title.element(snippet).elements(help)
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Colour::Plain))
    }
}

impl std::error::Error for ManifestError {}

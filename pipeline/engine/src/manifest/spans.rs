//! A TOML document as a tree that remembers where every key and value stands.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::diagnostic::Diagnostic;

/// A place in one of the texts a manifest is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) source: usize,
    pub(crate) range: Range<usize>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: NodeValue,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl Node {
    /// Parses a whole document.
    pub(crate) fn parse(text: &str, source: usize) -> Result<Self, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let errors = errors.iter();
            return Err(errors.map(|error| syntax(error, source, text)).collect());
        }
        let span = Span { source, range: table.span() };
        Ok(Self { value: table_of(table.into_inner(), source).map_err(|error| vec![error])?, span })
    }

    /// Parses one value at `offset` of its source.
    pub(crate) fn parse_value(text: &str, source: usize, offset: usize) -> Result<Self, Diagnostic> {
        let value = DeValue::parse(text).map_err(|error| syntax(&error, source, text));
        let mut node = value.and_then(|value| node_of(value, source));
        match &mut node {
            Ok(node) => node.shift(offset),
            Err(diagnostic) => diagnostic.span.iter_mut().for_each(|span| span.shift(offset)),
        }
        node
    }

    fn shift(&mut self, offset: usize) {
        self.span.shift(offset);
        match &mut self.value {
            NodeValue::List(items) => items.iter_mut().for_each(|item| item.shift(offset)),
            NodeValue::Table(entries) => entries.iter_mut().for_each(|entry| {
                entry.key_span.shift(offset);
                entry.value.shift(offset);
            }),
            NodeValue::Text(_) | NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => {}
        }
    }

    /// Returns what the value is, in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            NodeValue::Text(_) => "a string",
            NodeValue::Integer(_) => "an integer",
            NodeValue::Float(_) => "a float",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::List(_) => "a list",
            NodeValue::Table(_) => "a table",
        }
    }

    /// Returns the value of a key, if this is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            NodeValue::Table(entries) => entries.iter().find(|entry| entry.key == key),
            NodeValue::Text(_)
            | NodeValue::Integer(_)
            | NodeValue::Float(_)
            | NodeValue::Bool(_)
            | NodeValue::List(_) => None,
        }
    }

    /// Removes the entry whose key stands at `span`, at any depth.
    pub(crate) fn remove_key(&mut self, span: &Span) {
        match &mut self.value {
            NodeValue::List(items) => items.iter_mut().for_each(|item| item.remove_key(span)),
            NodeValue::Table(entries) => {
                entries.retain(|entry| entry.key_span != *span);
                entries.iter_mut().for_each(|entry| entry.value.remove_key(span));
            }
            NodeValue::Text(_) | NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => {}
        }
    }

    /// Returns the value as JSON; JSON has no infinity, so neither has a manifest.
    pub(crate) fn to_json(&self) -> Result<Value, Diagnostic> {
        Ok(match &self.value {
            NodeValue::Text(text) => Value::from(text.as_str()),
            NodeValue::Integer(number) => Value::from(*number),
            NodeValue::Float(number) if !number.is_finite() => {
                return Err(Diagnostic::new(format!("wanted a finite number, found {number}")).at(&self.span));
            }
            NodeValue::Float(number) => Value::from(*number),
            NodeValue::Bool(truth) => Value::from(*truth),
            NodeValue::List(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(Self::to_json).collect();
                Value::from(items?)
            }
            NodeValue::Table(entries) => {
                let pair = |entry: &Entry| Ok((entry.key.clone(), entry.value.to_json()?));
                let pairs: Result<serde_json::Map<_, _>, _> = entries.iter().map(pair).collect();
                Value::from(pairs?)
            }
        })
    }
}

impl Span {
    fn shift(&mut self, offset: usize) {
        self.range = self.range.start + offset..self.range.end + offset;
    }
}

fn syntax(error: &toml::de::Error, source: usize, text: &str) -> Diagnostic {
    let end = text.len();
    let range = error.span().unwrap_or(end..end);
    let range = range.start.min(end)..range.end.min(end);
    Diagnostic::new(error.message().replace('\n', ", ")).at(&Span { source, range })
}

fn node_of(value: Spanned<DeValue<'_>>, source: usize) -> Result<Node, Diagnostic> {
    let span = Span { source, range: value.span() };
    let value = match value.into_inner() {
        DeValue::String(text) => NodeValue::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(NodeValue::Integer)
            .map_err(|_| Diagnostic::new("integer does not fit into 64 bits").at(&span))?,
        DeValue::Float(number) => {
            number.as_str().parse().map(NodeValue::Float).map_err(|_| Diagnostic::new("wanted a number").at(&span))?
        }
        DeValue::Boolean(truth) => NodeValue::Bool(truth),
        DeValue::Datetime(date) => NodeValue::Text(date.to_string()),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| node_of(item, source));
            NodeValue::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => table_of(table, source)?,
    };
    Ok(Node { span, value })
}

fn table_of(table: DeTable<'_>, source: usize) -> Result<NodeValue, Diagnostic> {
    let entry = |(key, value): (Spanned<DeString<'_>>, Spanned<DeValue<'_>>)| {
        Ok(Entry {
            key_span: Span { source, range: key.span() },
            key: key.into_inner().into_owned(),
            value: node_of(value, source)?,
        })
    };
    let mut entries: Vec<Entry> = table.into_iter().map(entry).collect::<Result<_, _>>()?;
    entries.sort_by_key(|entry| entry.key_span.range.start);
    Ok(NodeValue::Table(entries))
}

impl Text {
    /// Returns the text as the key of `value`.
    pub(crate) fn into_entry(self, value: &Node) -> Entry {
        Entry { key: self.text, key_span: self.span, value: value.clone() }
    }
}

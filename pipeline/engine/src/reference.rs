//! The reference of all stages, written from what they declare.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::ports::{Arity, InputPort, OutputPort, Presence};
use crate::registry::{Registry, StageDescription};
use crate::schema::{alternatives, resolve};

/// What a param is, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParamDoc {
    /// The keys down to it, joined by dots.
    pub path: String,
    /// The type, in words.
    pub kind: String,
    /// The default as a manifest would write it; `None` for a param that must be given.
    pub default: Option<String>,
    /// What it is for.
    pub doc: String,
}

/// Returns every param of a stage in the schema's order; those of tables inside follow their table.
pub fn param_docs(schema: &Value) -> Vec<ParamDoc> {
    let mut docs = Vec::new();
    collect("", schema, schema, &mut docs);
    docs
}

/// Returns the reference of all stages as Markdown.
pub fn reference(registry: &Registry) -> String {
    let formats = registry.formats();
    let mut out = String::from("# Stages\n");
    for stage in registry.describe() {
        write_stage(&mut out, &stage);
    }
    out.push_str("\n# Formats\n\n");
    for (format, summary) in formats {
        let _ = writeln!(out, "- `{format}`: {summary}");
    }
    out
}

fn write_stage(out: &mut String, stage: &StageDescription) {
    let _ = write!(out, "\n## {}\n\n{}.\n", stage.kind, stage.summary.trim_end_matches('.'));
    if !stage.inputs.is_empty() {
        out.push_str("\n| input | takes | |\n|---|---|---|\n");
        stage.inputs.iter().for_each(|port| write_input(out, port));
    }
    if !stage.outputs.is_empty() {
        out.push_str("\n| output | makes | |\n|---|---|---|\n");
        stage.outputs.iter().for_each(|port| write_output(out, port));
    }
    let params = param_docs(&stage.params);
    if !params.is_empty() {
        out.push_str("\n| param | type | default | |\n|---|---|---|---|\n");
    }
    for param in params {
        let default = param.default.map_or_else(|| "required".to_owned(), |text| format!("`{text}`"));
        let (path, kind, doc) = (param.path, cell(&param.kind), cell(&param.doc));
        let _ = writeln!(out, "| `{path}` | {kind} | {} | {doc} |", cell(&default));
    }
}

fn write_input(out: &mut String, port: &InputPort) {
    let format = port.format.as_ref().map_or("anything", |format| &format.name);
    let arity = match port.arity {
        Arity::One => "one",
        Arity::Optional => "none or one",
        Arity::Many => "any number of",
    };
    let _ = writeln!(out, "| `{}` | {arity} `{format}` | {} |", port.name, cell(&port.doc));
}

fn write_output(out: &mut String, port: &OutputPort) {
    let presence = match port.presence {
        Presence::Always => "",
        Presence::Sometimes => "sometimes ",
    };
    let doc = if port.doc.is_empty() { &port.summary } else { &port.doc };
    let format = &port.format.name;
    let _ = writeln!(out, "| `{}` | {presence}`{format}` | {} |", port.name, cell(doc));
}

/// Keeps a text inside its table cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn collect(prefix: &str, schema: &Value, root: &Value, docs: &mut Vec<ParamDoc>) {
    let schema = resolve(schema, root);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return variants(prefix, schema, root, docs);
    };
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|known| known == name))
    };
    for (name, property) in properties {
        if property.get("const").is_some() {
            continue;
        }
        let path = format!("{prefix}{name}");
        let default = property.get("default");
        let default = match default {
            Some(Value::Null) => Some("none".to_owned()),
            Some(default) => Some(default.to_string()),
            None if required(name) => None,
            None => Some("none".to_owned()),
        };
        docs.push(ParamDoc {
            path: path.clone(),
            kind: kind(property, root),
            default,
            doc: text(property, "description", root),
        });
        collect(&format!("{path}."), property, root, docs);
    }
}

/// The params of a table that has several forms, told apart by the constant in one of its keys.
fn variants(prefix: &str, schema: &Value, root: &Value, docs: &mut Vec<ParamDoc>) {
    for form in alternatives(schema, "oneOf") {
        let properties = form.get("properties").and_then(Value::as_object);
        let tag = properties
            .into_iter()
            .flatten()
            .find_map(|(key, property)| Some((key.clone(), property.get("const")?.to_string())));
        if let Some((key, constant)) = tag {
            let path = format!("{}[{key} = {constant}].", prefix.trim_end_matches('.'));
            collect(&path, form, root, docs);
        }
    }
}

/// Returns a text of the property itself or of what it refers to.
fn text(property: &Value, key: &str, root: &Value) -> String {
    let own = property.get(key).or_else(|| resolve(property, root).get(key));
    own.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn kind(property: &Value, root: &Value) -> String {
    let schema = resolve(property, root);
    let names = constants(schema);
    if !names.is_empty() {
        return format!("one of {}", names.join(", "));
    }
    if let Some(format @ "path") = schema.get("format").and_then(Value::as_str) {
        return format.to_owned();
    }
    let words = match schema.get("type") {
        Some(Value::String(word)) => vec![word.as_str()],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => vec!["table"],
    };
    let word = words.into_iter().find(|word| *word != "null").unwrap_or("nothing");
    match (word, schema.get("items")) {
        ("array", Some(items)) => format!("list of {}", kind(items, root)),
        ("array", None) => "list".to_owned(),
        ("object", _) => "table".to_owned(),
        (word, _) => word.to_owned(),
    }
}

/// Returns the words an enumeration allows.
fn constants(schema: &Value) -> Vec<String> {
    let listed = schema.get("enum").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter(|value| !value.is_null());
    let single = alternatives(schema, "oneOf").into_iter().flat_map(|form| {
        let nested = form.get("enum").and_then(Value::as_array).into_iter().flatten();
        form.get("const").into_iter().chain(nested)
    });
    listed.chain(single).map(|value| format!("`{value}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;

    /// How fast.
    #[derive(JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Speed {
        Slow,
        VeryFast,
    }

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        /// How deep.
        #[serde(default)]
        depth: Option<u32>,
    }

    fn default_speed() -> String {
        "slow".to_owned()
    }

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Params {
        /// What it is | called.
        name: String,
        speed: Speed,
        #[serde(default = "default_speed")]
        word: String,
        sizes: Vec<f64>,
        inner: Inner,
    }

    #[test]
    fn every_param_is_told_with_type_default_and_doc() {
        let docs = param_docs(&schemars::schema_for!(Params).to_value());
        let lines: Vec<String> =
            docs.iter().map(|doc| format!("{} | {} | {:?} | {}", doc.path, doc.kind, doc.default, doc.doc)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r##"
        inner | table | None | 
        inner.depth | integer | Some("none") | How deep.
        name | string | None | What it is | called.
        sizes | list of number | None | 
        speed | one of `"slow"`, `"very-fast"` | None | How fast.
        word | string | Some("\"slow\"") |
        "##);
    }

    #[test]
    fn the_reference_tells_ports_params_and_formats() {
        let text = reference(&crate::test_stages::registry());
        let start = text.find("## count-letters").unwrap();
        let end = text.find("## slow-sum").unwrap();
        insta::assert_snapshot!(&text[start..end], @"
        ## count-letters

        Counts letters.

        | input | takes | |
        |---|---|---|
        | `letters` | one `letters` | The text to count in. |
        | `earlier` | none or one `counts` | Counts to begin with. |

        | output | makes | |
        |---|---|---|
        | `counts` | `counts` | All letters. |
        | `rare` | sometimes `letters` | Letters that occur once. |

        | param | type | default | |
        |---|---|---|---|
        | `at_least` | integer | `0` | The gate: how many letters there must be. |
        | `ignore_case` | boolean | `false` | Whether `a` and `A` are one letter. |
        | `list_rare` | boolean | `false` | Whether to list letters that occur once. |

        ## merge-counts

        Adds counts.

        | input | takes | |
        |---|---|---|
        | `counts` | any number of `counts` | The counts to add. |

        | output | makes | |
        |---|---|---|
        | `counts` | `counts` | Their sum. |
        ");
        assert!(text.contains("- `counts`: How often each letter occurs"));
        assert!(text.contains("## command"));
    }
}

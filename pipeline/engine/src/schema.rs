//! The few questions asked of a JSON schema.

use serde_json::Value;

/// Follows a reference, and the one real branch of an optional value.
pub(crate) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or(schema, |target| resolve(target, root));
    }
    match alternatives(schema, "anyOf").as_slice() {
        [one] => resolve(one, root),
        [..] => schema,
    }
}

/// Returns the branches of a choice, but for "nothing".
pub(crate) fn alternatives<'a>(schema: &'a Value, key: &str) -> Vec<&'a Value> {
    let branches = schema.get(key).and_then(Value::as_array);
    let branches = branches.into_iter().flatten();
    branches.filter(|branch| branch.get("type") != Some(&Value::from("null"))).collect()
}

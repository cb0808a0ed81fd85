//! Arguments of a tool that stand in headers, too.

use rmcp::model::JsonObject;
use serde_json::Value;

/// An argument that a client of 2026-07-28 repeats in a header, because the tool's schema says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterHeader {
    /// What stands behind `Mcp-Param-`.
    pub header: String,
    /// The names that lead to the argument.
    pub path: Vec<String>,
}

/// The arguments that a schema says are repeated in headers (`x-mcp-header`).
pub(super) fn headers(schema: &JsonObject) -> Vec<ParameterHeader> {
    let mut found = Vec::new();
    find_headers(schema.get("properties"), &mut Vec::new(), &mut found);
    found
}

fn find_headers(
    properties: Option<&Value>,
    path: &mut Vec<String>,
    found: &mut Vec<ParameterHeader>,
) {
    for (name, schema) in properties.and_then(Value::as_object).into_iter().flatten() {
        path.push(name.clone());
        let header = schema.get("x-mcp-header").and_then(Value::as_str);
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            found.push(ParameterHeader { header: header.to_owned(), path: path.clone() });
        }
        find_headers(schema.get("properties"), path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_that_are_repeated_in_headers_are_found_at_any_depth() {
        let schema = json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "x-mcp-header": "Region" },
                "filter": {
                    "type": "object",
                    "properties": { "day": { "type": "string", "x-mcp-header": "Day" } },
                },
                "plain": { "type": "string", "x-mcp-header": "" },
            },
        });
        let found = headers(schema.as_object().unwrap());
        let named: Vec<(&str, String)> =
            found.iter().map(|found| (found.header.as_str(), found.path.join("."))).collect();
        assert_eq!(named, [("Region", "region".to_owned()), ("Day", "filter.day".to_owned())]);
    }
}

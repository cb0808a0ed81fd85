//! Amazon Nova Sonic. It ignores a tool whose top level says too much, and does badly with deep arguments
//! and with names that look alike.

use serde_json::{Value, json};

use super::{
    Rule,
    schema::{fields, first, has_one_type, is_undescribed, name_is_not, root_says_more_than},
};

/// Arguments, and fields of what they list.
const MOST_LEVELS: usize = 2;

pub const RULES: [Rule; 7] = [
    Rule {
        name: "a name is at most 64 letters, digits, _ and -",
        finds: |tool| name_is_not(tool, 64, "_-"),
        broken: ("/name", || json!("")),
    },
    Rule {
        name: "a description is 1 to 10000 characters",
        finds: |tool| {
            let says = tool["description"].as_str().unwrap_or_default();
            (!(1..=10_000).contains(&says.chars().count())).then(|| "its description".to_owned())
        },
        broken: ("/description", || json!("")),
    },
    Rule {
        name: "the top says type, properties and required, and nothing else",
        finds: |tool| root_says_more_than(tool, &["type", "properties", "required"]),
        broken: ("/inputSchema/description", || json!("What is ordered.")),
    },
    Rule {
        name: "arguments are at most two levels deep",
        finds: |tool| first(tool, |place| place.depth > MOST_LEVELS),
        broken: (
            "/inputSchema/properties/items/items/properties/options",
            || json!({ "type": "object", "properties": { "color": { "type": "string" } } }),
        ),
    },
    Rule {
        name: "every argument has a type and a description",
        finds: |tool| first(tool, |place| !has_one_type(place.schema) || is_undescribed(place)),
        broken: ("/inputSchema/properties/gift", || json!({ "type": "boolean" })),
    },
    Rule {
        name: "no two arguments have names that look alike",
        finds: look_alike,
        broken: (
            "/inputSchema/properties/customers",
            || json!({ "type": "string", "description": "Who else." }),
        ),
    },
    Rule {
        name: "what must be given is told from what may be",
        finds: |tool| {
            let all = fields(&tool["inputSchema"]);
            let told = tool["inputSchema"].get("required").is_none_or(Value::is_array);
            (!told && !all.is_empty()).then(|| "required".to_owned())
        },
        broken: ("/inputSchema/required", || json!(true)),
    },
];

/// Two arguments of which one is the other with one letter more or another, or with words before or
/// after it, such as `item_id` and `cart_item_id`.
fn look_alike(tool: &Value) -> Option<String> {
    let all = fields(&tool["inputSchema"]);
    let names: Vec<&String> = all.keys().collect();
    let pairs = names.iter().enumerate();
    let mut pairs = pairs.flat_map(|(n, one)| names.iter().skip(n + 1).map(move |two| (one, two)));
    let pair = pairs.find(|(one, two)| alike(one, two) || alike(two, one))?;
    Some(format!("{} and {}", pair.0, pair.1))
}

fn alike(long: &str, short: &str) -> bool {
    let with_words = long.ends_with(&format!("_{short}")) || long.starts_with(&format!("{short}_"));
    with_words || one_letter_apart(long, short)
}

fn one_letter_apart(long: &str, short: &str) -> bool {
    let same = long.chars().zip(short.chars()).take_while(|(a, b)| a == b).count();
    let (long, short): (Vec<char>, Vec<char>) = (long.chars().collect(), short.chars().collect());
    let rest = long.get(same + 1..).unwrap_or_default();
    // Words of two or three letters are always near to some other.
    let long_enough = short.len() > 3;
    let replaced = short.get(same + 1..) == Some(rest) && long.len() == short.len();
    let added = short.get(same..) == Some(rest) && long.len() == short.len() + 1;
    long_enough && (replaced || added)
}

//! Customers' ids as callers say them.

use business_mcp_engine::speech::reference;

/// The ids that a customer's id may be, said like this, the likeliest first: as it is, in either
/// case, with the prefix that this server gives (`one double oh four two` is `CUST-10042`), and
/// with underscores, as other shops write them.
pub fn ids(said: &str) -> [String; 5] {
    let said = said.trim();
    let lower = said.to_lowercase();
    let ours = number(said);
    [
        said.to_owned(),
        said.to_uppercase(),
        ours.map_or_else(|| said.to_owned(), |number| format!("CUST-{number}")),
        lower.split_whitespace().collect::<Vec<_>>().join("_"),
        lower,
    ]
}

/// The number of a customer that was said like this, where none but our own letters are in front of it.
fn number(said: &str) -> Option<String> {
    let heard = reference::heard(said);
    let number = heard.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = heard.strip_suffix(number).unwrap_or_default();
    let ours = matches!(word, "" | "CUST" | "CUSTOMER" | "CUSTOMERID" | "ID");
    (ours && !number.is_empty()).then(|| number.to_owned())
}

/// What the normalised id of a customer may be that was said like this: words for customers in front of
/// it are none of its letters.
pub fn readings(said: &str) -> Vec<String> {
    let mut readings = reference::readings(said);
    if !reference::heard(said).starts_with("CUST") || reference::heard(said).starts_with("CUSTOMER")
    {
        readings.extend(number(said));
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_found_however_the_id_is_said() {
        for said in [
            "CUST-10042",
            "cust 10042",
            "customer number one double oh four two",
            "my customer id is cust ten oh four two",
            "10042",
        ] {
            assert!(ids(said).contains(&"CUST-10042".to_owned()), "{said}");
        }
        assert!(ids("Sara Doe 496").contains(&"sara_doe_496".to_owned()));
        assert!(!ids("ORD-10042").contains(&"CUST-10042".to_owned()));
        assert!(readings("customer number 10001").contains(&"10001".to_owned()));
        assert!(!readings("CUST-10001").contains(&"10001".to_owned()));
    }
}

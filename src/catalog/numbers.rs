//! Numbers of what the warehouse does: `RES-` and ten letters and digits.
//!
//! They are drawn by lot, so that nobody waits for a counter, and without letters that sound or
//! look like another, so that a person can read one out.

use rand::RngCore as _;

use business_mcp_engine::speech::reference;

/// Crockford's alphabet: no I, L, O or U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 50 bits: two open ones are never the same.
const LENGTH: usize = 10;

/// A new number behind this prefix.
pub fn new(prefix: &str) -> String {
    let mut lots = [0_u8; LENGTH];
    rand::rng().fill_bytes(&mut lots);
    let letter = |lot: &u8| LETTERS.get(usize::from(*lot % 32)).map_or('0', |byte| (*byte).into());
    let code: String = lots.iter().map(letter).collect();
    format!("{prefix}-{code}")
}

/// The number that somebody says, with or without its prefix; `None` where it is no such number.
pub fn heard(prefix: &str, said: &str) -> Option<String> {
    let code = |reading: &String| {
        let code = reading.strip_prefix(prefix).filter(|rest| rest.len() == LENGTH);
        let code: String = code.unwrap_or(reading).chars().map(meant).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte));
        is_code.then(|| format!("{prefix}-{code}"))
    };
    reference::readings(said).iter().find_map(code)
}

/// The letter or digit that was written where somebody reads another one.
fn meant(c: char) -> char {
    match c {
        'O' => '0',
        'I' | 'L' => '1',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_again_however_it_is_said() {
        let number = new("RES");
        assert_ne!(number, new("RES"));
        assert_eq!(heard("RES", &number), Some(number.clone()));
        assert_eq!(heard("RES", &number.to_lowercase().replace('-', " ")), Some(number.clone()));
        assert_eq!(heard("RES", &number[4..]), Some(number));
        assert_eq!(heard("RES", "res o1i3456789").as_deref(), Some("RES-0113456789"));
        let spoken = "it's res oh one x-ray three b as in boy five adam seven eight niner please";
        assert_eq!(heard("RES", spoken).as_deref(), Some("RES-01X3B5A789"));
        for other in ["", "RES-", "RES-123", "TRF-0123456789", "approval:APR-1", "RES-012345678U"] {
            assert_eq!(heard("RES", other), None, "{other}");
        }
    }
}

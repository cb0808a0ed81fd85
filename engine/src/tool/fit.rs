//! Answers stay below 8 KB: lists are cut, and say how much is missing.

use serde::Serialize;

/// How many bytes of JSON the `data` of an answer may have, so that all of it stays below 8 KB.
pub const DATA: usize = 7_200;

/// How many bytes of JSON something is.
pub fn bytes(data: &impl Serialize) -> usize {
    serde_json::to_vec(data).map_or(usize::MAX, |json| json.len())
}

/// Keeps what fits of a list, from its beginning, and says how many were cut.
pub fn cut<T: Serialize>(list: &mut Vec<T>, most: usize) -> Option<usize> {
    let mut used = 0_usize;
    let fits = |item: &&T| {
        used = used.saturating_add(bytes(item) + 1);
        used <= most
    };
    let kept = list.iter().take_while(fits).count();
    let missing = list.len() - kept;
    list.truncate(kept);
    (missing > 0).then_some(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut list = vec!["abc"; 4];
        assert_eq!(cut(&mut list, 100), None);
        assert_eq!(cut(&mut list, 12), Some(2));
        assert_eq!(list, ["abc", "abc"]);
    }
}

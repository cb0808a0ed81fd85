//! What callers search for, and what they meant where nothing is called that.

use business_mcp_engine::speech::name;

/// Words that say nothing about a product.
const EMPTY_WORDS: [&str; 16] = [
    "a", "an", "and", "any", "do", "for", "have", "i", "in", "of", "or", "some", "the", "with",
    "you", "your",
];

/// The words of a query that are searched for: the longest ones, each once, in their order.
pub fn words(query: &str, most: usize) -> Vec<String> {
    let all = name::words(query);
    let mut words: Vec<String> = Vec::new();
    for word in &all {
        if !EMPTY_WORDS.contains(&word.as_str()) && !words.contains(word) {
            words.push(word.clone());
        }
    }
    if words.is_empty() {
        words.extend(all.into_iter().take(1));
    }
    while words.len() > most {
        let shortest = words.iter().enumerate().min_by_key(|(_, word)| word.chars().count());
        let Some((position, _)) = shortest else { break };
        words.remove(position);
    }
    words
}

/// The words that were meant, as far as something is called like them; a word that nothing is like
/// is left out. `None` where that changes nothing, or leaves nothing.
pub fn correct(said: &[String], known: &[&str]) -> Option<Vec<String>> {
    let mut meant: Vec<String> = Vec::new();
    for word in said {
        if let Some(word) = nearest(word, known)
            && !meant.contains(&word)
        {
            meant.push(word);
        }
    }
    (!meant.is_empty() && meant != said).then_some(meant)
}

fn nearest(word: &str, known: &[&str]) -> Option<String> {
    if known.iter().any(|known| known.starts_with(word)) {
        return Some(word.to_owned());
    }
    let letters = word.chars().count();
    let allowed = match letters {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let distance = |known: &str| {
        let extra = letters.abs_diff(known.chars().count());
        // Another form of the same word, such as its plural.
        if extra <= 2 && known.len() > 2 && word.starts_with(known) {
            return Some(1);
        }
        let near = (extra <= allowed).then(|| strsim::osa_distance(word, known));
        near.filter(|distance| *distance <= allowed)
    };
    let likely = known.iter().filter_map(|known| {
        let first_differs = known.chars().next() != word.chars().next();
        Some((distance(known)?, first_differs, known.len().abs_diff(word.len()), *known))
    });
    likely.min().map(|(.., known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_words_are_searched_for() {
        assert_eq!(words("Do you have a Coffee mug?", 4), ["coffee", "mug"]);
        assert_eq!(words("an", 4), ["an"]);
        assert_eq!(words("set of 32 long steel bits, long", 3), ["long", "steel", "bits"]);
    }

    #[test]
    fn misspelt_words_find_what_they_are_like() {
        let known = ["hammer", "screwdriver", "mug", "box", "knife", "hand"];
        let correct = |query| correct(&words(query, 4), &known).unwrap_or_default();
        assert_eq!(correct("hamer"), ["hammer"]);
        assert_eq!(correct("skrewdrivers"), ["screwdriver"]);
        assert_eq!(correct("mugs"), ["mug"]);
        assert_eq!(correct("boxes"), ["box"]);
        assert_eq!(correct("nife"), ["knife"]);
        assert_eq!(correct("cordless hammer"), ["hammer"]);
        assert!(correct("hammer").is_empty(), "nothing to correct");
        assert!(correct("trousers").is_empty(), "nothing is like it");
    }
}

//! Names are heard and misspelt: they are compared without accents, by sound and by likeness.

use rphonetic::{DoubleMetaphone, Encoder};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::alphabet;

/// From this likeness on, two words differ by a slip of the pen.
const NEARLY: f64 = 0.92;
/// Below this likeness, two words are different ones, even where they sound alike.
const NOT_UNLIKE: f64 = 0.72;

/// What is said before a name and is no part of it.
const BEFORE_A_NAME: [&str; 19] = [
    "am", "dr", "erm", "hi", "i", "im", "is", "its", "miss", "mister", "mr", "mrs", "ms", "my",
    "name", "the", "this", "uh", "um",
];

/// The name as it is compared: lower case, without accents and apostrophes, words parted by one
/// space. `Zoë O'Brien-López` is `zoe obrien lopez`.
pub fn fold(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            '\'' | '’' | 'ʼ' | '`' => {}
            c if c.is_alphanumeric() => plain.push(c),
            c if is_combining_mark(c) => {}
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The folded words of a name.
pub fn words(name: &str) -> Vec<String> {
    fold(name).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The names that may have been said like this, the most literal first: as it is, without what was
/// said before it, and with spelled letters as words. `Smith spelled s m i t h`, `juliet oscar hotel
/// november` and `s as in sierra …` are spelled, and an alphabet's word may be a name as well.
pub fn readings(said: &str) -> Vec<String> {
    let folded = fold(said);
    let all: Vec<&str> = folded.split(' ').collect();
    let begins = all.iter().position(|word| !BEFORE_A_NAME.contains(word)).unwrap_or_default();
    let plain = all.get(begins..).unwrap_or_default();
    let words = alphabet::explained(plain);
    // `John s m i t h` begins with a name, and `s m i t hotel` does not end with one.
    let letters = |word: &str| alphabet::letter(word).is_some();
    let apart =
        |word: &str| (letters(word), alphabet::is_letter(word), alphabet::nato(word).is_some());
    let mut readings = vec![said.to_owned()];
    readings.extend((begins > 0).then(|| plain.join(" ")));
    readings.extend(spelled(words.chunk_by(|a, b| apart(a) == apart(b))));
    readings.extend(spelled(words.chunk_by(|a, b| letters(a) == letters(b))));
    readings.dedup();
    readings
}

/// The words with each run of letters as the word that they spell; `None` where none is spelled.
fn spelled<'r, 'w: 'r>(runs: impl Iterator<Item = &'r [&'w str]>) -> Option<String> {
    let mut is_spelled = false;
    let mut words: Vec<String> = Vec::new();
    for run in runs {
        let letters: Option<String> = run.iter().map(|word| alphabet::letter(word)).collect();
        // Two words of an alphabet, such as Adam Baker, are a name.
        let fewest = if run.iter().any(|word| alphabet::is_letter(word)) { 2 } else { 3 };
        match letters.filter(|letters| letters.len() >= fewest) {
            Some(letters) => {
                is_spelled = true;
                let says_so = |word: &mut String| matches!(word.as_str(), "spelled" | "spelt");
                let is_told = words.pop_if(says_so).is_some();
                // It is the word before that was spelled.
                words.pop_if(|word| is_told || word_sounds_like(word, &letters));
                words.push(letters);
            }
            None => words.extend(run.iter().map(|word| (*word).to_owned())),
        }
    }
    is_spelled.then(|| words.join(" "))
}

/// Whether a name that was said is the one on file: the same words in any order, or all but some in
/// the middle.
pub fn is_same(said: &str, on_file: &str) -> bool {
    let (mut said, mut on_file) = (words(said), words(on_file));
    let left_out = said.len() > 1 && said.len() < on_file.len();
    let ends = [on_file.first(), on_file.last()];
    if left_out && ends.into_iter().flatten().all(|end| said.contains(end)) {
        on_file.retain(|word| said.contains(word));
    }
    said.sort();
    on_file.sort();
    !said.is_empty() && said == on_file
}

/// How the words of a name sound (Double Metaphone, both readings), sorted, each once. `Smith` and
/// `Smyth` share a key. Words in other scripts than Latin have none.
pub fn sound_keys(name: &str) -> Vec<String> {
    let encoder = DoubleMetaphone::default();
    let mut keys: Vec<String> = words(name)
        .iter()
        .filter(|word| word.is_ascii())
        .flat_map(|word| [encoder.encode(word), encoder.encode_alternate(word)])
        .filter(|key| !key.is_empty())
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

/// How alike two names are, from 0 to 1, whatever the order of their words. A first name alone is
/// much like the full name, and only the same name scores 1.
pub fn similarity(a: &str, b: &str) -> f64 {
    let (mut a, mut b) = (words(a), words(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let written = strsim::jaro_winkler(&a.join(" "), &b.join(" "));
    a.sort();
    b.sort();
    let sorted = strsim::jaro_winkler(&a.join(" "), &b.join(" "));
    let by_word = match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Less => 0.95 * found_in(&a, &b),
        std::cmp::Ordering::Greater => 0.95 * found_in(&b, &a),
        std::cmp::Ordering::Equal => found_in(&a, &b).midpoint(found_in(&b, &a)),
    };
    written.max(sorted).max(by_word).clamp(0.0, 1.0)
}

/// Whether two full names may be heard as the same one: each word of the shorter one is nearly a word
/// of the other, or sounds like one. A first name alone is no full name of somebody else.
pub fn sounds_like(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let full = few.len() > 1 || few.len() == many.len();
    full && !few.is_empty()
        && few.iter().all(|word| many.iter().any(|other| word_sounds_like(word, other)))
}

fn word_sounds_like(word: &str, other: &str) -> bool {
    let written = strsim::jaro_winkler(word, other);
    let keys = sound_keys(other);
    // Very different words may share a short key: `John` and `Jane` are both `JN`.
    written >= NEARLY
        || (written >= NOT_UNLIKE && sound_keys(word).iter().any(|key| keys.contains(key)))
}

/// How well each of `few` words finds its like among `many`, on average.
fn found_in(few: &[String], many: &[String]) -> f64 {
    let best = |word: &String| {
        many.iter().map(|other| strsim::jaro_winkler(word, other)).fold(0.0, f64::max)
    };
    let count = u32::try_from(few.len()).unwrap_or(u32::MAX);
    few.iter().map(best).sum::<f64>() / f64::from(count.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(fold("  Zoë O'Brien-López "), "zoe obrien lopez");
        assert_eq!(fold("Łukasz Strauß"), "lukasz strauss");
        assert_eq!(words("Møller, Åse"), ["moller", "ase"]);
        assert_eq!(fold("…"), "");
    }

    #[test]
    fn names_that_sound_alike_share_a_key() {
        for (a, b) in [("Smith", "Smyth"), ("Catherine", "Katharine"), ("Meyer", "Maier")] {
            let keys = sound_keys(b);
            assert!(sound_keys(a).iter().any(|key| keys.contains(key)), "{a} {b}");
        }
        assert!(sound_keys("山田").is_empty());
    }

    #[test]
    fn spelled_names_are_read_after_what_was_said() {
        for (said, spelled) in [
            ("john smith spelled s m i t h", "john smith"),
            ("John Smith, S-M-I-T-H", "john smith"),
            ("john smyth s m i t h", "john smith"),
            ("john sierra mike india tango hotel", "john smith"),
            ("My name is Mr. John Smith", "john smith"),
            ("it's john smith", "john smith"),
            ("john smitt spelled s m i double t", "john smitt"),
            ("alpha november alpha lopez l as in lima o p e zulu", "ana lopez"),
            ("john s as in sierra m as in mike i for india t like tango h", "john smith"),
            ("juliet oscar hotel november smith", "john smith"),
            ("j o h n sierra mike india tango hotel", "john smith"),
        ] {
            let readings = readings(said);
            assert_eq!(readings.first().map(String::as_str), Some(said));
            assert!(readings.iter().skip(1).any(|name| name == spelled), "{readings:?}");
        }
        for said in ["John Smith", "Juliet Meyer", "Adam Baker", ""] {
            assert_eq!(readings(said), [said]);
        }
    }

    #[test]
    fn the_name_on_file_is_known_from_one_like_it() {
        for (said, on_file) in [
            ("ana lopez", "Ana López"),
            ("Lopez, Ana", "Ana López"),
            ("Maria Garcia", "Maria Elena Garcia"),
            ("Cher", "Cher"),
        ] {
            assert!(is_same(said, on_file), "{said} {on_file}");
        }
        for (said, on_file) in [
            ("Jan Peters", "Jane Peters"),
            ("Steven Meyer", "Stefan Maier"),
            ("Garcia", "Maria Garcia"),
            ("Maria Elena Garcia", "Maria Garcia"),
            ("Elena Garcia", "Maria Elena Garcia"),
            ("Ana Ana", "Ana López"),
            ("", ""),
        ] {
            assert!(!is_same(said, on_file), "{said} {on_file}");
        }
    }

    #[test]
    fn full_names_that_may_be_the_same_sound_alike() {
        for (a, b) in [
            ("Jon Smyth", "John Smith"),
            ("Smith, John", "John Smith"),
            ("Katharine Maier", "Catherine Meyer"),
            ("Maria García", "Maria Garcia Lopez"),
            ("Ana López", "Anna Lopes"),
            ("山田 太郎", "山田 太郎"),
            ("Zoë", "Zoe"),
        ] {
            assert!(sounds_like(a, b) && sounds_like(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("Jane Smith", "John Smith"),
            ("Ana Lopez", "Ana Gomez"),
            ("Maria", "Maria Garcia"),
            ("", "Ana"),
            ("…", "…"),
        ] {
            assert!(!sounds_like(a, b) && !sounds_like(b, a), "{a} {b}");
        }
    }

    #[test]
    fn the_better_match_ranks_higher() {
        let ana = "Ana Lopez";
        assert!(similarity(ana, "Lopez, Ana") > 0.99);
        assert!(similarity(ana, "Anna Lopes") > 0.9);
        assert!(similarity(ana, "ana") > similarity(ana, "Hannah"));
        assert!(similarity(ana, "Anna Lopes") > similarity(ana, "Yusuf Rossi"));
        assert!(similarity("", "").abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn likeness_is_a_fair_measure(a in "\\PC{0,24}", b in "\\PC{0,24}") {
            let score = similarity(&a, &b);
            prop_assert!((0.0..=1.0).contains(&score));
            prop_assert!((score - similarity(&b, &a)).abs() < 1e-9);
            prop_assert!(words(&a).is_empty() || similarity(&a, &a) > 0.999);
        }

        #[test]
        fn folding_twice_changes_nothing(name in "\\PC{0,24}|[a-z']{1,16}") {
            let _ = sound_keys(&name);
            prop_assert_eq!(fold(&fold(&name)), fold(&name));
        }
    }
}

//! What callers say around a number or an id, and digits that sound like other words.
//!
//! Only what is known to be a number or an id is read like this: a name, or what somebody looks for
//! in the shop, keeps its words.

use super::{alphabet, lenient};

/// Hesitation and manners. One-letter words are not among the fillers: they are letters.
const MANNERS: [&str; 32] = [
    "actually", "ah", "eh", "er", "erm", "hello", "hi", "hm", "hmm", "let", "like", "mm", "ok",
    "okay", "please", "right", "see", "so", "sorry", "sure", "thank", "thanks", "uh", "uhm", "um",
    "wait", "well", "yeah", "yep", "yes", "you", "just",
];

/// Whose it is, and that it is.
const SENTENCE: [&str; 31] = [
    "and", "are", "at", "be", "believe", "for", "from", "had", "have", "im", "in", "is", "it",
    "its", "me", "my", "of", "on", "our", "should", "that", "thats", "the", "then", "think",
    "this", "to", "was", "were", "with", "would",
];

/// What it is.
const NOUNS: [&str; 25] = [
    "account",
    "area",
    "cell",
    "code",
    "customer",
    "digit",
    "digits",
    "end",
    "ended",
    "ending",
    "ends",
    "final",
    "id",
    "last",
    "mobile",
    "no",
    "number",
    "numbers",
    "order",
    "phone",
    "postal",
    "postcode",
    "reference",
    "telephone",
    "zip",
];

/// The words of a number or an id, without what was said around it: `my number is one two three for
/// six please` is `one two three four six`.
pub fn plain<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let words = alphabet::explained(words);
    let mut plain: Vec<&'w str> = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some((&word, mut after)) = rest.split_first() {
        let follows = plain.last().is_some_and(|last| is_digits(last) || is_times(last));
        let goes_on = |next: &&str| is_digits(next) || is_times(next) || homophone(next).is_some();
        let among_digits = follows && after.first().is_none_or(goes_on);
        if let Some(digit) = homophone(word).filter(|_| among_digits) {
            plain.push(digit);
        } else if word == "last" {
            after = without_count(after);
        } else {
            // The letters of "double you", and of "I think".
            let is_letter = word == "you" && plain.last() == Some(&"double");
            let is_caller = word == "i" && matches!(after, ["think" | "believe" | "have", ..]);
            if is_letter || !(is_caller || is_filler(word)) {
                plain.push(word);
            }
        }
        rest = after;
    }
    plain
}

/// How many digits the last ones are is none of them: `the last four digits are …`.
fn without_count<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    match words {
        [count, after @ ..] if lenient::digit(count).is_some() || is_digits(count) => {
            match after.first() {
                Some(&("digits" | "numbers" | "of" | "are" | "is")) => after,
                _ => words,
            }
        }
        _ => words,
    }
}

fn is_filler(word: &str) -> bool {
    MANNERS.contains(&word) || SENTENCE.contains(&word) || NOUNS.contains(&word)
}

/// The digit that a word sounds like.
fn homophone(word: &str) -> Option<&'static str> {
    match word {
        "won" => Some("one"),
        "to" | "too" => Some("two"),
        "for" | "fore" => Some("four"),
        "ate" => Some("eight"),
        _ => None,
    }
}

fn is_times(word: &str) -> bool {
    matches!(word, "double" | "triple" | "treble")
}

/// True of a number in digits, and of a number word.
fn is_digits(word: &str) -> bool {
    matches!(word, "o" | "oh")
        || lenient::word(word).is_some()
        || word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_around_a_number_is_left_out() {
        for (said, number) in [
            ("it ends in three four six", "three four six"),
            ("the last four digits are oh one oh three", "oh one oh three"),
            ("last 3 of it are 4 5 6", "4 5 6"),
            ("last four five six", "four five six"),
            ("12346 please", "12346"),
            ("um 12346", "12346"),
            ("well i think its order number one two", "one two"),
            ("area code 503 then 555 0101", "503 555 0101"),
            ("one two three for six", "one two three four six"),
            ("one to three", "one two three"),
            ("seven ate for double to", "seven eight four double two"),
            ("12346 for me", "12346"),
            ("for 12346", "12346"),
            ("w as in william two three", "w two three"),
            ("double you one", "double you one"),
            ("i o u", "i o u"),
        ] {
            let words: Vec<&str> = said.split(' ').collect();
            assert_eq!(plain(&words).join(" "), number, "{said}");
        }
    }
}

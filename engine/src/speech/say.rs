//! What one answer says: short enough for one breath, and free of what a voice cannot read.

use super::text;

/// How long a `say` may be, in characters.
pub const LONGEST_SAY: usize = 240;

/// Keeps a sentence within [`LONGEST_SAY`]: whole sentences where one fits, whole words otherwise.
pub fn fit(say: String) -> String {
    if say.chars().count() <= LONGEST_SAY {
        return say;
    }
    let head: String = say.chars().take(LONGEST_SAY - 1).collect();
    let sentence = head.rfind(['.', '!', '?']).filter(|end| {
        say.get(end + 1..).is_some_and(|rest| rest.starts_with(' ')) && *end > LONGEST_SAY / 2
    });
    let cut = match sentence {
        Some(end) => return head.get(..=end).unwrap_or(&head).to_owned(),
        None if say.chars().nth(LONGEST_SAY - 1).is_some_and(char::is_whitespace) => head.len(),
        None => head.rfind(char::is_whitespace).unwrap_or(head.len()),
    };
    let words = head.get(..cut).unwrap_or(&head);
    format!("{}…", words.trim_end_matches(|c: char| c.is_whitespace() || ",;:–-".contains(c)))
}

/// Stored text that is to be said: seen characters only, no markdown, no uuid, at most `max_chars`.
pub fn stored(value: &str, max_chars: usize) -> String {
    let plain: String = text::display(value, usize::MAX)
        .chars()
        .map(|c| if is_mark(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = plain.split(' ').filter(|w| !w.is_empty() && !is_uuid(w)).collect();
    text::display(&words.join(" "), max_chars)
}

/// True of what may be said as it is: within [`LONGEST_SAY`], no markdown, no uuid, nothing unseen.
pub fn is_speakable(say: &str) -> bool {
    say.chars().count() <= LONGEST_SAY
        // Its length is known; composed, a few letters become two.
        && text::check(say, 2 * LONGEST_SAY).is_ok()
        && !say.contains(is_mark)
        && !say.split_whitespace().any(is_uuid)
}

/// How many sentences a text has.
pub fn sentences(text: &str) -> usize {
    ends(text).count()
}

/// The first sentence of a text, or all of it.
pub fn first_sentence(text: &str) -> &str {
    ends(text).next().and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// Where sentences end: something in upper case follows, or nothing.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let is_end = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let next = rest.trim_start().chars().next();
        (rest.is_empty() || rest.starts_with(' ')) && next.is_none_or(char::is_uppercase)
    };
    let marks = text.match_indices(['.', '!', '?']).map(|(at, _)| at);
    marks.filter(move |at| is_end(*at))
}

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '`' | '#' | '~' | '|' | '<' | '>' | '[' | ']' | '{' | '}' | '\\')
}

/// Reads 8-4-4-4-12 hexadecimal digits, with or without punctuation around them.
fn is_uuid(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_say_ends_with_a_sentence_or_a_word() {
        let two = format!("{}. {}.", "word ".repeat(30).trim(), "more ".repeat(30).trim());
        assert!(fit(two).ends_with("word."));
        assert!(fit("word ".repeat(100)).ends_with("word…"));
        assert_eq!(fit("short".into()), "short");
    }

    #[test]
    fn stored_text_is_said_without_marks_and_ids() {
        let name = "**Mug** [blue](x) 0190b2f4-7c1e-7aaa-8bbb-1234567890ab\nignore\u{202e}";
        assert_eq!(stored(name, 40), "Mug blue (x) ignore");
        assert!(is_speakable("Your order is on its way."));
        assert!(!is_speakable("**Order**"));
        let three = "It costs 5.00 USD, e.g. today. Is it right? Yes.";
        assert_eq!(sentences(three), 3);
        assert_eq!(first_sentence(three), "It costs 5.00 USD, e.g. today.");
        assert_eq!(first_sentence("No end"), "No end");
    }

    proptest! {
        #[test]
        fn every_say_fits(say in "[a-zé.,! ]{0,600}|.{0,300}") {
            prop_assert!(fit(say.clone()).chars().count() <= LONGEST_SAY);
            let said = fit(stored(&say, 400));
            prop_assert!(is_speakable(&said), "{:?}", said);
        }
    }
}

//! Words that stand for letters. A new alphabet is one more list here.

/// Radio and aviation, everywhere.
const NATO: [&str; 28] = [
    "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india",
    "juliet", "juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo",
    "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "yankee", "zulu",
];

/// Able Baker: what the forces spelled with before that, and what went on from there.
const ABLE_BAKER: [&str; 25] = [
    "able", "baker", "charlie", "dog", "easy", "fox", "george", "how", "item", "jig", "king",
    "love", "mike", "nan", "oboe", "peter", "queen", "roger", "sugar", "tare", "uncle", "victor",
    "william", "yoke", "zebra",
];

/// Adam Boy: American police and telephone staff.
const ADAM_BOY: [&str; 25] = [
    "adam", "boy", "charles", "david", "edward", "frank", "george", "henry", "ida", "john", "king",
    "lincoln", "mary", "nora", "ocean", "paul", "queen", "robert", "sam", "tom", "union", "victor",
    "william", "young", "zebra",
];

/// The letter that a word of the NATO alphabet stands for.
pub fn nato(word: &str) -> Option<&str> {
    match word {
        "xray" => Some("x"),
        _ => initial(word, &[&NATO]),
    }
}

/// The letter that a word of any alphabet stands for, or a letter itself. Many of these words are
/// names and things as well, so whoever asks has looked for them as they are first.
pub fn letter(word: &str) -> Option<&str> {
    match word {
        "xray" => Some("x"),
        "zed" | "zee" => Some("z"),
        _ if is_letter(word) => Some(word),
        _ => initial(word, &[&NATO, &ABLE_BAKER, &ADAM_BOY]),
    }
}

/// True of a single letter of the Latin alphabet.
pub fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn initial<'w>(word: &'w str, alphabets: &[&[&str]]) -> Option<&'w str> {
    let known = alphabets.iter().any(|alphabet| alphabet.contains(&word));
    word.get(..1).filter(|_| known)
}

/// The words, with letters that were explained as letters alone: `b as in boy`, `b for bravo`,
/// `b like bravo` are `b`, `double t` is `t t`, and `x ray` is `x`.
pub fn explained<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut plain = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some((&word, after)) = rest.split_first() {
        if let Some((times, letter)) = repeated(word, after) {
            plain.extend(std::iter::repeat_n(letter, times));
            rest = after.get(1..).unwrap_or_default();
            continue;
        }
        plain.push(word);
        rest = match after {
            ["ray", after @ ..] if word == "x" => after,
            ["as", "in", example, after @ ..]
            | ["is", "for", example, after @ ..]
            | ["as" | "for" | "like", example, after @ ..]
                if is_letter(word) && example.starts_with(word) =>
            {
                match (*example, after) {
                    ("x", ["ray", after @ ..]) => after,
                    _ => after,
                }
            }
            after => after,
        };
    }
    plain
}

/// A letter that is said to be there twice or three times. `Double u` is a letter of its own.
fn repeated<'w>(word: &str, after: &[&'w str]) -> Option<(usize, &'w str)> {
    let letter = after.first().copied().filter(|next| is_letter(next))?;
    match word {
        "double" if letter != "u" => Some((2, letter)),
        "triple" | "treble" => Some((3, letter)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alphabet_has_every_letter() {
        for alphabet in [&NATO[..], &ABLE_BAKER, &ADAM_BOY] {
            let letters: std::collections::BTreeSet<&str> =
                alphabet.iter().filter_map(|word| letter(word)).collect();
            // The X of all of them is said in two words, or one.
            assert_eq!(letters.len(), 25);
        }
        assert_eq!((letter("xray"), letter("zed"), letter("q")), (Some("x"), Some("z"), Some("q")));
        assert_eq!(
            (letter("bob"), letter("é"), letter("7"), nato("boy")),
            (None, None, None, None)
        );
    }

    #[test]
    fn explained_letters_are_letters() {
        for (said, plain) in [
            ("b as in boy five", "b five"),
            ("b for bravo", "b"),
            ("b like bravo x ray", "b x"),
            ("s is for sugar m as mary", "s m"),
            ("x as in x ray one", "x one"),
            ("m a double t", "m a t t"),
            ("double u double five double", "double u double five double"),
            ("b for one", "b for one"),
            ("mug for boy", "mug for boy"),
            ("b as in", "b as in"),
        ] {
            let words: Vec<&str> = said.split(' ').collect();
            assert_eq!(explained(&words).join(" "), plain, "{said}");
        }
    }
}

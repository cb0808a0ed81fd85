//! E-mail addresses that may have been heard for one another: `jonsmith@example.com` and
//! `john.smith@example.com`.
//!
//! Each customer's address is kept under two terms, so that those like it are short ranges of an
//! index. After a change of the rules, `reindex` writes them anew.

/// What is left out of a local part, because nobody says it, or everybody says it otherwise.
const SEPARATORS: [char; 4] = ['.', '_', '-', '+'];

/// What turns letters into what they sound like, in this order: vowels are misheard most, voiced
/// and voiceless sounds are taken for one another, and doubled ones are heard once.
const SOUNDS: [(&str, &str); 27] = [
    ("ph", "f"),
    ("a", ""),
    ("e", ""),
    ("i", ""),
    ("o", ""),
    ("u", ""),
    ("y", ""),
    ("h", ""),
    ("w", ""),
    ("c", "k"),
    ("q", "k"),
    ("g", "k"),
    ("z", "s"),
    ("x", "ks"),
    ("v", "f"),
    ("d", "t"),
    ("b", "p"),
    ("m", "n"),
    ("ff", "f"),
    ("kk", "k"),
    ("ll", "l"),
    ("nn", "n"),
    ("pp", "p"),
    ("rr", "r"),
    ("ss", "s"),
    ("tt", "t"),
    ("jj", "j"),
];

/// How many letters of the end of a local part are looked for.
const END: usize = 4;
/// Shorter sounds are shared by too many addresses to leave their end open.
const TELLING: usize = 3;
/// How many letters of a domain may differ.
const OTHER_DOMAIN: usize = 2;

/// The terms under which an address is kept: by its sound, and by the end of its local part.
pub fn terms(address: &str) -> [String; 2] {
    let local = local_part(address);
    [format!("e:{}:{address}", sound(&local)), format!("f:{}:{address}", end(&local))]
}

/// How the terms begin under which those like this address are kept.
pub fn beginnings(address: &str) -> [String; 2] {
    let local = local_part(address);
    let sound = sound(&local);
    let letters = sound.chars().count();
    let by_sound = if letters < TELLING {
        format!("e:{sound}:")
    } else {
        // The last sound may be another one, or more may follow it.
        let kept = TELLING.max(letters - 1);
        format!("e:{}", sound.chars().take(kept).collect::<String>())
    };
    [by_sound, format!("f:{}:", end(&local))]
}

/// The address that is kept under a term.
pub fn address(term: &str) -> Option<&str> {
    term.splitn(3, ':').nth(2)
}

/// How many letters of one address are other ones in the other, dots and dashes aside; `None` where
/// it is too many for a slip of the ear.
pub fn distance(heard: &str, known: &str) -> Option<usize> {
    let domain = |address: &str| address.rsplit('@').next().unwrap_or_default().to_owned();
    let (heard_local, known_local) = (local_part(heard), local_part(known));
    let locals = strsim::osa_distance(&heard_local, &known_local);
    let allowed = match heard_local.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    // What sounds the same may be written with one more letter that differs.
    let may_be = locals <= allowed
        || (allowed > 0 && locals == allowed + 1 && sound(&heard_local) == sound(&known_local));
    if !may_be {
        return None;
    }
    let domains = strsim::osa_distance(&domain(heard), &domain(known));
    (domains <= OTHER_DOMAIN).then_some(locals + domains)
}

/// The local part without separators.
fn local_part(address: &str) -> String {
    let local = address.split('@').next().unwrap_or_default();
    local.chars().filter(|c| !SEPARATORS.contains(c)).collect()
}

fn sound(local: &str) -> String {
    SOUNDS.iter().fold(local.to_owned(), |sound, (from, to)| sound.replace(from, to))
}

fn end(local: &str) -> String {
    let skipped = local.chars().count().saturating_sub(END);
    local.chars().skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_by_its_sound_and_its_end() {
        let address = "john.smith@example.com";
        let terms = terms(address);
        assert_eq!(terms, ["e:jnsnt:john.smith@example.com", "f:mith:john.smith@example.com"]);
        assert_eq!(super::address(&terms[0]), Some(address));
        assert_eq!(super::terms("a_1@x.org"), ["e:1:a_1@x.org", "f:a1:a_1@x.org"]);
    }

    #[test]
    fn those_that_may_be_heard_for_one_another_begin_alike() {
        for (heard, known, letters) in [
            ("johnsmith@example.com", "john.smith@example.com", 0),
            ("jonsmith@example.com", "john.smith@example.com", 1),
            ("jonsmyth@example.com", "john_smith@example.com", 2),
            ("anna.lopes@example.com", "ana.lopez@example.com", 2),
            ("mikesmith@example.com", "nikesmith@example.com", 1),
            ("annalopet@example.com", "ana.lopes@example.com", 2),
            ("john.smith@exampel.com", "john.smith@example.com", 1),
            ("kathy@example.com", "cathie@example.com", 3),
        ] {
            let distance = distance(heard, known);
            let found = beginnings(heard)
                .iter()
                .any(|begins| terms(known).iter().any(|term| term.starts_with(begins.as_str())));
            if letters <= 2 {
                assert_eq!((distance, found), (Some(letters), true), "{heard} {known}");
            } else {
                assert_eq!(distance, None, "{heard} {known}");
            }
        }
        for (heard, known) in [
            ("robert.koch@example.com", "ana.lopez@example.com"),
            ("john.smith@gmail.com", "john.smith@example.com"),
            ("al@example.com", "el@example.com"),
        ] {
            assert_eq!(distance(heard, known), None, "{heard} {known}");
        }
    }
}

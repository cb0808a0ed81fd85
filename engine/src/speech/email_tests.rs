use proptest::prelude::*;

use super::*;

#[test]
fn spoken_addresses_are_written() {
    for (text, email) in [
        ("ana dot lopez at gmail dot com", "ana.lopez@gmail.com"),
        ("Ana at example dot com", "ana@example.com"),
        ("ana underscore lopez at my dash shop dot co dot uk", "ana_lopez@my-shop.co.uk"),
        ("ana plus news at example.com", "ana+news@example.com"),
        ("ana lopez all one word at example dot com", "analopez@example.com"),
        ("ana nine two at one dot com", "ana92@one.com"),
        ("look at me at example dot com.", "lookatme@example.com"),
        ("ana lopez one word at example dot com", "analopez@example.com"),
        ("ana lopez all in one word, at example dot com", "analopez@example.com"),
        ("ana dot lopez at example dot com all lower case", "ana.lopez@example.com"),
        ("ana dot lopez in lower case with no spaces at example dot com", "ana.lopez@example.com"),
        ("my email is ana dot lopez at example dot com", "ana.lopez@example.com"),
        ("My e-mail address is: ana dot lopez at example dot com", "ana.lopez@example.com"),
        ("It's ana dot lopez at example dot com, please", "ana.lopez@example.com"),
        ("Yes, ana dot lopez at example dot com", "ana.lopez@example.com"),
        ("um, that would be ana.lopez@example.com", "ana.lopez@example.com"),
        ("ana dot lopez at example dotcom", "ana.lopez@example.com"),
        ("ana dot lopez at exampledotcom", "ana.lopez@example.com"),
        ("ana full stop lopez at example full stop com", "ana.lopez@example.com"),
        ("ana period lopez at example point com", "ana.lopez@example.com"),
        ("ana dot lopez at sign example dot com", "ana.lopez@example.com"),
        ("ana under score lopez at example dot com", "ana_lopez@example.com"),
        ("ma double t at example dot com", "matt@example.com"),
        ("ana triple nine at example dot com", "ana999@example.com"),
        ("b as in boy o b at example dot com", "bob@example.com"),
        // What is said around an address may be all of it.
        ("it at example dot com", "it@example.com"),
        ("my dot mail at example dot com", "my.mail@example.com"),
        ("dotcom at example dot com", "dotcom@example.com"),
        ("one word at example dot com", "1word@example.com"),
    ] {
        assert_eq!(normalise(text).as_deref(), Some(email), "{text}");
    }
}

#[test]
fn what_was_said_is_tried_before_what_may_have_been_meant() {
    for (text, emails) in [
        ("ana@example.com", &["ana@example.com"][..]),
        ("it's me at example dot com", &["it'sme@example.com", "me@example.com"]),
        (
            "juliet oscar hotel november dot smith at example dot com",
            &["julietoscarhotelnovember.smith@example.com", "john.smith@example.com"],
        ),
        (
            "j-o-h-n dot smith at example dot com",
            &["j-o-h-n.smith@example.com", "john.smith@example.com"],
        ),
        ("j o h n dot smith at example dot com", &["john.smith@example.com"]),
        (
            "jig how oboe baker at example dot com",
            &["jighowoboebaker@example.com", "jhob@example.com"],
        ),
        ("juliet dot smith at example dot com", &["juliet.smith@example.com"]),
        ("ana", &[]),
    ] {
        assert_eq!(readings(text), emails, "{text}");
    }
}

#[test]
fn typed_addresses_lose_what_is_not_theirs() {
    for text in
        [" Ana@Example.COM ", "<ana@example.com>", "mailto:ana@example.com", "ana @ example.com"]
    {
        assert_eq!(normalise(text).as_deref(), Some("ana@example.com"), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@localhost",
        "a@b@c.com",
        "a..b@c.com",
        ".a@c.com",
        "ana@exam ple",
        "ana@-x.com",
        "ana@example.c",
        "ana@127.0.0.1",
        "at dot com",
        "añá@example.com",
    ] {
        assert_eq!(normalise(text), None, "{text}");
    }
    assert_eq!(normalise(&format!("{}@example.com", "a".repeat(65))), None);
}

#[test]
fn little_is_shown_and_words_are_read_back() {
    assert_eq!(mask("ana.lopez@example.com"), "a***@example.com");
    assert_eq!(mask("a@lopez.example"), "***@lopez.example");
    assert_eq!(
        spoken("ana.lopez_9@my-shop.com"),
        "ana dot lopez underscore 9 at my dash shop dot com"
    );
}

proptest! {
    #[test]
    fn what_is_read_back_is_understood(
        email in "[a-z]{3,8}[.][a-z]{3,8}@[a-z]{3,8}(-[a-z]{3,4})?[.](com|org|co[.]uk)",
    ) {
        prop_assume!(normalise(&email).as_deref() == Some(email.as_str()));
        let words = spoken(&email);
        prop_assume!(!email.split(['.', '-', '@']).any(|w| {
            written(w, true) != w || w == "at" || w == "dot"
        }));
        prop_assert_eq!(normalise(&words), Some(email));
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,60}") {
        if let Some(email) = normalise(&text) {
            prop_assert_eq!(normalise(&email), Some(email.clone()));
        }
    }
}

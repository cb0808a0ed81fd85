//! What callers say and how it is understood, and what is said to them.
//!
//! What comes in:
//!
//! * [`text`]: what text may contain when it comes in, and how it is shown;
//! * [`alphabet`] and [`heard`]: letters that are spelled, and what is said around a number;
//! * [`lenient`]: whole numbers in digits and words;
//! * `amount`: amounts of money with their marks and in words;
//! * [`mod@reference`]: order numbers and other ids as callers say them;
//! * [`phone`] and [`email`]: one form for each;
//! * [`misheard`]: addresses that are heard for one another;
//! * [`name`]: likeness of names, by letters and by sound.
//!
//! What goes out:
//!
//! * [`phrases`]: money, days, ids and lists in words;
//! * [`say`]: the length of one breath, and nothing that a voice cannot read;
//! * [`words`]: sentences in the language of the business.

pub mod alphabet;
pub(crate) mod amount;
pub mod email;
pub mod heard;
pub mod lenient;
pub mod misheard;
pub mod name;
pub mod phone;
pub mod phrases;
pub mod reference;
pub mod say;
pub mod text;
pub mod words;

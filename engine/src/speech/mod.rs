//! Pure rules: no I/O, no clock, no database. What is true of the business wherever it runs.
//!
//! What the business is:
//!
//! * [`money`]: integer minor units and how they are read and written;
//! * [`percent`] and [`tier`]: exact shares, and the customers who get them;
//! * [`discount`] and [`pricing`]: the one engine that says what things cost;
//! * [`business`]: name, hours, places, prices and promises, from `seed/business.toml`;
//! * [`hours`]: when it is open, and when somebody is called back;
//! * [`order_state`]: the life of an order, and what may be done when;
//! * [`order_lines`] and [`settlement`]: what swapped and returned pieces cost, and which way the money
//!   goes;
//! * [`reorder`]: when something is to be reordered, and how much of it;
//! * [`records`]: what an import brings, and what makes a record wrong.
//!
//! What people say, and how it is understood:
//!
//! * [`text`]: what text may contain when it comes in, and how it is shown;
//! * [`alphabet`] and [`heard`]: letters that are spelled, and what is said around a number;
//! * [`lenient`]: whole numbers in digits and words;
//! * [`mod@reference`]: order numbers and other ids as callers say them;
//! * [`phone`] and [`email`]: one form for each;
//! * [`misheard`]: addresses that are heard for one another;
//! * [`name`]: likeness of names, by letters and by sound;
//! * [`period`]: days from one to another, as analysts write and callers say them.
//!
//! What is said in answer:
//!
//! * [`speech`]: money, days, ids and lists in words;
//! * [`say`]: the length of one breath, and nothing that a voice cannot read;
//! * [`words`]: sentences in the language of the business;
//! * [`digest`]: the fingerprint of a text.

pub mod alphabet;
pub mod business;
pub mod digest;
pub mod discount;
pub mod email;
pub mod heard;
pub mod hours;
pub mod lenient;
pub mod misheard;
pub mod money;
pub mod name;
pub mod order_lines;
pub mod order_state;
pub mod percent;
pub mod period;
pub mod phone;
pub mod pricing;
pub mod records;
pub mod reference;
pub mod reorder;
pub mod say;
pub mod settlement;
pub mod speech;
pub mod text;
pub mod tier;
pub mod words;

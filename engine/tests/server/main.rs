//! The engine from outside, with a small business behind it: real sockets, and each database there is to test on.
//!
//! * `smallest`: the application of `examples/`, and the README that shows it;
//! * `numbers`: a business that exists for these tests, each of whose tools does one thing that the engine must cope
//!   with; `calls` makes calls of it.

#![cfg(test)]

mod calls;
mod numbers;
mod smallest;

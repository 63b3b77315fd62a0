//! What rrweb's player does with unusual data, case by case.

#![allow(clippy::unwrap_used)]

mod build;
mod state;
mod stream;
mod styles;
mod tree;

//! What an operator does at the command line, against contexts that are played by the test.

mod admin;
mod demo;
mod fsck;
mod import;
mod import_refusals;
mod scripted;
mod shop;

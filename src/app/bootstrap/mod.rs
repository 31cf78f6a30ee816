//! Ring 5: the composition root. Configuration, command line, wiring, server: the only place that sees everything.

pub mod contexts;

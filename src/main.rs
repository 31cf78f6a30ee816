//! The program `banyan`: the command line is read and carried out in [`banyan::app::bootstrap::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    banyan::app::bootstrap::commands::main(std::env::args_os())
}

//! The command line.

use clap::{Parser, Subcommand};

use crate::{attendee, load};

/// A headless attendee of Hubbub meetings, and many of them as load.
#[derive(Parser, Debug)]
#[command(name = "hubbub-attendee", version, no_binary_name = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Join(Box<attendee::options::Join>),
    Load(Box<load::options::Load>),
}

/// Runs a command line (without the program's name) and gives its exit code.
pub fn attend<I: IntoIterator<Item = String>>(arguments: I) -> i32 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(e) => {
            // Where it cannot be printed the exit code has to do.
            let _ = e.print();
            return e.exit_code();
        }
    };
    match arguments.command {
        Command::Join(options) => attendee::join(&options),
        Command::Load(options) => load::load(&options),
    }
}

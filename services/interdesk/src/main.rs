//! Interdesk: one desk for every messaging app.

mod cli;
mod command;
mod demo;
mod foundation;
mod run;

fn main() -> std::process::ExitCode {
    cli::main()
}

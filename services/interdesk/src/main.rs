//! Interdesk: one desk for every messaging app.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic when nobody reads any more; say! does not"
)]

mod cli;
mod command;
mod demo;
mod foundation;
mod run;
mod say;

fn main() -> std::process::ExitCode {
    cli::main()
}

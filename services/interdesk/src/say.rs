//! What commands print.
//!
//! A reader who has seen enough and left, as `head` does, is no fault: the rest goes nowhere, and the
//! command ends as it would have. Output that is lost for another reason, such as a full disk, makes
//! the command fail. The standard library's `println!` would panic at either.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line to standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

pub(crate) use say;

/// Prints a line to standard output; what [`say!`] stands for.
pub(crate) fn line(text: Arguments<'_>) {
    note(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints a whole text to standard output as it is.
pub(crate) fn text(text: &str) {
    note(io::stdout().lock().write_all(text.as_bytes()));
}

/// Prints a complaint to standard error, where nobody may be listening either.
pub(crate) fn complaint(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "interdesk: {text}");
}

/// Tells whether something that was to be printed is lost, though somebody wanted it.
pub(crate) fn is_lost() -> bool {
    note(io::stdout().lock().flush());
    LOST.load(Ordering::Relaxed)
}

fn note(written: io::Result<()>) {
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

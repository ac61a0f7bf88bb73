use std::error::Error;
use std::io::{self, ErrorKind};

use ::postgres::Error as PostgresError;

/// Whether the server cannot be reached at the moment, so that a later attempt may do better.
pub(crate) fn is_gone(error: &(dyn Error + 'static)) -> bool {
    let Some(error) = error.downcast_ref::<PostgresError>() else { return false };
    match error.code() {
        Some(code) => is_going(code.code()),
        None => error.is_closed() || io_cause(error).is_some_and(is_lost),
    }
}

/// Whether the server says that it ends the connection because it stops, has crashed, or is not up
/// yet.
// Source: PostgreSQL documentation, appendix A: class 08, connection exception; 57P01
// admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now.
fn is_going(code: &str) -> bool {
    code.starts_with("08") || ["57P01", "57P02", "57P03"].contains(&code)
}

fn io_cause(error: &PostgresError) -> Option<&io::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

/// A certificate that is no good (`InvalidData`) and the like will be so tomorrow.
fn is_lost(error: &io::Error) -> bool {
    use ErrorKind::{InvalidData, InvalidInput, PermissionDenied, Unsupported};
    ![InvalidData, InvalidInput, PermissionDenied, Unsupported].contains(&error.kind())
}

//! What is stored, as web pages.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Error, bail};
use diskprint::printable;
use diskprint_web::{Access, Guard, Settings};
use tokio::sync::oneshot;

use crate::Outcome;
use crate::args::ServeArgs;
use crate::database::Database;

/// Serves until Ctrl-C.
pub fn run(args: &ServeArgs) -> Result<Outcome, Error> {
    let settings = Settings { address: args.listen, access: access(args)? };
    let database = Database::must_be_named(&args.database)?;
    // What is wrong with it is better told now than to each browser.
    drop(database.open_read_only()?);
    let name = database.to_string();
    let (stop, stopped) = oneshot::channel();
    let stop = Mutex::new(Some(stop));
    ctrlc::set_handler(move || {
        let stop = stop.lock().map(|mut stop| stop.take());
        // It listens until it has stopped.
        let _ = stop.map(|stop| stop.map(|stop| stop.send(())));
    })?;
    let ready = |address: SocketAddr| {
        if !args.quiet {
            let text = format!("{name} is shown at http://{address}/ until Ctrl-C stops it");
            let _ = writeln!(io::stdout(), "{text}");
        }
    };
    let open = move || database.open_read_only().map_err(|error| format!("{error:#}"));
    let warn = |text: &str| {
        // Nothing is left to say it to when standard error is gone.
        let _ = writeln!(io::stderr(), "diskprint: warning: {}", printable(text));
    };
    diskprint_web::serve(settings, open, warn, ready, stopped)?;
    Ok(Outcome::Clean)
}

fn access(args: &ServeArgs) -> Result<Access, Error> {
    let is_local = args.listen.ip().is_loopback();
    let guard = match (&args.token_file, &args.behind_proxy) {
        (Some(file), _) => Guard::Token(token(file)?),
        (None, Some(header)) => Guard::Header(header.to_ascii_lowercase()),
        (None, None) if is_local => Guard::Loopback,
        (None, None) => bail!(
            "{} can be reached from other machines: say who may ask with --token-file FILE, or \
             with --behind-proxy HEADER",
            args.listen
        ),
    };
    if !is_local && args.listen.ip().is_unspecified() && args.host.is_empty() {
        bail!("add --host NAME, the name or address by which browsers call this machine");
    }
    let own = match args.listen {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let known = ["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned(), own];
    Ok(Access { hosts: known.into_iter().chain(args.host.iter().cloned()).collect(), guard })
}

/// Reads the secret; it must be one that cannot be guessed.
fn token(file: &Path) -> Result<String, Error> {
    const SHORTEST: usize = 16;
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let token = text.trim();
    if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!(
            "{}: the token has to be one word of at least {SHORTEST} ASCII characters, as \
             openssl rand -hex 32 prints one",
            file.display()
        );
    }
    Ok(token.to_owned())
}

use std::io::{self, Write};

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::answer::{Problem, set};
use crate::connections::{Connections, Size};
use diskprint_store::Store;

/// Bytes that are handed over at once.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for the browser at most.
const WAITING: usize = 8;

/// What a download is called, and what it is.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content_type: &'static str,
}

/// Answers with what `write` writes, as it is written. Where that fails on the way, the connection
/// ends without the end of the answer, so that half a file is not taken for a whole one.
///
/// `check` says first whether there is anything to be written.
pub(crate) async fn download<T: Send + 'static>(
    connections: &Connections,
    check: impl FnOnce(&dyn Store) -> Result<(File, T), Problem> + Send + 'static,
    write: impl FnOnce(&dyn Store, T, &mut dyn Write) -> Result<(), Problem> + Send + 'static,
) -> Result<Response<Body>, Problem> {
    let (file, found) = connections.with(Size::Page, check).await?;
    let (sender, receiver) = channel(WAITING);
    let connections = connections.clone();
    tokio::spawn(async move {
        let failed = sender.clone();
        let written = connections.with(Size::Large, move |store| {
            let mut out = io::BufWriter::with_capacity(PIECE, Pieces(sender));
            write(store, found, &mut out)?;
            Ok(out.flush()?)
        });
        if let Err(problem) = written.await {
            // Nobody may listen any more.
            let _ = failed.send(Err(io::Error::other(problem.text))).await;
        }
    });
    let mut response = Response::new(body(receiver));
    set(&mut response, CONTENT_TYPE, file.content_type);
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    set(&mut response, CONTENT_DISPOSITION, &disposition);
    Ok(response)
}

type Piece = io::Result<Bytes>;

fn body(mut receiver: Receiver<Piece>) -> Body {
    Body::from_stream(stream::poll_fn(move |context| receiver.poll_recv(context)))
}

/// Hands each piece to the browser's connection.
struct Pieces(Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(piece)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

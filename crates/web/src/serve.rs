use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use diskprint_store::Store;
use futures_util::future::select;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use tower_service::Service as _;

use crate::access::Access;
use crate::answer::{Problem, protect};
use crate::connections::Connections;
use crate::{api, pages};

/// How many browsers are connected at once; others wait.
const CONNECTIONS: usize = 256;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// The longest address of a request, in bytes.
const LONGEST_ADDRESS: usize = 64 * 1024;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 for any that is free.
    pub address: SocketAddr,
    /// Who may ask.
    pub access: Access,
}

/// Why the server stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not listen.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Threads could not be started.
    #[error("cannot start the server")]
    Start(#[source] io::Error),
}

/// Serves what is stored, until `stop` says something or is gone.
///
/// `open` opens a connection to the database that can only read; `warn` is told when the database
/// fails, which browsers learn without the details; `ready` is called with the address
/// as soon as browsers can connect.
///
/// # Errors
/// When it cannot listen there.
pub fn serve(
    settings: Settings,
    open: impl Fn() -> Result<Box<dyn Store>, String> + Send + Sync + 'static,
    warn: impl Fn(&str) + Send + Sync + 'static,
    ready: impl FnOnce(SocketAddr),
    stop: oneshot::Receiver<()>,
) -> Result<(), Error> {
    let connections = Connections::new(Box::new(open), Box::new(warn));
    let router = Router::new().merge(pages::routes()).merge(api::routes()).with_state(connections);
    let service = Service { router, access: Arc::new(settings.access) };
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Error::Start)?;
    let address = settings.address;
    runtime.block_on(async {
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        ready(listener.local_addr().map_err(failed)?);
        select(pin!(accept(listener, service)), stop).await;
        Ok(())
    })?;
    // What is being read meanwhile changes nothing.
    runtime.shutdown_background();
    Ok(())
}

async fn accept(listener: TcpListener, service: Service) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = service.clone();
                tokio::spawn(async move {
                    let _place = place;
                    talk(stream, service).await;
                });
            }
            // Too many files are open, say; browsers try again.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn talk(stream: TcpStream, service: Service) {
    let answer = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    // A browser that goes away in the middle is no error of ours.
    let _ = connection.await;
}

#[derive(Clone)]
struct Service {
    router: Router,
    access: Arc<Access>,
}

impl Service {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Response<Body> {
        let mut response = match self.check(&request) {
            Ok(()) => self.route(request.map(Body::new)).await,
            Err(problem) => problem.response(),
        };
        protect(&mut response);
        response
    }

    fn check(&self, request: &hyper::Request<Incoming>) -> Result<(), Problem> {
        self.access.check(request.headers())?;
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let text = "only GET and HEAD are answered: nothing can be changed here";
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, text));
        }
        match request.uri().to_string().len() > LONGEST_ADDRESS {
            true => Err(Problem::new(StatusCode::URI_TOO_LONG, "the address is too long")),
            false => Ok(()),
        }
    }

    async fn route(&self, request: Request) -> Response<Body> {
        match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

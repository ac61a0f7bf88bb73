use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use diskprint_store::Store;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::answer::Problem;

/// Opens a connection that can only read.
pub(crate) type Open = Box<dyn Fn() -> Result<Box<dyn Store>, String> + Send + Sync>;

/// Tells who runs the server what went wrong.
pub(crate) type Warn = Box<dyn Fn(&str) + Send + Sync>;

/// How many requests read the database at once.
const AT_ONCE: usize = 8;
/// How many of those that read all of a sequence: reports, exports, comparisons.
const LARGE_AT_ONCE: usize = 2;
/// How long a request waits for its turn, and then for its answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A few connections to the database, kept open.
#[derive(Clone)]
pub(crate) struct Connections {
    open: Arc<Open>,
    warn: Arc<Warn>,
    idle: Arc<Mutex<Vec<Box<dyn Store>>>>,
    turns: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// How much a request reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// A page.
    Page,
    /// All of a sequence.
    Large,
}

impl Connections {
    pub(crate) fn new(open: Open, warn: Warn) -> Self {
        Self {
            open: Arc::new(open),
            warn: Arc::new(warn),
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        }
    }

    /// Works with the database on a thread of its own.
    ///
    /// Work on a page that takes too long is answered for; it goes on, and keeps its turn, until it
    /// comes to its end.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        size: Size,
        work: impl FnOnce(&dyn Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turns = match size {
            Size::Page => &self.turns,
            Size::Large => &self.large,
        };
        let busy = |text: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, text);
        let turn = timeout(PATIENCE, turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(busy("too many others are asking; try again"));
        };
        let connections = self.clone();
        let done = spawn_blocking(move || {
            let _turn = turn;
            connections.work(work)
        });
        let done = match size {
            Size::Page => timeout(PATIENCE, done).await,
            Size::Large => Ok(done.await),
        };
        match done {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the work on the answer came to an unexpected end",
            )),
            Err(_) => Err(Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the database took too long to answer",
            )),
        }
    }

    fn work<T>(&self, work: impl FnOnce(&dyn Store) -> Result<T, Problem>) -> Result<T, Problem> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let store = match kept {
            Some(store) => store,
            None => match (self.open)() {
                Ok(store) => store,
                Err(error) => return Err(self.told(Problem::of_database(error))),
            },
        };
        let answer = work(&*store).map_err(|problem| self.told(problem));
        // A connection that failed may be gone; the next request opens another.
        let is_good = !matches!(&answer, Err(problem) if problem.status.is_server_error());
        if is_good {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(store);
        }
        answer
    }

    /// Tells who runs the server what the browser is not told.
    fn told(&self, problem: Problem) -> Problem {
        if let Some(detail) = &problem.detail {
            (self.warn)(detail);
        }
        problem
    }
}

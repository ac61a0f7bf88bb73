//! The JSON API, version 1. `openapi.json` describes it.

mod compare;
mod differences;
mod downloads;
mod sequences;
mod slices;
mod touching;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::Response;
use axum::routing::{MethodRouter, get};
use diskprint::SliceId;
use diskprint_store::Store;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::{Problem, whole};
use crate::connections::{Connections, Size};

/// How many rows a page has where nobody says, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1000;

const OPENAPI: &str = include_str!("openapi.json");

pub(crate) fn routes() -> Router<Connections> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/sequences", answered(sequences::list))
        .route("/api/v1/sequences/{sequence}", answered(sequences::one))
        .route("/api/v1/sequences/{sequence}/export", get(downloads::export))
        .route("/api/v1/sequences/{sequence}/report", get(downloads::report))
        .route("/api/v1/slices/{slice}/branches", answered(slices::branches))
        .route("/api/v1/slices/{slice}/faults", answered(slices::faults))
        .route("/api/v1/slices/{slice}/interim", answered(slices::interim))
        .route("/api/v1/slices/{slice}/{tree}", answered(differences::list))
        .route("/api/v1/slices/{slice}/{tree}/{ordinal}", answered(differences::one))
        .route("/api/v1/touching", answered(touching::list))
        .route("/api/v1/compare", large(compare::compare))
        .route("/api/{*rest}", get(nowhere))
}

/// What is asked: the parts of the path that are named, and the query.
pub(crate) struct Asked<Q> {
    parts: Vec<String>,
    query: Q,
}

impl<Q: DeserializeOwned> Asked<Q> {
    fn read(parts: &RawPathParams, request: &Request) -> Result<Self, Problem> {
        let query = Query::try_from_uri(request.uri());
        let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
        Ok(Self { parts: parts.iter().map(|(_, value)| value.to_owned()).collect(), query })
    }
}

impl<Q> Asked<Q> {
    fn part(&self, index: usize) -> &str {
        self.parts.get(index).map_or("", |part| part)
    }

    fn slice(&self) -> Result<SliceId, Problem> {
        slice_id(self.part(0))
    }
}

fn slice_id(name: &str) -> Result<SliceId, Problem> {
    SliceId::from_name(name).ok_or_else(|| {
        let text = "names no slice; its form is OSETID-APPETID-SLICEID, as in 8504-1-7895-1-20";
        Problem::bad_request(format!("{name:?} {text}"))
    })
}

/// How many rows are wanted.
fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    match wanted.unwrap_or(ROWS) {
        limit @ 1..=MOST_ROWS => Ok(limit),
        _ => Err(Problem::bad_request(format!("limit is not between 1 and {MOST_ROWS}"))),
    }
}

type Handler<Q, A> = fn(&dyn Store, &Asked<Q>) -> Result<A, Problem>;

fn answered<Q, A>(handler: Handler<Q, A>) -> MethodRouter<Connections>
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + 'static,
{
    sized(Size::Page, handler)
}

/// Reads all of a sequence, and so waits for its turn.
fn large<Q, A>(handler: Handler<Q, A>) -> MethodRouter<Connections>
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + 'static,
{
    sized(Size::Large, handler)
}

fn sized<Q, A>(size: Size, handler: Handler<Q, A>) -> MethodRouter<Connections>
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + 'static,
{
    get(
        move |State(connections): State<Connections>, parts: RawPathParams, request: Request| async move {
            let headers = request.headers().clone();
            let answer = match Asked::read(&parts, &request) {
                Ok(asked) => {
                    let work =
                        move |store: &dyn Store| Ok(serde_json::to_vec(&handler(store, &asked)?)?);
                    connections.with(size, work).await
                }
                Err(problem) => Err(problem),
            };
            match answer {
                Ok(body) => whole(&headers, "application/json", body),
                Err(problem) => problem.response(),
            }
        },
    )
}

async fn openapi(request: Request) -> Response<Body> {
    whole(request.headers(), "application/json", OPENAPI.into())
}

async fn nowhere() -> Response<Body> {
    Problem::not_found("there is nothing here; /api/v1/openapi.json says what there is").response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_describes_each_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let mut described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        described.sort();
        let source = include_str!("mod.rs");
        let routes = source.split(".route(\"").skip(1).filter_map(|it| it.split('"').next());
        let mut routes: Vec<&str> = routes.filter(|it| it.starts_with("/api/v1/")).collect();
        routes.sort_unstable();
        assert_eq!(described, routes);
        for (path, of) in document["paths"].as_object().unwrap() {
            let named = path.matches('{').count();
            let parameters = of["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = parameters.iter().filter(|it| it["in"] == "path").count();
            assert_eq!(in_path, named, "{path}");
            assert!(of["get"]["responses"]["200"].is_object(), "{path}");
        }
    }
}

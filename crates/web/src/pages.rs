//! The pages: one document whose script asks the API for what the address names.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use diskprint::report::{PARTS, STYLE};

use crate::answer::whole;
use crate::connections::Connections;

const PAGE: &str = include_str!("../assets/page.html");
const PAGES_STYLE: &str = include_str!("../assets/pages.css");
const PAGES_SCRIPT: &str = include_str!("../assets/pages.js");

pub(crate) fn routes() -> Router<Connections> {
    Router::new()
        .route("/", get(page))
        .route("/sequences/{sequence}", get(page))
        .route("/touching", get(page))
        .route("/compare", get(page))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .fallback(nowhere)
}

async fn page(request: Request) -> Response<Body> {
    whole(request.headers(), "text/html; charset=utf-8", PAGE.into())
}

async fn style(request: Request) -> Response<Body> {
    whole(request.headers(), "text/css; charset=utf-8", [STYLE, PAGES_STYLE].concat().into())
}

async fn script(request: Request) -> Response<Body> {
    let script = [PARTS, PAGES_SCRIPT].concat();
    whole(request.headers(), "text/javascript; charset=utf-8", script.into())
}

async fn nowhere(request: Request) -> Response<Body> {
    let mut page = page(request).await;
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}

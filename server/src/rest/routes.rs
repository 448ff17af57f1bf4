//! The route table of `/api/v1`.

use super::{
    Refusal, agents, approvals, credential_rotation, credentials, events, execution_approvals, execution_cancel,
    execution_events, execution_pause, execution_rerun, execution_resume, execution_signals, execution_terminate,
    executions, executions_bulk, health, hooks, login, metrics, metrics_series, openapi, playbook_diff,
    playbook_schema, playbook_versions, playbooks, playbooks_validate, prometheus, schedule_pause, schedule_resume,
    schedule_run, schedules, tokens, users, websocket_broadcast_test, websocket_status, workers,
};
use crate::AppState;
use axum::{
    Router,
    http::{Method, Uri},
    routing::{get, post},
};
use protocol::Problem;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Everything under `/api/v1`, the probes beside it, and what answers for any other path under `/api`.
pub(crate) fn routes() -> Router<AppState> {
    let (router, document) = OpenApiRouter::with_openapi(openapi::head())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .routes(routes!(playbooks::list, playbooks::register))
                .routes(routes!(playbooks_validate::validate))
                .routes(routes!(playbooks::get))
                .routes(routes!(playbook_versions::list))
                .routes(routes!(playbook_diff::get))
                .routes(routes!(playbook_schema::get))
                .routes(routes!(executions::list, executions::submit))
                .routes(routes!(executions::get))
                .routes(routes!(execution_events::list))
                .routes(routes!(execution_cancel::cancel))
                .routes(routes!(execution_terminate::terminate))
                .routes(routes!(execution_pause::pause))
                .routes(routes!(execution_resume::resume))
                .routes(routes!(execution_rerun::rerun))
                .routes(routes!(executions_bulk::bulk))
                .routes(routes!(execution_signals::signal))
                .routes(routes!(execution_approvals::answer))
                .routes(routes!(approvals::list))
                .routes(routes!(schedules::list, schedules::add))
                .routes(routes!(schedules::get, schedules::put, schedules::delete))
                .routes(routes!(schedule_pause::pause))
                .routes(routes!(schedule_resume::resume))
                .routes(routes!(schedule_run::run))
                .routes(routes!(events::list, events::publish))
                .routes(routes!(agents::list))
                .routes(routes!(websocket_status::get))
                .routes(routes!(websocket_broadcast_test::send))
                .routes(routes!(metrics::list))
                .routes(routes!(metrics_series::get))
                .routes(routes!(login::log_in))
                .routes(routes!(login::log_out))
                .routes(routes!(login::identity))
                .routes(routes!(users::list, users::add))
                .routes(routes!(users::remove))
                .routes(routes!(users::set_password))
                .routes(routes!(tokens::list, tokens::create))
                .routes(routes!(tokens::revoke))
                .routes(routes!(credentials::list))
                .routes(routes!(credentials::set, credentials::delete))
                .routes(routes!(credential_rotation::rotate))
                .routes(routes!(workers::list))
                .routes(routes!(health::health)),
        )
        .split_for_parts();
    router
        // `validate` is a legal playbook path, and the literal route would hide it.
        .route("/api/v1/playbooks/validate", get(playbooks::get_called_validate))
        .route("/api/v1/openapi.json", openapi::serve(document))
        .route("/hooks/{*name}", post(hooks::deliver))
        .route("/metrics", get(prometheus::scrape))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api", axum::routing::any(unknown))
        .route("/api/", axum::routing::any(unknown))
        .route("/api/{*rest}", axum::routing::any(unknown))
}

async fn unknown(uri: Uri) -> Refusal {
    let detail = format!("there is nothing at `{}`; GET /api/v1/openapi.json lists what there is", uri.path());
    Refusal(Problem::new(404, "unknown_route", "Not found", detail))
}

/// What answers for a method a route does not take, pages included.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    let detail = format!("`{}` does not take {method}; the Allow header says what it takes", uri.path());
    Refusal(Problem::new(405, "method_not_allowed", "Method not allowed", detail))
}

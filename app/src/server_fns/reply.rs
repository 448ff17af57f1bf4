//! The answer to a form: another place, or a page.

use crate::{href::DASHBOARD, security::Policy, shell, sign_in::SignIn};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use protocol::Problem;
use runtime::Api;
use server_fn::{
    ContentType,
    codec::{Encoding, FromRes, IntoRes},
    error::{FromServerFnError, ServerFnErrorErr},
};

/// A form the server did not accept, for the page that shows it again. Its status becomes the page's.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    /// What was entered, of a form with one field; forms of several have it in a context of their own.
    pub(crate) text: String,
    pub(crate) problem: Problem,
}

pub struct Reply(Response);

impl Reply {
    /// The browser goes on to `href` with a GET.
    pub(crate) fn see_other(href: &str) -> Self {
        insist(StatusCode::SEE_OTHER, href);
        Self(StatusCode::SEE_OTHER.into_response())
    }

    pub(crate) fn with_cookie(mut self, cookie: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            self.0.headers_mut().append(header::SET_COOKIE, value);
        }
        self
    }

    /// The page at `href` with what is wrong on it, of a form that has nothing to be kept.
    pub(crate) async fn refused(href: &str, problem: Problem) -> Self {
        Self::rejected(href, Rejected { text: String::new(), problem }).await
    }

    /// The page at `href` with the rejected form on it.
    pub(crate) async fn rejected(href: &str, rejected: Rejected) -> Self {
        Self::page(href, Some(rejected), ()).await
    }

    /// The same for a form of several fields: the page finds `entered` in its context.
    pub(crate) async fn rejected_with<E: Clone + Send + Sync + 'static>(
        href: &str,
        problem: Problem,
        entered: E,
    ) -> Self {
        Self::page(href, Some(Rejected { text: String::new(), problem }), entered).await
    }

    /// The page at `href`, which finds what was done in its context.
    pub(crate) async fn page_with<E: Clone + Send + Sync + 'static>(href: &str, done: E) -> Self {
        Self::page(href, None, done).await
    }

    async fn page<E: Clone + Send + Sync + 'static>(href: &str, rejected: Option<Rejected>, entered: E) -> Self {
        // Nobody's on the page for signing in.
        let (api, sign_in, policy) = (use_context::<Api>(), use_context::<SignIn>(), use_context::<Policy>());
        let options =
            use_context::<LeptosOptions>().unwrap_or_else(|| LeptosOptions::builder().output_name("signalbox").build());
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = href.parse().unwrap_or_default();
        if let Some(parts) = use_context::<Parts>() {
            *request.headers_mut() = parts.headers;
        }
        let provided = options.clone();
        let render = leptos_axum::render_app_async_with_context(
            move || {
                if let Some(api) = api.clone() {
                    provide_context(api);
                }
                if let Some(sign_in) = sign_in.clone() {
                    provide_context(sign_in);
                }
                if let Some(policy) = policy.clone() {
                    provide_context(policy);
                }
                provide_context(provided.clone());
                if let Some(rejected) = rejected.clone() {
                    provide_context(rejected);
                }
                provide_context(entered.clone());
            },
            move || shell(options.clone()),
        );
        let response = render(request).await;
        insist(response.status(), href);
        Self(response)
    }
}

/// `server_fn` turns every answer to a browser's form into a redirect to the referrer; what stands in
/// `ResponseOptions` has the last word. The location of a rejected form names its page for the navigator.
fn insist(status: StatusCode, href: &str) {
    let response = expect_context::<ResponseOptions>();
    response.set_status(status);
    response.insert_header(header::LOCATION, HeaderValue::from_str(href).unwrap_or(HeaderValue::from_static("/")));
}

/// The encoding of a [`Reply`]: it is the response.
pub struct Html;

impl ContentType for Html {
    const CONTENT_TYPE: &'static str = "text/html; charset=utf-8";
}

impl Encoding for Html {
    const METHOD: Method = Method::POST;
}

impl<E: Send> IntoRes<Html, Response, E> for Reply {
    async fn into_res(self) -> Result<Response, E> {
        Ok(self.0)
    }
}

impl<R: Send, E: FromServerFnError> FromRes<Html, R, E> for Reply {
    async fn from_res(_response: R) -> Result<Self, E> {
        let message = "forms are posted by the browser, not called".to_owned();
        Err(E::from_server_fn_error(ServerFnErrorErr::Deserialization(message)))
    }
}

/// Only pages of ours: a path, not another host in disguise, nor what takes forms.
pub(super) fn own_place(return_to: &str) -> &str {
    let is_path =
        return_to.starts_with('/') && !["//", "/\\", "/api/"].iter().any(|other| return_to.starts_with(other));
    // Browsers drop tabs and line ends inside an address: `/\t/elsewhere` would be one of another host.
    if is_path && return_to.bytes().all(|byte| byte.is_ascii_graphic()) { return_to } else { DASHBOARD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_here() {
        for (return_to, place) in [
            ("/executions?q=a", "/executions?q=a"),
            ("https://elsewhere.example", "/"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("/\t/elsewhere.example", "/"),
            ("/\n/elsewhere.example", "/"),
            ("/executions?q=a b", "/"),
            ("/api/sf/log_in", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_place(return_to), place);
        }
    }
}

//! A page of events as an answer: as JSON of ours, or as a batch of CloudEvents, which has no room for where the next
//! page begins. The headers say so, either way.

use super::extract::{Asked, Format};
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use protocol::{
    Epoch, Position,
    api::EventPage,
    cloud_event::{BATCH_MEDIA_TYPE, CloudEvent},
};

/// `EventPage::through`.
const THROUGH: HeaderName = HeaderName::from_static("signalbox-through");

/// The parameter of the URL with which the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    After,
    Through,
}

/// The page as it was asked for.
pub(super) fn answer(page: &EventPage, epoch: &Epoch, next: Next, asked: &Asked) -> Response {
    let mut response = match asked.format {
        Format::Json => Json(page).into_response(),
        Format::CloudEvents => {
            let mut response = Json(CloudEvent::all(&page.events, epoch)).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(BATCH_MEDIA_TYPE));
            response
        }
    };
    say_where(response.headers_mut(), page, next, &asked.uri);
    response
}

fn say_where(headers: &mut HeaderMap, page: &EventPage, next: Next, uri: &Uri) {
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(THROUGH, page.through.0.into());
    let link = page.next.map(|position| format!("<{}>; rel=\"next\"", following(uri, next, position)));
    if let Some(Ok(link)) = link.map(HeaderValue::try_from) {
        headers.insert(header::LINK, link);
    }
}

/// The same URL, but for where it begins.
fn following(uri: &Uri, next: Next, position: Position) -> String {
    let name = match next {
        Next::After => "after",
        Next::Through => "through",
    };
    let given = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(key, _)| key != name);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given).append_pair(name, &position.to_string());
    format!("{}?{}", uri.path(), query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_question_from_another_place() {
        for (uri, next, expect) in [
            ("/api/v1/events", Next::After, "/api/v1/events?after=7"),
            ("/e?after=3&limit=2&after=4", Next::After, "/e?limit=2&after=7"),
            ("/e?topic=agent%3Aa%26b%3E&through=9", Next::After, "/e?topic=agent%3Aa%26b%3E&through=9&after=7"),
            ("/e?newest_first=true&after=3&through=9", Next::Through, "/e?newest_first=true&after=3&through=7"),
        ] {
            assert_eq!(following(&uri.parse().expect("a URI"), next, Position(7)), expect);
        }
    }
}

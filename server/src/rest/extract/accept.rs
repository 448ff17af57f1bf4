//! How a page of events is to be written: `Accept` (RFC 9110, 12.5.1).

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, Uri, header, request::Parts},
};
use protocol::cloud_event::{BATCH_MEDIA_TYPE, MEDIA_TYPE};
use std::convert::Infallible;

/// What was asked for, and where.
pub(in crate::rest) struct Asked {
    pub(in crate::rest) format: Format,
    pub(in crate::rest) uri: Uri,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rest) enum Format {
    /// Ours, unless another is asked for by its name.
    Json,
    CloudEvents,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Of a nested route the other one has lost its beginning.
        let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
        Ok(Self { format: Format::of(&parts.headers), uri })
    }
}

impl Format {
    /// CloudEvents, when they are named and wanted no less than JSON; whoever takes anything gets JSON. One event or
    /// several is not asked for by this: a page has several.
    fn of(headers: &HeaderMap) -> Self {
        let ranges = ranges(headers);
        let named = |name: &str| ranges.iter().find(|range| range.name == name).map(|range| range.quality);
        let json = ["application/json", "application/*", "*/*"].into_iter().find_map(named).unwrap_or(0);
        let cloud_events = [BATCH_MEDIA_TYPE, MEDIA_TYPE].into_iter().filter_map(named).max().unwrap_or(0);
        if cloud_events > 0 && cloud_events >= json { Format::CloudEvents } else { Format::Json }
    }
}

/// A media type, or several, with how much it is wanted: up to 1,000.
struct Range {
    name: String,
    quality: u16,
}

/// What is not understood is as if it were not there.
fn ranges(headers: &HeaderMap) -> Vec<Range> {
    let lines = headers.get_all(header::ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(range).collect()
}

fn range(element: &str) -> Option<Range> {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    Some(Range { name, quality: weight.map_or(Some(1_000), quality)? })
}

/// `0` to `1`, with up to three digits behind the point.
fn quality(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_number = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{rest:0<3}").parse::<u16>().ok().filter(|_| is_number)?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_events_are_for_who_names_them_and_wants_them_no_less() {
        for (lines, is_cloud) in [
            (&[][..], false),
            (&[""], false),
            (&["*/*"], false),
            (&["application/*"], false),
            (&["application/json"], false),
            (&["text/html, application/xhtml+xml, */*;q=0.8"], false),
            (&["application/cloudevents-batch+json"], true),
            (&["Application/CloudEvents-Batch+JSON; charset=utf-8"], true),
            (&["application/cloudevents+json"], true),
            (&["application/cloudevents+json, application/json"], true),
            (&["application/json", "application/cloudevents-batch+json"], true),
            (&["application/cloudevents-batch+json, */*;q=0.1"], true),
            (&["application/cloudevents-batch+json;q=0.5, */*;q=0.8"], false),
            (&["application/cloudevents-batch+json;q=0.5, application/*;q=0.4, */*"], true),
            (&["application/cloudevents-batch+json;q=0.5, application/json;q=0.501"], false),
            (&["application/cloudevents-batch+json; q=0.5, application/json;q=0, */*"], true),
            (&["application/cloudevents-batch+json;q=0.001"], true),
            (&["application/cloudevents-batch+json;q=0"], false),
            (&["application/cloudevents-batch+json;q=0.000, application/cloudevents+json;Q=1.000"], true),
            (&["application/cloudevents-batch+json;q=2"], false),
            (&["application/cloudevents-batch+json;q=1.001"], false),
            (&["application/cloudevents-batch+json;q=0.1234"], false),
            (&["application/cloudevents-batch+json;q=-1"], false),
            (&["application/cloudevents-batch+json;q=+.5"], false),
            (&["application/cloudevents-batch+json;q="], false),
            (&["application/cloudevents-batch"], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, line.parse().expect("a header value"));
            }
            let expect = if is_cloud { Format::CloudEvents } else { Format::Json };
            assert_eq!(Format::of(&headers), expect, "{lines:?}");
        }
    }
}

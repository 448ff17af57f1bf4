use super::*;
use crate::listener::{Client, Resume, debug::Debug, positions::Positions};
use std::sync::atomic::{AtomicU32, Ordering};

/// A connection that was greeted, and sent the token `first`; those after it are `fresh-1`, `fresh-2` …
fn greeted(untold: &mut VecDeque<Told>) -> Connection<'_> {
    let made = Arc::new(AtomicU32::new(0));
    let tokens = Arc::new(move || {
        let token = format!("fresh-{}", made.fetch_add(1, Ordering::Relaxed) + 1);
        let fetched: futures::future::BoxFuture<'static, String> = Box::pin(std::future::ready(token));
        fetched
    });
    let (_, shared) = Client::new(mpsc::channel(1).0, Positions::default(), None, Debug::default());
    let mut connection = Connection::new(shared, untold, Some(Proof::new(tokens, "first".to_owned())));
    let limits = json!({"frame_bytes": 65_536, "topics": 1_000, "queue_bytes": 1 << 20, "idle_timeout_ms": 90_000});
    say(&mut connection, json!({"type": "hello", "epoch": "e", "client": "c", "limits": limits}));
    assert_eq!(connection.outgoing.len(), 1);
    connection
}

fn say(connection: &mut Connection<'_>, frame: Value) {
    connection.received(&frame.to_string());
}

fn take(connection: &mut Connection<'_>, lasts_ms: i64) {
    let expires_at = clock::now().0 + lasts_ms;
    let answer =
        json!({"type": "authenticated", "id": proof::ID, "name": "ada", "role": "viewer", "expires_at": expires_at});
    say(connection, answer);
}

fn refuse(connection: &mut Connection<'_>, code: &str, temporary: bool) {
    say(connection, json!({"type": "error", "id": proof::ID, "code": code, "message": "no", "temporary": temporary}));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_refused_for_now_is_tried_again_before_the_proof_ends() {
    let mut untold = VecDeque::new();
    let mut connection = greeted(&mut untold);
    take(&mut connection, 100_000);
    let began = Instant::now();
    for (token, at_s) in [("fresh-1", 80), ("fresh-2", 96), ("fresh-3", 99)] {
        assert_eq!(renewed(&mut connection.proof).await["token"], token);
        assert!(began.elapsed().as_secs().abs_diff(at_s) <= 1, "{:?}", began.elapsed());
        refuse(&mut connection, "unavailable", true);
    }
    // What was taken is renewed in its turn.
    assert_eq!(renewed(&mut connection.proof).await["token"], "fresh-4");
    take(&mut connection, 1_000_000);
    let began = Instant::now();
    assert_eq!(renewed(&mut connection.proof).await["token"], "fresh-5");
    assert!(began.elapsed().as_secs().abs_diff(800) <= 1, "{:?}", began.elapsed());
    let told = untold.iter().filter(|told| matches!(told, Told::Error { temporary: true, .. })).count();
    assert_eq!(told, 3);
}

#[tokio::test(start_paused = true)]
async fn how_a_connection_ended_is_for_good_unless_a_token_was_refused_for_now() {
    let closing = "closed with 4401: prove it";
    for (refusal, code, terminal, why) in [
        (None, 4401, true, closing),
        (Some(("token_unknown", false)), 4401, true, "no (token_unknown)"),
        (Some(("unavailable", true)), 4401, false, "no (unavailable)"),
        // It was not for the token.
        (Some(("unavailable", true)), 4403, true, "closed with 4403: prove it"),
        (Some(("unavailable", true)), 4001, false, "closed with 4001: prove it"),
    ] {
        let mut untold = VecDeque::new();
        let mut connection = greeted(&mut untold);
        if let Some((problem, temporary)) = refusal {
            refuse(&mut connection, problem, temporary);
        }
        connection.closed(code, "prove it");
        let ended = connection.ended;
        assert_eq!((ended.code, ended.terminal, ended.why.as_str()), (Some(code), terminal, why), "{refusal:?}");
    }
    // One that was taken after all is past.
    let mut untold = VecDeque::new();
    let mut connection = greeted(&mut untold);
    refuse(&mut connection, "unavailable", true);
    take(&mut connection, 1_000);
    connection.closed(4401, "prove it");
    assert_eq!((connection.ended.terminal, connection.ended.why.as_str()), (true, closing));
}

/// A connection that was greeted, with these topics wanted.
fn wanting<'a>(untold: &'a mut VecDeque<Told>, topics: &[Topic]) -> Connection<'a> {
    let mut positions = Positions::default();
    topics.iter().for_each(|topic| positions.want(Resume::live(topic.clone())));
    let (_, shared) = Client::new(mpsc::channel(1).0, positions, None, Debug::default());
    let mut connection = Connection::new(shared, untold, None);
    let limits = json!({"frame_bytes": 65_536, "topics": 1_000, "queue_bytes": 1 << 20, "idle_timeout_ms": 90_000});
    say(&mut connection, json!({"type": "hello", "epoch": "e", "client": "c", "limits": limits}));
    connection
}

/// What was sent since it was looked at last: `subscribe` frames, their ids and topics.
fn subscribes(connection: &mut Connection<'_>) -> Vec<(Value, Value)> {
    let frame = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let sent = std::mem::take(&mut connection.outgoing).into_iter().map(frame);
    sent.filter(|frame| frame["type"] == "subscribe")
        .map(|frame| (frame["id"].clone(), frame["topics"].clone()))
        .collect()
}

fn errors(untold: &VecDeque<Told>) -> Vec<&str> {
    untold
        .iter()
        .filter_map(|told| if let Told::Error { code, .. } = told { Some(code.as_str()) } else { None })
        .collect()
}

#[tokio::test]
async fn what_is_refused_together_is_asked_for_one_by_one() {
    let mut untold = VecDeque::new();
    let topics = [Topic::MemoryTimeline, Topic::Events, Topic::SystemAlerts];
    let mut connection = wanting(&mut untold, &topics);
    let refusal =
        |id: &Value| json!({"type": "error", "id": id, "code": "forbidden", "message": "no", "temporary": false});
    let (all, asked) = subscribes(&mut connection).remove(0);
    assert_eq!(asked.as_array().map(Vec::len), Some(3));
    say(&mut connection, refusal(&all));
    let mut alone = Vec::new();
    while let [(id, asked)] = &subscribes(&mut connection)[..] {
        let topic = asked[0].as_str().unwrap();
        alone.push(topic.to_owned());
        if topic == "events" {
            say(&mut connection, refusal(id));
        } else {
            let told = json!([{"topic": topic, "position": 3, "recovered": false}]);
            say(&mut connection, json!({"type": "subscribed", "id": id, "topics": told}));
        }
    }
    assert_eq!(alone, ["memory_timeline", "system_alerts", "events"]);
    let had: Vec<Topic> = connection.shared.positions().snapshot().into_iter().map(|had| had.topic).collect();
    assert_eq!(had, [Topic::MemoryTimeline, Topic::SystemAlerts]);
    // The server takes one of them away by itself.
    say(&mut connection, json!({"type": "unsubscribed", "topics": ["system_alerts", "events"]}));
    assert_eq!(connection.shared.positions().snapshot().len(), 1);
    assert_eq!(errors(&untold), ["forbidden", "forbidden"]);
}

#[tokio::test]
async fn what_is_refused_for_now_stays_wanted() {
    let mut untold = VecDeque::new();
    let mut connection = wanting(&mut untold, &[Topic::Events]);
    let (id, _) = subscribes(&mut connection).remove(0);
    say(
        &mut connection,
        json!({"type": "error", "id": id, "code": "rate_limited", "message": "no", "temporary": true}),
    );
    assert_eq!((subscribes(&mut connection), connection.shared.positions().snapshot().len()), (Vec::new(), 1));
    assert_eq!(errors(&untold), ["rate_limited"]);
}

#[tokio::test(start_paused = true)]
async fn many_topics_are_asked_for_frame_by_frame_and_one_that_is_refused_for_now_again() {
    let topics: Vec<Topic> = (0..1_000).map(|number| Topic::Agent(format!("{}{number}", "x".repeat(60)))).collect();
    let mut untold = VecDeque::new();
    let mut connection = wanting(&mut untold, &topics);
    let (mut had, mut frames, mut pauses) = (Vec::new(), 0, 0);
    while had.len() < topics.len() {
        connection.catch_up();
        assert!(connection.outgoing.iter().all(|text| text.len() <= 65_536));
        let sent = subscribes(&mut connection);
        let Some((id, asked)) = sent.first() else {
            connection.resuming.again().await;
            pauses += 1;
            continue;
        };
        assert_eq!(sent.len(), 1, "one after the other");
        frames += 1;
        if frames == 2 {
            let why = json!({"type": "error", "id": id, "code": "rate_limited", "message": "no", "temporary": true});
            say(&mut connection, why);
            continue;
        }
        let told = |topic: &Value| {
            let name = topic.as_str().unwrap();
            had.push(name.to_owned());
            json!({"topic": name, "position": 3, "recovered": false})
        };
        let told: Vec<Value> = asked.as_array().unwrap().iter().map(told).collect();
        say(&mut connection, json!({"type": "subscribed", "id": id, "topics": told}));
    }
    had.sort_unstable();
    had.dedup();
    assert_eq!((had.len(), pauses), (1_000, 1), "each once, in {frames} frames");
    connection.catch_up();
    assert_eq!(subscribes(&mut connection), []);
}

fn event(connection: &mut Connection<'_>, position: u64) {
    let id = "01998c4e-9c1b-7d2e-8a10-0123456789ab";
    let data = json!({"memoryId": "m", "action": "created", "importance": 0.5, "tags": [], "timestamp": 1});
    let event = json!({"id": id, "position": position, "time": 1, "type": "memory_timeline", "correlation_id": null,
        "causation_id": null, "traceparent": null, "data": data});
    say(connection, json!({"type": "event", "topics": ["memory_timeline"], "event": event}));
}

fn positions_told(untold: &mut VecDeque<Told>) -> Vec<u64> {
    let told = untold.drain(..);
    told.filter_map(|told| if let Told::Event { event, .. } = told { event.position } else { None })
        .map(|position| position.0)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_is_passed_over_and_asked_for_again() {
    let mut untold = VecDeque::new();
    let mut connection = wanting(&mut untold, &[Topic::MemoryTimeline]);
    let subscribed = |id: &Value, recovered: bool| {
        let told = json!([{"topic": "memory_timeline", "position": 0, "recovered": recovered}]);
        json!({"type": "subscribed", "id": id, "topics": told})
    };
    let (id, _) = subscribes(&mut connection).remove(0);
    say(&mut connection, subscribed(&id, false));
    // Somebody waits for an answer, and all this comes before it.
    (1..=1_000).for_each(|position| event(&mut connection, position));
    let gap = json!({"type": "gap", "topic": "memory_timeline", "from": 900, "to": 990, "reason": "unavailable"});
    say(&mut connection, gap);
    assert_eq!(connection.untold.len(), UNTOLD);
    connection.catch_up();
    assert_eq!(subscribes(&mut connection), [], "there is no room yet");
    let mut told = positions_told(connection.untold);
    let after = told.len() as u64;
    connection.catch_up();
    let asked = json!([{"topic": "memory_timeline", "after": after, "epoch": "e"}]);
    let again = subscribes(&mut connection);
    assert_eq!((again.len(), &again[0].1), (1, &asked));
    connection.catch_up();
    // What was on its way is not what was asked for.
    event(&mut connection, 1_001);
    // Refused for now: a second later.
    let refusal =
        json!({"type": "error", "id": again[0].0, "code": "rate_limited", "message": "no", "temporary": true});
    say(&mut connection, refusal);
    connection.catch_up();
    assert_eq!(subscribes(&mut connection), []);
    connection.resuming.again().await;
    connection.catch_up();
    let again = subscribes(&mut connection);
    assert_eq!((again.len(), &again[0].1), (1, &asked));
    say(&mut connection, subscribed(&again[0].0, true));
    (after + 1..=100).for_each(|position| event(&mut connection, position));
    told.extend(positions_told(connection.untold));
    assert_eq!(told, (1..=100).collect::<Vec<_>>());
}

/// Asks for this; the frame's id, if it is sent, and where its answer comes.
fn ask(
    connection: &mut Connection<'_>,
    frame: Value,
) -> (Option<Value>, oneshot::Receiver<Result<Value, ClientError>>) {
    let (answer, answered) = oneshot::channel();
    connection.outgoing.clear();
    connection.asked(Ask { frame, answer });
    let sent = connection.outgoing.pop().map(|text| serde_json::from_str::<Value>(&text).unwrap()["id"].take());
    (sent, answered)
}

#[tokio::test(start_paused = true)]
async fn a_token_sent_when_asked_to_is_the_proof_from_then_on() {
    let mut untold = VecDeque::new();
    let mut connection = greeted(&mut untold);
    take(&mut connection, 10_000);
    let began = Instant::now();
    let (id, answered) = ask(&mut connection, json!({"type": "authenticate", "token": "by hand"}));
    let expires_at = clock::now().0 + 100_000;
    say(
        &mut connection,
        json!({"type": "authenticated", "id": id, "name": "ada", "role": "viewer", "expires_at": expires_at}),
    );
    assert_eq!(answered.await.unwrap().unwrap()["name"], "ada");
    assert_eq!(connection.untold.iter().filter(|told| matches!(told, Told::Authenticated { .. })).count(), 2);
    assert_eq!(renewed(&mut connection.proof).await["token"], "fresh-1");
    assert!(began.elapsed().as_secs().abs_diff(80) <= 1, "{:?}", began.elapsed());
    // Refused for now it does not end the client, whatever the server does then.
    let (id, answered) = ask(&mut connection, json!({"type": "authenticate", "token": "by hand"}));
    say(&mut connection, json!({"type": "error", "id": id, "code": "unavailable", "message": "no", "temporary": true}));
    assert_eq!(answered.await.unwrap().unwrap_err().to_string(), "no (unavailable)");
    connection.closed(4401, "prove it");
    assert_eq!((connection.ended.terminal, connection.ended.why.as_str()), (false, "no (unavailable)"));
}

#[tokio::test(start_paused = true)]
async fn a_message_given_up_before_it_was_sent_is_not_sent() {
    let mut untold = VecDeque::new();
    let mut connection = greeted(&mut untold);
    take(&mut connection, 10_000);
    connection.outgoing.clear();
    for (kind, is_sent) in [("publish", false), ("subscribe", true)] {
        let (answer, _) = oneshot::channel();
        connection.asked(Ask { frame: json!({"type": kind}), answer });
        assert_eq!(connection.outgoing.pop().is_some(), is_sent, "{kind}");
    }
    assert!(ask(&mut connection, json!({"type": "publish"})).0.is_some());
}

#[tokio::test]
async fn topics_of_a_newer_server_are_passed_over() {
    let mut untold = VecDeque::new();
    let mut connection = wanting(&mut untold, &[Topic::PerformanceMetrics]);
    let (id, _) = subscribes(&mut connection).remove(0);
    let told = json!([{"topic": "performance_metrics", "position": 3, "recovered": false}]);
    say(&mut connection, json!({"type": "subscribed", "id": id, "topics": told}));
    let topics = json!(["of_tomorrow:x", "performance_metrics"]);
    say(&mut connection, json!({"type": "performance_metrics", "topics": topics, "metrics": []}));
    let topics: Vec<_> = untold
        .iter()
        .filter_map(|told| if let Told::Metrics { topics, .. } = told { Some(topics.clone()) } else { None })
        .collect();
    assert_eq!(topics, [vec![Topic::PerformanceMetrics]]);
}

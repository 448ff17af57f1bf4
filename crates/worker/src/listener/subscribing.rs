//! Topics that are asked for, and given up.

use super::{Client, ClientError, Resume, handle};
use protocol::{
    Topic,
    frame::{Subscribed, TopicRequest},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// The server takes 100 topics a second from who asked for too many at once: what it did not take is asked for again
/// after so long,
const AGAIN: Duration = Duration::from_secs(1);
/// so many times: who has waited through a thousand others is told.
const PATIENCE: u32 = 10;

impl Client {
    /// Resolves when the topic is subscribed: from here on, or from `after`, its events are told. Idempotent. When the
    /// server takes no more for now it is asked again a second later, for as long as it would take a thousand others.
    ///
    /// # Errors
    /// As the server refuses it; [`ClientError::Closed`].
    pub async fn subscribe(&self, resume: Resume) -> Result<Subscribed, ClientError> {
        let resume = Resume { topic: spoken(resume.topic), ..resume };
        let topic = resume.topic.clone();
        let mut asked = 0;
        self.positions().want(resume);
        loop {
            let request: TopicRequest = self.positions().request(&topic);
            match self.ask(json!({"type": "subscribe", "topics": [request]})).await {
                Ok(mut answer) => {
                    let told = answer["topics"].get_mut(0).map(Value::take).unwrap_or_default();
                    return serde_json::from_value(told).map_err(|_| handle::unreadable());
                }
                // The next connection subscribes to everything wanted; asking again only says when.
                Err(ClientError::Disconnected) => {}
                Err(error) if is_too_fast(&error) && asked < PATIENCE => {
                    asked += 1;
                    self.wait_to_ask_again().await;
                    if !self.positions().wants(&topic) {
                        return Err(error);
                    }
                }
                Err(error) => {
                    if !matches!(error, ClientError::Refused { temporary: true, .. }) {
                        self.positions().forget(&topic);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Waits as [`Client::subscribe`] does.
    ///
    /// # Errors
    /// As the server refuses it; [`ClientError::Closed`].
    pub async fn unsubscribe(&self, topic: &Topic) -> Result<(), ClientError> {
        let topic = spoken(topic.clone());
        let mut asked = 0;
        self.positions().forget(&topic);
        loop {
            match self.ask(json!({"type": "unsubscribe", "topics": [topic]})).await {
                // With the connection went the subscription.
                Ok(_) | Err(ClientError::Disconnected) => return Ok(()),
                Err(error) if is_too_fast(&error) && asked < PATIENCE => {
                    asked += 1;
                    self.wait_to_ask_again().await;
                    if self.positions().wants(&topic) {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One at a time: what is asked again too fast by many at once is the end of the connection.
    async fn wait_to_ask_again(&self) {
        let _turn = self.again().acquire().await;
        sleep(AGAIN).await;
    }
}

fn is_too_fast(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { code, .. } if code == "rate_limited")
}

/// As the server reads its name: whoever is called `*` is all of the kind. What is no topic is left for it to refuse.
pub(super) fn spoken(topic: Topic) -> Topic {
    topic.to_string().parse().unwrap_or(topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::{debug::Debug, handle::Ask, positions::Positions};
    use protocol::TopicKind;
    use tokio::{sync::mpsc, time::Instant};

    #[test]
    fn a_topic_is_what_its_name_says() {
        for (topic, expected) in [
            (Topic::Agent("*".to_owned()), Topic::All(TopicKind::Agent)),
            (Topic::Workflow("*".to_owned()), Topic::All(TopicKind::Workflow)),
            (Topic::Workflow("a/b".to_owned()), Topic::Workflow("a/b".to_owned())),
            (Topic::Workflow(String::new()), Topic::Workflow(String::new())),
            (Topic::Events, Topic::Events),
        ] {
            assert_eq!(spoken(topic), expected);
        }
    }

    /// A server that takes no more topics so many times, and then does.
    async fn subscribed_after(refusals: u32) -> (Result<Subscribed, ClientError>, Client, Duration) {
        let (asks, mut asked) = mpsc::channel::<Ask>(1);
        let (client, _) = Client::new(asks, Positions::default(), None, Debug::default());
        let began = Instant::now();
        let serve = async {
            for _ in 0..refusals {
                let Some(ask) = asked.recv().await else { return };
                let (code, message) = ("rate_limited".to_owned(), "too many".to_owned());
                let _ = ask.answer.send(Err(ClientError::Refused { code, message, temporary: true }));
            }
            while let Some(ask) = asked.recv().await {
                assert_eq!(ask.frame["topics"], json!(["events"]));
                let _ = ask.answer.send(Ok(json!({"topics": [{"topic": "events", "position": 7, "recovered": true}]})));
            }
        };
        let subscribe = client.subscribe(Resume::live(Topic::Events));
        let answer = tokio::select! {
            answer = subscribe => answer,
            () = serve => unreachable!("the client is there"),
        };
        (answer, client, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_takes_no_more_of_for_now_is_asked_for_again() {
        for (refusals, is_taken) in [(0, true), (1, true), (10, true), (11, false)] {
            let (answer, client, took) = subscribed_after(refusals).await;
            assert_eq!(answer.is_ok(), is_taken, "after {refusals}: {answer:?}");
            assert_eq!(took, AGAIN * refusals.min(PATIENCE));
            assert_eq!(client.snapshot().len(), 1, "wanted all the same");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_that_were_too_fast_are_asked_for_again_one_a_second() {
        let (asks, mut asked) = mpsc::channel::<Ask>(1);
        let (client, _) = Client::new(asks, Positions::default(), None, Debug::default());
        let refuse = async {
            let mut at = Vec::new();
            while at.len() < 9 {
                let Some(ask) = asked.recv().await else { return at };
                at.push(Instant::now());
                let (code, message) = ("rate_limited".to_owned(), "too many".to_owned());
                let _ = ask.answer.send(Err(ClientError::Refused { code, message, temporary: true }));
            }
            at
        };
        let all = async {
            let of = |name: &str| client.subscribe(Resume::live(Topic::Agent(name.to_owned())));
            tokio::join!(of("a"), of("b"), of("c"))
        };
        let at = tokio::select! {
            at = refuse => at,
            _ = all => unreachable!("nobody is answered"),
        };
        assert!(at[3..].windows(2).all(|two| two[1] - two[0] == AGAIN), "{at:?}");
    }
}

//! Which topics the page wants, what the server was told, and up to where each was seen. Without I/O.

use protocol::{
    Epoch, Position, Topic,
    frame::{ClientFrame, TopicRequest, portions},
};
use std::collections::BTreeMap;

/// A topic as the markup declares it, with the position the page was rendered at.
pub(crate) type Wanted = BTreeMap<Topic, Option<Position>>;

#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// Of the log at the other end.
    epoch: Option<Epoch>,
    /// Bytes of the largest message it takes.
    frame_bytes: u32,
    is_open: bool,
    topics: BTreeMap<Topic, Seen>,
    /// Requests not answered yet, by topic. Until then what comes for a topic is another subscription's: a frame
    /// names all topics of its event, and one already under way is later than what the log still owes this one.
    asked: BTreeMap<Topic, u32>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    /// Everything up to here has been handed on; `None`: live only.
    position: Option<Position>,
    /// The log it is a position of: until the server has answered, the page's, or the one that is gone.
    epoch: Option<Epoch>,
    /// The log is read up to here for us, until we have come there or are told that nothing more of it is ours.
    target: Option<Position>,
}

impl Subscriptions {
    /// The markup changed: what to tell the server. `epoch`: of the log the page was rendered from.
    pub(crate) fn want(&mut self, wanted: &Wanted, epoch: Option<&Epoch>) -> Vec<ClientFrame> {
        let gone: Vec<Topic> = self.topics.keys().filter(|topic| !wanted.contains_key(*topic)).cloned().collect();
        for topic in &gone {
            self.topics.remove(topic);
        }
        let mut new = Vec::new();
        for (topic, &after) in wanted {
            if !self.topics.contains_key(topic) {
                self.topics.insert(topic.clone(), Seen { position: after, epoch: epoch.cloned(), ..Seen::default() });
                new.push(self.ask(topic));
            }
        }
        self.frames(gone, new)
    }

    /// Somebody on the page starts to follow a topic from `after`. When more has been handed on already, or it was of
    /// another log, the topic is asked for again from there; those who know better drop what they have by position.
    pub(crate) fn follow_from(&mut self, topic: &Topic, after: Position, epoch: Option<&Epoch>) -> Vec<ClientFrame> {
        let Some(seen) = self.topics.get_mut(topic) else { return Vec::new() };
        let is_of_this_log = epoch.is_none() || seen.epoch.as_ref() == epoch;
        if seen.position.is_none_or(|position| is_of_this_log && position <= after) {
            return Vec::new();
        }
        *seen = Seen { position: Some(after), epoch: epoch.cloned(), ..Seen::default() };
        let again = self.ask(topic);
        self.frames(vec![topic.clone()], vec![again])
    }

    /// A connection is open: asks for everything again, each from where it was seen last.
    pub(crate) fn opened(&mut self, epoch: Epoch, frame_bytes: u32) -> Vec<ClientFrame> {
        (self.is_open, self.frame_bytes) = (true, frame_bytes);
        self.epoch = Some(epoch);
        self.asked.clear();
        let topics: Vec<Topic> = self.topics.keys().cloned().collect();
        let all: Vec<TopicRequest> = topics.iter().map(|topic| self.ask(topic)).collect();
        self.frames(Vec::new(), all)
    }

    pub(crate) fn closed(&mut self) {
        self.is_open = false;
        self.topics.values_mut().for_each(|seen| seen.target = None);
    }

    /// The server says up to where a topic comes from the log. When the past cannot be had a gap follows: should that be
    /// lost with the connection, the next is asked the same again.
    pub(crate) fn subscribed(&mut self, topic: &Topic, head: Position, recovered: bool) {
        match self.asked.get_mut(topic) {
            Some(requests) if *requests > 1 => *requests -= 1,
            _ => drop(self.asked.remove(topic)),
        }
        if let Some(seen) = self.topics.get_mut(topic) {
            if recovered || seen.position.is_none() {
                seen.epoch.clone_from(&self.epoch);
            }
            seen.target = seen.position.filter(|position| recovered && head > *position).map(|_| head);
        }
    }

    /// An event of these topics came: those it is to be handed on to.
    pub(crate) fn event(&mut self, topics: Vec<Topic>, position: Option<Position>) -> Vec<Topic> {
        let mut wanted = topics;
        wanted.retain(|topic| self.topics.contains_key(topic) && !self.asked.contains_key(topic));
        for topic in &wanted {
            let Some(seen) = self.topics.get_mut(topic) else { continue };
            if let Some(position) = position {
                seen.position = seen.position.max(Some(position));
            }
            seen.target = seen.target.filter(|target| seen.position < Some(*target));
        }
        wanted
    }

    /// Events up to `to` cannot be had. True when the page shows this topic and must be fetched anew.
    pub(crate) fn gap(&mut self, topic: &Topic, to: Position) -> bool {
        let Some(seen) = self.topics.get_mut(topic) else { return false };
        *seen = Seen { position: Some(to), epoch: self.epoch.clone(), ..Seen::default() };
        true
    }

    /// Nothing more comes from the log for what was answered so far.
    pub(crate) fn caught_up(&mut self) {
        self.topics.values_mut().for_each(|seen| seen.target = None);
    }

    /// At most how many events the catch-ups under way still bring: positions are of the whole log, and how many of
    /// them are ours shows as they come.
    pub(crate) fn behind(&self) -> u64 {
        self.topics
            .values()
            .filter_map(|seen| Some(seen.target?.0.saturating_sub(seen.position?.0)))
            .max()
            .unwrap_or_default()
    }

    fn ask(&mut self, topic: &Topic) -> TopicRequest {
        if self.is_open {
            *self.asked.entry(topic.clone()).or_default() += 1;
        }
        let seen = self.topics.get(topic);
        let after = seen.and_then(|seen| seen.position);
        let epoch = seen.and_then(|seen| seen.epoch.clone()).filter(|_| after.is_some());
        TopicRequest::From { topic: topic.to_string(), after, epoch }
    }

    fn frames(&self, gone: Vec<Topic>, new: Vec<TopicRequest>) -> Vec<ClientFrame> {
        let mut frames = Vec::new();
        if !self.is_open {
            return frames;
        }
        let gone = gone.into_iter().map(|topic| TopicRequest::Name(topic.to_string())).collect();
        let gone = portions(gone, self.frame_bytes).into_iter();
        frames.extend(gone.map(|topics| ClientFrame::Unsubscribe { id: None, topics }));
        let new = portions(new, self.frame_bytes).into_iter();
        frames.extend(new.map(|topics| ClientFrame::Subscribe { id: None, topics }));
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(topics: &[(Topic, u64)]) -> Wanted {
        topics.iter().map(|(topic, after)| (topic.clone(), Some(Position(*after)))).collect()
    }

    fn epoch(name: &str) -> Epoch {
        Epoch(name.to_owned())
    }

    fn from(topic: &str, after: u64, epoch: &str) -> TopicRequest {
        TopicRequest::From {
            topic: topic.to_owned(),
            after: Some(Position(after)),
            epoch: Some(Epoch(epoch.to_owned())),
        }
    }

    fn subscribe(topics: Vec<TopicRequest>) -> ClientFrame {
        ClientFrame::Subscribe { id: None, topics }
    }

    fn unsubscribe(topic: &str) -> ClientFrame {
        ClientFrame::Unsubscribe { id: None, topics: vec![TopicRequest::Name(topic.to_owned())] }
    }

    fn event(subscriptions: &mut Subscriptions, position: u64) -> Vec<Topic> {
        subscriptions.event(vec![Topic::WorkflowExecutions], Some(Position(position)))
    }

    #[test]
    fn an_event_of_another_subscription_is_not_taken_for_a_topic_asked_for_just_now() {
        let path = Topic::Workflow("a".into());
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(7), true);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7), (path.clone(), 7)]), Some(&epoch("e1")));
        let both = || vec![Topic::WorkflowExecutions, path.clone()];
        assert_eq!(subscriptions.event(both(), Some(Position(12))), [Topic::WorkflowExecutions]);
        subscriptions.subscribed(&path, Position(12), true);
        assert_eq!(subscriptions.event(both(), Some(Position(9))), both(), "the log brings what it still owes");
        // Left and come back to: the answer to the first request does not open the second.
        subscriptions.want(&wanted(&[]), Some(&epoch("e1")));
        subscriptions.want(&wanted(&[(path.clone(), 12)]), Some(&epoch("e1")));
        subscriptions.want(&wanted(&[]), Some(&epoch("e1")));
        subscriptions.want(&wanted(&[(path.clone(), 12)]), Some(&epoch("e1")));
        subscriptions.subscribed(&path, Position(12), true);
        assert!(subscriptions.event(both(), Some(Position(13))).is_empty());
        subscriptions.subscribed(&path, Position(12), true);
        assert_eq!(subscriptions.event(both(), Some(Position(13))), std::slice::from_ref(&path));
    }

    #[test]
    fn nothing_is_said_before_the_connection_is_open() {
        let mut subscriptions = Subscriptions::default();
        assert_eq!(subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1"))), []);
        assert_eq!(subscriptions.opened(epoch("e1"), 65_536), [subscribe(vec![from("workflow_executions", 7, "e1")])],);
    }

    #[test]
    fn navigation_tells_the_difference_only() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7), (Topic::SystemAlerts, 7)]), Some(&epoch("e1")));
        let frames =
            subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 9), (Topic::Components, 9)]), Some(&epoch("e1")));
        assert_eq!(frames, [unsubscribe("system_alerts"), subscribe(vec![from("components", 9, "e1")])]);
    }

    #[test]
    fn reconnect_resumes_from_the_last_position_in_the_old_epoch() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(7), true);
        assert_eq!(event(&mut subscriptions, 12), [Topic::WorkflowExecutions]);
        subscriptions.closed();
        assert_eq!(
            subscriptions.opened(epoch("e2"), 65_536),
            [subscribe(vec![from("workflow_executions", 12, "e1")])],
            "the position belongs to the epoch it was seen in: the server answers with a gap",
        );
    }

    #[test]
    fn a_position_stays_of_its_log_until_the_server_has_said_what_became_of_it() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(7), true);
        event(&mut subscriptions, 12);
        // Another log is there, and gone again before it has told the gap.
        for _ in 0..2 {
            subscriptions.closed();
            let asked = [subscribe(vec![from("workflow_executions", 12, "e1")])];
            assert_eq!(subscriptions.opened(epoch("e2"), 65_536), asked);
            subscriptions.subscribed(&Topic::WorkflowExecutions, Position(30), false);
            assert_eq!(subscriptions.behind(), 0, "nothing of that comes");
        }
        assert!(subscriptions.gap(&Topic::WorkflowExecutions, Position(30)));
        subscriptions.closed();
        assert_eq!(subscriptions.opened(epoch("e2"), 65_536), [subscribe(vec![from("workflow_executions", 30, "e2")])]);
    }

    #[test]
    fn a_page_of_another_log_than_the_connections_says_so() {
        let mut subscriptions = Subscriptions::default();
        // Rendered before the store was changed for another, connected after.
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        assert_eq!(subscriptions.opened(epoch("e2"), 65_536), [subscribe(vec![from("workflow_executions", 7, "e1")])]);
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(30), false);
        subscriptions.gap(&Topic::WorkflowExecutions, Position(30));
        // A page of the new log, behind and then ahead of where the gap ended.
        for after in [20, 40] {
            subscriptions.closed();
            subscriptions.opened(epoch("e2"), 65_536);
            let frames = subscriptions.follow_from(&Topic::WorkflowExecutions, Position(after), Some(&epoch("e2")));
            assert_eq!(frames.is_empty(), after == 40, "{frames:?}");
        }
        // One of the old log, though it counts higher.
        let frames = subscriptions.follow_from(&Topic::WorkflowExecutions, Position(90), Some(&epoch("e1")));
        let asked = subscribe(vec![from("workflow_executions", 90, "e1")]);
        assert_eq!(frames, [unsubscribe("workflow_executions"), asked]);
    }

    #[test]
    fn what_began_live_is_of_the_connections_log() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.want(&Wanted::from([(Topic::WorkflowExecutions, None)]), None);
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(7), false);
        event(&mut subscriptions, 8);
        subscriptions.closed();
        assert_eq!(subscriptions.opened(epoch("e2"), 65_536), [subscribe(vec![from("workflow_executions", 8, "e1")])]);
    }

    #[test]
    fn page_rendered_behind_the_stream_gets_what_it_missed() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(7), true);
        event(&mut subscriptions, 12);
        assert_eq!(subscriptions.follow_from(&Topic::WorkflowExecutions, Position(12), Some(&epoch("e1"))), []);
        assert_eq!(
            subscriptions.follow_from(&Topic::WorkflowExecutions, Position(10), Some(&epoch("e1"))),
            [unsubscribe("workflow_executions"), subscribe(vec![from("workflow_executions", 10, "e1")])],
        );
    }

    #[test]
    fn catch_up_counts_down_to_its_target() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(10), true);
        assert_eq!(subscriptions.behind(), 3, "from the answer on, though perhaps none of it is ours");
        event(&mut subscriptions, 8);
        assert_eq!(subscriptions.behind(), 2);
        let mut told = subscriptions;
        told.caught_up();
        assert_eq!(told.behind(), 0, "nothing after 8 was ours");
        let mut subscriptions = told;
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(10), true);
        event(&mut subscriptions, 10);
        assert_eq!(subscriptions.behind(), 0, "there without being told");
        subscriptions.subscribed(&Topic::WorkflowExecutions, Position(10), true);
        assert_eq!(subscriptions.behind(), 0, "nothing is behind");
    }

    #[test]
    fn the_end_of_a_catch_up_is_of_what_was_answered_before() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::SystemAlerts, 7), (Topic::Components, 7)]), Some(&epoch("e1")));
        subscriptions.subscribed(&Topic::SystemAlerts, Position(10), true);
        subscriptions.subscribed(&Topic::Components, Position(10), true);
        // A page that was rendered before: asked again, and not answered when the end of the first comes.
        subscriptions.event(vec![Topic::SystemAlerts], Some(Position(9)));
        subscriptions.follow_from(&Topic::SystemAlerts, Position(8), Some(&epoch("e1")));
        subscriptions.caught_up();
        assert_eq!(subscriptions.behind(), 0);
        subscriptions.subscribed(&Topic::SystemAlerts, Position(12), true);
        assert_eq!(subscriptions.behind(), 4);
        subscriptions.closed();
        assert_eq!(subscriptions.behind(), 0, "of a connection that is gone nothing comes");
    }

    #[test]
    fn gap_matters_to_shown_topics_only_and_moves_on() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.opened(epoch("e1"), 65_536);
        subscriptions.want(&wanted(&[(Topic::WorkflowExecutions, 7)]), Some(&epoch("e1")));
        assert!(!subscriptions.gap(&Topic::SystemAlerts, Position(90)));
        assert!(subscriptions.gap(&Topic::WorkflowExecutions, Position(90)));
        subscriptions.closed();
        assert_eq!(subscriptions.opened(epoch("e1"), 65_536), [subscribe(vec![from("workflow_executions", 90, "e1")])]);
    }

    #[test]
    fn many_topics_are_asked_for_in_frames_that_the_server_takes() {
        let mut subscriptions = Subscriptions::default();
        let topics: Vec<(Topic, u64)> =
            (0..1_000).map(|number| (Topic::Agent(format!("{}{number}", "x".repeat(60))), 1_000_000)).collect();
        subscriptions.want(&wanted(&topics), Some(&epoch("01998c4e-9c1b-7d2e-8a10-0123456789ab")));
        let asked = subscriptions.opened(epoch("e"), 65_536);
        assert!(asked.len() > 1);
        let gone = subscriptions.want(&Wanted::new(), None);
        for (frames, is_asked) in [(&asked, true), (&gone, false)] {
            let mut names = Vec::new();
            for frame in frames {
                assert!(serde_json::to_string(frame).unwrap().len() <= 65_536);
                match frame {
                    ClientFrame::Subscribe { topics, .. } if is_asked => names.extend(topics),
                    ClientFrame::Unsubscribe { topics, .. } if !is_asked => names.extend(topics),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(names.len(), 1_000);
        }
    }
}

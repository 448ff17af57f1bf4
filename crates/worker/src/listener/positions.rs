//! What a client keeps: per topic, the position it has, and the log it is a position of.

use super::Resume;
use protocol::{
    Epoch, Position, Topic,
    frame::{Subscribed, TopicRequest},
};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
struct Place {
    /// `None`: nothing is known yet, the subscription starts live.
    after: Option<(Position, Option<Epoch>)>,
    /// The server has confirmed it over the present connection: its events are ours.
    subscribed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Positions(BTreeMap<Topic, Place>);

impl Positions {
    /// Subscribing again to what one has changes nothing.
    pub(super) fn want(&mut self, resume: Resume) {
        let Resume { topic, after, epoch } = resume;
        match after {
            Some(after) => {
                self.0.insert(topic, Place { after: Some((after, epoch)), subscribed: false });
            }
            None => {
                self.0.entry(topic).or_default();
            }
        }
    }

    pub(super) fn wants(&self, topic: &Topic) -> bool {
        self.0.contains_key(topic)
    }

    /// It is wanted, and not subscribed.
    pub(super) fn lacks(&self, topic: &Topic) -> bool {
        self.0.get(topic).is_some_and(|place| !place.subscribed)
    }

    pub(super) fn forget(&mut self, topic: &Topic) {
        self.0.remove(topic);
    }

    /// The topics wanted, with what is had of them.
    pub(super) fn snapshot(&self) -> Vec<Resume> {
        let resume = |(topic, place): (&Topic, &Place)| Resume {
            topic: topic.clone(),
            after: place.after.as_ref().map(|(after, _)| *after),
            epoch: place.after.as_ref().and_then(|(_, epoch)| epoch.clone()),
        };
        self.0.iter().map(resume).collect()
    }

    /// What to ask the server for: everything after what is had.
    pub(super) fn requests<'a>(&self, topics: impl Iterator<Item = &'a Topic>) -> Vec<TopicRequest> {
        topics.map(|topic| self.request(topic)).collect()
    }

    pub(super) fn request(&self, topic: &Topic) -> TopicRequest {
        match self.0.get(topic).and_then(|place| place.after.clone()) {
            None => TopicRequest::Name(topic.to_string()),
            Some((after, epoch)) => TopicRequest::From { topic: topic.to_string(), after: Some(after), epoch },
        }
    }

    /// Nothing is subscribed, but the positions stay: the connection is gone, or what it brings is passed over.
    pub(super) fn unsubscribed(&mut self) {
        for place in self.0.values_mut() {
            place.subscribed = false;
        }
    }

    pub(super) fn subscribed(&mut self, told: &Subscribed, epoch: &Epoch) {
        let Some(place) = self.0.get_mut(&told.topic) else { return };
        let after = match place.after.take() {
            Some((after, _)) if told.recovered => (after, Some(epoch.clone())),
            // A gap follows. Should it be lost with the connection, the next is asked the same again.
            Some(had) => had,
            None => (told.position, Some(epoch.clone())),
        };
        *place = Place { after: Some(after), subscribed: true };
    }

    /// Whether it is news.
    pub(super) fn gap(&mut self, topic: &Topic, to: Position, epoch: &Epoch) -> bool {
        let Some(place) = self.0.get_mut(topic).filter(|place| place.subscribed) else { return false };
        place.after = Some((to, Some(epoch.clone())));
        true
    }

    /// The topics an event is news of; of an event without a position, those that are subscribed.
    pub(super) fn news(&mut self, topics: Vec<Topic>, position: Option<Position>) -> Vec<Topic> {
        topics.into_iter().filter(|topic| self.is_news(topic, position)).collect()
    }

    fn is_news(&mut self, topic: &Topic, position: Option<Position>) -> bool {
        let Some(place) = self.0.get_mut(topic).filter(|place| place.subscribed) else { return false };
        let Some(position) = position else { return true };
        match &mut place.after {
            Some((after, _)) if position <= *after => false,
            Some((after, _)) => {
                *after = position;
                true
            }
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(name: &str) -> Epoch {
        Epoch(name.to_owned())
    }

    fn subscribed(topic: &Topic, position: u64, recovered: bool) -> Subscribed {
        Subscribed { topic: topic.clone(), position: Position(position), recovered }
    }

    #[test]
    fn an_event_is_news_of_the_topics_that_are_below_it() {
        let (events, agent) = (Topic::Events, Topic::Agent("a".to_owned()));
        let both = || vec![events.clone(), agent.clone(), Topic::Components];
        let mut positions = Positions::default();
        positions.want(Resume::live(events.clone()));
        positions.want(Resume { topic: agent.clone(), after: Some(Position(3)), epoch: Some(epoch("one")) });
        assert_eq!(positions.news(both(), Some(Position(9))), [], "not before it is subscribed");
        positions.subscribed(&subscribed(&events, 5, false), &epoch("one"));
        positions.subscribed(&subscribed(&agent, 5, true), &epoch("one"));
        assert_eq!(positions.news(both(), Some(Position(4))), std::slice::from_ref(&agent));
        assert_eq!(positions.news(both(), Some(Position(4))), []);
        assert_eq!(positions.news(both(), Some(Position(6))), [events.clone(), agent.clone()]);
        assert_eq!(positions.news(both(), None).len(), 2);
        assert!(positions.gap(&events, Position(8), &epoch("one")));
        assert!(!positions.gap(&Topic::Components, Position(8), &epoch("one")));
        assert_eq!(positions.news(vec![events.clone()], Some(Position(8))), []);
        assert_eq!(positions.news(vec![events.clone()], Some(Position(9))), [events]);
    }

    #[test]
    fn what_was_had_is_asked_for_after_a_break_of_the_log_it_was_had_of() {
        let two = epoch("two");
        let mut positions = Positions::default();
        positions.want(Resume::live(Topic::Events));
        positions.subscribed(&subscribed(&Topic::Events, 5, false), &epoch("one"));
        positions.news(vec![Topic::Events], Some(Position(7)));
        positions.unsubscribed();
        assert_eq!(positions.news(vec![Topic::Events], Some(Position(8))), []);
        let had = Resume { topic: Topic::Events, after: Some(Position(7)), epoch: Some(epoch("one")) };
        assert_eq!(positions.snapshot(), std::slice::from_ref(&had));
        positions.subscribed(&subscribed(&Topic::Events, 2, false), &two);
        assert_eq!(positions.snapshot(), std::slice::from_ref(&had), "until the gap is told");
        assert!(positions.gap(&Topic::Events, Position(2), &two));
        positions.want(Resume::live(Topic::Events));
        let had = Resume { topic: Topic::Events, after: Some(Position(2)), epoch: Some(two) };
        assert_eq!(positions.snapshot(), [had], "subscribing is idempotent");
        positions.forget(&Topic::Events);
        assert_eq!(positions.snapshot(), []);
    }
}

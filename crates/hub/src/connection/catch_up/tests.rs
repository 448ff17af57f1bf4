use super::*;
use uuid::Uuid;

const BUDGET: usize = 100;

fn topic(name: &str) -> Topic {
    Topic::Agent(name.to_owned())
}

fn new(topics: &[(&str, u64)]) -> CatchUp {
    let mut catch_up = CatchUp::new(Position(0), BUDGET);
    for (name, after) in topics {
        catch_up.add(topic(name), Position(*after));
    }
    catch_up
}

fn wanted(catch_up: &CatchUp, head: u64) -> Request {
    match catch_up.want(Position(head)) {
        Want::Page(request) => request,
        other => panic!("{other:?}"),
    }
}

/// Answers the page wanted with events of ten bytes, and says of which topic it was.
fn page(catch_up: &mut CatchUp, positions: &[u64], through: u64, at_head: bool) -> String {
    let request = wanted(catch_up, u64::MAX);
    let events = positions.iter().map(|position| event(*position, 10)).collect();
    catch_up.feed(&request, events, Position(through), at_head);
    request.topic.to_string()
}

fn event(position: u64, bytes: usize) -> Ready {
    let frame = Frame::text_of(&vec![u8::try_from(position).unwrap(); bytes]);
    Ready { position: Position(position), id: EventId(Uuid::from_u128(position.into())), frame }
}

fn lost(catch_up: &mut CatchUp, request: &Request, head: u64) -> Option<(u64, u64)> {
    catch_up.lose(request, Position(head)).map(|Lost { from, to }| (from.0, to.0))
}

fn taken(catch_up: &mut CatchUp) -> Vec<u8> {
    catch_up.take(usize::MAX).iter().map(|frame| frame.text()[0]).collect()
}

#[test]
fn topics_are_merged_by_position_and_an_event_of_two_is_given_once() {
    let mut catch_up = new(&[("a", 0), ("b", 3)]);
    assert_eq!(page(&mut catch_up, &[1, 4, 6], 8, true), "agent:a");
    assert_eq!(taken(&mut catch_up), [1]);
    assert_eq!(page(&mut catch_up, &[4, 5, 9], 9, true), "agent:b");
    assert_eq!(taken(&mut catch_up), [4, 5, 6]);
    assert_eq!(catch_up.want(Position(20)), Want::Join);
    assert_eq!(catch_up.join(Position(8)), Position(8));
    assert_eq!(taken(&mut catch_up), Vec::<u8>::new());
    assert_eq!(catch_up.want(Position(20)), Want::Done);
}

#[test]
fn a_joint_behind_what_was_given_is_moved_there() {
    let mut catch_up = new(&[("a", 0)]);
    page(&mut catch_up, &[1, 7], 7, true);
    assert_eq!(catch_up.take(10).len(), 1);
    assert_eq!(catch_up.join(Position(5)), Position(5));
    assert_eq!(taken(&mut catch_up), Vec::<u8>::new(), "7 comes live");
    let mut catch_up = new(&[("a", 0)]);
    page(&mut catch_up, &[1, 7], 7, true);
    assert_eq!(taken(&mut catch_up), [1, 7]);
    assert_eq!(catch_up.join(Position(5)), Position(7));
}

#[test]
fn after_the_joint_each_topic_is_read_up_to_it_and_no_further() {
    let mut catch_up = new(&[("a", 0)]);
    page(&mut catch_up, &[1], 3, true);
    catch_up.join(Position(6));
    assert_eq!(page(&mut catch_up, &[5, 6, 7], 9, true), "agent:a");
    assert_eq!(taken(&mut catch_up), [1, 5, 6]);
    assert_eq!(catch_up.want(Position(9)), Want::Done);
}

#[test]
fn a_full_buffer_forgets_the_highest_and_asks_for_them_again() {
    let mut catch_up = new(&[("a", 0), ("b", 0)]);
    let ten: Vec<u64> = (11..=20).collect();
    page(&mut catch_up, &ten, 20, false);
    page(&mut catch_up, &[1, 2, 3], 20, true);
    assert_eq!(catch_up.bytes(), BUDGET);
    assert_eq!(taken(&mut catch_up), [1, 2, 3, 11, 12, 13, 14, 15, 16, 17]);
    assert_eq!(wanted(&catch_up, 99), Request { topic: topic("a"), after: Position(17) });
    page(&mut catch_up, &[18, 19, 20], 20, true);
    assert_eq!(taken(&mut catch_up), [18, 19, 20]);
}

#[test]
fn one_event_over_the_budget_is_given_all_the_same() {
    let mut catch_up = new(&[("a", 0), ("b", 0)]);
    let request = wanted(&catch_up, 99);
    catch_up.feed(&request, vec![event(1, 500), event(2, 500)], Position(2), true);
    let request = wanted(&catch_up, 99);
    catch_up.feed(&request, vec![event(1, 500), event(2, 500)], Position(2), true);
    assert_eq!(taken(&mut catch_up), [1]);
}

#[test]
fn an_answer_to_an_old_question_is_ignored() {
    let mut catch_up = new(&[("a", 0)]);
    let request = wanted(&catch_up, 99);
    catch_up.add(topic("a"), Position(5));
    catch_up.feed(&request, vec![event(1, 10)], Position(9), true);
    assert_eq!(taken(&mut catch_up), Vec::<u8>::new());
    assert_eq!(wanted(&catch_up, 99).after, Position(5));
    catch_up.remove(&topic("a"));
    catch_up.feed(&request, vec![event(1, 10)], Position(9), true);
    assert_eq!(catch_up.bytes(), 0);
}

#[test]
fn a_topic_given_up_takes_its_events_with_it_but_not_those_of_others() {
    let mut catch_up = new(&[("a", 0), ("b", 0)]);
    page(&mut catch_up, &[1, 2], 9, true);
    page(&mut catch_up, &[2, 3], 9, true);
    catch_up.remove(&topic("a"));
    let left = taken(&mut catch_up);
    assert!(left == [2, 3] || left == [1, 2], "{left:?}");
    assert_eq!(catch_up.bytes(), 0);
}

#[test]
fn what_is_lost_is_told_from_the_last_event_given() {
    let mut catch_up = new(&[("a", 0), ("b", 0)]);
    let first = page(&mut catch_up, &[1, 2, 6], 8, false);
    page(&mut catch_up, &[], 4, false);
    assert_eq!(taken(&mut catch_up), [1, 2]);
    page(&mut catch_up, &[], 9, false);
    let request = wanted(&catch_up, 99);
    assert_eq!(request.topic.to_string(), first);
    // 6 was read but not given: it is part of the gap.
    assert_eq!(lost(&mut catch_up, &request, 10), Some((5, 10)));
    assert_eq!(lost(&mut catch_up, &request, 10), None, "once");
    assert_eq!(taken(&mut catch_up), Vec::<u8>::new());
    // It goes on from there.
    page(&mut catch_up, &[10, 11], 12, true);
    assert_eq!(taken(&mut catch_up), [10]);
    catch_up.join(Position(12));
    assert_eq!(page(&mut catch_up, &[11], 12, true), first);
    assert_eq!(taken(&mut catch_up), [11]);
    assert_eq!(catch_up.want(Position(12)), Want::Done);
}

#[test]
fn what_other_topics_give_is_never_beyond_what_was_told_lost() {
    // The log fails for `a`; of `b` there is much, which names `a` as well.
    let mut catch_up = new(&[("a", 0), ("b", 5)]);
    let request = wanted(&catch_up, 99);
    assert_eq!(request.topic, topic("a"));
    assert_eq!(lost(&mut catch_up, &request, 8), Some((0, 8)));
    page(&mut catch_up, &[6, 9, 10], 20, false);
    assert_eq!(taken(&mut catch_up), [6], "what is above needs `a` to be known up to there");
    assert_eq!(page(&mut catch_up, &[9], 20, true), "agent:a");
    assert_eq!(taken(&mut catch_up), [9, 10]);
}

#[test]
fn when_every_topic_is_lost_it_is_joined_and_told() {
    let mut catch_up = new(&[("a", 3)]);
    let request = wanted(&catch_up, 99);
    assert_eq!(lost(&mut catch_up, &request, 7), Some((3, 7)));
    assert_eq!(catch_up.want(Position(99)), Want::Join, "though the hub has gone on");
    catch_up.join(Position(9));
    // The rest, if it cannot be read either.
    let request = wanted(&catch_up, 99);
    assert_eq!(lost(&mut catch_up, &request, 99), Some((7, 9)));
    assert_eq!(catch_up.want(Position(99)), Want::Done);
}

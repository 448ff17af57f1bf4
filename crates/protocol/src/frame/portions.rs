//! Many topics, in as many frames as it takes.

use super::TopicRequest;

/// Bytes of a frame besides its topics, at most: its type, and an id of our own.
const AROUND: usize = 128;

/// In their order, as many together as a message of `limits.frame_bytes` holds; each portion has one at least.
pub fn portions(topics: Vec<TopicRequest>, frame_bytes: u32) -> Vec<Vec<TopicRequest>> {
    let room = (frame_bytes as usize).saturating_sub(AROUND);
    let mut portions: Vec<Vec<TopicRequest>> = Vec::new();
    let mut left = 0;
    for topic in topics {
        // With the comma.
        let bytes = serde_json::to_string(&topic).map_or(0, |json| json.len()) + 1;
        match portions.last_mut() {
            Some(portion) if bytes <= left => {
                left -= bytes;
                portion.push(topic);
            }
            _ => {
                left = room.saturating_sub(bytes);
                portions.push(vec![topic]);
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Epoch, Position, frame::ClientFrame};
    use serde_json::json;

    #[test]
    fn each_frame_fits_and_nothing_is_left_out() {
        let of = |number: u64| TopicRequest::From {
            topic: format!("agent:\"{}\"-ä-{number}", "x".repeat(usize::try_from(number % 400).unwrap())),
            after: Some(Position(number * 1_000_000)),
            epoch: Some(Epoch("01998c4e-9c1b-7d2e-8a10-0123456789ab".to_owned())),
        };
        let topics: Vec<TopicRequest> = (0..1_000).map(of).collect();
        for frame_bytes in [0, 700, 4_096, 65_536, 1 << 30] {
            let portions = portions(topics.clone(), frame_bytes);
            assert_eq!(portions.concat(), topics);
            for portion in &portions {
                let frame = ClientFrame::Subscribe { id: Some(json!(u64::MAX)), topics: portion.clone() };
                let bytes = serde_json::to_string(&frame).unwrap().len();
                assert!(bytes <= frame_bytes as usize || portion.len() == 1, "{bytes} of {frame_bytes}");
            }
            let least = serde_json::to_string(&topics).unwrap().len() / (frame_bytes as usize).max(1) + 1;
            assert!(portions.len() <= 2 * least || frame_bytes < 4_096, "{} for {frame_bytes}", portions.len());
        }
        assert_eq!(portions(Vec::new(), 65_536), Vec::<Vec<TopicRequest>>::new());
    }
}

//! A window of the log, played again: its events appear in their order and pace.

use crate::{
    components::TapTable,
    format,
    live::{release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{Topic, view::TapRow};
use std::time::Duration;

/// The longest pause between two events while playing: what was silent for an hour is not sat through.
const LONGEST_MS: u64 = 2_000;
/// How many times as fast, as the list of speeds offers it; 0: all at once.
const SPEEDS: [(u32, &str); 5] = [
    (1, "as it was"),
    (10, "10 times as fast"),
    (100, "100 times as fast"),
    (1_000, "1,000 times as fast"),
    (0, "all at once"),
];

/// `rows`: oldest first. All of them are shown until somebody plays them. `topic`: what they came under, if not all
/// events.
#[island]
pub fn EventReplay(rows: Vec<TapRow>, topic: Option<Topic>, speed: u32) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let count = rows.len();
    let rows = StoredValue::new(rows);
    let shown = RwSignal::new(count);
    let speed = RwSignal::new(speed);
    let is_playing = RwSignal::new(false);
    // Only the newest chain of timeouts goes on; an older one finds that it is not it any more.
    let turn = StoredValue::new(0u32);
    let step = move |number: u32| play(number, Player { rows, shown, speed, is_playing, turn, count });
    let toggle = move |_| {
        turn.update_value(|turn| *turn += 1);
        if is_playing.get_untracked() {
            is_playing.set(false);
            return;
        }
        if shown.get_untracked() >= count {
            shown.set(0);
        }
        is_playing.set(true);
        step(turn.get_value());
    };
    let to = move |at: usize| {
        turn.update_value(|turn| *turn += 1);
        is_playing.set(false);
        shown.set(at.min(count));
    };
    let visible =
        Memo::new(move |_| rows.with_value(|rows| rows.iter().take(shown.get()).rev().cloned().collect::<Vec<_>>()));
    let at = Memo::new(move |_| {
        rows.with_value(|rows| shown.get().checked_sub(1).and_then(|last| rows.get(last)).map(|row| row.time))
    });
    let is_over = move || shown.get() >= count;
    let options = SPEEDS.map(|(times, text)| {
        view! { <option value=times.to_string() selected=move || speed.get() == times>{text}</option> }
    });
    view! {
        <div node_ref=root>
            <div class="tap-tools replay-tools needs-script">
                <button type="button" class="button primary" disabled=count == 0 on:click=toggle>
                    {move || if is_playing.get() { "Pause" } else { "Play" }}
                </button>
                <button type="button" class="button" disabled=move || shown.get() == 0 on:click=move |_| to(shown.get_untracked().saturating_sub(1))>"Back one"</button>
                <button type="button" class="button" disabled=is_over on:click=move |_| to(shown.get_untracked() + 1)>"On one"</button>
                <label>
                    <span class="visually-hidden">"Speed"</span>
                    <select class="field" on:change=move |event| speed.set(event_target_value(&event).parse().unwrap_or(1))>
                        {options}
                    </select>
                </label>
                <input
                    class="replay-place"
                    type="range"
                    min="0"
                    max=count.to_string()
                    aria-label="Place in the window"
                    prop:value=move || shown.get().to_string()
                    on:input=move |event| to(event_target_value(&event).parse().unwrap_or(count))
                />
                <span class="number" role="status" data-testid="replay-place">
                    {move || format!("{} of {}", format::count(shown.get() as u64), format::count(count as u64))}
                </span>
                <span class="number quiet">{move || at.get().map(|at| clock.time_ms(at))}</span>
            </div>
            <TapTable rows=visible topic clock caption="Events of the window so far, newest first" />
        </div>
    }
}

#[derive(Clone, Copy)]
struct Player {
    rows: StoredValue<Vec<TapRow>>,
    shown: RwSignal<usize>,
    speed: RwSignal<u32>,
    is_playing: RwSignal<bool>,
    turn: StoredValue<u32>,
    count: usize,
}

/// Shows the next event and waits for the one after it. An island that left has no values any more.
fn play(number: u32, player: Player) {
    if player.turn.try_get_value() != Some(number) {
        return;
    }
    let speed = player.speed.get_untracked();
    let next = if speed == 0 { player.count } else { player.shown.get_untracked() + 1 };
    player.shown.set(next.min(player.count));
    if next >= player.count {
        player.is_playing.set(false);
        return;
    }
    let pause = player.rows.with_value(|rows| match (rows.get(next - 1), rows.get(next)) {
        (Some(this), Some(following)) => pause_ms(following.time.ms_since(this.time), speed),
        _ => 0,
    });
    set_timeout(move || play(number, player), Duration::from_millis(pause));
}

fn pause_ms(apart_ms: u64, times: u32) -> u64 {
    (apart_ms / u64::from(times.max(1))).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_shortened_by_the_speed_and_never_long() {
        for (apart_ms, times, expect) in
            [(500, 1, 500), (500, 10, 50), (5, 10, 0), (3_600_000, 1, 2_000), (3_600_000, 1_000, 2_000), (100, 0, 100)]
        {
            assert_eq!(pause_ms(apart_ms, times), expect);
        }
    }
}

//! A playbook's graph as SVG, left to right, with the states of an execution when there is one.

use super::{NodeStates, StatusMark, edge_route, label};
use crate::{href, live::Clock};
use leptos::{html::Div, prelude::*};
use protocol::{
    StepStatus,
    graph::{Graph, GraphEdge, GraphNode},
};

/// Longest text on an arc; the whole is in its title and in the list below.
const LABEL_CHARS: usize = 24;
/// Longest name in a node.
const NAME_CHARS: usize = 18;

/// The states of one execution over the graph, with the clock that durations run by.
#[derive(Clone, Copy)]
pub(crate) struct GraphProgress {
    pub(crate) states: Memo<NodeStates>,
    pub(crate) clock: Clock,
}

/// Steps link to their details on the page (`#step-NAME`). Scrolls sideways; the same as text below.
#[component]
pub(crate) fn GraphView(graph: Graph, #[prop(optional_no_strip)] progress: Option<GraphProgress>) -> impl IntoView {
    let edges = graph.edges.iter().map(|edge| edge_view(&graph, edge, progress)).collect_view();
    let nodes = graph.nodes.iter().map(|node| node_view(node.clone(), progress)).collect_view();
    let list = graph.nodes.iter().map(|node| list_item(&graph, node.clone(), progress)).collect_view();
    let (width, height) = (graph.width.ceil(), graph.height.ceil());
    let name = format!("Graph of {} steps", graph.nodes.len());
    let scroll = NodeRef::<Div>::new();
    Effect::new(move |seen: Option<()>| {
        if seen.is_none() {
            show_active(scroll);
        }
    });
    view! {
        <div class="graph-scroll" tabindex="0" role="group" aria-label=name node_ref=scroll>
            <svg class="graph" width=width height=height viewBox=format!("0 0 {width} {height}")>
                {edges}
                {nodes}
            </svg>
        </div>
        <details class="graph-text">
            <summary>"Steps as text"</summary>
            <ol>{list}</ol>
        </details>
    }
}

fn edge_view(graph: &Graph, edge: &GraphEdge, progress: Option<GraphProgress>) -> impl IntoView + use<> {
    let route = edge_route::route(graph, edge)?;
    let condition = condition(edge);
    let own = edge.clone();
    let is_taken = Memo::new(move |_| progress.and_then(|progress| progress.states.with(|states| states.edge(&own))));
    let taken = move || progress.map(|_| if is_taken.get() == Some(true) { "true" } else { "false" });
    Some(view! {
        <g class="edge" data-taken=taken>
            <path class="edge-line" d=route.line />
            <path class="edge-arrow" d=route.arrow />
            {condition
                .map(|condition| {
                    view! {
                        <text x=route.label.0 y=route.label.1 text-anchor="end">
                            {tail(&condition, LABEL_CHARS)}
                            <title>{condition}</title>
                        </text>
                    }
                })}
        </g>
    })
}

fn node_view(node: GraphNode, progress: Option<GraphProgress>) -> impl IntoView {
    let (x, y) = (node.x - node.width / 2.0, node.y - node.height / 2.0);
    let name = node.step.clone();
    let kind = node.protocol.clone().unwrap_or_else(|| "control".to_owned());
    let target = format!("#{}", href::step_anchor(&node.step));
    let is_control = node.protocol.is_none();
    let own = node.clone();
    let state = Memo::new(move |_| progress.and_then(|progress| progress.states.with(|states| states.node(&own))));
    let status = Signal::derive(move || state.get().map_or(StepStatus::Queued, |state| state.status));
    let second = move || match (progress, state.get()) {
        (Some(progress), Some(state)) => match state.ran {
            Some((start, end)) => format!("{kind} · {}", progress.clock.elapsed(start, end)),
            None => kind.clone(),
        },
        _ => kind.clone(),
    };
    // How much of an iterator is done: `37 / 1000`, and a thin line.
    let items = Memo::new(move |_| state.get().and_then(|state| state.items));
    let second = move || match items.get() {
        Some((done, count)) => format!("{done} / {count} · {}", second()),
        None => second(),
    };
    let width = node.width;
    let line = move || {
        items.get().map(|(done, count)| {
            let part = f64::from(done) / f64::from(count.max(1)) * (width - 12.0);
            view! { <rect class="node-progress" x="6" y=node.height - 4.0 width=part height="2" rx="1" /> }
        })
    };
    let word = move || state.get().map(|state| label(state.status));
    let mark = move || {
        state.get().map(|_| {
            view! {
                <svg x="12" y="16" width="12" height="12" class="mark" viewBox="0 0 12 12" aria-hidden="true">
                    <use href=move || format!("#mark-{}", status.get().word()) />
                </svg>
            }
        })
    };
    let text_x = if progress.is_some() { 32 } else { 14 };
    view! {
        <g class="node" transform=format!("translate({x} {y})")>
            <title>{node.desc.clone().unwrap_or_else(|| name.clone())}</title>
            <a
                href=target
                data-step=name.clone()
                data-control=is_control.then_some("")
                data-status=move || state.get().map(|state| state.status.word())
            >
                <rect class="node-box" width=node.width height=node.height rx="6" />
                {mark}
                <text class="node-name" x=text_x y="19">
                    {cut(&name, NAME_CHARS)}
                </text>
                <text class="node-kind" x=text_x y="34">
                    {second}
                </text>
                {line}
                // To be heard: to the eye the shape says it.
                <text class="node-word" x=text_x y="34">
                    {word}
                </text>
            </a>
        </g>
    }
}

fn list_item(graph: &Graph, node: GraphNode, progress: Option<GraphProgress>) -> impl IntoView + use<> {
    let arcs: Vec<String> = graph
        .edges
        .iter()
        .filter(|edge| edge.from == node.step)
        .map(|edge| match condition(edge) {
            Some(condition) => format!("{} when {condition}", edge.to),
            None => edge.to.clone(),
        })
        .collect();
    let next = if arcs.is_empty() { "ends here".to_owned() } else { format!("then {}", arcs.join(", or ")) };
    let kind = node.protocol.clone().unwrap_or_else(|| "control".to_owned());
    let name = node.step.clone();
    let status = move || {
        let state = progress.and_then(|progress| progress.states.with(|states| states.node(&node)))?;
        Some(view! {
            <span class="status" data-status=state.status.word()>
                <StatusMark status=state.status />
                {label(state.status)}
            </span>
        })
    };
    view! { <li><b>{name}</b>" "<span class="quiet">{kind}</span>" "{status}" "<span class="quiet">{next}</span></li> }
}

fn condition(edge: &GraphEdge) -> Option<String> {
    match &edge.when {
        Some(when) => Some(when.trim_matches(['{', '}', ' ']).to_owned()),
        None if edge.on_failed => Some("failed".to_owned()),
        None if edge.on_cancelled => Some("cancelled".to_owned()),
        None => None,
    }
}

/// The end of a condition, where the ones of a fork differ.
fn tail(text: &str, chars: usize) -> String {
    match text.char_indices().rev().nth(chars) {
        Some((start, first)) => format!("…{}", &text[start + first.len_utf8()..]),
        None => text.to_owned(),
    }
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Scrolls sideways, once, to the step that failed or runs: on narrow screens it may be far to the right.
#[cfg(feature = "hydrate")]
fn show_active(scroll: NodeRef<Div>) {
    let Some(scroll) = scroll.try_get_untracked().flatten() else { return };
    let active = ["[data-status=failed]", "[data-status=running]"]
        .into_iter()
        .find_map(|status| scroll.query_selector(&format!(".node {status}")).ok().flatten());
    if let Some(active) = active {
        let (view, node) = (scroll.get_bounding_client_rect(), active.get_bounding_client_rect());
        if node.right() > view.right() {
            scroll.set_scroll_left((node.left() + node.width() / 2.0 - view.left() - view.width() / 2.0) as i32);
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn show_active(_scroll: NodeRef<Div>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_the_end_that_tells_them_apart() {
        assert_eq!(tail("group.verdict == 'bad'", 8), "…== 'bad'");
        assert_eq!(cut("measure_activity", 7), "measure…");
        assert_eq!((tail("äöü", 3), cut("äöü", 3)), ("äöü".to_owned(), "äöü".to_owned()));
    }
}

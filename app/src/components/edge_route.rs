//! Orthogonal lines between nodes: straight out, at most a few corners, around other nodes.

use protocol::graph::{Graph, GraphEdge, GraphNode};

type Point = (f64, f64);

/// Distance of a vertical stretch from the node it belongs to.
const STUB: f64 = 20.0;
/// Room left around nodes.
const AROUND: f64 = 6.0;
const CORNER: f64 = 6.0;
const ARROW: f64 = 6.0;

/// An arc as SVG path data, with its arrow head and the place of its label (its right end).
pub(crate) struct Route {
    pub(crate) line: String,
    pub(crate) arrow: String,
    pub(crate) label: Point,
}

/// `None` when one of the edge's nodes is not in the graph.
pub(crate) fn route(graph: &Graph, edge: &GraphEdge) -> Option<Route> {
    let node = |name: &str| graph.nodes.iter().find(|node| node.step == name);
    let (from, to) = (node(&edge.from)?, node(&edge.to)?);
    let corners = corners(graph, edge, from, to);
    let (end_x, end_y) = *corners.last()?;
    let arrow = format!(
        "M{} {}L{} {}L{} {}Z",
        end_x,
        end_y,
        end_x - ARROW,
        end_y - ARROW * 0.6,
        end_x - ARROW,
        end_y + ARROW * 0.6
    );
    Some(Route { line: rounded(&corners), arrow, label: (end_x - 10.0, end_y - 6.0) })
}

fn corners(graph: &Graph, edge: &GraphEdge, from: &GraphNode, to: &GraphNode) -> Vec<Point> {
    let start = (from.x + from.width / 2.0, from.y);
    let end = (to.x - to.width / 2.0, to.y);
    if end.0 <= start.0 {
        return back(from, to, start, end);
    }
    if (start.1 - end.1).abs() < 1.0 {
        let straight = vec![start, (end.0, start.1)];
        if is_free(graph, edge, &straight) {
            return straight;
        }
    }
    for x in [start.0 + STUB, end.0 - STUB] {
        let bent = vec![start, (x, start.1), (x, end.1), end];
        if is_free(graph, edge, &bent) {
            return bent;
        }
    }
    along(edge, start, end)
}

/// Through the layout's own points, with each change of height between two of them.
fn along(edge: &GraphEdge, start: Point, end: Point) -> Vec<Point> {
    let inner = edge.points.len().saturating_sub(1);
    let mut corners = vec![start];
    let (mut x, mut y) = start;
    for &(next_x, next_y) in edge.points.get(1..inner).unwrap_or_default().iter().chain([&end]) {
        if (next_y - y).abs() >= 1.0 {
            let bend = if corners.len() == 1 { x + STUB } else { (x + next_x) / 2.0 };
            corners.extend([(bend, y), (bend, next_y)]);
            y = next_y;
        }
        x = next_x;
    }
    corners.push((end.0, y));
    corners
}

/// Back to an earlier column, or to itself: under both nodes.
fn back(from: &GraphNode, to: &GraphNode, start: Point, end: Point) -> Vec<Point> {
    let below = from.y.max(to.y) + from.height / 2.0 + STUB / 2.0;
    let (out, into) = (start.0 + STUB / 2.0, end.0 - STUB / 2.0);
    vec![start, (out, start.1), (out, below), (into, below), (into, end.1), end]
}

fn is_free(graph: &Graph, edge: &GraphEdge, corners: &[Point]) -> bool {
    let others = || graph.nodes.iter().filter(|node| node.step != edge.from && node.step != edge.to);
    corners.windows(2).all(|pair| others().all(|node| !crosses(node, pair[0], pair[1])))
}

fn crosses(node: &GraphNode, a: Point, b: Point) -> bool {
    let (half_w, half_h) = (node.width / 2.0 + AROUND, node.height / 2.0 + AROUND);
    a.0.min(b.0) < node.x + half_w
        && a.0.max(b.0) > node.x - half_w
        && a.1.min(b.1) < node.y + half_h
        && a.1.max(b.1) > node.y - half_h
}

/// Path data with rounded corners.
fn rounded(corners: &[Point]) -> String {
    let Some(&(x, y)) = corners.first() else { return String::new() };
    let mut path = format!("M{x} {y}");
    for trio in corners.windows(3) {
        let (before, corner, after) = (trio[0], trio[1], trio[2]);
        let radius = CORNER.min(distance(before, corner) / 2.0).min(distance(corner, after) / 2.0);
        let (a, b) = (towards(corner, before, radius), towards(corner, after, radius));
        path.push_str(&format!("L{} {}Q{} {} {} {}", a.0, a.1, corner.0, corner.1, b.0, b.1));
    }
    if let Some((x, y)) = corners.last() {
        path.push_str(&format!("L{x} {y}"));
    }
    path
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn towards(from: Point, to: Point, by: f64) -> Point {
    let whole = distance(from, to);
    if whole == 0.0 {
        return from;
    }
    (from.0 + (to.0 - from.0) * by / whole, from.1 + (to.1 - from.1) * by / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: &[(&str, f64, f64)]) -> Graph {
        let node = |(step, x, y): &(&str, f64, f64)| GraphNode {
            step: (*step).into(),
            x: *x,
            y: *y,
            width: 168.0,
            height: 44.0,
            ..GraphNode::default()
        };
        Graph { nodes: nodes.iter().map(node).collect(), ..Graph::default() }
    }

    fn edge(from: &str, to: &str, points: Vec<Point>) -> GraphEdge {
        GraphEdge { from: from.into(), to: to.into(), points, ..GraphEdge::default() }
    }

    fn check(graph: &Graph, edge: &GraphEdge) -> Vec<Point> {
        let corners = corners(graph, edge, &graph.nodes[0], &graph.nodes[1]);
        for pair in corners.windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "not orthogonal: {corners:?}");
        }
        corners
    }

    #[test]
    fn same_row_is_one_straight_line() {
        let graph = graph(&[("a", 100.0, 50.0), ("b", 400.0, 50.0)]);
        assert_eq!(check(&graph, &edge("a", "b", vec![])), [(184.0, 50.0), (316.0, 50.0)]);
    }

    #[test]
    fn other_row_bends_once_near_its_source() {
        let graph = graph(&[("a", 100.0, 50.0), ("b", 400.0, 150.0)]);
        assert_eq!(
            check(&graph, &edge("a", "b", vec![])),
            [(184.0, 50.0), (204.0, 50.0), (204.0, 150.0), (316.0, 150.0)]
        );
    }

    #[test]
    fn nodes_in_between_are_gone_around() {
        let graph = graph(&[("a", 100.0, 50.0), ("c", 700.0, 50.0), ("b", 400.0, 50.0)]);
        let edge = edge("a", "c", vec![(184.0, 50.0), (400.0, 120.0), (616.0, 50.0)]);
        assert!(is_free(&graph, &edge, &check(&graph, &edge)));
    }

    #[test]
    fn loops_go_underneath() {
        let graph = graph(&[("a", 400.0, 50.0), ("b", 100.0, 50.0)]);
        assert!(check(&graph, &edge("a", "b", vec![])).iter().any(|point| point.1 > 72.0));
    }

    #[test]
    fn unknown_ends_are_not_drawn() {
        assert!(route(&graph(&[("a", 0.0, 0.0)]), &edge("a", "nowhere", vec![])).is_none());
    }
}

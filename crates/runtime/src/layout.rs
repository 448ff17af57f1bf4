//! Coordinates for a playbook's graph, left to right (look: nodes 168 × 44, orthogonal edges).

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, RankDir,
    graph::{Graph as Dag, GraphOptions},
};
use protocol::graph::Graph;
use std::collections::BTreeMap;

const NODE_WIDTH: f64 = 168.0;
const NODE_HEIGHT: f64 = 44.0;
const MARGIN: f64 = 16.0;
const COLUMN: f64 = NODE_WIDTH + 72.0;
const ROW: f64 = NODE_HEIGHT + 24.0;
/// Larger graphs get plain columns: the layered layout takes more than quadratic time.
const LAYERED_NODES: usize = 600;

/// The graph with coordinates in CSS pixels. Takes up to some 0.3 s of CPU: call it off the async threads.
pub(crate) fn laid_out(mut graph: Graph) -> Graph {
    for node in &mut graph.nodes {
        (node.width, node.height) = (NODE_WIDTH, NODE_HEIGHT);
    }
    if graph.nodes.len() > LAYERED_NODES { columns(graph) } else { layered(graph) }
}

fn layered(mut graph: Graph) -> Graph {
    let mut dag: Dag<NodeLabel, EdgeLabel> =
        Dag::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    for (index, _) in graph.nodes.iter().enumerate() {
        dag.set_node(
            index.to_string(),
            Some(NodeLabel { width: NODE_WIDTH, height: NODE_HEIGHT, ..NodeLabel::default() }),
        );
    }
    let names: BTreeMap<String, usize> =
        graph.nodes.iter().enumerate().map(|(index, node)| (node.step.clone(), index)).collect();
    let ends = |edge: &protocol::graph::GraphEdge| {
        names.get(&edge.from).zip(names.get(&edge.to)).map(|(from, to)| (from.to_string(), to.to_string()))
    };
    for (index, edge) in graph.edges.iter().enumerate() {
        if let Some((from, to)) = ends(edge) {
            let label = edge.when.as_ref().map_or(0, |when| when.chars().take(24).count());
            let label = EdgeLabel {
                minlen: 1,
                weight: 1,
                width: label as f64 * 6.2,
                height: if label == 0 { 0.0 } else { 16.0 },
                ..EdgeLabel::default()
            };
            dag.set_edge(from, to, Some(label), Some(&index.to_string()));
        }
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 24.0,
        edgesep: 16.0,
        ranksep: 56.0,
        marginx: MARGIN,
        marginy: MARGIN,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut dag, Some(options));
    for (index, node) in graph.nodes.iter_mut().enumerate() {
        if let Some(placed) = dag.node(&index.to_string()) {
            (node.x, node.y) = (placed.x.unwrap_or(0.0), placed.y.unwrap_or(0.0));
        }
    }
    for index in 0..graph.edges.len() {
        let points = ends(&graph.edges[index])
            .and_then(|(from, to)| dag.edge(&from, &to, Some(&index.to_string())))
            .map(|edge| edge.points.iter().map(|point| (point.x, point.y)).collect());
        graph.edges[index].points = points.unwrap_or_default();
    }
    bounded(graph)
}

/// Breadth-first columns: no crossing reduction, linear time.
fn columns(mut graph: Graph) -> Graph {
    let names: BTreeMap<String, usize> =
        graph.nodes.iter().enumerate().map(|(index, node)| (node.step.clone(), index)).collect();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        if let (Some(&from), Some(&to)) = (names.get(&edge.from), names.get(&edge.to)) {
            next[from].push(to);
        }
    }
    let mut column: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let mut queue: std::collections::VecDeque<usize> = names.get("start").copied().into_iter().collect();
    queue.iter().for_each(|&index| column[index] = Some(0));
    while let Some(index) = queue.pop_front() {
        for &to in &next[index] {
            if column[to].is_none() {
                column[to] = column[index].map(|at| at + 1);
                queue.push_back(to);
            }
        }
    }
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, node) in graph.nodes.iter_mut().enumerate() {
        let at = column[index].unwrap_or(0);
        let row = filled.entry(at).or_default();
        node.x = MARGIN + NODE_WIDTH / 2.0 + at as f64 * COLUMN;
        node.y = MARGIN + NODE_HEIGHT / 2.0 + *row as f64 * ROW;
        *row += 1;
    }
    for edge in &mut graph.edges {
        if let (Some(&from), Some(&to)) = (names.get(&edge.from), names.get(&edge.to)) {
            let (from, to) = (&graph.nodes[from], &graph.nodes[to]);
            edge.points = vec![(from.x + NODE_WIDTH / 2.0, from.y), (to.x - NODE_WIDTH / 2.0, to.y)];
        }
    }
    bounded(graph)
}

fn bounded(mut graph: Graph) -> Graph {
    let xs = graph.nodes.iter().map(|node| node.x + NODE_WIDTH / 2.0);
    let ys = graph.nodes.iter().map(|node| node.y + NODE_HEIGHT / 2.0);
    let points = graph.edges.iter().flat_map(|edge| &edge.points);
    graph.width = xs.chain(points.clone().map(|point| point.0)).fold(0.0, f64::max) + MARGIN;
    graph.height = ys.chain(points.map(|point| point.1)).fold(0.0, f64::max) + MARGIN;
    graph
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::graph::{GraphEdge, GraphNode};

    fn fan(branches: usize) -> Graph {
        let node = |step: String| GraphNode { step, ..GraphNode::default() };
        let edge = |from: &str, to: String| GraphEdge { from: from.into(), to, ..GraphEdge::default() };
        let mut graph = Graph::default();
        graph.nodes.push(node("start".into()));
        graph.nodes.extend((0..branches).map(|i| node(format!("b{i}"))));
        graph.edges.extend((0..branches).map(|i| edge("start", format!("b{i}"))));
        graph
    }

    #[test]
    fn no_two_nodes_overlap_in_either_layout() {
        for graph in [laid_out(fan(30)), laid_out(fan(LAYERED_NODES + 1))] {
            let mut at: Vec<(i64, i64)> = graph.nodes.iter().map(|n| (n.x as i64, n.y as i64)).collect();
            at.sort_unstable();
            at.dedup();
            assert_eq!(at.len(), graph.nodes.len());
            assert!(graph.nodes.iter().all(|n| n.x > 0.0 && n.x < graph.width && n.y < graph.height));
            assert!(graph.edges.iter().all(|e| e.points.len() >= 2));
        }
    }

    #[test]
    fn loops_and_self_loops_are_laid_out() {
        let mut graph = fan(2);
        graph.edges.push(GraphEdge { from: "b0".into(), to: "start".into(), ..GraphEdge::default() });
        graph.edges.push(GraphEdge { from: "b1".into(), to: "b1".into(), ..GraphEdge::default() });
        assert!(laid_out(graph).edges.iter().all(|e| e.points.len() >= 2));
    }
}

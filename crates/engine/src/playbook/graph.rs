//! Who can reach whom, computed once per playbook.

use super::model::{On, Step};
use crate::effort::look;

/// For each step the set of steps from which a path of one or more transitions leads to it, and the set of those to
/// which one leads from it.
#[derive(Debug, Default)]
pub(crate) struct Topology {
    ancestors: Vec<Reach>,
    descendants: Vec<Reach>,
}

/// A set of steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    bits: Vec<u64>,
    count: usize,
}

impl Reach {
    fn of(bits: &[u64]) -> Self {
        let count = bits.iter().map(|word| word.count_ones() as usize).sum();
        Self { bits: bits.to_vec(), count }
    }

    pub(crate) fn contains(&self, step: usize) -> bool {
        self.bits.get(step / 64).is_some_and(|word| word & (1 << (step % 64)) != 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.bits.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    look();
                    left &= left - 1;
                    word * 64 + bit
                })
            })
        })
    }
}

impl Topology {
    /// Transitions for failure count: a branch that may still fail may still take them. Those for a cancellation do
    /// not: they fire all at once, when everything else has stopped.
    ///
    /// Strongly connected steps share one set, so the work is (steps + transitions) × steps / 64.
    pub(super) fn of(steps: &[Step]) -> Self {
        let lasting = |step: &Step| step.next.iter().filter(|t| t.on != On::Cancelled).map(|t| t.to).collect();
        let next: Vec<Vec<usize>> = steps.iter().map(lasting).collect();
        let (component, count) = components(&next);
        let words = steps.len().div_ceil(64);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (step, component) in component.iter().enumerate() {
            members[*component].push(step);
        }
        let mut ancestors: Vec<Vec<u64>> = vec![vec![0; words]; count];
        for this in 0..count {
            let cyclic = members[this].len() > 1 || members[this].iter().any(|step| next[*step].contains(step));
            if cyclic {
                put(&mut ancestors[this], &members[this]);
            }
        }
        let mut descendants = ancestors.clone();
        // Tarjan numbers a component after all it leads to: from the highest down, ancestors are complete when used,
        // and from the lowest up, descendants are.
        for this in (0..count).rev() {
            let mut passed_on = ancestors[this].clone();
            put(&mut passed_on, &members[this]);
            for to in members[this].iter().flat_map(|step| &next[*step]).map(|to| component[*to]) {
                if to != this {
                    merge(&mut ancestors[to], &passed_on);
                }
            }
        }
        for this in 0..count {
            let mut gathered = std::mem::take(&mut descendants[this]);
            for to in members[this].iter().flat_map(|step| &next[*step]).map(|to| component[*to]) {
                if to != this {
                    merge(&mut gathered, &descendants[to]);
                    put(&mut gathered, &members[to]);
                }
            }
            descendants[this] = gathered;
        }
        let of_steps = |sets: &[Vec<u64>]| component.iter().map(|component| Reach::of(&sets[*component])).collect();
        Self { ancestors: of_steps(&ancestors), descendants: of_steps(&descendants) }
    }

    pub(crate) fn ancestors(&self, step: usize) -> &Reach {
        &self.ancestors[step]
    }

    pub(crate) fn descendants(&self, step: usize) -> &Reach {
        &self.descendants[step]
    }

    /// Whether a path of one or more transitions leads from one step to the other.
    pub(crate) fn leads(&self, from: usize, to: usize) -> bool {
        self.ancestors[to].contains(from)
    }
}

fn put(set: &mut [u64], steps: &[usize]) {
    for step in steps {
        set[step / 64] |= 1 << (step % 64);
    }
}

fn merge(set: &mut [u64], other: &[u64]) {
    for (word, bits) in set.iter_mut().zip(other) {
        *word |= bits;
    }
}

/// Tarjan's strongly connected components without recursion: each step's component, numbered so that a component
/// has a lower number than those that lead to it.
fn components(next: &[Vec<usize>]) -> (Vec<usize>, usize) {
    const NONE: usize = usize::MAX;
    let n = next.len();
    let (mut index, mut low, mut component) = (vec![NONE; n], vec![0; n], vec![NONE; n]);
    let (mut counter, mut count) = (0, 0);
    let mut stack = Vec::new();
    for root in 0..n {
        if index[root] != NONE {
            continue;
        }
        let mut calls = vec![(root, 0)];
        while let Some((step, arc)) = calls.last_mut() {
            let step = *step;
            if *arc == 0 && index[step] == NONE {
                index[step] = counter;
                low[step] = counter;
                counter += 1;
                stack.push(step);
            }
            if let Some(to) = next[step].get(*arc).copied() {
                *arc += 1;
                if index[to] == NONE {
                    calls.push((to, 0));
                } else if component[to] == NONE {
                    low[step] = low[step].min(index[to]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[step]);
            }
            if low[step] == index[step] {
                while let Some(member) = stack.pop() {
                    component[member] = count;
                    if member == step {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    (component, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(next: &[&[usize]]) -> Vec<Vec<usize>> {
        let steps: Vec<Step> = next.iter().map(|to| Step::for_test(to)).collect();
        let topology = Topology::of(&steps);
        (0..steps.len()).map(|step| topology.ancestors(step).iter().collect()).collect()
    }

    #[test]
    fn ancestors_of_chains_diamonds_and_loops() {
        let none: Vec<usize> = vec![];
        for (next, expect) in [
            (vec![&[1][..], &[2], &[]], vec![none.clone(), vec![0], vec![0, 1]]),
            (vec![&[1, 2], &[3], &[3], &[]], vec![none.clone(), vec![0], vec![0], vec![0, 1, 2]]),
            (vec![&[1], &[2], &[1, 3], &[]], vec![none.clone(), vec![0, 1, 2], vec![0, 1, 2], vec![0, 1, 2]]),
            (vec![&[0, 1], &[]], vec![vec![0], vec![0]]),
            (vec![&[], &[0]], vec![vec![1], none.clone()]),
        ] {
            assert_eq!(reach(&next), expect, "{next:?}");
        }
    }

    #[test]
    fn agrees_with_search_on_many_graphs() {
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..200 {
            let n = 1 + random(90);
            let next: Vec<Vec<usize>> = (0..n).map(|_| (0..random(3)).map(|_| random(n)).collect()).collect();
            let slices: Vec<&[usize]> = next.iter().map(Vec::as_slice).collect();
            let got = reach(&slices);
            let topology = Topology::of(&slices.iter().map(|to| Step::for_test(to)).collect::<Vec<_>>());
            for from in 0..n {
                let (mut seen, mut open) = (vec![false; n], next[from].clone());
                while let Some(at) = open.pop() {
                    if !std::mem::replace(&mut seen[at], true) {
                        open.extend(&next[at]);
                    }
                }
                for to in 0..n {
                    assert_eq!(got[to].contains(&from), seen[to], "{from} → {to} in {next:?}");
                    assert_eq!(topology.descendants(from).contains(to), seen[to], "{from} → {to} in {next:?}");
                }
            }
        }
    }
}

//! What changed between two versions of a playbook.

use super::Api;
use protocol::{
    Problem,
    api::{DiffHunk, DiffKind, DiffLine, DiffQuery, PlaybookDiff},
};
use similar::{Algorithm, ChangeTag, TextDiff};
use std::time::Duration;

/// Lines shown before and after what changed.
const AROUND: usize = 3;
/// Sources that differ in everything are compared roughly after this.
const PATIENCE: Duration = Duration::from_millis(500);

impl Api {
    /// What leads from one version of a playbook to another: unless told, from the one before the newest to it.
    ///
    /// # Errors
    /// 404 when there is no such playbook or version.
    pub async fn playbook_diff(&self, path: &str, query: DiffQuery) -> Result<PlaybookDiff, Problem> {
        let new = self.playbook(path, query.to).await?;
        let from = query.from.unwrap_or_else(|| new.version.saturating_sub(1).max(1));
        let old = self.playbook(path, Some(from)).await?;
        Ok(diff(path, (from, &old.source), (new.version, &new.source)))
    }
}

fn diff(path: &str, (from, old): (u32, &str), (to, new): (u32, &str)) -> PlaybookDiff {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).timeout(PATIENCE).diff_lines(old, new);
    let mut found = PlaybookDiff { path: path.to_owned(), from, to, added: 0, removed: 0, hunks: Vec::new() };
    for group in diff.grouped_ops(AROUND) {
        let mut lines = Vec::new();
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let kind = match change.tag() {
                ChangeTag::Equal => DiffKind::Same,
                ChangeTag::Insert => DiffKind::Added,
                ChangeTag::Delete => DiffKind::Removed,
            };
            found.added += u32::from(kind == DiffKind::Added);
            found.removed += u32::from(kind == DiffKind::Removed);
            let number = |index: Option<usize>| index.and_then(|index| u32::try_from(index + 1).ok());
            let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
            lines.push(DiffLine { kind, old: number(change.old_index()), new: number(change.new_index()), text });
        }
        found.hunks.push(DiffHunk { lines });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unified(old: &str, new: &str) -> String {
        let diff = diff("p", (1, old), (2, new));
        let lines = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.map(|line| format!("{}{}|", line.kind.sign(), line.text)).collect()
    }

    #[test]
    fn a_line_that_changed_stands_between_those_around_it() {
        assert_eq!(unified("a\nb\nc\n", "a\nB\nc\n"), " a|-b|+B| c|");
        assert_eq!(unified("a\n", "a\n"), "");
        assert_eq!(unified("a", "a\nb"), "-a|+a|+b|");
        assert_eq!(unified("", "a\n"), "+a|");
    }

    #[test]
    fn lines_keep_their_numbers_and_far_changes_stand_apart() {
        let old: String = (1..=40).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 2\n", "").replace("line 39\n", "line 39\nnew\n");
        let diff = diff("p", (1, &old), (2, &new));
        assert_eq!((diff.added, diff.removed, diff.hunks.len()), (1, 1, 2));
        let removed = diff.hunks[0].lines.iter().find(|line| line.kind == DiffKind::Removed).expect("one");
        assert_eq!((removed.old, removed.new), (Some(2), None));
        let added = diff.hunks[1].lines.iter().find(|line| line.kind == DiffKind::Added).expect("one");
        assert_eq!((added.old, added.new), (None, Some(39)));
    }
}

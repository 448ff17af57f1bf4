//! "Did you mean …?"

/// The candidate nearest to `word`, if one is near enough to be a slip: a third of its letters, at most 3.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// A longer word is no slip of a name.
    const LONGEST: usize = 200;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase(), limit), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A hint with the nearest candidate, or with what there is.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    /// More than this many names do not help anybody.
    const SHOWN: usize = 12;
    if let Some(nearest) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let all: Vec<String> = candidates.into_iter().take(SHOWN + 1).map(|name| format!("`{name}`")).collect();
    match all.len() {
        0 => None,
        n if n > SHOWN => Some(format!("there are: {} …", all[..SHOWN].join(", "))),
        _ => Some(format!("there are: {}", all.join(", "))),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) between two words; anything over `limit` is `limit + 1`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()].min(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        for (word, expect) in [
            ("pyton", Some("python")),
            ("Python", Some("python")),
            ("pythno", Some("python")),
            ("htp", Some("http")),
            ("workbok", Some("workbook")),
            ("banana", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, ["python", "http", "workbook", "noop"]), expect, "{word}");
        }
    }
}

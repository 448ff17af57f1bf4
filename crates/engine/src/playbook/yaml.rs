//! YAML text to a tree with places. The only module that knows the YAML parser.
//!
//! Reading is a loop over the parser's events with an own stack: depth, size and aliases are limited, and a
//! problem that does not stop the parser (a duplicate key, an unknown alias) is reported along with the rest.

use super::{
    node::{CoreTag, Key, Kind, Node, Place, Style},
    problems::Problems,
};
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Tag};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Deepest nesting of lists and maps; what recurses over a tree relies on it.
const MAX_DEPTH: usize = 64;
/// Most nodes after aliases are expanded, and most bytes of text in them: stops alias bombs.
const MAX_NODES: usize = 200_000;
const MAX_BYTES: usize = 8 << 20;

/// Reads one document. `None` when there is no tree to go on with; the problems say why.
pub(super) fn read(source: &str, problems: &mut Problems) -> Option<Node> {
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.block_nesting_limit = MAX_DEPTH + 1;
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.set_emit_comments(false);
    let mut reader = Reader { problems, stack: Vec::new(), anchors: HashMap::new(), nodes: 0, bytes: 0, root: None };
    for event in Parser::new_from_str_with_options(source, options) {
        match event {
            Ok((event, span)) => {
                if reader.take(event, place(&span.start)).is_err() {
                    return None;
                }
            }
            Err(error) => {
                let hint = "check the indentation and quotes just before this place; text with `: ` or ` #` in it, \
                            or that starts with `{`, `[`, `*`, `&`, `!` or `%`, needs quotes";
                reader.problems.error(
                    "yaml_syntax",
                    place(error.marker()),
                    "",
                    sentence(&error.info()),
                    Some(hint.into()),
                );
                return None;
            }
        }
    }
    if reader.root.is_none() {
        let hint = "a playbook begins with `apiVersion`, `kind: Playbook` and `metadata`";
        reader.problems.error(
            "empty_document",
            Place { line: 1, column: 1 },
            "",
            "the document is empty",
            Some(hint.into()),
        );
    }
    reader.root
}

fn sentence(text: &str) -> String {
    format!("this is not YAML: {text}")
}

fn place(marker: &Marker) -> Place {
    Place {
        line: u32::try_from(marker.line().max(1)).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
    }
}

/// A tree that cannot be gone on with; already reported.
struct Stop;

struct Reader<'a> {
    problems: &'a mut Problems,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    bytes: usize,
    root: Option<Node>,
}

/// A list or map that is still open.
struct Frame {
    place: Place,
    anchor: usize,
    open: Open,
}

enum Open {
    List(Vec<Node>),
    /// `skip`: the coming value belongs to a key that was refused.
    Map {
        entries: Vec<(Key, Node)>,
        seen: HashMap<String, Place>,
        merges: Vec<Node>,
        key: Option<Key>,
        skip: bool,
    },
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, text.len(), place)?;
                let tag = self.core_tag(tag.as_deref(), place);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.put(Node { place, kind: Kind::Scalar { text: Cow::into_owned(text), style, tag } }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.core_tag(tag.as_deref(), place);
                self.open(place, anchor, Open::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.core_tag(tag.as_deref(), place);
                let open =
                    Open::Map { entries: Vec::new(), seen: HashMap::new(), merges: Vec::new(), key: None, skip: false };
                self.open(place, anchor, open)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    self.problems.error("yaml_alias", place, &self.pointer(), "an alias inside of what it names", None);
                    return self.put(Node::null(place), 0);
                };
                let (nodes, bytes) = weigh(&node);
                self.count(nodes, bytes, place)?;
                self.put(Node { place, ..node }, 0)
            }
            Event::UnresolvedAlias(name) => {
                let hint = format!("define `&{name}` before, or put the text in quotes if no alias is meant");
                let message = format!("alias `*{name}` names nothing");
                self.problems.error("yaml_alias", place, &self.pointer(), message, Some(hint));
                self.put(Node::null(place), 0)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                let hint = "put each playbook in a file of its own";
                self.problems.error("yaml_documents", place, "", "more than one document", Some(hint.into()));
                Err(Stop)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, place: Place, anchor: usize, open: Open) -> Result<(), Stop> {
        self.count(1, 0, place)?;
        if self.stack.len() >= MAX_DEPTH {
            let message = format!("lists and maps are nested deeper than {MAX_DEPTH} levels");
            self.problems.error("yaml_depth", place, "", message, Some("flatten the data".into()));
            return Err(Stop);
        }
        self.stack.push(Frame { place, anchor, open });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stop> {
        let frame = self.stack.pop().expect("the parser closes only what it opened");
        let kind = match frame.open {
            Open::List(items) => Kind::List(items),
            Open::Map { mut entries, seen, merges, .. } => {
                let mut have: HashSet<String> =
                    if merges.is_empty() { HashSet::new() } else { seen.into_keys().collect() };
                for merge in merges {
                    self.merge(&mut entries, &mut have, merge)?;
                }
                Kind::Map(entries)
            }
        };
        self.put(Node { place: frame.place, kind }, frame.anchor)
    }

    /// `<<: *base`: keys of the base that the map does not have itself.
    fn merge(&mut self, entries: &mut Vec<(Key, Node)>, have: &mut HashSet<String>, base: Node) -> Result<(), Stop> {
        match base.kind {
            Kind::Map(base) => {
                for (key, node) in base {
                    if have.insert(key.text.clone()) {
                        entries.push((key, node));
                    }
                }
            }
            Kind::List(bases) => {
                for base in bases {
                    self.merge(entries, have, base)?;
                }
            }
            Kind::Scalar { .. } => {
                let hint = "write `<<: *name` where `name` anchors a map";
                self.problems.error(
                    "yaml_merge",
                    base.place,
                    &self.pointer(),
                    "`<<` merges maps only",
                    Some(hint.into()),
                );
            }
        }
        Ok(())
    }

    /// Hands a finished node to the list or map it is in.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let pointer = if self.problems.is_full() { String::new() } else { self.pointer() };
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame { open: Open::List(items), .. }) => items.push(node),
            Some(Frame { open: Open::Map { entries, seen, merges, key, skip }, .. }) => match key.take() {
                Some(taken) if *skip => {
                    *skip = false;
                    drop(taken);
                }
                Some(taken) if taken.text == "<<" => merges.push(node),
                Some(taken) => entries.push((taken, node)),
                None => {
                    let place = node.place;
                    let text = match node.kind {
                        Kind::Scalar { text, .. } => text,
                        Kind::List(_) | Kind::Map(_) => {
                            let hint = "a template in a value needs quotes: `key: \"{{ … }}\"`";
                            self.problems.error("yaml_key", place, &pointer, "a key must be text", Some(hint.into()));
                            *skip = true;
                            String::new()
                        }
                    };
                    if !*skip && text != "<<" {
                        if let Some(first) = seen.get(&text) {
                            let message = format!("key `{text}` is there twice, first on line {}", first.line);
                            let pointer = super::pointer::join(&pointer, &text);
                            self.problems.error(
                                "duplicate_key",
                                place,
                                &pointer,
                                message,
                                Some("keep one of them".into()),
                            );
                            *skip = true;
                        } else {
                            seen.insert(text.clone(), place);
                        }
                    }
                    *key = Some(Key { text, place });
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, bytes: usize, place: Place) -> Result<(), Stop> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES || self.bytes > MAX_BYTES {
            let message = format!(
                "the document is larger than {MAX_NODES} values or {MAX_BYTES} bytes once aliases are expanded"
            );
            self.problems.error("yaml_size", place, "", message, Some("use fewer aliases of aliases".into()));
            return Err(Stop);
        }
        Ok(())
    }

    fn core_tag(&mut self, tag: Option<&Tag>, place: Place) -> Option<CoreTag> {
        let tag = tag?;
        match tag.core_suffix() {
            Some("str") => Some(CoreTag::Text),
            Some("int" | "float") => Some(CoreTag::Number),
            Some("bool") => Some(CoreTag::Bool),
            Some("null") => Some(CoreTag::Null),
            Some("seq" | "map") => None,
            _ if tag.original() == "!" => Some(CoreTag::Text),
            _ => {
                let message = format!("tag `{}` means nothing here", tag.original());
                let hint = "text that starts with `!` needs quotes";
                self.problems.error("yaml_tag", place, &self.pointer(), message, Some(hint.into()));
                None
            }
        }
    }

    /// Where the reader is.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.stack {
            match &frame.open {
                Open::List(items) => super::pointer::push(&mut pointer, &items.len().to_string()),
                Open::Map { key: Some(key), .. } => super::pointer::push(&mut pointer, &key.text),
                Open::Map { key: None, .. } => {}
            }
        }
        pointer
    }
}

/// Nodes and bytes of text in a tree.
fn weigh(node: &Node) -> (usize, usize) {
    match &node.kind {
        Kind::Scalar { text, .. } => (1, text.len()),
        Kind::List(items) => items.iter().map(weigh).fold((1, 0), |sum, item| (sum.0 + item.0, sum.1 + item.1)),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, node)| (weigh(node), key.text.len()))
            .fold((1, 0), |sum, (item, key)| (sum.0 + item.0 + 1, sum.1 + item.1 + key)),
    }
}

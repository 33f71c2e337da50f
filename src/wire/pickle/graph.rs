//! What the machine builds: nodes that point at each other, and their bounded unfolding into a [`Value`].
//!
//! Python memoises a list or dict before it is filled, and shares one object between many places; so the machine
//! works on nodes by number. Unfolding copies what is shared: it is the only step that could explode or run in
//! circles, and the only one that recurses, at most [`MAX_DEPTH`] deep.

use std::collections::HashMap;

use super::global::Global;
use super::{MAX_DEPTH, MAX_TEXT, MAX_VALUES, PickleError};
use crate::wire::Value;

/// A node by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

/// One object of the pickle.
#[derive(Debug)]
pub(super) enum Node {
    /// Anything that holds no others.
    Leaf(Value),
    /// A list, which may still grow.
    List(Vec<NodeId>),
    /// A tuple.
    Tuple(Vec<NodeId>),
    /// A dict, which may still grow; a key may stand in it repeatedly, and the last one counts.
    Dict(Vec<(NodeId, NodeId)>),
    /// A name on its way to `REDUCE`, and where it stands in the pickle; no value by itself.
    Global(Global, usize),
}

/// All objects of one pickle.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0]
    }

    /// The value that `root` stands for.
    pub(super) fn unfold(&self, root: NodeId) -> Result<Value, PickleError> {
        Unfolding { graph: self, values: MAX_VALUES, text: MAX_TEXT }.value(root, MAX_DEPTH)
    }
}

/// An unfolding under way, with what it may still spend.
struct Unfolding<'g> {
    graph: &'g Graph,
    values: usize,
    text: usize,
}

impl Unfolding<'_> {
    fn value(&mut self, id: NodeId, depth: usize) -> Result<Value, PickleError> {
        self.values = self.values.checked_sub(1).ok_or(PickleError::TooBig)?;
        let depth = depth.checked_sub(1).ok_or(PickleError::TooDeep)?;
        match self.graph.node(id) {
            Node::Leaf(value) => self.leaf(value),
            Node::List(items) => Ok(Value::List(self.items(items, depth)?)),
            Node::Tuple(items) => Ok(Value::Tuple(self.items(items, depth)?)),
            Node::Dict(entries) => self.dict(entries, depth),
            Node::Global(_, offset) => Err(PickleError::NotData { offset: *offset, instruction: "GLOBAL" }),
        }
    }

    fn leaf(&mut self, value: &Value) -> Result<Value, PickleError> {
        let length = match value {
            Value::Text(text) | Value::Long(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        self.text = self.text.checked_sub(length).ok_or(PickleError::TooBig)?;
        Ok(value.clone())
    }

    fn items(&mut self, items: &[NodeId], depth: usize) -> Result<Vec<Value>, PickleError> {
        items.iter().map(|item| self.value(*item, depth)).collect()
    }

    fn dict(&mut self, entries: &[(NodeId, NodeId)], depth: usize) -> Result<Value, PickleError> {
        let mut dict: Vec<(Value, Value)> = Vec::with_capacity(entries.len().min(self.values));
        let mut places = HashMap::with_capacity(entries.len().min(self.values));
        for (key, value) in entries {
            let key = self.value(*key, depth)?;
            let value = self.value(*value, depth)?;
            if let Some(found) = unhashable(&key) {
                return Err(PickleError::Unhashable { found });
            }
            // Values of floats are not `Eq`; their debug text is, and differs where they differ.
            let place = *places.entry(format!("{key:?}")).or_insert(dict.len());
            match dict.get_mut(place) {
                Some(earlier) => earlier.1 = value,
                None => dict.push((key, value)),
            }
        }
        Ok(Value::Dict(dict))
    }
}

/// The type within `key` that Python could not hash, if there is one.
fn unhashable(key: &Value) -> Option<&'static str> {
    match key {
        Value::List(_) | Value::Dict(_) => Some(key.type_name()),
        Value::Tuple(items) => items.iter().find_map(unhashable),
        _ => None,
    }
}

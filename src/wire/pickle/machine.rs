//! The stack machine that a pickle is a program for, with only the instructions that build data.

use std::collections::HashMap;

use super::global::Global;
use super::graph::{Graph, Node, NodeId};
use super::input::Input;
use super::opcode::{data as op, refused};
use super::{MAX_BYTES, MAX_DIGITS, MAX_TEXT, PickleError, long, text};
use crate::wire::Value;

/// Reads one pickle of protocol 0 to 5, which must be all of `bytes`.
///
/// A Python 2 `str` becomes text when it is UTF-8 and bytes otherwise.
pub fn read(bytes: &[u8]) -> Result<Value, PickleError> {
    if bytes.len() > MAX_BYTES {
        return Err(PickleError::TooLong { found: bytes.len() });
    }
    let mut machine = Machine::new(bytes);
    loop {
        machine.at = machine.input.position();
        let opcode = machine.input.byte()?;
        if opcode == op::STOP {
            return machine.stop();
        }
        machine.step(opcode)?;
    }
}

struct Machine<'p> {
    input: Input<'p>,
    graph: Graph,
    stack: Vec<NodeId>,
    /// Heights of the stack at which a `MARK` stands.
    marks: Vec<usize>,
    memo: HashMap<u64, NodeId>,
    /// Bytes that calls have made so far: each is a copy of text that the pickle holds once.
    spelled: usize,
    /// Where the instruction at hand stands.
    at: usize,
}

impl<'p> Machine<'p> {
    fn new(bytes: &'p [u8]) -> Self {
        Self {
            input: Input::new(bytes),
            graph: Graph::default(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            spelled: 0,
            at: 0,
        }
    }

    fn stop(mut self) -> Result<Value, PickleError> {
        let root = self.pop()?;
        match (self.input.remaining(), self.stack.is_empty() && self.marks.is_empty()) {
            (0, true) => self.graph.unfold(root),
            (0, false) => Err(self.malformed("STOP with values left over")),
            (count, _) => Err(PickleError::Trailing { offset: self.input.position(), count }),
        }
    }

    fn step(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            op::PROTO => self.protocol(),
            op::FRAME => self.input.array::<8>().map(drop),
            op::MARK => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::POP | op::POP_MARK | op::DUP => self.shuffle(opcode),
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.put(opcode),
            op::GET | op::BINGET | op::LONG_BINGET => self.get(opcode),
            op::EMPTY_LIST | op::LIST | op::EMPTY_TUPLE | op::TUPLE | op::EMPTY_DICT | op::DICT => {
                self.gather(opcode)
            }
            op::TUPLE1 => self.tuple(1),
            op::TUPLE2 => self.tuple(2),
            op::TUPLE3 => self.tuple(3),
            op::APPEND | op::APPENDS => self.append(opcode),
            op::SETITEM | op::SETITEMS => self.set_items(opcode),
            op::GLOBAL => self.global(),
            op::REDUCE => self.reduce(),
            _ => {
                let value = match opcode {
                    op::NONE => Value::None,
                    op::NEWTRUE => Value::Bool(true),
                    op::NEWFALSE => Value::Bool(false),
                    _ => match self.number(opcode)? {
                        Some(number) => number,
                        None => self.text(opcode)?,
                    },
                };
                self.push(Node::Leaf(value));
                Ok(())
            }
        }
    }

    fn protocol(&mut self) -> Result<(), PickleError> {
        match self.input.byte()? {
            0..=5 => Ok(()),
            _ => Err(self.malformed("a protocol above 5")),
        }
    }

    /// `POP`, `POP_MARK` and `DUP`.
    fn shuffle(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            op::DUP => {
                let top = self.top()?;
                self.stack.push(top);
            }
            op::POP if self.marks.last() != Some(&self.stack.len()) => drop(self.pop()?),
            _ => drop(self.pop_mark()?),
        }
        Ok(())
    }

    fn put(&mut self, opcode: u8) -> Result<(), PickleError> {
        let top = self.top()?;
        let key = match opcode {
            op::PUT => self.memo_line()?,
            op::BINPUT => self.input.byte()?.into(),
            op::LONG_BINPUT => u32::from_le_bytes(self.input.array()?).into(),
            _ => self.memo.len() as u64,
        };
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, opcode: u8) -> Result<(), PickleError> {
        let key = match opcode {
            op::GET => self.memo_line()?,
            op::BINGET => self.input.byte()?.into(),
            _ => u32::from_le_bytes(self.input.array()?).into(),
        };
        let id = self.memo.get(&key).copied().ok_or_else(|| self.malformed("a reference to nothing"))?;
        self.stack.push(id);
        Ok(())
    }

    fn memo_line(&mut self) -> Result<u64, PickleError> {
        let line = self.input.line()?;
        let key = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
        key.ok_or_else(|| self.malformed("a malformed memo number"))
    }

    /// The containers made empty or from everything above the mark.
    fn gather(&mut self, opcode: u8) -> Result<(), PickleError> {
        let node = match opcode {
            op::EMPTY_LIST => Node::List(Vec::new()),
            op::EMPTY_TUPLE => Node::Tuple(Vec::new()),
            op::EMPTY_DICT => Node::Dict(Vec::new()),
            op::LIST => Node::List(self.pop_mark()?),
            op::TUPLE => Node::Tuple(self.pop_mark()?),
            _ => Node::Dict(self.pop_pairs()?),
        };
        self.push(node);
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<(), PickleError> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Node::Tuple(items));
        Ok(())
    }

    fn append(&mut self, opcode: u8) -> Result<(), PickleError> {
        let new = if opcode == op::APPEND { vec![self.pop()?] } else { self.pop_mark()? };
        let top = self.top()?;
        match self.graph.node_mut(top) {
            Node::List(items) => {
                items.extend(new);
                Ok(())
            }
            _ => Err(self.malformed("an append to what is not a list")),
        }
    }

    fn set_items(&mut self, opcode: u8) -> Result<(), PickleError> {
        let new = if opcode == op::SETITEM {
            let (value, key) = (self.pop()?, self.pop()?);
            vec![(key, value)]
        } else {
            self.pop_pairs()?
        };
        let top = self.top()?;
        match self.graph.node_mut(top) {
            Node::Dict(entries) => {
                entries.extend(new);
                Ok(())
            }
            _ => Err(self.malformed("an entry for what is not a dict")),
        }
    }

    fn global(&mut self) -> Result<(), PickleError> {
        let (module, name) = (self.input.line()?, self.input.line()?);
        match Global::named(module, name) {
            Some(global) => {
                self.push(Node::Global(global, self.at));
                Ok(())
            }
            None => Err(self.not_data("GLOBAL")),
        }
    }

    fn reduce(&mut self) -> Result<(), PickleError> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let (Node::Global(global, _), Node::Tuple(arguments)) =
            (self.graph.node(callable), self.graph.node(arguments))
        else {
            return Err(self.not_data("REDUCE"));
        };
        let leaves: Option<Vec<&Value>> = arguments
            .iter()
            .map(|argument| match self.graph.node(*argument) {
                Node::Leaf(value) => Some(value),
                _ => None,
            })
            .collect();
        match leaves.and_then(|leaves| global.spelled(&leaves)) {
            Some(bytes) => {
                if let Value::Bytes(made) = &bytes {
                    self.spelled += made.len();
                }
                if self.spelled > MAX_TEXT {
                    return Err(PickleError::TooBig);
                }
                self.push(Node::Leaf(bytes));
                Ok(())
            }
            None => Err(self.not_data("REDUCE")),
        }
    }

    /// The number that `opcode` stands for, if it stands for one.
    fn number(&mut self, opcode: u8) -> Result<Option<Value>, PickleError> {
        Ok(Some(match opcode {
            op::INT => match self.input.line()? {
                b"00" => Value::Bool(false),
                b"01" => Value::Bool(true),
                line => self.decimal(line)?,
            },
            op::LONG => {
                let line = self.input.line()?;
                self.decimal(line.strip_suffix(b"L").unwrap_or(line))?
            }
            op::FLOAT => {
                let line = self.input.line()?;
                let number = std::str::from_utf8(line).ok().and_then(|line| line.trim().parse().ok());
                Value::Float(number.ok_or_else(|| self.malformed("a malformed float"))?)
            }
            op::BINFLOAT => Value::Float(f64::from_be_bytes(self.input.array()?)),
            op::BININT => Value::Int(i32::from_le_bytes(self.input.array()?).into()),
            op::BININT1 => Value::Int(self.input.byte()?.into()),
            op::BININT2 => Value::Int(u16::from_le_bytes(self.input.array()?).into()),
            op::LONG1 => long::from_twos_complement(self.input.counted1()?),
            op::LONG4 => match self.input.counted4()? {
                bytes if bytes.len() <= MAX_DIGITS => long::from_twos_complement(bytes),
                _ => return Err(self.malformed("an integer that is too long")),
            },
            _ => return Ok(None),
        }))
    }

    fn decimal(&self, line: &[u8]) -> Result<Value, PickleError> {
        let line = std::str::from_utf8(line).ok().filter(|line| line.len() <= MAX_DIGITS);
        line.and_then(|line| Value::from_decimal(line.trim()))
            .ok_or_else(|| self.malformed("a malformed or too long integer"))
    }

    /// The text or bytes that `opcode` stands for; the last resort, so anything else is refused here.
    fn text(&mut self, opcode: u8) -> Result<Value, PickleError> {
        Ok(match opcode {
            op::STRING => {
                let decoded = text::from_repr(self.input.line()?);
                Value::from_python2_str(decoded.ok_or_else(|| self.malformed("a malformed string"))?)
            }
            op::UNICODE => {
                let decoded = text::from_raw_unicode_escape(self.input.line()?);
                Value::Text(decoded.ok_or_else(|| self.malformed("malformed text"))?)
            }
            op::BINSTRING => Value::from_python2_str(self.input.counted4()?.to_vec()),
            op::SHORT_BINSTRING => Value::from_python2_str(self.input.counted1()?.to_vec()),
            op::SHORT_BINUNICODE => self.utf8(Input::counted1)?,
            op::BINUNICODE => self.utf8(Input::counted4)?,
            op::BINUNICODE8 => self.utf8(Input::counted8)?,
            op::SHORT_BINBYTES => Value::Bytes(self.input.counted1()?.to_vec()),
            op::BINBYTES => Value::Bytes(self.input.counted4()?.to_vec()),
            op::BINBYTES8 | op::BYTEARRAY8 => Value::Bytes(self.input.counted8()?.to_vec()),
            other => {
                return Err(match refused(other) {
                    Some(instruction) => self.not_data(instruction),
                    None => PickleError::NoInstruction { offset: self.at, found: other },
                });
            }
        })
    }

    fn utf8(
        &mut self,
        counted: fn(&mut Input<'p>) -> Result<&'p [u8], PickleError>,
    ) -> Result<Value, PickleError> {
        let bytes = counted(&mut self.input)?;
        std::str::from_utf8(bytes).map(Value::from).map_err(|_| self.malformed("text that is not UTF-8"))
    }

    fn push(&mut self, node: Node) {
        let id = self.graph.add(node);
        self.stack.push(id);
    }

    /// The node on top, above the last mark.
    fn top(&self) -> Result<NodeId, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack[floor..].last().copied().ok_or_else(|| self.malformed("too few values on the stack"))
    }

    fn pop(&mut self) -> Result<NodeId, PickleError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// Everything above the last mark, which goes, too.
    fn pop_mark(&mut self) -> Result<Vec<NodeId>, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.malformed("a mark that was never set"))?;
        Ok(self.stack.split_off(mark))
    }

    fn pop_pairs(&mut self) -> Result<Vec<(NodeId, NodeId)>, PickleError> {
        let flat = self.pop_mark()?;
        if flat.len() % 2 == 1 {
            return Err(self.malformed("a dict with a key and no value"));
        }
        Ok(flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn malformed(&self, what: &'static str) -> PickleError {
        PickleError::Malformed { offset: self.at, what }
    }

    fn not_data(&self, instruction: &'static str) -> PickleError {
        PickleError::NotData { offset: self.at, instruction }
    }
}

#[cfg(test)]
mod tests;

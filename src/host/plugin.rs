//! What a plugin is: a name, and functions with declared parameters.

use super::arguments::Arguments;
use super::failure::Failure;
use crate::wire::Value;

/// A plugin as xapi sees it: a name to be found under in the plugins' directory, and functions.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The name, without `.py`.
    pub name: &'static str,
    /// One line on what it is for.
    pub about: &'static str,
    /// Its functions.
    pub functions: &'static [Function],
}

impl Plugin {
    /// The function called `name`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// How much alike two names are, from 0 to 1, of which one is meant by the other.
const LIKE: f64 = 0.8;

/// "; did you mean NAME?" with the one of `names` that is most like `wrong`; nothing, if none is like it at all.
pub(super) fn did_you_mean<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> String {
    let ranked = names.map(|name| (strsim::jaro_winkler(wrong, name), name));
    let best = ranked.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > LIKE);
    best.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

/// A function of a plugin.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name it is called by.
    pub name: &'static str,
    /// Its parameters, in the order of positional arguments.
    pub parameters: &'static [Parameter],
    /// How its arguments come and its result goes.
    pub encoding: Encoding,
    /// Does the work. Its arguments are bound already: none missing, none unknown.
    pub run: fn(&Arguments) -> Result<Value, Failure>,
}

impl Function {
    /// One for os-xenapi's `call_plugin_serialized`.
    pub const fn pickled(
        name: &'static str,
        parameters: &'static [Parameter],
        run: fn(&Arguments) -> Result<Value, Failure>,
    ) -> Self {
        Self { name, parameters, encoding: Encoding::Pickled, run }
    }

    /// One for `call_plugin`.
    pub const fn plain(
        name: &'static str,
        parameters: &'static [Parameter],
        run: fn(&Arguments) -> Result<Value, Failure>,
    ) -> Self {
        Self { name, parameters, encoding: Encoding::Plain, run }
    }

    /// One for `call_plugin` whose result is JSON.
    pub const fn json(
        name: &'static str,
        parameters: &'static [Parameter],
        run: fn(&Arguments) -> Result<Value, Failure>,
    ) -> Self {
        Self { name, parameters, encoding: Encoding::Json, run }
    }
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name as a keyword.
    pub name: &'static str,
    /// Whether a call must give it.
    pub required: bool,
}

impl Parameter {
    /// A parameter that every call must give.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true }
    }

    /// A parameter that a call may leave out, or give as `None`.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false }
    }
}

/// How arguments come and the result goes, unless the caller asks for JSON (see `docs/contract.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Arguments in the pickle under `params`, the result as a pickle: os-xenapi's `call_plugin_serialized`.
    Pickled,
    /// Arguments as texts straight from the map, the result as the bare text: `call_plugin`.
    Plain,
    /// As [`Plain`](Self::Plain), where that text is JSON already: it is the same however the call came.
    Json,
}

impl Encoding {
    /// Its name in the list of plugins.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pickled => "pickled",
            Self::Plain => "plain",
            Self::Json => "json",
        }
    }
}

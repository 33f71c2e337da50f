//! [`Arguments`]: what a function was given, bound to its parameters as Python binds them.

use super::failure::Failure;
use super::given::Given;
use super::plugin::Function;
use crate::wire::{Secret, Value};

const NUMBER: &str = "an integer from 0 to 2^64-1 or its decimal";
const TEXTS: &str = "a list of nothing but texts";

/// The arguments of one call. Every reader names the function, the argument, what was expected and the *type* of
/// what was found (never the value: it may be a secret).
#[derive(Clone)]
pub struct Arguments {
    function: &'static str,
    session: Secret,
    values: Vec<(&'static str, Value)>,
}

impl Arguments {
    /// Binds what was given to the parameters of `function`: too many, unknown, doubly given and missing
    /// arguments are [`ArgumentError`](super::Class::ArgumentError)s.
    pub(super) fn bind(function: &Function, session: Secret, given: Given) -> Result<Self, Failure> {
        let refuse = |what: String| Failure::argument(format!("{}: {what}", function.name));
        let (parameters, count) = (function.parameters, given.positional.len());
        if count > parameters.len() {
            return Err(refuse(format!("expected at most {} arguments, found {count}", parameters.len())));
        }
        let names = parameters.iter().map(|parameter| parameter.name);
        let mut values: Vec<(&'static str, Value)> = names.zip(given.positional).collect();
        for (name, value) in given.keywords {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
                let known: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
                return Err(refuse(format!("unknown argument {name}; it takes {}", known.join(", "))));
            };
            if values.iter().any(|(bound, _)| *bound == name) {
                return Err(refuse(format!("argument {name} is given twice")));
            }
            values.push((parameter.name, value));
        }
        let is_bound = |name| values.iter().any(|(bound, _)| *bound == name);
        match parameters.iter().find(|parameter| parameter.required && !is_bound(parameter.name)) {
            Some(missing) => Err(refuse(format!("argument {} is missing", missing.name))),
            None => Ok(Self { function: function.name, session, values }),
        }
    }

    /// The caller's session with xapi.
    pub fn session(&self) -> &Secret {
        &self.session
    }

    /// The argument as it came; `None` if it was left out or given as `None`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.values.iter().find(|(bound, _)| *bound == name)?;
        (*value != Value::None).then_some(value)
    }

    /// A text that must be there.
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        self.needed(name, "text", self.optional_text(name)?)
    }

    /// A text, if there is one.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, Failure> {
        self.read(name, "text", Value::as_text)
    }

    /// A number that must be there: an integer from 0, or its decimal text (the plain map and JSON carry texts).
    pub fn u64(&self, name: &str) -> Result<u64, Failure> {
        self.needed(name, NUMBER, self.optional_u64(name)?)
    }

    /// A number, if there is one.
    pub fn optional_u64(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.read(name, NUMBER, |value| match value {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Long(decimal) | Value::Text(decimal) => decimal.trim().parse().ok(),
            _ => None,
        })
    }

    /// A switch, off if it was left out: a bool, 0 or 1, or one of these as text.
    pub fn flag(&self, name: &str) -> Result<bool, Failure> {
        let flag = self.read(name, "a bool", |value| match value {
            Value::Bool(bool) => Some(*bool),
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" | "" => Some(false),
                _ => None,
            },
            _ => None,
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// A list or tuple of texts that must be there.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Failure> {
        self.needed(name, TEXTS, self.optional_texts(name)?)
    }

    /// A list or tuple of texts, if there is one.
    pub fn optional_texts(&self, name: &str) -> Result<Option<Vec<&str>>, Failure> {
        self.read(name, TEXTS, |value| value.as_items()?.iter().map(Value::as_text).collect())
    }

    /// The entries of a dict with text keys; none if it was left out.
    pub fn dict(&self, name: &str) -> Result<Vec<(&str, &Value)>, Failure> {
        let entries = self.read(name, "a dict with text keys", |value| {
            value.as_dict()?.iter().map(|(key, value)| Some((key.as_text()?, value))).collect()
        })?;
        Ok(entries.unwrap_or_default())
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(self.mismatch(name, expected, value.type_name())),
            },
        }
    }

    fn needed<T>(&self, name: &str, expected: &str, value: Option<T>) -> Result<T, Failure> {
        value.ok_or_else(|| self.mismatch(name, expected, Value::None.type_name()))
    }

    fn mismatch(&self, name: &str, expected: &str, found: &str) -> Failure {
        Failure::argument(format!("{}: argument {name}: expected {expected}, found {found}", self.function))
    }
}

impl std::fmt::Debug for Arguments {
    /// Names and types only.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let types = self.values.iter().map(|(name, value)| (name, value.type_name()));
        formatter.debug_map().entries(types).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Encoding, Parameter};

    const FUNCTION: Function = Function {
        name: "f",
        parameters: &[Parameter::required("path"), Parameter::optional("count"), Parameter::optional("more")],
        encoding: Encoding::Pickled,
        run: |_| Ok(Value::None),
    };

    fn bind(positional: Vec<Value>, keywords: &[(&str, Value)]) -> Result<Arguments, String> {
        let keywords = keywords.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Arguments::bind(&FUNCTION, Secret::new(""), Given { positional, keywords })
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn binds_as_python_does() {
        for arguments in [
            bind(vec!["/a".into(), 7.into()], &[("more", true.into())]),
            bind(vec!["/a".into()], &[("more", true.into()), ("count", 7.into())]),
            bind(vec![], &[("count", "7".into()), ("path", "/a".into()), ("more", "True".into())]),
        ] {
            let arguments = arguments.unwrap();
            assert_eq!(arguments.text("path").unwrap(), "/a");
            assert_eq!(arguments.u64("count").unwrap(), 7);
            assert!(arguments.flag("more").unwrap());
        }
        let left_out = bind(vec!["/a".into(), Value::None], &[]).unwrap();
        assert_eq!(left_out.optional_u64("count").unwrap(), None);
        assert!(!left_out.flag("more").unwrap());
        assert_eq!(left_out.dict("more").unwrap(), []);
    }

    #[test]
    fn says_which_argument_does_not_fit() {
        for (given, message) in [
            (bind(vec![Value::None; 4], &[]), "f: expected at most 3 arguments, found 4"),
            (bind(vec![], &[]), "f: argument path is missing"),
            (bind(vec![], &[("paht", Value::None)]), "f: unknown argument paht; it takes path, count, more"),
            (bind(vec!["/".into()], &[("path", "/".into())]), "f: argument path is given twice"),
        ] {
            assert_eq!(given.unwrap_err(), format!("ArgumentError: {message}"));
        }
    }

    #[test]
    fn types_are_checked_without_showing_values() {
        let secret = || Value::from("do not show");
        let mixed = Value::List(vec![secret(), Value::None]);
        let arguments = bind(vec![(-1).into(), secret(), mixed], &[]).unwrap();
        let failures = [
            arguments.text("path").unwrap_err(),
            arguments.u64("path").unwrap_err(),
            arguments.u64("count").unwrap_err(),
            arguments.flag("count").unwrap_err(),
            arguments.dict("count").unwrap_err(),
            arguments.texts("more").unwrap_err(),
        ];
        let messages: Vec<&str> = failures.iter().map(Failure::message).collect();
        assert_eq!(
            messages,
            [
                "f: argument path: expected text, found int",
                "f: argument path: expected an integer from 0 to 2^64-1 or its decimal, found int",
                "f: argument count: expected an integer from 0 to 2^64-1 or its decimal, found text",
                "f: argument count: expected a bool, found text",
                "f: argument count: expected a dict with text keys, found text",
                "f: argument more: expected a list of nothing but texts, found list",
            ]
        );
        assert_eq!(format!("{arguments:?}"), r#"{"path": "int", "count": "text", "more": "list"}"#);
    }

    #[test]
    fn none_is_no_text() {
        let failure = bind(vec![Value::None], &[]).unwrap().text("path").unwrap_err();
        assert_eq!(failure.message(), "f: argument path: expected text, found None");
    }
}

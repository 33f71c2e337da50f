//! Calls in a table: what ours has to answer, and what os-xenapi's answers where that is something else.

use serde_json::Value;

use super::stage::{Call, Original, Outcome, Stage};

/// What a call comes to.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The result.
    Value(Value),
    /// Class, and a part of the message.
    Failure(&'static str, String),
}

/// What os-xenapi's plugin answers.
enum Originally {
    /// The same.
    Same,
    /// Something else, for a reason that the table gives.
    Other(Answer),
    /// It is not asked.
    NotAsked,
}

/// A call, what it comes to, and the programs that are run for it.
pub(crate) struct Case {
    function: &'static str,
    call: Call,
    answer: Answer,
    originally: Originally,
    programs: Option<Vec<String>>,
}

/// A call of a plain function.
pub(crate) fn plain<'a>(
    function: &'static str,
    arguments: impl AsRef<[(&'static str, &'a str)]>,
    answer: Answer,
) -> Case {
    let arguments = arguments.as_ref().iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Case { function, call: Call::Plain(arguments), answer, originally: Originally::Same, programs: None }
}

/// A call of a serialized function.
pub(crate) fn pickled(function: &'static str, arguments: Value, answer: Answer) -> Case {
    Case { function, call: Call::Pickled(arguments), answer, originally: Originally::Same, programs: None }
}

/// A result.
pub(crate) fn value(value: impl Into<Value>) -> Answer {
    Answer::Value(value.into())
}

/// A failure whose message holds `message`.
pub(crate) fn failure(class: &'static str, message: impl Into<String>) -> Answer {
    Answer::Failure(class, message.into())
}

impl Case {
    /// Where the original answers something else: `why` says for what reason ours does not.
    pub(crate) fn originally(self, answer: Answer, why: &str) -> Self {
        assert!(!why.is_empty());
        Self { originally: Originally::Other(answer), ..self }
    }

    /// Where the original cannot be asked: `why` says what it would do.
    pub(crate) fn not_asked(self, why: &str) -> Self {
        assert!(!why.is_empty());
        Self { originally: Originally::NotAsked, ..self }
    }

    /// The programs that are run, in order.
    pub(crate) fn runs(self, programs: &[&str]) -> Self {
        Self { programs: Some(programs.iter().map(|program| (*program).to_owned()).collect()), ..self }
    }

    fn judge(&self, expected: &Answer, outcome: &Outcome, stage: &Stage, who: &str) {
        let function = self.function;
        match (expected, outcome) {
            (Answer::Value(expected), Ok(found)) => assert_eq!(found, expected, "{who} {function}"),
            (Answer::Failure(class, part), Err((found, message))) => {
                assert_eq!(found, class, "{who} {function}: {message}");
                assert!(message.contains(part), "{who} {function}: {message:?} does not say {part:?}");
            }
            (_, outcome) => panic!("{who} {function}: {outcome:?}"),
        }
        let run = stage.calls();
        if let Some(programs) = &self.programs {
            assert_eq!(&run, programs, "{who} {function}");
        }
    }
}

/// Has ours answer every case in turn, on one stage, and the original on another.
pub(crate) fn run(plugin: &str, stage: impl Fn() -> Stage, cases: &[Case]) {
    let ours = stage();
    for case in cases {
        case.judge(&case.answer, &ours.call(plugin, case.function, &case.call), &ours, "ours");
    }
    let Some(original) = Original::find() else { return };
    let theirs = stage();
    for case in cases {
        let expected = match &case.originally {
            Originally::Same => &case.answer,
            Originally::Other(answer) => answer,
            Originally::NotAsked => continue,
        };
        let outcome = theirs.call_original(&original, plugin, case.function, &case.call);
        case.judge(expected, &outcome, &theirs, "the original");
    }
}

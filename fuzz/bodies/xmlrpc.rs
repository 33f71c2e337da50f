//! XML-RPC calls and answers: what is read can be written and read again, and what is written reads back, but for the
//! losses that the wire is known for. What is read as an answer is the same response to a client.

use vhd_porter::wire::xmlrpc::{Answer, MAX_MEMBERS, MethodCall, Response};

use super::input::Input;

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    match input.byte() % 4 {
        0 => {
            if let Ok(call) = MethodCall::read(input.0) {
                call_comes_back(&call);
            }
        }
        1 => {
            let response = Response::read(input.0);
            if let Ok(answer) = Answer::read(input.0) {
                answer_comes_back(&answer);
                match answer {
                    Answer::Success(text) => assert_eq!(response, Ok(Response::Success(text.into()))),
                    Answer::Failure(texts) if texts.is_empty() => assert!(response.is_err()),
                    Answer::Failure(texts) => assert_eq!(response, Ok(Response::Failure(texts))),
                }
            }
        }
        2 => {
            let (method, session) = (name(&mut input), text(&mut input));
            let mut arguments: Vec<(String, String)> = Vec::new();
            while !input.is_empty() && arguments.len() < MAX_MEMBERS {
                let (name, value) = (text(&mut input), text(&mut input));
                // One of each name, as they arrive.
                if arguments.iter().all(|(known, _)| in_call(known) != in_call(&name)) {
                    arguments.push((name, value));
                }
            }
            call_comes_back(&MethodCall { method, session, arguments });
        }
        _ => {
            let mut texts = Vec::new();
            while !input.is_empty() && texts.len() < MAX_MEMBERS {
                texts.push(input.text());
            }
            if let Some(text) = texts.first() {
                answer_comes_back(&Answer::Success(text.clone()));
            }
            answer_comes_back(&Answer::Failure(texts));
        }
    }
}

/// A text for a call. U+FFFE and U+FFFF are no characters of XML; xapi writes them into calls all the same, and so do we,
/// who write calls only to stand in for xapi.
fn text(input: &mut Input<'_>) -> String {
    input.text().replace(['\u{fffe}', '\u{ffff}'], "")
}

/// A method has a name: not only blanks, and none around it.
fn name(input: &mut Input<'_>) -> String {
    let text = in_call(&text(input));
    let name = text.trim_matches(BLANKS);
    if name.is_empty() { "f".into() } else { name.into() }
}

fn call_comes_back(call: &MethodCall) {
    let written = call.write();
    let read = MethodCall::read(written.as_bytes()).unwrap_or_else(|e| panic!("{e} in {written:?}"));
    let arguments: Vec<_> = call.arguments.iter().map(|(n, v)| (in_call(n), in_call(v))).collect();
    assert_eq!(read.method, in_call(&call.method).trim_matches(BLANKS));
    assert_eq!((read.session, read.arguments), (in_call(&call.session), arguments));
}

fn answer_comes_back(answer: &Answer) {
    let carried = match answer {
        Answer::Success(text) => Answer::Success(in_answer(text)),
        Answer::Failure(texts) => Answer::Failure(texts.iter().map(|t| in_answer(t)).collect()),
    };
    let written = answer.write();
    assert_eq!(Answer::read(written.as_bytes()), Ok(carried), "{written:?}");
}

/// A text as a call carries it: no control characters, LF for every end of line, empty when it is blank.
fn in_call(text: &str) -> String {
    if text.trim_matches(BLANKS).is_empty() {
        return String::new();
    }
    let kept: String = text.chars().filter(|c| *c >= ' ' || BLANKS.contains(c)).collect();
    kept.replace("\r\n", "\n").replace('\r', "\n")
}

/// A text as an answer carries it: U+FFFD for what XML has no way to write.
fn in_answer(text: &str) -> String {
    let bad = |c: char| (c < ' ' && !BLANKS.contains(&c)) || c == '\u{fffe}' || c == '\u{ffff}';
    text.chars().map(|c| if bad(c) { '\u{fffd}' } else { c }).collect()
}

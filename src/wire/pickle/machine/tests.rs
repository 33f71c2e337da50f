//! The machine on pickles that Python wrote, and on those that nobody should.

use super::*;
use crate::wire::pickle::{MAX_DEPTH, write};
use proptest::prelude::*;

fn text(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn reads_what_os_xenapi_sends() {
    let pickle =
        b"(dp1\nS'args'\np2\n(tsS'kwargs'\np3\n(dp4\nS'sr_path'\np5\nS'/var/run/sr-mount/x'\np6\nss.";
    let expected = Value::dict([
        ("args", Value::Tuple(vec![])),
        ("kwargs", Value::dict([("sr_path", text("/var/run/sr-mount/x"))])),
    ]);
    assert_eq!(read(pickle), Ok(expected));
}

#[test]
fn reads_every_instruction() {
    let list = |items: Vec<Value>| Ok(Value::List(items));
    let cases: Vec<(&[u8], Result<Value, PickleError>)> = vec![
        (b"N.", Ok(Value::None)),
        (b"I01\n.", Ok(Value::Bool(true))),
        (b"I00\n.", Ok(Value::Bool(false))),
        (b"I-5\n.", Ok(Value::Int(-5))),
        (b"L123456789012345678901234567890L\n.", Ok(Value::Long("123456789012345678901234567890".into()))),
        (b"F1e+16\n.", Ok(Value::Float(1e16))),
        (b"Finf\n.", Ok(Value::Float(f64::INFINITY))),
        (b"S'a\\'b'\n.", Ok(text("a'b"))),
        (b"S'\\xff'\n.", Ok(Value::Bytes(vec![0xff]))),
        (b"S'\\xc3\\xa9'\n.", Ok(text("é"))),
        (b"V\xe9\\u20ac\n.", Ok(text("é€"))),
        (b"\x80\x02]q\x00(K\x01M\x01\x02J\xff\xff\xff\xffe.", list(vec![1.into(), 513.into(), (-1).into()])),
        (b"\x80\x02G\x3f\xf8\0\0\0\0\0\0.", Ok(Value::Float(1.5))),
        (b"\x80\x02\x8a\x01\xff.", Ok(Value::Int(-1))),
        (b"\x80\x02\x8b\x01\0\0\0\x05.", Ok(Value::Int(5))),
        (b"U\x01aT\x01\0\0\0b\x86.", Ok(Value::Tuple(vec![text("a"), text("b")]))),
        (b"X\x02\0\0\0\xc3\xa9.", Ok(text("é"))),
        (b"\x80\x05\x95\x05\0\0\0\0\0\0\0\x8c\x01a\x94.", Ok(text("a"))),
        (b"\x8d\x01\0\0\0\0\0\0\0a.", Ok(text("a"))),
        (b"\x96\x01\0\0\0\0\0\0\0a.", Ok(Value::Bytes(b"a".to_vec()))),
        (
            b"C\x01aB\x01\0\0\0b\x86.",
            Ok(Value::Tuple(vec![Value::Bytes(b"a".into()), Value::Bytes(b"b".into())])),
        ),
        (
            b"\x88\x89\x85\x87.",
            Err(PickleError::Malformed { offset: 3, what: "too few values on the stack" }),
        ),
        (b"\x88\x89N\x87.", Ok(Value::Tuple(vec![true.into(), false.into(), Value::None]))),
        (b"(I1\nI2\nl.", list(vec![1.into(), 2.into()])),
        (b"(S'a'\nI1\nd.", Ok(Value::dict([("a", 1.into())]))),
        (b"}(S'a'\nI1\nS'a'\nI2\nu.", Ok(Value::dict([("a", 2.into())]))),
        (b"I1\nI2\n0.", Ok(Value::Int(1))),
        (b"I1\n(I2\n1.", Ok(Value::Int(1))),
        (b"I1\n(0.", Ok(Value::Int(1))),
        (b"I1\n2\x86.", Ok(Value::Tuple(vec![1.into(), 1.into()]))),
    ];
    for (pickle, expected) in cases {
        assert_eq!(read(pickle), expected, "{}", pickle.escape_ascii());
    }
}

#[test]
fn a_shared_object_is_the_same_wherever_it_stands() {
    // d = {}; x = (d, d); d['k'] = 'v': memoised empty, filled later.
    let shared = Value::dict([("k", text("v"))]);
    let expected = Value::Tuple(vec![shared.clone(), shared]);
    assert_eq!(read(b"((dp0\nVk\np1\nVv\np2\nsg0\nt."), Ok(expected.clone()));
    assert_eq!(read(b"}q\x00h\x00\x86q\x01h\x00Vk\nVv\ns0."), Ok(expected));
}

#[test]
fn reads_both_spellings_of_bytes_and_no_other_call() {
    let python3 = b"(lp0\nc__builtin__\nbytes\np1\n(tRp2\nac_codecs\nencode\np3\n(Va\xff\np4\nVlatin1\np5\ntp6\nRp7\na.";
    assert_eq!(read(python3), Ok(Value::List(vec![Value::Bytes(vec![]), Value::Bytes(b"a\xff".to_vec())])));
    for (pickle, offset, instruction) in [
        (&b"cos\nsystem\n(S'id'\ntR."[..], 0, "GLOBAL"),
        (b"c__builtin__\neval\n(S'1'\ntR.", 0, "GLOBAL"),
        (b"c__builtin__\nbytes\n(I1000000000\ntR.", 33, "REDUCE"),
        (b"c_codecs\nencode\n(Va\nVrot13\ntR.", 28, "REDUCE"),
        (b"c_codecs\nencode\n.", 0, "GLOBAL"),
        (b"I1\n(tR.", 5, "REDUCE"),
        (b"(ios\nsystem\n.", 1, "INST"),
        (b"(N(oN.", 3, "OBJ"),
        (b"}}b.", 2, "BUILD"),
        (b"Pid\n.", 0, "PERSID"),
        (b"NQ.", 1, "BINPERSID"),
        (b"\x80\x02N)\x81.", 4, "NEWOBJ"),
        (b"\x80\x04N)}\x92.", 5, "NEWOBJ_EX"),
        (b"\x82\x01.", 0, "EXT1"),
        (b"\x83\x01\x01.", 0, "EXT2"),
        (b"\x84\x01\x01\x01\x01.", 0, "EXT4"),
        (b"\x8c\x02os\x8c\x06system\x93.", 12, "STACK_GLOBAL"),
        (b"\x8f.", 0, "EMPTY_SET"),
        (b"(\x91.", 1, "FROZENSET"),
        (b"\x97.", 0, "NEXT_BUFFER"),
    ] {
        assert_eq!(
            read(pickle),
            Err(PickleError::NotData { offset, instruction }),
            "{}",
            pickle.escape_ascii()
        );
    }
}

#[test]
fn says_where_a_pickle_is_broken() {
    for (pickle, error) in [
        (&b""[..], "the pickle ends at byte 0, before it is complete"),
        (b"S'a'", "the pickle ends at byte 4, before it is complete"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "the pickle ends at byte 10, before it is complete"),
        (b".", "too few values on the stack at byte 0 of the pickle"),
        (b"N.N.", "2 bytes follow the end of the pickle at byte 2"),
        (b"NN.", "STOP with values left over at byte 2 of the pickle"),
        (b"(N.", "STOP with values left over at byte 2 of the pickle"),
        (b"g7\n.", "a reference to nothing at byte 0 of the pickle"),
        (b"e.", "a mark that was never set"),
        (b"N(Ne.", "an append to what is not a list at byte 3 of the pickle"),
        (b"}NI1\ns0](Nu.", "a dict with a key and no value"),
        (b"}]Ns.", "a dict in the pickle has a list as key"),
        (b"Sabc\n.", "a malformed string at byte 0 of the pickle"),
        (b"\x80\x06N.", "a protocol above 5"),
        (b"hello", "a reference to nothing"),
        (b"?", "byte 0 is 0x3f, which is no pickle instruction"),
    ] {
        let message = read(pickle).unwrap_err().to_string();
        assert!(message.contains(error), "{}: {message}", pickle.escape_ascii());
    }
}

#[test]
fn nesting_is_bounded_however_it_is_made() {
    let nested = |levels: usize| [b"(".repeat(levels), b"t".repeat(levels), b".".to_vec()].concat();
    assert!(read(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(read(&nested(MAX_DEPTH + 1)), Err(PickleError::TooDeep));
    assert_eq!(read(&nested(500_000)), Err(PickleError::TooDeep));
    assert_eq!(read(b"](h\x00."), Err(PickleError::Malformed { offset: 2, what: "a reference to nothing" }));
    assert_eq!(read(b"]q\x00h\x00a."), Err(PickleError::TooDeep));
}

#[test]
fn references_cannot_explode() {
    // Each list holds the one before it ten times: ten to the thirtieth values.
    let mut lists = b"]q\x00".to_vec();
    for level in 1..=30_u8 {
        lists.extend([b'0', b']', b'q', level, b'(']);
        lists.extend([b'h', level - 1].repeat(10));
        lists.push(b'e');
    }
    lists.push(b'.');
    assert_eq!(read(&lists), Err(PickleError::TooBig));

    let mut texts = b"](T\0\0\x10\0".to_vec();
    texts.extend(vec![b'x'; 1 << 20]);
    texts.extend(b"q\x00");
    texts.extend(b"h\x00".repeat(1000));
    texts.extend(b"e.");
    assert_eq!(read(&texts), Err(PickleError::TooBig));
}

#[test]
fn what_calls_spell_is_bounded_even_where_it_is_thrown_away() {
    let mut pickle = b"c_codecs\nencode\nq\x00X\0\0\x10\0".to_vec();
    pickle.extend(vec![b'x'; 1 << 20]);
    pickle.extend(b"q\x01X\x06\0\0\0latin1q\x02000");
    pickle.extend(b"h\x00h\x01h\x02\x86R0".repeat(17));
    pickle.extend(b"N.");
    assert_eq!(read(&pickle), Err(PickleError::TooBig));
}

#[test]
fn length_is_bounded() {
    let found = MAX_BYTES + 1;
    assert_eq!(read(&vec![b'('; found]), Err(PickleError::TooLong { found }));
}

/// Arbitrary values as the reader makes them: integers in their smallest form, hashable keys, each once, and no
/// bytes that are text... those stay bytes, since Python 3 spells bytes as such.
fn any_value() -> impl Strategy<Value = Value> {
    let number =
        prop_oneof![any::<i64>().prop_map(Value::Int), any::<i32>().prop_map(|n| i64::from(n).into())];
    let long = any::<i128>().prop_map(|number| Value::from_decimal(&number.to_string()).expect("a decimal"));
    let key = prop_oneof![any::<String>().prop_map(Value::from), any::<i64>().prop_map(Value::Int)];
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        number,
        long,
        any::<f64>().prop_filter("NaN is not equal to itself", |f| !f.is_nan()).prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        "[ -~]*".prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Tuple),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|mut entries| {
                let mut seen = Vec::new();
                entries.retain(|(key, _)| {
                    let new = !seen.contains(key);
                    seen.push(key.clone());
                    new
                });
                Value::Dict(entries)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let pickle = write(&value);
        prop_assert_eq!(read(pickle.as_bytes()), Ok(value.clone()));
        prop_assert_eq!(crate::wire::pickle::read_text(&pickle), Ok(value));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = read(&bytes);
    }

    #[test]
    fn arbitrary_instructions_never_panic(
        bytes in prop::collection::vec(prop::sample::select(&b"(.012FIJKLMNSTUVXad}eghjl]pqrst)uG\x80\x85\x86\x87\x88\x89\x8aBC\x8c\x94cR'01\n\x00\x01"[..]), 0..64)
    ) {
        let _ = read(&bytes);
    }
}

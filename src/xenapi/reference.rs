//! References: xapi's names for its objects, good for one session.

use std::fmt;

use crate::wire::Value;

/// Longest reference that is taken for one; xapi's are `OpaqueRef:` and a uuid.
const LONGEST: usize = 128;

/// What a reference may be made of. It goes into filter expressions, between quotes.
fn is_reference(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(known) && text != "OpaqueRef:NULL"
}

/// A class of objects.
pub(super) trait Reference: Sized {
    /// What it is called in messages.
    const EXPECTED: &'static str;
    /// A reference that xapi or a caller has given; `None` for what is none, the null reference included.
    fn parse(text: &str) -> Option<Self>;
    /// The reference as a parameter of a call.
    fn value(&self) -> Value;
}

macro_rules! references {
    ($($name:ident = $about:literal;)*) => {$(
        #[doc = concat!("Refers to ", $about, ".")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// A reference that xapi or a caller has given; `None` for what is none, the null reference included.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_reference(text).then(|| Self(text.to_owned()))
            }
        }

        impl Reference for $name {
            const EXPECTED: &'static str = concat!("a reference to ", $about);

            fn parse(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn value(&self) -> Value {
                self.0.as_str().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

references! {
    HostRef = "a host";
    SrRef = "an SR";
    VbdRef = "a VBD: a disk at a VM";
    VdiRef = "a VDI";
    VmRef = "a VM";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_leave_its_quotes_is_a_reference() {
        assert!(VdiRef::parse("OpaqueRef:5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11").is_some());
        assert!(VdiRef::parse("DummyRef:|5ca3034b|VDI.create").is_none());
        for text in ["", "OpaqueRef:NULL", "a\" or field \"x", "a b", "é", &"a".repeat(129)] {
            assert_eq!(VdiRef::parse(text), None, "{text}");
        }
    }
}

//! The elements of a document one after the other, with everything refused that the wire does not need:
//! document types, attributes, processing instructions.

use xml::common::Position as _;
use xml::reader::{EventReader, ParserConfig, XmlEvent};

use super::escape::{BLANKS, excerpt};
use super::{MAX_BYTES, MAX_MEMBERS, XmlError};

/// What comes next in the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Start(String),
    End,
    Text(String),
    DocumentEnd,
}

impl Event {
    fn describe(&self) -> String {
        match self {
            Event::Start(name) => format!("<{}>", excerpt(name)),
            Event::End => "the end of the element".to_owned(),
            Event::Text(_) => "text".to_owned(),
            Event::DocumentEnd => "the end of the document".to_owned(),
        }
    }

    fn is_blank(&self) -> bool {
        matches!(self, Event::Text(text) if text.trim_matches(BLANKS).is_empty())
    }
}

/// What a `<value>` holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Bare text, read to the end of the value.
    Text(String),
    /// An element of this name, entered but not read.
    Element(String),
}

/// A document being read by its grammar.
pub(super) struct Reader<'d> {
    parser: EventReader<&'d [u8]>,
    peeked: Option<Event>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(document: &'d [u8]) -> Result<Self, XmlError> {
        if document.len() > MAX_BYTES {
            return Err(XmlError::TooLong { found: document.len() });
        }
        if let Err(error) = std::str::from_utf8(document) {
            return Err(XmlError::NotUtf8 { offset: error.valid_up_to() });
        }
        let config = ParserConfig::new()
            .trim_whitespace(false)
            .whitespace_to_characters(true)
            .cdata_to_characters(true)
            .coalesce_characters(true)
            .ignore_comments(true)
            // No document type gets past us; these only bound what the parser does before it tells of one.
            .max_entity_expansion_depth(1)
            .max_entity_expansion_length(MAX_BYTES)
            .max_attributes(8)
            .max_attribute_length(256)
            .max_name_length(256)
            .max_data_length(MAX_BYTES);
        Ok(Self { parser: EventReader::new_with_config(document, config), peeked: None })
    }

    fn position(&self) -> String {
        self.parser.position().to_string()
    }

    fn next(&mut self) -> Result<Event, XmlError> {
        if let Some(event) = self.peeked.take() {
            return Ok(event);
        }
        loop {
            let event = self.parser.next().map_err(|error| XmlError::Malformed {
                position: error.position().to_string(),
                reason: reason(&error),
            })?;
            return Ok(match event {
                XmlEvent::StartDocument { .. } | XmlEvent::Comment(_) => continue,
                XmlEvent::StartElement { name, attributes, .. } => {
                    if !attributes.is_empty() || name.namespace.is_some() || name.prefix.is_some() {
                        let found =
                            format!("<{} …> with attributes or a namespace", excerpt(&name.local_name));
                        return Err(self.unexpected("a plain element", found));
                    }
                    Event::Start(name.local_name)
                }
                XmlEvent::EndElement { .. } => Event::End,
                XmlEvent::Characters(text) | XmlEvent::Whitespace(text) | XmlEvent::CData(text) => {
                    Event::Text(text)
                }
                XmlEvent::EndDocument => Event::DocumentEnd,
                XmlEvent::Doctype { .. } => return Err(XmlError::Doctype { position: self.position() }),
                XmlEvent::ProcessingInstruction { .. } => {
                    return Err(self.unexpected("an element", "a processing instruction".to_owned()));
                }
            });
        }
    }

    /// The next event that is not blank text.
    fn next_mark(&mut self) -> Result<Event, XmlError> {
        loop {
            let event = self.next()?;
            if !event.is_blank() {
                return Ok(event);
            }
        }
    }

    /// Enters the element `name`, which must be next.
    pub(super) fn enter(&mut self, name: &'static str) -> Result<(), XmlError> {
        match self.next_mark()? {
            Event::Start(found) if found == name => Ok(()),
            other => Err(self.unexpected(&format!("<{name}>"), other.describe())),
        }
    }

    /// Enters the next element, which must have one of these names, and tells which it is.
    pub(super) fn enter_one_of(&mut self, names: [&'static str; 2]) -> Result<&'static str, XmlError> {
        let event = self.next_mark()?;
        let known = names.into_iter().find(|name| matches!(&event, Event::Start(found) if found == name));
        known.ok_or_else(|| {
            let expected = names.map(|name| format!("<{name}>")).join(" or ");
            self.unexpected(&expected, event.describe())
        })
    }

    /// Leaves the element we are in, which must hold nothing more.
    pub(super) fn leave(&mut self) -> Result<(), XmlError> {
        match self.next_mark()? {
            Event::End => Ok(()),
            other => Err(self.unexpected("the end of the element", other.describe())),
        }
    }

    /// Whether another element follows in the one we are in.
    pub(super) fn has_more(&mut self) -> Result<bool, XmlError> {
        let event = self.next_mark()?;
        let more = matches!(event, Event::Start(_));
        self.peeked = Some(event);
        Ok(more)
    }

    /// Makes sure that nothing follows the root element.
    pub(super) fn finish(&mut self) -> Result<(), XmlError> {
        match self.next_mark()? {
            Event::DocumentEnd => Ok(()),
            other => Err(self.unexpected("the end of the document", other.describe())),
        }
    }

    /// The text of the element we are in, up to and with its end.
    pub(super) fn text(&mut self) -> Result<String, XmlError> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Text(more) => text.push_str(&more),
                Event::End => return Ok(text),
                other => return Err(self.unexpected("text", other.describe())),
            }
        }
    }

    /// `<name>text</name>`.
    pub(super) fn text_element(&mut self, name: &'static str) -> Result<String, XmlError> {
        self.enter(name)?;
        self.text()
    }

    /// `<value>text</value>` or `<value><string>text</string></value>`.
    pub(super) fn string_value(&mut self) -> Result<String, XmlError> {
        match self.value()? {
            Content::Text(text) => Ok(text),
            Content::Element(name) if name == "string" => {
                let text = self.text()?;
                self.leave()?;
                Ok(text)
            }
            Content::Element(name) => Err(self.unexpected("a string", Event::Start(name).describe())),
        }
    }

    /// Enters `<value>`: bare text is read up to and with the value's end; of an element only the start is.
    pub(super) fn value(&mut self) -> Result<Content, XmlError> {
        self.enter("value")?;
        match self.next()? {
            Event::End => Ok(Content::Text(String::new())),
            Event::Start(name) => Ok(Content::Element(name)),
            Event::Text(text) => match self.next()? {
                Event::Start(name) if text.trim_matches(BLANKS).is_empty() => Ok(Content::Element(name)),
                next => {
                    self.peeked = Some(next);
                    Ok(Content::Text(text + &self.text()?))
                }
            },
            other => Err(self.unexpected("text", other.describe())),
        }
    }

    /// `<struct>` with members, whose values `value` reads, given their names.
    pub(super) fn members<T>(
        &mut self,
        mut value: impl FnMut(&mut Self, &str) -> Result<T, XmlError>,
    ) -> Result<Vec<(String, T)>, XmlError> {
        self.enter("struct")?;
        let mut members: Vec<(String, T)> = Vec::new();
        while self.has_more()? {
            self.enter("member")?;
            let name = self.text_element("name")?;
            if members.iter().any(|(known, _)| *known == name) {
                return Err(XmlError::Duplicate { name: excerpt(&name).into_owned() });
            }
            if members.len() == MAX_MEMBERS {
                return Err(XmlError::TooMany);
            }
            let value = value(self, &name)?;
            self.leave()?;
            members.push((name, value));
        }
        self.leave()?;
        Ok(members)
    }

    pub(super) fn unexpected(&self, expected: &str, found: String) -> XmlError {
        XmlError::Unexpected { expected: expected.to_owned(), found, position: self.position() }
    }
}

/// What the parser says, without the position it puts in front.
fn reason(error: &xml::reader::Error) -> String {
    let said = error.to_string();
    let said = said.strip_prefix(&error.position().to_string()).map(str::trim).unwrap_or(&said);
    excerpt(said).into_owned()
}

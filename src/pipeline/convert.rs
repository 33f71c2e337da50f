//! A disk from one form into another: raw, dynamic or fixed VHD.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use super::content::Content;
use super::context::Context;
use super::error::Error;
use super::links::{open_disk, open_raw};
use super::progress::Stage;
use crate::os;
use crate::stream::SparseWriter;
use crate::transport::NewFile;
use crate::vhd::{self, Flattened};

/// A form that a disk can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The bytes of the disk and nothing else.
    Raw,
    /// A VHD that holds the blocks that hold anything.
    Dynamic,
    /// The bytes of the disk and a footer.
    Fixed,
}

impl Form {
    /// The names that can be chosen.
    pub const NAMES: [&'static str; 3] = ["raw", "dynamic", "fixed"];
}

impl FromStr for Form {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "raw" => Ok(Self::Raw),
            "dynamic" => Ok(Self::Dynamic),
            "fixed" => Ok(Self::Fixed),
            _ => Err(format!("unknown form {name:?}: expected one of {}", Self::NAMES.join(", "))),
        }
    }
}

/// What to convert, and to what.
#[derive(Debug, Clone)]
pub struct Convert {
    /// A VHD, whose parents are found beside it, or a raw disk.
    pub input: PathBuf,
    /// Take the input for a raw disk, whatever its bytes say: a guest may have written them.
    pub raw: bool,
    /// The file to make; it must not exist.
    pub output: PathBuf,
    /// Its form.
    pub form: Form,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The form of the new file.
    pub form: Form,
    /// Size of the disk, bytes.
    pub virtual_size: u64,
    /// Length of the new file, bytes.
    pub physical_size: u64,
}

impl Convert {
    /// Makes the file. It appears under its name when it is whole; zeros in it are holes.
    ///
    /// # Errors
    /// The input cannot be read; the output exists, or cannot be written.
    pub fn run(&self, ctx: Context<'_>) -> Result<Converted, Error> {
        let mut opened = if self.raw { open_raw(&self.input)? } else { open_disk(&self.input)? };
        let output = NewFile::create(&self.output)?;
        let file = output.file().map_err(os::Error::at("opening", &self.output))?;
        let size = opened.chain.virtual_size();
        let engine = || Error::engine(&opened.names[0]);
        let physical_size = match self.form {
            Form::Raw => {
                ctx.stage(Stage::Convert, Some(size))?;
                self.write(&mut opened.chain.reader(), &[], file, ctx)?
            }
            Form::Fixed => {
                ctx.stage(Stage::Convert, Some(size))?;
                let footer = vhd::fixed_footer(size, Uuid::new_v4(), ctx.now());
                self.write(&mut opened.chain.reader(), &footer, file, ctx)?
            }
            Form::Dynamic => {
                let flat = Flattened::new(&mut opened.chain, Uuid::new_v4(), ctx.now());
                let mut flat = flat.map_err(engine())?;
                ctx.stage(Stage::Convert, Some(flat.len()))?;
                self.write(&mut flat, &[], file, ctx)?
            }
        };
        output.commit()?;
        Ok(Converted { form: self.form, virtual_size: size, physical_size })
    }

    fn write(&self, from: &mut dyn Content, tail: &[u8], file: File, ctx: Context<'_>) -> Result<u64, Error> {
        copy(from, tail, file, ctx)
            .map_err(os::Error::at("writing", Path::new(&self.output)))
            .map_err(Error::from)
    }
}

fn copy(from: &mut dyn Content, tail: &[u8], file: File, ctx: Context<'_>) -> io::Result<u64> {
    let mut writer = SparseWriter::new(file);
    loop {
        os::stop::check()?;
        let hole = from.skip_hole()?;
        writer.skip(hole)?;
        let n = writer.fill(|room| os::again(|| from.read(room)))?;
        ctx.progress.advance(hole + n as u64);
        if n == 0 && hole == 0 {
            break;
        }
    }
    writer.write_all(tail)?;
    Ok(writer.finish()?.len)
}

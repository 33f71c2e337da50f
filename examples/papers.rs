//! Writes man pages, completions and the example configuration into `docs`, anew: `cargo run --example papers`,
//! after the command line or a setting has changed. A test sees to it that they are those of the program.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for folder in ["man", "completions"] {
        // A page of a command that is no more would stay.
        match std::fs::remove_dir_all(docs.join(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => std::fs::create_dir(docs.join(folder))?,
        }
    }
    for paper in vhd_porter::cli::papers() {
        std::fs::write(docs.join(paper.in_docs), paper.text)?;
    }
    Ok(())
}

//! Packs the source that `banyan extract` writes out again into the release binary: what `sources.txt` names, for each
//! file a line with its path, a line with its length in bytes, and itself, compressed. A debug build packs nothing, so
//! that a change of a test does not compile the library; it reads the checkout.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What is packed.
const ROOTS: &str = "sources.txt";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ROOTS}");
    let packed = File::create(Path::new(&std::env::var("OUT_DIR")?).join("sources.z"))?;
    if std::env::var("PROFILE")? != "release" {
        return Ok(());
    }
    let mut packed = ZlibEncoder::new(packed, Compression::best());
    for root in fs::read_to_string(ROOTS)?.lines() {
        println!("cargo:rerun-if-changed={root}");
        pack(root, &mut packed)?;
    }
    packed.finish()?;
    Ok(())
}

fn pack(path: &str, packed: &mut impl Write) -> io::Result<()> {
    if !Path::new(path).is_dir() {
        let text = fs::read_to_string(path)?;
        write!(packed, "{path}\n{}\n{text}", text.len())?;
        return Ok(());
    }
    let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
    let mut names: Vec<_> = entries?.into_iter().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.to_str()) {
        pack(&format!("{path}/{name}"), packed)?;
    }
    Ok(())
}

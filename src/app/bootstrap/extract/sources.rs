//! The source that travels in the binary, so that a context can be lifted out of exactly the version that runs.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::ZlibDecoder;

/// Packed by `build.rs`, which says how; empty in a debug build, which reads the checkout that it was made from.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.z"));
/// Where this was built.
const CHECKOUT: &str = env!("CARGO_MANIFEST_DIR");
/// What is packed.
const ROOTS: &str = include_str!("../../../../sources.txt");

/// Why there is no source.
#[derive(Debug, thiserror::Error)]
pub enum NoSources {
    /// A debug build has been carried elsewhere.
    #[error("a debug build reads its source from {CHECKOUT}, where it cannot be read: use a release build")]
    Checkout(#[source] io::Error),
    /// The binary is damaged.
    #[error("the source in this binary cannot be unpacked")]
    Unpack(#[source] io::Error),
}

/// Files by their paths, with `/` between the parts.
#[derive(Debug, Clone)]
pub struct Sources(pub BTreeMap<String, String>);

impl Sources {
    /// Those of this version.
    ///
    /// # Errors
    /// [`NoSources`].
    pub fn of_this_version() -> Result<Self, NoSources> {
        if PACKED.is_empty() {
            return Self::of_checkout(Path::new(CHECKOUT)).map_err(NoSources::Checkout);
        }
        let mut text = String::new();
        ZlibDecoder::new(PACKED)
            .read_to_string(&mut text)
            .map_err(NoSources::Unpack)?;
        unpack(&text).ok_or_else(|| NoSources::Unpack(io::ErrorKind::InvalidData.into()))
    }

    fn of_checkout(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for root in ROOTS.lines() {
            read(folder, root, &mut files)?;
        }
        Ok(Self(files))
    }

    /// A file that this version must have.
    pub fn get(&self, path: &str) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    /// The files in a folder and the folders in it.
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        let within = move |path: &&str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.0.keys().map(String::as_str).filter(within)
    }
}

/// Reads a file, or all files of a folder.
fn read(folder: &Path, path: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    let on_disk = folder.join(path);
    if !on_disk.is_dir() {
        files.insert(path.to_owned(), std::fs::read_to_string(on_disk)?);
        return Ok(());
    }
    for entry in std::fs::read_dir(on_disk)? {
        if let Some(name) = entry?.file_name().to_str() {
            read(folder, &format!("{path}/{name}"), files)?;
        }
    }
    Ok(())
}

/// For each file a line with its path, a line with its length in bytes, and itself.
fn unpack(packed: &str) -> Option<Sources> {
    let mut files = BTreeMap::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let (path, behind) = rest.split_once('\n')?;
        let (bytes, behind) = behind.split_once('\n')?;
        let (text, behind) = behind.split_at_checked(bytes.parse().ok()?)?;
        files.insert(path.to_owned(), text.to_owned());
        rest = behind;
    }
    Some(Sources(files))
}

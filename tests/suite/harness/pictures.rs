//! Pictures of windows for people to look at: `JEAN_BRIDGE_ARTIFACTS`, or `target/artifacts`.

use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Keeps a PNG under this name.
pub(crate) fn keep(name: &str, picture: &[u8]) {
    let folder = folder();
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    std::fs::write(folder.join(name).with_extension("png"), picture).expect("a picture");
}

/// Whether a PNG shows more than one colour.
pub(crate) fn shows_something(picture: &[u8]) -> bool {
    let mut reader = png::Decoder::new(Cursor::new(picture)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut pixels).expect("a picture");
    let mut pixels = pixels[..frame.buffer_size()].chunks_exact(frame.color_type.samples());
    let first = pixels.next();
    pixels.any(|pixel| Some(pixel) != first)
}

fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("JEAN_BRIDGE_ARTIFACTS") {
        return folder.into();
    }
    let suite = std::env::current_exe().expect("a path of its own");
    let target = suite.ancestors().nth(3).expect("target/PROFILE/deps/suite");
    Path::join(target, "artifacts")
}

//! Assets compressed once, as well as it gets, so that the server never does it while serving.

use super::file;
use crate::Failure;
use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Writes `.br` and `.gz` beside each asset. Returns each file's plain and brotli size.
pub fn precompress() -> Result<Vec<(PathBuf, u64, u64)>, Failure> {
    let mut sizes = Vec::new();
    for extension in ["wasm", "js", "css"] {
        let plain = file(extension);
        let brotli = beside(&plain, "br");
        if !is_newer(&brotli, &plain) {
            let mut content = Vec::new();
            File::open(&plain)?.read_to_end(&mut content)?;
            gzip(&content, &beside(&plain, "gz"))?;
            brotli_best(&content, &brotli)?;
        }
        sizes.push((plain.clone(), fs::metadata(&plain)?.len(), fs::metadata(&brotli)?.len()));
    }
    Ok(sizes)
}

/// Compressed copies of what is about to change would be served instead of it.
pub fn forget(files: &[PathBuf]) {
    for file in files {
        for extension in ["br", "gz"] {
            let _ = fs::remove_file(beside(file, extension));
        }
    }
}

fn brotli_best(content: &[u8], output: &Path) -> Result<(), Failure> {
    let mut writer = brotli::CompressorWriter::new(File::create(output)?, 1 << 16, 11, 22);
    writer.write_all(content)?;
    writer.flush()?;
    Ok(())
}

fn gzip(content: &[u8], output: &Path) -> Result<(), Failure> {
    let mut writer = flate2::write::GzEncoder::new(File::create(output)?, flate2::Compression::best());
    writer.write_all(content)?;
    writer.finish()?;
    Ok(())
}

/// `signalbox.wasm.br`.
fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    matches!((time(file), time(than)), (Some(file), Some(than)) if file >= than)
}

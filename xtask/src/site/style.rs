//! The style sheet: `style/main.css` and what it imports, as one checked and minified file.

use super::file;
use crate::{Failure, stamp, workspace::root};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions},
};
use std::{fs, path::Path};

/// Writes `signalbox.css`. Returns whether there was anything to do.
pub fn style() -> Result<bool, Failure> {
    let folder = root().join("style");
    let output = file("css");
    stamp::unless_fresh("style", std::slice::from_ref(&folder), "", &output, || {
        let css = bundle(&folder.join("main.css"))?;
        fs::create_dir_all(output.parent().expect("the file is in pkg/"))?;
        super::compress::forget(std::slice::from_ref(&output));
        fs::write(&output, css)?;
        Ok(())
    })
}

fn bundle(main: &Path) -> Result<String, Failure> {
    let files = FileProvider::new();
    let mut sheet =
        Bundler::new(&files, None, ParserOptions::default()).bundle(main).map_err(|error| said(error.to_string()))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| said(error.to_string()))?;
    let printed = sheet.to_css(PrinterOptions { minify: true, ..PrinterOptions::default() });
    Ok(printed.map_err(|error| said(error.to_string()))?.code)
}

fn said(error: String) -> Failure {
    Failure::new(format!("style: {error}"))
}

//! Lists the sample playbooks to carry inside the binary, and tells where the browser's files are.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    let here = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;

    let folder = Path::new(&here).join("../playbooks");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut samples = match fs::read_dir(&folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    samples.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    samples.sort();
    let mut list = String::from("[\n");
    for path in samples {
        let path = fs::canonicalize(path)?;
        writeln!(list, "    include_str!({path:?}),").map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(Path::new(&out).join("samples.rs"), list)?;

    println!("cargo:rerun-if-env-changed=SIGNALBOX_SITE_DIR");
    if env::var_os("CARGO_FEATURE_EMBED_ASSETS").is_some() {
        let site = env::var("SIGNALBOX_SITE_DIR").unwrap_or_else(|_| "target/site".to_owned());
        let site = Path::new(&here).join("..").join(site);
        let site = fs::canonicalize(&site)
            .map_err(|error| io::Error::new(error.kind(), format!("browser files at {}: {error}", site.display())))?;
        println!("cargo:rerun-if-changed={}", site.display());
        println!("cargo:rustc-env=SIGNALBOX_SITE_DIR={}", site.display());
    }
    Ok(())
}

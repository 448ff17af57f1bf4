//! `signalbox backup`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    output::line,
    upkeep,
};
use std::path::{Path, PathBuf};
use store::Backup;
use tokio::{
    fs::{self, OpenOptions},
    io::{AsyncWriteExt, BufWriter},
};

/// Copies the whole store into one file, also while its server runs
///
/// The file is text, the same from SQLite and PostgreSQL, and `restore` makes either from it. Credentials in it stay
/// sealed: the key that opens them is not in the store, and is to be kept apart.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to; a file that is not there yet, or `-` for the output
    file: PathBuf,
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn backup(args: Args) -> Result<Exit, Error> {
    let config = upkeep::config(&args.local)?;
    let url = upkeep::url(&config);
    if args.file == Path::new("-") {
        let mut out = BufWriter::new(upkeep::file(std::io::stdout())?);
        store::back_up(&url, &mut out, upkeep::now()).await?;
        return Ok(Exit::Done);
    }
    let shown = args.file.display();
    if fs::try_exists(&args.file).await.unwrap_or(false) {
        return Err(Error::bad_input(format!("{shown} is there already; name a new file")));
    }
    // Under its name only when it is whole.
    let mut part = args.file.clone().into_os_string();
    part.push(".part");
    let copied = match written(Path::new(&part), &url).await {
        Ok(copied) => copied,
        Err(error) => {
            let _ = fs::remove_file(&part).await;
            return Err(error);
        }
    };
    fs::rename(&part, &args.file).await.map_err(|error| Error::failed(format!("{shown}: {error}")))?;
    line::print(format_args!("{} rows, up to position {}, are in {shown}", copied.rows, copied.head))?;
    Ok(Exit::Done)
}

async fn written(part: &Path, url: &str) -> Result<Backup, Error> {
    let cannot = |error: std::io::Error| Error::failed(format!("{}: {error}", part.display()));
    let mut options = OpenOptions::new();
    // What executions were given and returned is for nobody else's eyes.
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.write(true).create(true).truncate(true).open(part).await.map_err(cannot)?;
    let mut out = BufWriter::new(file);
    let copied = store::back_up(url, &mut out, upkeep::now()).await?;
    out.flush().await.map_err(cannot)?;
    out.into_inner().sync_all().await.map_err(cannot)?;
    Ok(copied)
}

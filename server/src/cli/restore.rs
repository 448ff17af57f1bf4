//! `signalbox restore`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    output::line,
    upkeep,
};
use std::path::{Path, PathBuf};
use tokio::{
    fs::File,
    io::{AsyncBufRead, BufReader},
};

/// Fills a new, empty store from a copy that `backup` made
///
/// The store is another one than that of the copy: browsers and programs that know positions of that one are told so
/// when they come back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The copy, or `-` for the input
    file: PathBuf,
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn restore(args: Args) -> Result<Exit, Error> {
    let mut from: Box<dyn AsyncBufRead + Unpin + Send> = if args.file == Path::new("-") {
        Box::new(BufReader::new(upkeep::file(std::io::stdin())?))
    } else {
        let file = File::open(&args.file).await;
        let file = file.map_err(|error| Error::bad_input(format!("{}: {error}", args.file.display())))?;
        Box::new(BufReader::with_capacity(256 * 1024, file))
    };
    let alone = upkeep::open(&args.local).await?;
    let restored = alone.store.restore(&mut *from).await;
    alone.close().await;
    let restored = restored.map_err(|error| match error {
        store::StoreError::Refused(why) => Error::failed(why),
        error => error.into(),
    })?;
    line::print(format_args!("{} rows, up to position {}, are restored", restored.rows, restored.head))?;
    Ok(Exit::Done)
}

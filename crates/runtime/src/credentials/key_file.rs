//! The file that has the key: one key on a line, as base64, the one that seals first.
//!
//! It is small and read when it is first needed; it is never half written, and never made over one that is there.

use super::{
    error::KeyError,
    key::{Key, KeyRing},
};
use secrecy::ExposeSecret;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

const HEAD: &str = "# Signalbox: the key of its stored credentials. Keep it, and not where the database is kept.\n";

/// Where the key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file the operator named: it must be there.
    Named(PathBuf),
    /// Our own file: made when a key is first needed.
    Own(PathBuf),
    /// Nowhere: a key that lives as long as the process, for stores that do so too.
    Memory,
}

impl KeySource {
    pub(super) fn place(&self) -> String {
        match self {
            KeySource::Named(path) | KeySource::Own(path) => path.display().to_string(),
            KeySource::Memory => "this process".to_owned(),
        }
    }

    /// The keys; `None` when none has been needed yet.
    pub(super) fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        let (path, is_own) = match self {
            KeySource::Named(path) => (path, false),
            KeySource::Own(path) => (path, true),
            KeySource::Memory => return Ok(None),
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound && is_own => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(KeyError::Missing(path.clone())),
            Err(error) => return Err(failed(path, "read", error)),
        };
        if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
            tracing::warn!("the key file {} can be read by other users; `chmod 600` it", path.display());
        }
        parse(path, &text).map(Some)
    }

    /// The keys, made now if this is ours to do.
    pub(super) fn read_or_make(&self) -> Result<KeyRing, KeyError> {
        if let Some(ring) = self.read()? {
            return Ok(ring);
        }
        let ring = KeyRing::of(Key::random());
        let KeySource::Own(path) = self else { return Ok(ring) };
        let new = write_new(path, &ring).map_err(|error| failed(path, "made", error))?;
        // A link never replaces what is there: of two who make one at once, one wins, and both read that.
        let linked = fs::hard_link(&new, path);
        let _ = fs::remove_file(&new);
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(path, "made", error)),
            _ => sync_folder(path).map_err(|error| failed(path, "made", error))?,
        }
        tracing::info!(
            "the key of credentials and secrets is in {}: keep a copy of it, and give it to every server on this store",
            path.display()
        );
        self.read()?.ok_or_else(|| KeyError::Missing(path.clone()))
    }

    /// Puts other keys into the file, whole or not at all.
    pub(super) fn replace(&self, ring: &KeyRing) -> Result<(), KeyError> {
        let (KeySource::Named(path) | KeySource::Own(path)) = self else { return Ok(()) };
        // Of a link, what it leads to.
        let path = fs::canonicalize(path).map_err(|error| failed(path, "replaced", error))?;
        let replaced = write_new(&path, ring).and_then(|new| fs::rename(new, &path)).and_then(|()| sync_folder(&path));
        replaced.map_err(|error| failed(&path, "replaced", error))
    }
}

fn parse(path: &Path, text: &str) -> Result<KeyRing, KeyError> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = Key::parse(line).ok_or_else(|| KeyError::Malformed { path: path.to_owned(), line: index + 1 })?;
        keys.push(Arc::new(key));
    }
    let mut keys = keys.into_iter();
    let current = keys.next().ok_or_else(|| KeyError::Empty(path.to_owned()))?;
    Ok(KeyRing { current, earlier: keys.collect() })
}

/// Beside the path, for its owner alone, on the disk.
fn write_new(path: &Path, ring: &KeyRing) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let new = path.with_file_name(name);
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(HEAD.as_bytes())?;
    for key in ring.all() {
        file.write_all(key.line().expose_secret().as_bytes())?;
        file.write_all(b"\n")?;
    }
    file.sync_all()?;
    Ok(new)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn failed(path: &Path, what: &'static str, error: io::Error) -> KeyError {
    KeyError::File { path: path.to_owned(), what, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("box.key");
        let source = KeySource::Own(path.clone());
        assert!(source.read().expect("an answer").is_none());
        let id = source.read_or_make().expect("a key").current.id().to_owned();
        assert_eq!(source.read_or_make().expect("a key").current.id(), id);
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
        let mut ring = KeyRing::of(Key::random());
        ring.earlier.push(source.read_or_make().expect("a key").current);
        source.replace(&ring).expect("replaced");
        let read = source.read_or_make().expect("keys");
        assert_eq!((read.current.id(), read.earlier[0].id()), (ring.current.id(), id.as_str()));
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let named = KeySource::Named(path.clone());
        let refused = |text: Option<&str>, part: &str| {
            if let Some(text) = text {
                fs::write(&path, text).expect("written");
            }
            let message = named.read_or_make().expect_err("refused").to_string();
            assert!(message.contains(part) && !message.contains("aGk="), "{message}: {part}");
        };
        refused(None, "does not exist");
        refused(Some(""), "holds no key");
        refused(Some("# a comment\n\naGk=\n"), "line 3");
        let key = Key::random();
        fs::write(&path, format!("\n  {}  \n", key.line().expose_secret())).expect("written");
        assert_eq!(named.read_or_make().expect("a key").current.id(), key.id());
        let nowhere = KeySource::Own(folder.path().join("no/such/folder.key"));
        assert!(nowhere.read_or_make().expect_err("refused").to_string().contains("cannot be made"));
    }
}

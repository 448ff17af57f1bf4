//! The data folder and who uses it.
//!
//! `lock` is held (flock) by the process that serves the folder, and released by the system however that process
//! ends. `url` says where it serves; it is believed only while the lock is held. `name` tells the folder's servers from
//! those of other folders on the same store.

use crate::StoreError;
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

const LOCK: &str = "lock";
const URL: &str = "url";
const NAME: &str = "name";
const KEY: &str = "key";
/// [`DataDir::server_url`] holds the lock for some microseconds while it looks: that must not pass for a server.
const ATTEMPTS: u32 = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// A data folder this process has to itself until this is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the folder (mode 0700) if it is missing and takes it. Blocks for up to 50 ms when it is taken.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process (or another `DataDir` here) has it, with the URL announced
    /// there; [`StoreError::Backend`] when the folder cannot be made or written.
    pub fn lock(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: io::Error| backend(path, &error);
        create(path).map_err(failed)?;
        let lock = open_lock(path).map_err(failed)?;
        for attempt in 1.. {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(BETWEEN_ATTEMPTS),
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { path: path.display().to_string(), url: read_url(path) });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // What a killed server left behind.
        remove_url(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Eight letters drawn once: whoever serves the folder is the same server as the one before.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when they cannot be kept.
    pub fn name(&self) -> Result<String, StoreError> {
        let failed = |error: io::Error| backend(&self.path, &error);
        let file = self.path.join(NAME);
        match fs::read_to_string(&file) {
            Ok(name) if name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => return Ok(name),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let name = format!("{:08x}", RandomState::new().hash_one(()) >> 32);
        let fresh = self.path.join("name.new");
        fs::write(&fresh, &name).map_err(failed)?;
        fs::rename(&fresh, &file).map_err(failed)?;
        Ok(name)
    }

    /// A secret drawn anew for each server, in a file that who may read the folder may read: whoever can open the store
    /// itself is let in by the server that holds it.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be kept.
    pub fn key(&self) -> Result<String, StoreError> {
        let failed = |error: io::Error| backend(&self.path, &error);
        let mut bytes = [0; 32];
        File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).map_err(failed)?;
        let key = bytes.iter().fold("sbf_".to_owned(), |key, byte| format!("{key}{byte:02x}"));
        let fresh = self.path.join("key.new");
        // Left by a server that was killed just here.
        let _ = fs::remove_file(&fresh);
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&fresh).and_then(|mut file| file.write_all(key.as_bytes()));
        written.and_then(|()| fs::rename(&fresh, self.path.join(KEY))).map_err(failed)?;
        Ok(key)
    }

    /// The key of the server that holds the folder.
    pub fn server_key(path: &Path) -> Option<String> {
        fs::read_to_string(path.join(KEY)).ok().filter(|key| !key.is_empty())
    }

    /// Tells others where this process serves the folder.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be written.
    pub fn announce(&self, url: &str) -> Result<(), StoreError> {
        let failed = |error: io::Error| backend(&self.path, &error);
        let fresh = self.path.join("url.new");
        fs::write(&fresh, url).map_err(failed)?;
        fs::rename(&fresh, self.path.join(URL)).map_err(failed)
    }

    /// Where the process that has this folder serves it; `None` when nobody has it or nothing was announced yet.
    pub fn server_url(path: &Path) -> Option<String> {
        let url = read_url(path)?;
        match open_lock(path).ok()?.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(url),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Failing is harmless: without the lock nobody believes the file.
        let _ = remove_url(&self.path);
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK))
}

fn read_url(path: &Path) -> Option<String> {
    fs::read_to_string(path.join(URL)).ok().filter(|url| !url.is_empty())
}

fn remove_url(path: &Path) -> io::Result<()> {
    match fs::remove_file(path.join(URL)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn backend(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Backend {
        message: format!("the data folder {}: {error}", path.display()),
        temporary: error.kind() == io::ErrorKind::StorageFull,
    }
}

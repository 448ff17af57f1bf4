//! A PostgreSQL of a test's own, which it may stop, kill and start again.

use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long it may take to be up, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Stopped, and gone with its data, when dropped.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    home: PathBuf,
    user: Option<&'static str>,
    port: u16,
    server: Option<Child>,
    /// Ends the thread the server was started from.
    keeper: Option<mpsc::Sender<()>>,
}

impl Cluster {
    /// # Panics
    /// When there is no PostgreSQL on this machine, or it does not start.
    pub fn start() -> Self {
        let bin = programs();
        let home = std::env::temp_dir().join(format!("signalbox-cluster-{:016x}", RandomState::new().hash_one(())));
        fs::create_dir(&home).expect("a temporary folder");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).expect("our own folder");
        let user = unprivileged();
        if let Some(user) = user {
            done(Command::new("chown").arg(user).arg(&home));
        }
        let mut initdb = as_user(&bin.join("initdb"), user);
        initdb.args(["--username=signalbox", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        done(initdb.arg(home.join("data")).current_dir(&home));
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        let mut cluster = Self { bin, home, user, port, server: None, keeper: None };
        cluster.up();
        cluster
    }

    /// Of its one database.
    pub fn url(&self) -> String {
        format!("postgres://signalbox@127.0.0.1:{}/postgres", self.port)
    }

    /// Stopped as an administrator would: connections are closed, nothing is lost.
    pub fn restart(&mut self) {
        self.down("INT");
        self.up();
    }

    /// Stopped in the middle of everything; comes back by recovery.
    pub fn crash(&mut self) {
        self.down("QUIT");
        self.up();
    }

    fn up(&mut self) {
        let log = File::options().create(true).append(true).open(self.home.with_extension("log"));
        let log = log.expect("the log");
        let mut server = as_user(&self.bin.join("postgres"), self.user);
        server.arg("-D").arg(self.home.join("data")).args(["-p", &self.port.to_string()]);
        // What is tried here is the end of processes, not of the machine.
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "fsync=off", "-c"]);
        server.arg(format!("unix_socket_directories={}", self.home.display())).current_dir(&self.home);
        server.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log);
        // `pdeathsig` means the thread it was started from: one that lives as long as the server.
        let (keeper, kept) = mpsc::channel();
        let (started, child) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = started.send(server.spawn());
            let _ = kept.recv();
        });
        self.server = Some(child.recv().expect("the thread tells").expect("postgres starts"));
        self.keeper = Some(keeper);
        let began = Instant::now();
        while !self.answers() {
            let status = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            let said = || fs::read_to_string(self.home.with_extension("log")).unwrap_or_default();
            assert!(status.is_none() && began.elapsed() < START, "PostgreSQL is not up: {}", said());
            std::thread::yield_now();
        }
    }

    fn answers(&self) -> bool {
        let mut asked = Command::new(self.bin.join("pg_isready"));
        asked.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        asked.status().is_ok_and(|status| status.success())
    }

    fn down(&mut self, signal: &str) {
        let Some(mut server) = self.server.take() else { return };
        done(Command::new("kill").args(["-s", signal, &server.id().to_string()]));
        server.wait().expect("postgres ends");
        self.keeper = None;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.down("QUIT");
        } else if let Some(mut server) = self.server.take() {
            let _ = Command::new("kill").args(["-s", "QUIT", &server.id().to_string()]).status();
            let _ = server.wait();
        }
        let _ = fs::remove_dir_all(&self.home);
        let _ = fs::remove_file(self.home.with_extension("log"));
    }
}

/// The folder of `initdb` and `postgres`: Debian keeps it off PATH, one per version.
fn programs() -> PathBuf {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = debian.collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&path));
    let has_both = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    folders.into_iter().find(has_both).expect("PostgreSQL on this machine: apt-get install -y postgresql")
}

/// PostgreSQL refuses to run as root; `None` when we are not.
fn unprivileged() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().expect("id").stdout;
    if id.trim_ascii() != b"0" {
        return None;
    }
    let exists = |user: &&str| Command::new("id").arg(user).output().is_ok_and(|output| output.status.success());
    Some(["postgres", "nobody"].into_iter().find(exists).expect("a user `postgres` or `nobody`"))
}

/// Ends with this process, however that ends.
fn as_user(program: &Path, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if let Some(user) = user {
        let group = Command::new("id").args(["-gn", user]).output().expect("id").stdout;
        let group = String::from_utf8_lossy(group.trim_ascii()).into_owned();
        command.args(["--reuid", user, "--regid", &group, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

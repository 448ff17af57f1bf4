//! `signalbox schedules`

use crate::support::{ECHO, Run};
use std::fs;

#[test]
fn schedules_are_put_shown_paused_and_deleted_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let on = |args: &[&str]| {
        let all = ["schedules"].iter().chain(args).chain(&["--data", "data"]);
        Run::of(folder.path(), all)
    };
    Run::of(folder.path(), ["register", "echo.yaml", "--data", "data"]).expect(0);
    let put = ["put", "nightly", "tests/echo", "--cron", "0 3 * * *", "--timezone", "Europe/Berlin", "--json"];
    let put = on(&put).expect(0).lines().remove(0);
    assert_eq!((&put["name"], &put["timezone"]), (&"nightly".into(), &"Europe/Berlin".into()));
    let shown = on(&["show", "nightly"]).expect(0).stdout;
    assert_eq!(shown.lines().count(), 6, "{shown}");
    on(&["pause", "nightly"]).expect(0);
    let list = on(&["list"]).expect(0).stdout;
    assert!(list.contains("nightly  paused") && list.contains("0 3 * * * (Europe/Berlin)"), "{list}");
    on(&["resume", "nightly"]).expect(0);
    let id = on(&["run", "nightly"]).expect(0).stdout;
    Run::of(folder.path(), ["show", id.trim(), "--data", "data"]).expect(0);
    on(&["delete", "nightly"]).expect(0);
    let gone = on(&["show", "nightly"]).expect(2);
    assert!(gone.stderr.contains("nightly"), "{gone:?}");
    let wrong = on(&["put", "a", "tests/echo", "--cron", "soon"]).expect(2);
    assert!(wrong.stderr.contains("soon"), "{wrong:?}");
}

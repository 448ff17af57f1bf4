//! `cargo xtask help`.

const TEXT: &str = "\
cargo xtask <command>

  run [--release] [-- ARGS]    build what changed and serve on http://127.0.0.1:9999;
                               ARGS go to `signalbox serve`: --listen, --data …
  test [--full] [--only SUITE[,SUITE]] [FILTER]
                               every test there is; SUITE is one of unit, integration, doc,
                               portable, xtask, clients, browser; --full takes the sizes for releases
  build [--release]            browser part and server into the target folder
  bench engine [--quick] [--store sqlite|postgres] [--peer restate] [CASE]…
  bench hub [--quick] [--store sqlite|postgres] [--peer realtime] [CASE]…
                               figures as JSON lines, a peer's beside ours
  dist                         one self-contained binary: dist/signalbox
  check                        format, lints, types of the stories, licences
  help                         this

One target folder for everything: CARGO_TARGET_DIR, else target/. Colours stop with NO_COLOR.
";

pub fn help() {
    print!("{TEXT}");
}

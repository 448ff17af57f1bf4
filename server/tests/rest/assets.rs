//! The browser's files, from the site folder.

use crate::support::{Answer, TestServer};
use std::fs;

async fn with_files() -> TestServer {
    let server = TestServer::start().await;
    let pkg = server.site().join("pkg");
    fs::create_dir_all(&pkg).unwrap();
    fs::write(pkg.join("signalbox.js"), "export {}").unwrap();
    fs::write(pkg.join("signalbox.wasm"), b"\0asm").unwrap();
    fs::write(pkg.join("signalbox.css"), "a{}").unwrap();
    fs::write(pkg.join("signalbox.css.br"), "brotli").unwrap();
    fs::write(pkg.join("signalbox.css.gz"), "gzip").unwrap();
    fs::write(pkg.join(".secret"), "no").unwrap();
    fs::write(server.site().join("../outside.css"), "no").unwrap();
    server
}

#[tokio::test]
async fn files_have_their_types() {
    let server = with_files().await;
    for (path, media_type, body) in [
        ("/pkg/signalbox.js", "text/javascript", &b"export {}"[..]),
        ("/pkg/signalbox.wasm", "application/wasm", b"\0asm"),
        ("/pkg/signalbox.css", "text/css", b"a{}"),
    ] {
        let answer = server.read(path).await;
        assert_eq!((answer.status, answer.header("content-type"), &answer.body[..]), (200, media_type, body), "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn the_best_copy_the_browser_takes_is_sent() {
    let server = with_files().await;
    for (accepts, coding, body) in [
        ("gzip, deflate, br, zstd", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip", "gzip", "gzip"),
        ("identity", "", "a{}"),
    ] {
        let answer = Answer::of(server.get("/pkg/signalbox.css").header("accept-encoding", accepts)).await;
        assert_eq!((answer.header("content-encoding"), answer.text().as_str()), (coding, body), "{accepts}");
        assert_eq!(answer.header("content-type"), "text/css");
        assert!(answer.header("vary").contains("accept-encoding"), "{accepts}");
    }
}

#[tokio::test]
async fn a_copy_older_than_its_file_is_not_sent() {
    let server = with_files().await;
    let pkg = server.site().join("pkg");
    let newer =
        fs::metadata(pkg.join("signalbox.css.br")).unwrap().modified().unwrap() + std::time::Duration::from_secs(5);
    fs::write(pkg.join("signalbox.css"), "b{}").unwrap();
    fs::File::options().write(true).open(pkg.join("signalbox.css")).unwrap().set_modified(newer).unwrap();
    let answer = Answer::of(server.get("/pkg/signalbox.css").header("accept-encoding", "br")).await;
    assert_eq!((answer.header("content-encoding"), answer.text().as_str()), ("", "b{}"));
}

#[tokio::test]
async fn unchanged_files_are_not_sent_again() {
    let server = with_files().await;
    let etag = server.read("/pkg/signalbox.js").await.header("etag").to_owned();
    let again = Answer::of(server.get("/pkg/signalbox.js").header("if-none-match", &etag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    fs::write(server.site().join("pkg/signalbox.js"), "export { changed }").unwrap();
    let changed = Answer::of(server.get("/pkg/signalbox.js").header("if-none-match", &etag)).await;
    assert_eq!((changed.status, changed.text().as_str()), (200, "export { changed }"));
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let server = with_files().await;
    for path in [
        "/../outside.css",
        "/%2e%2e/outside.css",
        "/pkg/..%2f..%2foutside.css",
        "/pkg/.secret",
        "/pkg/",
        "/pkg",
        "/pkg/signalbox.css%00",
        "/data/signalbox.db",
    ] {
        let answer = server.read(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}: {}", answer.header("content-type"));
    }
}

#[tokio::test]
async fn sheets_nobody_bundled_are_read_beside_the_first() {
    let server = with_files().await;
    let style = server.site().join("../style");
    fs::create_dir_all(&style).unwrap();
    fs::write(style.join("signalbox.css"), "wrong").unwrap();
    fs::write(style.join("page.css"), "p{}").unwrap();
    fs::write(style.join("page.txt"), "no").unwrap();
    let answer = server.read("/pkg/page.css").await;
    assert_eq!((answer.status, answer.header("content-type"), &answer.body[..]), (200, "text/css", &b"p{}"[..]));
    assert_eq!(server.read("/pkg/signalbox.css").await.body, b"a{}"[..], "what was built comes first");
    for path in ["/pkg/page.txt", "/page.css", "/pkg/style/page.css", "/pkg/../style/page.css"] {
        assert_eq!(server.read(path).await.status, 404, "{path}");
    }
}

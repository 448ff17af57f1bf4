//! From a URL to a store, or to an error that says what to do.

use protocol::Position;
use store::StoreError;

#[tokio::test]
async fn a_sqlite_url_names_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("with space é.db");
    let mut epochs = Vec::new();
    for url in [format!("sqlite:{}", path.display()), format!("sqlite://{}", path.display())] {
        let store = store::open(&url).await.expect("a store");
        assert_eq!(store.head().await.expect("the head"), Position(0));
        epochs.push(store.epoch().clone());
        store.close().await;
    }
    assert!(path.exists());
    assert_eq!(epochs[0], epochs[1]);
    store::open("sqlite::memory:").await.expect("a store in memory").close().await;
}

#[tokio::test]
async fn what_is_no_store_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = format!("sqlite:{}/none/signalbox.db", folder.path().display());
    for (url, names) in [
        ("postgres://localhost:port/x", "the URL of the PostgreSQL database"),
        ("postgresql://localhost/x?sslmode=perhaps", "the URL of the PostgreSQL database"),
        ("mysql://user:secret@x", "expected sqlite:PATH or postgres://"),
        ("signalbox.db", "expected sqlite:PATH"),
        ("sqlite:", "names no file"),
        (missing.as_str(), "none/signalbox.db"),
    ] {
        match store::open(url).await.map(drop) {
            Err(StoreError::Backend { message, .. }) => {
                assert!(message.contains(names), "{url}: {message}");
                assert!(!message.contains("secret"), "{url}: {message}");
            }
            other => panic!("{url}: expected an error, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("notes.txt");
    let notes = "not a database, but somebody's notes. ".repeat(100);
    std::fs::write(&path, &notes).expect("a file");
    match store::open(&format!("sqlite:{}", path.display())).await.map(drop) {
        Err(StoreError::Corrupt(message)) => assert!(message.contains("not a database"), "{message}"),
        other => panic!("expected an error, got {other:?}"),
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), notes);
}

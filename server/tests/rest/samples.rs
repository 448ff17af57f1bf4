//! The sample playbooks inside the binary.

use crate::support::TestServer;

#[tokio::test]
async fn an_empty_catalog_gets_them_once() {
    let server = TestServer::start().await;
    let catalog = server.read("/api/v1/playbooks").await.expect(200);
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../playbooks")).expect("the samples");
    let yaml = files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ext| ext == "yaml")).count();
    assert!(yaml > 0);
    assert_eq!(catalog.as_array().expect("a list").len(), yaml, "every sample is valid: {catalog}");

    let folder = server.stop().await;
    let server = TestServer::start_in(folder).await;
    assert_eq!(server.read("/api/v1/playbooks").await.expect(200), catalog, "nothing was registered again");
}

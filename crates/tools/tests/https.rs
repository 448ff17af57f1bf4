//! `http` over TLS: a certificate is trusted when this host trusts its authority, and only for its own name.

mod support;

use serde_json::json;
use std::{path::Path, sync::Arc};
use support::{error, result, run, task};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::{TlsAcceptor, rustls};
use tools::{EgressPolicy, HttpProvider};

/// A server with the test certificate that says hello; its port.
async fn server() -> u16 {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name);
    let chain = vec![CertificateDer::from_pem_file(file("leaf.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(file("leaf.key")).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

async fn get(url: String) -> worker::Run {
    let allow = vec!["127.0.0.0/8".parse().expect("an entry"), "::1".parse().expect("an entry")];
    let provider = HttpProvider::new(EgressPolicy { allow, allow_private: true });
    run(&provider, task("http", json!({"url": url}), json!({}))).await
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let port = server().await;
    let ran = get(format!("https://localhost:{port}/")).await;
    assert_eq!(error(&ran).code, "http_request");
    assert!(error(&ran).message.contains("UnknownIssuer"), "{}", error(&ran).message);
}

/// Trust comes from the environment of the process, so the calls are made in one of their own.
#[tokio::test]
async fn a_trusted_authority_is_believed_for_its_name_only() {
    let port = server().await;
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/ca.pem");
    let output = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "calls_by_name_and_by_address"])
        .env("CALL_PORT", port.to_string())
        .env("SSL_CERT_FILE", authority)
        .output()
        .await
        .expect("another process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
#[ignore = "is run by a_trusted_authority_is_believed_for_its_name_only"]
async fn calls_by_name_and_by_address() {
    let port = std::env::var("CALL_PORT").expect("a port");
    assert_eq!(result(&get(format!("https://localhost:{port}/")).await)["data"], "hello");
    let ran = get(format!("https://127.0.0.1:{port}/")).await;
    assert!(error(&ran).message.contains("not valid for name"), "{}", error(&ran).message);
}

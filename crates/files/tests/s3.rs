//! A store that speaks S3 and does not do what it should.
//!
//! The tests of a bucket need a server: `INTERDESK_TEST_S3` names one, `./dev test` starts it.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use interdesk_domain::secret::Secret;
use interdesk_files::{Error, S3, Store};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn store(endpoint: &str, bucket: &str) -> Store {
    let settings = S3 {
        endpoint: Some(endpoint.to_owned()),
        bucket: bucket.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        secret_key: Secret::new("test-secret".to_owned()),
    };
    Store::s3(&settings).unwrap()
}

/// The server's address and its bucket, where there is one.
fn server() -> Option<(String, String)> {
    let address = std::env::var("INTERDESK_TEST_S3").ok()?;
    let (endpoint, bucket) = address.rsplit_once('/')?;
    Some((endpoint.to_owned(), bucket.to_owned()))
}

#[tokio::test]
async fn a_store_that_is_away_is_told_soon_and_by_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let store = store(&endpoint, "desk");
    let began = Instant::now();
    assert!(matches!(store.check().await, Err(Error::Store(_))));
    let read = store.read("a", None).await;
    assert!(matches!(read.err(), Some(Error::Store(_))));
    assert!(matches!(store.delete("a").await, Err(Error::Store(_))));
    let mut writing = store.write("a", 5).unwrap();
    writing.push(Bytes::from_static(b"12345")).await.unwrap();
    let finished = writing.finish().await;
    assert!(matches!(finished, Err(Error::Store(_))), "{finished:?}");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn a_store_that_refuses_is_asked_once_and_one_that_is_unwell_a_few_times() {
    for (status, calls) in [("403 Forbidden", 1), ("503 Slow Down", 4)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4_096];
                let count = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..count]).into_owned();
                let _ = told.send(head);
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let read = store(&endpoint, "desk").read("tenant/file", None).await;
        assert!(matches!(read.err(), Some(Error::Store(_))));
        server.abort();
        let mut heads = Vec::new();
        while let Ok(head) = heard.try_recv() {
            heads.push(head);
        }
        assert_eq!(heads.len(), calls, "{status}");
        // Who asks is proven, and the secret itself stays here.
        let head = heads[0].to_lowercase();
        assert!(head.starts_with("get /desk/tenant/file "), "{head}");
        assert!(head.contains("authorization: aws4-hmac-sha256 credential=test/"));
        assert!(!head.contains("test-secret"));
    }
}

#[tokio::test]
async fn a_bucket_that_nobody_made_is_told_before_it_is_needed() {
    let Some((endpoint, bucket)) = server() else {
        return;
    };
    store(&endpoint, &bucket).check().await.unwrap();
    let missing = store(&endpoint, "nobody-made-this").check().await;
    assert!(matches!(missing, Err(Error::Bucket(_))), "{missing:?}");
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_no_parts_in_the_bucket() {
    let Some((endpoint, bucket)) = server() else {
        return;
    };
    let store = store(&endpoint, &bucket);
    let piece = Bytes::from(vec![7; 6 << 20]);
    let mut writing = store.write("tenant/given-up", 40 << 20).unwrap();
    for _ in 0..3 {
        writing.push(piece.clone()).await.unwrap();
    }
    let begun = uploads(&endpoint, &bucket).await;
    assert!(begun.contains("tenant/given-up"), "{begun}");
    writing.abort().await;
    let left = uploads(&endpoint, &bucket).await;
    assert!(!left.contains("tenant/given-up"), "{left}");
    let read = store.read("tenant/given-up", None).await;
    assert!(matches!(read.err(), Some(Error::NotFound)));
}

/// Asks the server which uploads have begun and not ended.
async fn uploads(endpoint: &str, bucket: &str) -> String {
    let host = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head =
        format!("GET /{bucket}?uploads HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

//! What every store promises.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use futures::TryStreamExt;
use interdesk_domain::secret::Secret;
use interdesk_files::{Error, S3, Store};

/// The stores of this machine: a folder, memory, and an S3-compatible server where
/// `INTERDESK_TEST_S3` names one (`http://127.0.0.1:5000/bucket`).
fn stores(folder: &tempfile::TempDir) -> Vec<Store> {
    let mut stores = vec![Store::folder(folder.path()), Store::memory()];
    if let Ok(address) = std::env::var("INTERDESK_TEST_S3") {
        let (endpoint, bucket) = address.rsplit_once('/').unwrap();
        let settings = S3 {
            endpoint: Some(endpoint.to_owned()),
            bucket: bucket.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "test".to_owned(),
            secret_key: Secret::new("test-secret".to_owned()),
        };
        stores.push(Store::s3(&settings).unwrap());
    }
    stores
}

async fn read(store: &Store, key: &str, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
    let reading = store.read(key, range).await.unwrap();
    let chunks: Vec<Bytes> = reading.bytes.try_collect().await.unwrap();
    chunks.concat()
}

#[tokio::test]
async fn what_was_written_is_read_whole_and_in_part() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let mut writing = store.write("tenant/one", 100).unwrap();
        writing.push(Bytes::from_static(b"GIF8")).await.unwrap();
        writing
            .push(Bytes::from_static(b"9a picture"))
            .await
            .unwrap();
        let kept = writing.finish().await.unwrap();
        assert_eq!((kept.size, kept.mime_type), (14, "image/gif"));
        let expected = "6f986b40d38f522885610148eda6f74c2885705889652eefb0c2e96aa7c71cca";
        assert_eq!(kept.sha256, expected);
        assert_eq!(read(&store, "tenant/one", None).await, b"GIF89a picture");
        assert_eq!(read(&store, "tenant/one", Some(7..11)).await, b"pict");
        assert_eq!(read(&store, "tenant/one", Some(7..99)).await, b"picture");
    }
}

#[tokio::test]
async fn a_file_of_many_parts_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let piece = Bytes::from((0..=255u8).cycle().take(1 << 20).collect::<Vec<_>>());
    for store in stores(&folder) {
        let mut writing = store.write("large", 20 << 20).unwrap();
        for _ in 0..13 {
            writing.push(piece.clone()).await.unwrap();
        }
        let kept = writing.finish().await.unwrap();
        assert_eq!(kept.size, 13 << 20);
        assert_eq!(read(&store, "large", None).await, piece.repeat(13));
    }
}

#[tokio::test]
async fn nobody_sees_what_is_too_large_or_was_not_finished() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let mut writing = store.write("half", 5).unwrap();
        writing.push(Bytes::from_static(b"12345")).await.unwrap();
        let more = writing.push(Bytes::from_static(b"6")).await;
        assert!(matches!(more, Err(Error::TooLarge { most: 5 })));
        writing.abort().await;
        let read = store.read("half", None).await;
        assert!(matches!(read.err(), Some(Error::NotFound)));
    }
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_may_be_deleted_again() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let mut writing = store.write("a/gone", 5).unwrap();
        writing.push(Bytes::from_static(b"12345")).await.unwrap();
        writing.finish().await.unwrap();
        store.check().await.unwrap();
        for _ in 0..2 {
            store.delete("a/gone").await.unwrap();
        }
        let read = store.read("a/gone", None).await;
        assert!(matches!(read.err(), Some(Error::NotFound)));
    }
}

#[tokio::test]
async fn deleting_a_key_takes_what_a_killed_writer_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path());
    std::fs::create_dir(folder.path().join("tenant")).unwrap();
    let left = folder.path().join("tenant/one#1");
    let other = folder.path().join("tenant/onetwo#1");
    std::fs::write(&left, "half").unwrap();
    std::fs::write(&other, "half of another").unwrap();
    store.delete("tenant/one").await.unwrap();
    assert!(!left.exists() && other.exists());
}

#[tokio::test]
async fn a_key_never_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(&folder.path().join("inner"));
    let mut writing = store.write("../outside", 5).unwrap();
    writing.push(Bytes::from_static(b"12345")).await.unwrap();
    let _ = writing.finish().await;
    assert!(!folder.path().join("outside").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told_when_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "a file").unwrap();
    let store = Store::folder(&taken.join("files"));
    assert!(matches!(store.check().await, Err(Error::Folder(_))));
    assert!(matches!(store.write("a", 5).err(), Some(Error::Folder(_))));
}

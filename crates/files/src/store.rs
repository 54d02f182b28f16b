//! The store of objects.

use crate::Error;
use crate::write::Writing;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use interdesk_domain::secret::Secret;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use std::ops::Range;
use std::path::{Path as Folder, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, Error>>;

/// How long a store that speaks S3 may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// How long it may take to answer at all.
const CONNECT: Duration = Duration::from_secs(5);

/// How often it is asked again: whoever waits for a file rather hears soon that there is none now, and
/// the desk's own tries come later.
const RETRIES: usize = 3;

/// Where the bytes of files are.
#[derive(Clone)]
pub struct Store {
    /// Open from the beginning, or a folder from the first use on.
    objects: Arc<OnceLock<Arc<dyn ObjectStore>>>,
    /// Where the objects are files of a folder.
    folder: Option<PathBuf>,
    name: String,
}

/// A store that speaks S3.
#[derive(Debug, Clone)]
pub struct S3 {
    /// Its address; `None` for Amazon's own.
    pub endpoint: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// The region, which is signed along.
    pub region: String,
    /// Who we are.
    pub access_key: String,
    /// Proves it.
    pub secret_key: Secret<String>,
}

/// Bytes of an object, or of a part of it.
pub struct Reading {
    /// How large the whole object is.
    pub size: u64,
    /// Which bytes of it come.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: ByteStream,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.name)
    }
}

impl Store {
    /// Keeps objects as files of a folder, which is made when it is first used: what never touches a
    /// file needs no folder.
    pub fn folder(folder: &Folder) -> Self {
        Self {
            objects: Arc::default(),
            folder: Some(folder.to_owned()),
            name: format!("folder {}", folder.display()),
        }
    }

    fn open(objects: impl ObjectStore, name: String) -> Self {
        let objects: Arc<dyn ObjectStore> = Arc::new(objects);
        Self {
            objects: Arc::new(objects.into()),
            folder: None,
            name,
        }
    }

    fn objects(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        if let Some(objects) = self.objects.get() {
            return Ok(objects.clone());
        }
        let folder = self.folder.as_deref().unwrap_or(Folder::new("."));
        std::fs::create_dir_all(folder).map_err(Error::Folder)?;
        // What the database calls stored survives a power cut.
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        let objects: Arc<dyn ObjectStore> = Arc::new(objects);
        Ok(self.objects.get_or_init(|| objects).clone())
    }

    /// Keeps objects in a store that speaks S3.
    ///
    /// # Errors
    ///
    /// Fails when the settings contradict each other.
    pub fn s3(settings: &S3) -> Result<Self, Error> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(settings.secret_key.expose())
            // The whole of a large file may take as long as its reader needs, silence may not.
            .with_client_options(
                ClientOptions::new()
                    .with_timeout_disabled()
                    .with_read_timeout(SILENCE)
                    .with_connect_timeout(CONNECT),
            )
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: SILENCE,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &settings.endpoint {
            // Stores of one's own have the bucket in the path and are often reached without TLS.
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"))
                .with_virtual_hosted_style_request(false);
        }
        Ok(Self::open(
            builder.build()?,
            format!("bucket {}", settings.bucket),
        ))
    }

    /// Tells what it is: a folder, a bucket.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Keeps objects in memory, for tests.
    pub fn memory() -> Self {
        Self::open(InMemory::new(), "memory".to_owned())
    }

    /// Begins to write an object of at most so many bytes; nobody sees it before it is finished.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be made.
    pub fn write(&self, key: &str, most: u64) -> Result<Writing, Error> {
        Ok(Writing::new(self.objects()?, Path::from(key), most))
    }

    /// Reads an object; `range` asks for a part, and what goes beyond the end is left out.
    ///
    /// # Errors
    ///
    /// Fails when there is no such object, or the range begins behind its end.
    pub async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Reading, Error> {
        let options = GetOptions {
            range: range.map(Into::into),
            ..GetOptions::default()
        };
        let found = self.objects()?.get_opts(&Path::from(key), options).await?;
        Ok(Reading {
            size: found.meta.size,
            range: found.range.clone(),
            bytes: found.into_stream().map(|chunk| Ok(chunk?)).boxed(),
        })
    }

    /// Deletes an object and what an interrupted writer left of it; none is no error.
    ///
    /// # Errors
    ///
    /// Fails when the store does not answer.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            let staged = folder.join(key);
            let removed = tokio::task::spawn_blocking(move || remove_staged(&staged)).await;
            removed.unwrap_or(Ok(())).map_err(Error::Folder)?;
        }
        match self
            .objects()?
            .delete(&Path::from(key))
            .await
            .map_err(Error::from)
        {
            Ok(()) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Proves that the store answers and that its bucket is there.
    ///
    /// # Errors
    ///
    /// Fails when it does not.
    pub async fn check(&self) -> Result<(), Error> {
        let prefix = Path::from("health");
        let objects = self.objects()?;
        // An empty list proves the bucket, a missing object does not.
        match objects.list(Some(&prefix)).next().await {
            None | Some(Ok(_)) => Ok(()),
            // The store's own word for it stands in its answer alone.
            Some(Err(error)) if format!("{error:?}").contains("NoSuchBucket") => {
                Err(Error::Bucket(error))
            }
            Some(Err(error)) => Err(error.into()),
        }
    }
}

/// Removes the files beside an object's into which it is written until it is whole: their names are
/// the object's own and a number.
fn remove_staged(path: &Folder) -> std::io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let prefix = format!("{}#", name.to_string_lossy());
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

//! Where the bytes of files are, as the settings say.

use anyhow::Context;
use chrono::Duration;
use interdesk_files::{S3, Store};
use interdesk_flow::attach::{FileSettings, Files, Links};
use interdesk_node::config::Config;
use interdesk_store::vault::Vault;
use std::path::PathBuf;

/// Opens the bucket, or the folder where none is named.
pub(super) fn open(config: &Config, vault: &Vault) -> anyhow::Result<Files> {
    let lasting = Duration::seconds(config.files.link_seconds as i64);
    Ok(Files {
        store: store(config)?,
        links: Links::of_vault(vault, &config.public_url(), lasting),
    })
}

fn store(config: &Config) -> anyhow::Result<Store> {
    let files = &config.files;
    let Some(bucket) = &files.s3_bucket else {
        let folder = match &files.folder {
            Some(folder) => PathBuf::from(folder),
            None => config.data_dir.join("files"),
        };
        return Ok(Store::folder(&folder));
    };
    let access_key = files.s3_access_key.as_ref();
    let access_key = access_key.context("files.s3_bucket needs files.s3_access_key; set it")?;
    let secret_key = files.s3_secret_key.clone();
    let secret_key = secret_key.context("files.s3_bucket needs files.s3_secret_key; set it")?;
    let settings = S3 {
        endpoint: files.s3_endpoint.clone(),
        bucket: bucket.clone(),
        region: files.s3_region.clone(),
        access_key: access_key.expose().clone(),
        secret_key,
    };
    Store::s3(&settings).context("files.s3_bucket")
}

/// Returns what flows have to know.
pub(super) fn settings(config: &Config) -> FileSettings {
    let files = &config.files;
    let refused = files.refused_types.split(',').map(str::trim);
    let refused = refused.filter(|kind| !kind.is_empty()).map(str::to_owned);
    FileSettings {
        most: files.max_bytes,
        refused: refused.collect::<Vec<_>>().into(),
        timeout: Duration::seconds(files.fetch_timeout_seconds as i64),
        tries: i32::try_from(files.fetch_attempts).unwrap_or(i32::MAX),
        idle: Duration::hours(files.idle_hours as i64),
    }
}

//! Files: what customers send and what the desk uploads.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use actix_web::web::Bytes;
use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{chaos::lock, customer::Media as Kind};

/// Files and bytes kept at most.
const FILES: usize = 20_000;
const BYTES: usize = 64 << 20;
/// Uploads that are remembered.
const UPLOADS: usize = 200;

/// A PNG of one grey pixel.
const IMAGE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b,
    0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00,
    0x82, 0x00, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
];
const DOCUMENT: &[u8] = b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// What a customer's phone would send of a kind: the type, the ending of the name, the bytes.
pub(crate) fn sample(kind: Kind) -> (&'static str, &'static str, &'static [u8]) {
    match kind {
        Kind::Image => ("image/png", "png", IMAGE),
        Kind::Video => ("video/mp4", "mp4", b"\0\0\0\x10ftypisom\0\0\0\0"),
        Kind::Audio => ("audio/mpeg", "mp3", b"ID3\x04\0\0\0\0\0\0"),
        Kind::Voice => ("audio/ogg; codecs=opus", "ogg", b"OggS\0\x02"),
        Kind::Document => ("application/pdf", "pdf", DOCUMENT),
        Kind::Sticker => ("image/webp", "webp", b"RIFF\x04\0\0\0WEBP"),
    }
}

/// A file that the desk handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The account's key.
    pub account: String,
    /// The id under which the provider keeps it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type, as the desk declared it.
    pub mime_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A kept file.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Bytes,
}

impl File {
    /// Makes a small sample of a kind, as a customer's phone would send it.
    pub(crate) fn sample(kind: Kind, id: String) -> Self {
        let (mime_type, ending, bytes) = sample(kind);
        Self {
            name: format!("{}.{ending}", kind.name()),
            id,
            mime_type: mime_type.to_owned(),
            bytes: Bytes::from_static(bytes),
        }
    }

    /// Computes the hash as webhooks carry it.
    pub(crate) fn sha256_base64(&self) -> String {
        BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &self.bytes))
    }

    /// Computes the hash as the media endpoint carries it.
    pub(crate) fn sha256_hex(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.bytes);
        hash.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The files of all accounts, the oldest dropped beyond the bounds.
#[derive(Default)]
pub(crate) struct Files {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    uploads: Vec<Upload>,
    files: HashMap<String, File>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Files {
    pub(crate) fn keep(&self, file: File) {
        let mut inner = lock(&self.inner);
        inner.bytes += file.bytes.len();
        inner.order.push_back(file.id.clone());
        inner.files.insert(file.id.clone(), file);
        while inner.order.len() > FILES || inner.bytes > BYTES {
            let Some(oldest) = inner.order.pop_front() else {
                break;
            };
            if let Some(file) = inner.files.remove(&oldest) {
                inner.bytes -= file.bytes.len();
            }
        }
    }

    /// Keeps a file that the desk handed over, and that it did.
    pub(crate) fn take(&self, account: &str, file: File) {
        let mut inner = lock(&self.inner);
        // Enough for a test to count; nobody asks for more.
        if inner.uploads.len() < UPLOADS {
            inner.uploads.push(Upload {
                account: account.to_owned(),
                id: file.id.clone(),
                name: file.name.clone(),
                mime_type: file.mime_type.clone(),
                bytes: file.bytes.to_vec(),
            });
        }
        drop(inner);
        self.keep(file);
    }

    /// Lists what the desk handed over.
    pub(crate) fn uploads(&self) -> Vec<Upload> {
        lock(&self.inner).uploads.clone()
    }

    pub(crate) fn find(&self, id: &str) -> Option<File> {
        lock(&self.inner).files.get(id).cloned()
    }
}

//! The cache in Redis.

//! The cache within one process.

//! Where a message comes from, beside who wrote it and what it holds.

use serde::{Deserialize, Serialize};

/// Where a message comes from and what it belongs to, as far as the provider tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// Whether the customer passed it on from elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forwarded: bool,
    /// The part of the answered message that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// What several messages share that were sent as one album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// The product that it asks about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductEnquiry>,
    /// The advertisement or post that brought the customer here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

impl Origin {
    /// Returns whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A product that a customer asks about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductEnquiry {
    /// The provider's id of the catalogue.
    pub catalog: String,
    /// The seller's id of the product.
    pub product: String,
}

/// An advertisement or a post by which a customer began to write.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Referral {
    /// The provider's word for what it is: `ad` or `post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The provider's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The provider's id of the click, by which advertisements are measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
}

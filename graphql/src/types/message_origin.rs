//! Where a message comes from.

use async_graphql::SimpleObject;
use interdesk_domain::message as domain;
use serde_json::Value;

/// Where a message comes from and what it belongs to, as far as its app tells.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct MessageOrigin {
    /// Whether the customer passed it on from elsewhere.
    forwarded: bool,
    /// The part of the answered message that it quotes.
    quote: Option<String>,
    /// What several messages share that were sent as one album.
    album: Option<String>,
    /// The product that it asks about.
    product: Option<ProductEnquiry>,
    /// The advertisement or post that brought the customer here.
    referral: Option<Referral>,
}

/// A product that a customer asks about.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ProductEnquiry {
    /// The provider's id of the catalogue.
    catalog: String,
    /// The seller's id of the product.
    product: String,
}

/// An advertisement or a post by which a customer began to write.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Referral {
    /// The provider's word for what it is, such as `ad` or `post`.
    kind: Option<String>,
    /// The provider's id of it.
    provider_id: Option<String>,
    /// Where it can be seen.
    url: Option<String>,
    /// Its heading.
    headline: Option<String>,
    /// Its words.
    body: Option<String>,
    /// The provider's id of the click, by which advertisements are measured.
    click: Option<String>,
}

impl MessageOrigin {
    pub(crate) fn read(told: &Value) -> Option<Self> {
        let domain::Origin {
            forwarded,
            quote,
            album,
            product,
            referral,
        } = serde_json::from_value(told.clone()).ok()?;
        Some(Self {
            forwarded,
            quote,
            album,
            product: product.map(|it| ProductEnquiry {
                catalog: it.catalog,
                product: it.product,
            }),
            referral: referral.map(|it| Referral {
                kind: it.kind,
                provider_id: it.id,
                url: it.url,
                headline: it.headline,
                body: it.body,
                click: it.click,
            }),
        })
    }
}

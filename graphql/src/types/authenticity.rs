//! What a server that the inbox trusts found out about who sent a mail.

use async_graphql::SimpleObject;
use interdesk_channels::email::evidence::{Check, Evidence, Verdict};
use serde::Deserialize;

/// What a server that the inbox trusts found out about who sent a mail. Where it names no server,
/// nobody has checked.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Authenticity {
    /// Whether the author's domain disowns the mail: somebody else may have written it in the
    /// author's name. It joined no thread, and its address is not that of the customer.
    disowned: bool,
    /// The server that checked; null where none did whom the inbox trusts.
    checked_by: Option<String>,
    /// Whether the server that brought it may send for the envelope's sender (RFC 7208).
    spf: Option<SenderCheck>,
    /// Whether its signatures hold (RFC 6376).
    dkim: Vec<SenderCheck>,
    /// Whether one of them speaks for the author's domain (RFC 7489).
    dmarc: Option<SenderCheck>,
    /// Whether servers on its way sealed what they saw (RFC 8617).
    arc: Option<SenderCheck>,
}

/// One check of a sender.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SenderCheck {
    /// What it gave: `pass`, `fail`, `softfail`, `neutral`, `none`, `policy`, `temperror` or
    /// `permerror`.
    result: &'static str,
    /// The domain or address that it is about.
    about: Option<String>,
}

#[derive(Deserialize)]
struct Kept {
    authentication: Evidence,
}

impl Authenticity {
    /// Reads what is kept beside a mail; `None` where it is no mail's.
    pub(super) fn read(raw: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(raw).ok()?;
        let found = kept.authentication;
        Some(Self {
            disowned: found.disowned(),
            checked_by: found.checked_by,
            spf: found.spf.map(check),
            dkim: found.dkim.into_iter().map(check).collect(),
            dmarc: found.dmarc.map(check),
            arc: found.arc.map(check),
        })
    }
}

fn check(check: Check) -> SenderCheck {
    let result = match check.result {
        Verdict::None => "none",
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Softfail => "softfail",
        Verdict::Neutral => "neutral",
        Verdict::Policy => "policy",
        Verdict::Temperror => "temperror",
        Verdict::Permerror => "permerror",
    };
    SenderCheck {
        result,
        about: check.about,
    }
}

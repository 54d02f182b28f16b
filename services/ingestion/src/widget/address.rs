//! Where a request really comes from.
//!
//! The peer's address cannot be forged; what a header says can. So a header is believed only as far as
//! proxies of our own wrote it: from the right, past each address that is one of theirs.

use actix_web::HttpRequest;
use std::net::IpAddr;

/// Networks, as `10.0.0.0/8, 2001:db8::/32, 192.0.2.1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u8)>);

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address and no network; write 192.0.2.1 or 10.0.0.0/8")]
pub struct UnreadableNetwork(String);

impl std::str::FromStr for Networks {
    type Err = UnreadableNetwork;

    fn from_str(text: &str) -> Result<Self, UnreadableNetwork> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let read = names.map(|name| network(name).ok_or(UnreadableNetwork(name.to_owned())));
        read.collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(whole), |length| length.parse().ok())?;
    (length <= whole).then_some((address, length))
}

impl Networks {
    fn holds(&self, address: IpAddr) -> bool {
        let held = |(network, length): &(IpAddr, u8)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same(
                network.to_bits().into(),
                address.to_bits().into(),
                32,
                *length,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same(network.to_bits(), address.to_bits(), 128, *length)
            }
            _ => false,
        };
        self.0.iter().any(held)
    }
}

fn same(a: u128, b: u128, bits: u32, length: u8) -> bool {
    let ignored = bits - u32::from(length);
    a.checked_shr(ignored).unwrap_or(0) == b.checked_shr(ignored).unwrap_or(0)
}

/// Returns the address that a request comes from; `None` where nothing is known.
pub(super) fn of(request: &HttpRequest, proxies: &Networks) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let headers = request.headers().get_all("x-forwarded-for");
    let headers: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    Some(behind(peer.to_canonical(), &headers, proxies))
}

fn behind(peer: IpAddr, headers: &[&str], proxies: &Networks) -> IpAddr {
    let mut nearest = peer;
    let written = headers.iter().rev().flat_map(|header| header.rsplit(','));
    for said in written {
        if !proxies.holds(nearest) {
            break;
        }
        let Ok(said) = said.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = said.to_canonical();
    }
    nearest
}

/// Returns what stands for an address where uses are counted: of IPv6 the network that one household
/// has, since it may choose any address within.
pub(super) fn counted(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V6(address)) => format!("{:x}/64", address.to_bits() >> 64),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_header_is_believed_only_as_far_as_our_own_proxies_wrote_it() {
        let proxies: Networks = "10.0.0.0/8, 2001:db8::/32".parse().expect("networks");
        let none = Networks::default();
        let cases: [(&str, &[&str], &Networks, &str); 9] = [
            ("198.51.100.9", &["203.0.113.7"], &none, "198.51.100.9"),
            ("198.51.100.9", &["203.0.113.7"], &proxies, "198.51.100.9"),
            ("10.0.0.1", &[], &proxies, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7"], &proxies, "203.0.113.7"),
            (
                "10.0.0.1",
                &["1.1.1.1, 203.0.113.7"],
                &proxies,
                "203.0.113.7",
            ),
            (
                "10.0.0.1",
                &["203.0.113.7, 10.0.0.2"],
                &proxies,
                "203.0.113.7",
            ),
            (
                "10.0.0.1",
                &["1.1.1.1", "203.0.113.7"],
                &proxies,
                "203.0.113.7",
            ),
            ("10.0.0.1", &["203.0.113.7, nonsense"], &proxies, "10.0.0.1"),
            ("2001:db8::1", &["2001:4860::5"], &proxies, "2001:4860::5"),
        ];
        for (peer, headers, proxies, expected) in cases {
            assert_eq!(
                behind(ip(peer), headers, proxies),
                ip(expected),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn networks_are_read_or_named_as_unreadable() {
        for bad in ["10.0.0.0/33", "example.org", "10.0.0.0/x", "1.2.3"] {
            assert!(bad.parse::<Networks>().is_err(), "{bad}");
        }
        assert_eq!("".parse(), Ok(Networks::default()));
        let all: Networks = "0.0.0.0/0".parse().expect("a network");
        assert!(all.holds(ip("203.0.113.7")) && !all.holds(ip("2001:db8::1")));
    }

    #[test]
    fn a_household_of_ipv6_counts_as_one() {
        let a = counted(Some(ip("2001:db8:1:2::1")));
        assert_eq!(a, counted(Some(ip("2001:db8:1:2:ffff::9"))));
        assert_ne!(a, counted(Some(ip("2001:db8:1:3::1"))));
    }
}

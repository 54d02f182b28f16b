//! The HTTP client that calls providers and customers' callbacks.
//!
//! A callback address comes from a tenant, so it must not reach into the network that the desk runs
//! in. Names are resolved here and private addresses left out of the answer: the address that was
//! checked is the one that is connected to, so a name that changes its mind in between gains
//! nothing. Redirects are not followed. Addresses written as numbers never reach a resolver;
//! [`is_forbidden_url`] refuses those.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Makes the client; `private` lets it call private and loopback addresses, for development.
///
/// # Errors
///
/// Fails when TLS cannot be set up.
pub fn client(timeout: Duration, private: bool) -> Result<reqwest::Client, reqwest::Error> {
    match private {
        true => builder(timeout).build(),
        false => public_client(timeout, Arc::new(Machine)),
    }
}

/// Makes a client that connects to public addresses alone, whatever `names` says.
fn public_client(
    timeout: Duration,
    names: Arc<dyn Names>,
) -> Result<reqwest::Client, reqwest::Error> {
    builder(timeout)
        .dns_resolver(Arc::new(PublicOnly(names)))
        .build()
}

fn builder(timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .timeout(timeout)
        .no_proxy()
        .user_agent(concat!("interdesk/", env!("CARGO_PKG_VERSION")))
}

/// Tells whether a URL names a private address in numbers.
pub fn is_forbidden_url(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else {
        return true;
    };
    match url.host() {
        Some(url::Host::Ipv4(address)) => !is_public(address.into()),
        Some(url::Host::Ipv6(address)) => !is_public(address.into()),
        Some(url::Host::Domain(_)) => false,
        None => true,
    }
}

/// Where addresses of names come from.
#[async_trait::async_trait]
trait Names: Send + Sync {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>>;
}

/// The machine's own resolver.
struct Machine;

#[async_trait::async_trait]
impl Names for Machine {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Leaves private addresses out of every answer.
struct PublicOnly(Arc<dyn Names>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.0.clone();
        Box::pin(async move {
            let mut found = names.look_up(name.as_str()).await?;
            found.retain(|address| is_public(address.ip()));
            if found.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Tells whether an address is of the public internet (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    let relay = a == 192 && b == 88 && c == 99;
    // A public address by its number, yet every machine of that cloud reaches its host by it.
    let host_of_a_cloud = address == Ipv4Addr::new(168, 63, 129, 16);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || shared
        || protocol
        || benchmark
        || relay
        || host_of_a_cloud
        || a == 0
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // 2000::/3 is what is given out; within it, documentation, 6to4, Teredo and NAT64's kin are
    // ways back to addresses of other kinds.
    let given_out = segments[0] & 0xe000 == 0x2000;
    let special = (segments[0] == 0x2001 && (segments[1] < 0x0200 || segments[1] == 0x0db8))
        || segments[0] == 0x2002
        || segments[0] == 0x3fff;
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "240.0.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fd00:ec2::254",
            "fec0::1",
            "64:ff9b:1::7f00:1",
            "100::1",
            "2001::1",
            "3fff::1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
        for text in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2a00:1450:4001:80b::200e",
        ] {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn numbers_in_every_spelling_are_recognised_in_urls() {
        for url in [
            "http://127.0.0.1/x",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://127.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[64:ff9b::7f00:1]/",
            "http://１２７.0.0.1/",
            "http://[::1]:80/",
            "http://[::ffff:a00:1]/",
            "no url",
            "file:///etc/passwd",
        ] {
            assert!(is_forbidden_url(url), "{url}");
        }
        assert!(!is_forbidden_url("https://hooks.example.org/x"));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_called() {
        let client = client(Duration::from_secs(2), false).expect("a client");
        let error = client
            .get("http://localhost:9/")
            .send()
            .await
            .expect_err("refused");
        assert!(
            format!("{error:?}").contains("no public address"),
            "{error:?}"
        );
    }

    /// Answers a name's first question with one list, and every later one with another.
    struct Fickle {
        asked: std::sync::atomic::AtomicUsize,
        first: Vec<SocketAddr>,
        later: Vec<SocketAddr>,
    }

    #[async_trait::async_trait]
    impl Names for Fickle {
        async fn look_up(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
            let asked = &self.asked;
            let before = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Ok(if before == 0 {
                &self.first
            } else {
                &self.later
            }
            .clone())
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_never_leads_home() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let home = listener.local_addr().expect("an address");
        let came = tokio::spawn(async move { listener.accept().await.is_ok() });
        // The first answer mixes a public address, where nobody answers, with home; every later one
        // is home alone.
        let public: SocketAddr = "1.0.0.0:0".parse().expect("an address");
        let names = Fickle {
            asked: Default::default(),
            first: vec![home, public],
            later: vec![home],
        };
        let names = Arc::new(names);
        let client = public_client(Duration::from_millis(300), names.clone()).expect("a client");
        let url = format!("http://fickle.example.org:{}/", home.port());
        for _ in 0..3 {
            assert!(client.get(&url).send().await.is_err());
        }
        assert!(names.asked.load(std::sync::atomic::Ordering::SeqCst) >= 2);
        assert!(!came.is_finished(), "home was called");
        came.abort();
    }
}

//! Whatever a request says, a redirect leads to a configured name.

use http::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use url::{Host, Url};

use super::{fixed, get, matching};

/// Hosts that are redirected.
const HOSTS: &[&str] = &[
    "example.com",
    "Example.com:80",
    "a.example.org",
    "127.0.0.1",
    "[::1]:3000",
];

/// Pieces of hosts and targets that have fooled somebody.
const PIECES: &[&str] = &[
    "example.com",
    "EXAMPLE.com",
    "a.example.org",
    "127.0.0.1",
    "[::1]",
    "::1",
    "evil.example",
    ".",
    "..",
    "/",
    "//",
    "\\",
    "@",
    ":",
    ":80",
    ":99999",
    "?",
    "#",
    "*",
    "%",
    "%2f",
    "%0d%0a",
    "http://",
    "https://",
    "http:",
    "user:pw@",
    "[",
    "]",
    " ",
    "\t",
    "\r\n",
    "\0",
    "ü",
    "\u{ff0e}",
    "xn--",
    "0x7f.1",
    "localhost",
    "a",
    "1",
    "&",
    "=",
    ";",
];

/// Anything, most of it made of [`PIECES`].
fn text() -> impl Strategy<Value = String> {
    let pieces = vec(select(PIECES), 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![8 => pieces, 1 => any::<String>()]
}

/// A header; the ones that matter are likely.
fn header_line() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = &[
        "host",
        "host",
        "x-forwarded-host",
        "forwarded",
        "x-original-host",
        "origin",
        "referer",
        "via",
    ];
    let name = prop_oneof![8 => select(names).prop_map(str::to_owned), 1 => any::<String>()];
    let value = prop_oneof![8 => text().prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..8)];
    (name, value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Browsers read a Location by the rules that `url` follows.
    #[test]
    fn a_location_never_leaves_the_names(
        target in prop_oneof![text(), text().prop_map(|text| format!("/{text}"))],
        host in prop_oneof![2 => select(HOSTS).prop_map(str::to_owned), 1 => text()],
        is_absolute in any::<bool>(),
        headers in vec(header_line(), 0..2),
        version in select(&[Version::HTTP_10, Version::HTTP_11, Version::HTTP_2]),
        is_fixed in any::<bool>(),
    ) {
        let target = if is_absolute { format!("http://{host}{target}") } else { target };
        let mut request = get(&target, &host).version(version);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(()) else { return Ok(()) };
        let (request, ()) = request.into_parts();
        let redirect = if is_fixed { fixed() } else { matching() };
        let Some(location) = redirect.location(&request, Some(3000)) else { return Ok(()) };
        let location = location.to_str().expect("ASCII");
        let Ok(url) = Url::parse(location) else {
            // A label that only looks like Punycode: a browser cannot ask for
            // this host, and follows no URL with it.
            prop_assert!(location.starts_with("https://xn--"), "{}", location);
            return Ok(());
        };
        prop_assert_eq!(url.scheme(), "https");
        prop_assert_eq!(url.port(), Some(3000));
        prop_assert_eq!((url.username(), url.password()), ("", None));
        let is_ours = match url.host() {
            Some(Host::Domain(name)) => {
                let label = name.strip_suffix(".example.org");
                name == "example.com" || label.is_some_and(|label| !label.contains('.'))
            }
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        prop_assert!(is_ours, "{}", location);
        prop_assert!(!is_fixed || url.host_str() == Some("example.com"), "{}", location);
    }
}

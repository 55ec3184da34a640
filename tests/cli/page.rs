//! The built-in page.

use crate::process::Oneport;
use crate::support::exchange;

#[tokio::test]
async fn the_page_shows_how_the_visitor_came() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let page = server.curl("https", "/", &[]).await;
    for fact in [
        "You came over TLS 1.3",
        "<td>https</td>",
        "<td>HTTP/2</td>",
        "<td>TLS_",
        "<td>h2</td>",
        "<td>localhost</td>",
        "<td>127.0.0.1:",
        "id=\"ws-status\"",
    ] {
        assert!(page.contains(fact), "{fact} in {page}");
    }
    let page = server.curl("http", "/", &[]).await;
    assert!(page.contains("You came in plaintext"), "{page}");
    assert!(page.contains("<td>HTTP/1.1</td>"), "{page}");
}

#[tokio::test]
async fn it_links_the_other_scheme_only_where_that_is_served() {
    let server = Oneport::start(&["--allow-plaintext=loopback"]).await;
    for (scheme, other) in [("http", "https"), ("https", "http")] {
        let page = server.curl(scheme, "/", &[]).await;
        let link = format!("id=\"other\" href=\"{}\"", server.url(other, "/"));
        assert!(page.contains(&link), "{page}");
    }
    let server = Oneport::start(&["--allow-plaintext=192.0.2.0/24"]).await;
    let page = server.curl("https", "/", &[]).await;
    assert!(
        page.contains("serves you TLS only") && !page.contains("id=\"other\""),
        "{page}"
    );
    let server = Oneport::start(&["--plaintext-only"]).await;
    let page = server.curl("http", "/", &[]).await;
    assert!(
        page.contains("serves plaintext only") && !page.contains("id=\"other\""),
        "{page}"
    );
}

#[tokio::test]
async fn everything_comes_from_here_and_nothing_else_may() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    for (path, content_type) in [
        ("/", "text/html"),
        ("/oneport.css", "text/css"),
        ("/oneport.js", "text/javascript"),
    ] {
        let answer = server.curl("http", path, &["-i"]).await;
        for line in [
            &format!("content-type: {content_type}; charset=utf-8\r\n"),
            "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self';",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
        ] {
            assert!(answer.contains(line), "{path}: {line} in {answer}");
        }
    }
}

#[tokio::test]
async fn what_a_client_sends_is_text_in_the_page() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    for host in [
        "a\"><script>alert(1)</script>",
        "user@evil.example",
        "a'b",
        "{{facts}}",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        for bad in ["<script>", "evil.example", "href=\"https://a'b", "{{"] {
            assert!(!answer.contains(bad), "{host}: {answer}");
        }
    }
    // Without a port it is the one of the scheme they came over.
    let request = b"GET / HTTP/1.1\r\nHost: oneport.example\r\nConnection: close\r\n\r\n";
    let answer = String::from_utf8(exchange(server.addr, request).await).unwrap();
    assert!(
        answer.contains("href=\"https://oneport.example:80/\""),
        "{answer}"
    );
}

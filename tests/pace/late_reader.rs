//! An application that comes late to a request's body: meanwhile the server looks ahead
//! whether the client is still there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;

use super::*;

/// Longer than `Limits::keep_alive_idle`.
const LATE: Duration = Duration::from_secs(61);

/// Reads the body after a while, a frame a second, and says how long it was; or lets
/// it be.
async fn serve(frames: Arc<AtomicUsize>) -> DuplexStream {
    let app = service_fn(move |request: Request<Incoming>| {
        let frames = frames.clone();
        async move {
            let reads = request.uri().path() == "/read";
            if request.method() == Method::POST {
                sleep(LATE).await;
            }
            let mut body = request.into_body();
            let mut read = 0;
            while reads && let Some(Ok(frame)) = body.frame().await {
                read += frame.into_data().unwrap().len();
                frames.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
            }
            Ok::<_, Infallible>(Response::new(format!("{read} bytes")))
        }
    });
    let server = |listener| oneport::serve_plaintext(listener, app).into_future();
    connected_to(256 * 1024, server).await.0
}

async fn answer(client: &mut DuplexStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"bytes") {
        let read = timeout(20 * LATE, client.read_buf(&mut answer)).await;
        if read.expect("an answer").unwrap() == 0 {
            break;
        }
    }
    String::from_utf8(answer).unwrap()
}

/// A byte had been read ahead, and from then on each next one was: 200 KB came as
/// 200,000 frames, with a system call each.
#[tokio::test(start_paused = true)]
async fn an_upload_is_not_cut_into_bytes() {
    for leaves in [false, true] {
        let frames = Arc::<AtomicUsize>::default();
        let mut client = serve(frames.clone()).await;
        let head = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
        let upload = [&head[..], &[b'x'; 200_000]].concat();
        client.write_all(&upload).await.unwrap();
        // While the server looks for it, the client ends its side; its answer it gets
        // all the same, for the application is at it.
        sleep(LATE + Duration::from_secs(1)).await;
        if leaves {
            client.shutdown().await.unwrap();
        }
        let answer = answer(&mut client).await;
        assert!(answer.ends_with("\r\n\r\n200000 bytes"), "{answer}");
        let frames = frames.load(Ordering::Relaxed);
        assert!(frames < 100, "{frames} frames");
    }
}

/// hyper reads once more to see whether the rest of a body is there: it has to find all of
/// it, not the byte that was read ahead.
#[tokio::test(start_paused = true)]
async fn a_small_body_that_nobody_reads_is_no_end() {
    let mut client = serve(Arc::default()).await;
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
    client.write_all(head).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    client.write_all(b"unwanted!").await.unwrap();
    let first = answer(&mut client).await;
    assert!(first.ends_with("\r\n\r\n0 bytes"), "{first}");
    let next = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    client.write_all(next).await.unwrap();
    let second = answer(&mut client).await;
    assert!(second.ends_with("\r\n\r\n0 bytes"), "{second:?}");
}

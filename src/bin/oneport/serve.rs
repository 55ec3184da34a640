//! `oneport serve`: from arguments to a drained server.

use std::io;
use std::net::SocketAddr;
use std::time::SystemTime;

use axum::Router;
use oneport::layer::ReportPlaintext;
use oneport::{Drained, Limits, ProxyProtocol};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::answers::{self, Answers};
use crate::args::ServeArgs;
use crate::bind;
use crate::certificate::Certificate;
use crate::exit::Failure;
use crate::port_policy::PortPolicy;
use crate::signals::{ReportSignal, Signal, Signals};
use crate::startup::Startup;
use crate::{app, root};

/// In days. Let's Encrypt's certificates are renewed 30 days before their end,
/// so at 14 the renewal has failed for a while.
const EXPIRES_SOON: i64 = 14;

/// Serves until a signal, and says how it ended.
pub(crate) async fn run(args: ServeArgs) -> Result<Drained, Failure> {
    // First, so that a signal during start-up is not lost.
    let signals = Signals::install().map_err(Failure::Runtime)?;
    let report_asked = ReportSignal::install().map_err(Failure::Runtime)?;
    let listener = bind::bind(&args.listen).await.map_err(Failure::Bind)?;
    let bound = listener.local_addr().map_err(Failure::Runtime)?;
    let certificate = match args.certificate() {
        Some(wanted) => {
            let obtained = Certificate::obtain(wanted, &args.listen, bound);
            Some(obtained.map_err(Failure::Certificate)?)
        }
        None => None,
    };
    let policy = args.policy();
    let answers = Answers::new(&args, certificate.as_ref())?;
    let report = answers.report.as_ref().map(ReportPlaintext::report);
    let app = application(&args, &policy, certificate.as_ref())?;
    let app = answers.around(app, &policy);
    warn_of_plaintext(bound, &policy);
    if let Some(certificate) = &certificate {
        warn_of_expiry(certificate);
    }
    Startup::new(&args, bound, &policy, certificate.as_ref()).print(args.log_format);

    let (drain, stop) = oneshot::channel::<()>();
    let stop = async move {
        // An error means that the sender is gone, and so is this process.
        let _ = stop.await;
    };
    let mut limits = Limits::default();
    limits.drain = args.drain();
    let seconds = limits.drain.as_secs();
    let server = Server {
        listener,
        policy,
        limits,
        certificate,
        answers,
        proxies: args.proxy_protocol.clone(),
    };
    let outcome = tokio::select! {
        drained = server.run(app, stop) => drained.map_err(Failure::Runtime),
        signal = twice(signals, drain, seconds) => Err(Failure::Signal(signal)),
        never = answers::report_when_asked(report_asked, report.as_ref()) => match never {},
    };
    if let Some(report) = &report {
        answers::log(report);
    }
    outcome
}

struct Server {
    listener: TcpListener,
    policy: PortPolicy,
    limits: Limits,
    certificate: Option<Certificate>,
    answers: Answers,
    proxies: Option<ProxyProtocol>,
}

impl Server {
    async fn run(
        self,
        app: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Drained> {
        let server = match self.certificate {
            Some(certificate) => oneport::serve_dual(self.listener, certificate.config, app),
            None => oneport::serve_plaintext(self.listener, app),
        };
        let server = server.explain(self.answers.explain());
        let server = match self.answers.tls_with_http {
            true => server.answer_tls_with_http(),
            false => server,
        };
        let server = match self.proxies {
            Some(proxies) => server.proxy_protocol(proxies),
            None => server,
        };
        let drained = server
            .policy(self.policy)
            .limits(self.limits)
            .with_graceful_shutdown(stop)
            .await?;
        tracing::info!(?drained, "stopped");
        Ok(drained)
    }
}

fn application(
    args: &ServeArgs,
    policy: &PortPolicy,
    certificate: Option<&Certificate>,
) -> Result<Router, Failure> {
    let Some(dir) = &args.root else {
        return Ok(app::router(policy.clone()));
    };
    let key = certificate.map(|certificate| certificate.key.as_path());
    root::check(dir, key).map_err(Failure::Usage)?;
    Ok(root::router(dir))
}

fn warn_of_plaintext(bound: SocketAddr, policy: &PortPolicy) {
    if policy.serves_plaintext_to_strangers() && !bound.ip().to_canonical().is_loopback() {
        tracing::warn!(
            "plaintext is served to everybody who can reach {bound}: what they send and receive can \
             be read and changed on the way; --allow-plaintext=private or =loopback narrows it"
        );
    }
}

fn warn_of_expiry(certificate: &Certificate) {
    let summary = &certificate.summary;
    let (file, day) = (certificate.cert.display(), summary.expires_on());
    match summary.days_left(SystemTime::now()) {
        ..0 => tracing::warn!(
            "the certificate in {file} expired on {day}: clients will refuse it; renew it"
        ),
        0..EXPIRES_SOON => tracing::warn!("the certificate in {file} expires on {day}: renew it"),
        _ => {}
    }
}

/// Lets the first signal drain, and completes with the second.
async fn twice(mut signals: Signals, drain: oneshot::Sender<()>, seconds: u64) -> Signal {
    let signal = signals.next().await;
    tracing::info!("{signal}: draining for up to {seconds} s; once more ends at once");
    // An error means that the server has ended by itself.
    let _ = drain.send(());
    signals.next().await
}

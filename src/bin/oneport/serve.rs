//! `oneport serve`: from arguments to a drained server.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use oneport::acme::{Challenges, Driver};
use oneport::layer::ReportPlaintext;
use oneport::tls::TlsConfig;
use oneport::{Drained, Limits, ProxyProtocol};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::answers::{self, Answers};
use crate::args::ServeArgs;
use crate::bind::{self, Listeners};
use crate::certificate::Certificates;
use crate::exit::Failure;
use crate::port_policy::PortPolicy;
use crate::reload::{self, Reload};
use crate::signals::{Hangups, ReportSignal, Signal, Signals};
use crate::startup::Startup;
use crate::workers::Workers;
use crate::{acme, app, root};

/// Serves until a signal, and says how it ended.
pub(crate) async fn run(args: ServeArgs) -> Result<Drained, Failure> {
    // First, so that a signal during start-up is not lost.
    let signals = Signals::install().map_err(Failure::Runtime)?;
    let hangups = Hangups::install().map_err(Failure::Runtime)?;
    let report_asked = ReportSignal::install().map_err(Failure::Runtime)?;
    let workers = args.workers.map_or(Ok(Vec::new()), Workers::start);
    let workers = workers.map_err(Failure::Runtime)?;
    let listeners = bind::bind(&args.listen, &workers).await;
    let listeners = listeners.map_err(Failure::Bind)?;
    let bound = listeners.at;
    let acme = acme::start(&args.acme)?;
    let certificates = match args.speaks_tls() {
        true => {
            let obtained = Certificates::obtain(&args, bound, acme.as_ref());
            Some(obtained.map_err(Failure::Certificate)?)
        }
        false => None,
    };
    let policy = args.policy();
    let answers = Answers::new(&args, certificates.as_ref())?;
    let report = answers.report.as_ref().map(ReportPlaintext::report);
    let app = application(&args, &policy, certificates.as_ref(), acme.as_ref())?;
    let app = answers.around(app, &policy);
    warn_of_plaintext(bound, &policy);
    let startup = Startup::new(&args, bound, &policy, certificates.as_ref());
    startup.print(args.log_format);
    startup.log();

    let (drain, stop) = oneshot::channel::<()>();
    let stop = async move {
        // An error means that the sender is gone, and so is this process.
        let _ = stop.await;
    };
    let limits = args.limits();
    let seconds = limits.drain.as_secs();
    let reload = certificates.as_ref().map(Reload::of);
    let _watch = reload
        .as_ref()
        .filter(|_| !args.tls.no_watch)
        .and_then(Reload::watch);
    let server = Server {
        listeners,
        home: workers.into_iter().next(),
        policy,
        limits,
        tls: certificates.map(|certificates| certificates.config),
        plaintext_beside: args.clients.plaintext_without_client_cert,
        challenges: acme.as_ref().map(|acme| acme.challenges().clone()),
        answers,
        proxies: args.proxy_protocol.clone(),
    };
    let outcome = tokio::select! {
        drained = server.run(app, stop) => drained.map_err(Failure::Runtime),
        signal = twice(signals, drain, seconds) => Err(Failure::Signal(signal)),
        never = acme::run(acme) => match never {},
        never = reload::on_hangup(hangups, reload.as_ref()) => match never {},
        never = answers::report_when_asked(report_asked, report.as_ref()) => match never {},
    };
    if let Some(report) = &report {
        answers::log(report);
    }
    outcome
}

struct Server {
    listeners: Listeners,
    /// The first worker, on which it runs.
    home: Option<Handle>,
    policy: PortPolicy,
    limits: Limits,
    tls: Option<TlsConfig>,
    /// Although TLS clients need a certificate.
    plaintext_beside: bool,
    challenges: Option<Challenges>,
    answers: Answers,
    proxies: Option<ProxyProtocol>,
}

impl Server {
    async fn run(
        self,
        app: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Drained> {
        let Listeners { first, others, .. } = self.listeners;
        let server = match self.tls {
            Some(tls) => oneport::serve_dual(first, tls, app),
            None => oneport::serve_plaintext(first, app),
        };
        let server = others
            .into_iter()
            .fold(server, |server, (worker, listener)| {
                server.worker(worker, listener)
            });
        let server = server.explain(self.answers.explain());
        let server = match self.answers.tls_with_http {
            true => server.answer_tls_with_http(),
            false => server,
        };
        let server = match self.plaintext_beside {
            true => server.plaintext_beside_client_auth(),
            false => server,
        };
        let server = match self.challenges {
            Some(challenges) => server.acme(&challenges),
            None => server,
        };
        let server = match self.proxies {
            Some(proxies) => server.proxy_protocol(proxies),
            None => server,
        };
        let server = server
            .policy(self.policy)
            .limits(self.limits)
            .with_graceful_shutdown(stop)
            .into_future();
        let drained = match self.home {
            Some(worker) => worker.spawn(server).await??,
            None => server.await?,
        };
        tracing::info!(?drained, "stopped");
        Ok(drained)
    }
}

fn application(
    args: &ServeArgs,
    policy: &PortPolicy,
    certificates: Option<&Certificates>,
    acme: Option<&Driver>,
) -> Result<Router, Failure> {
    let Some(dir) = &args.root else {
        return Ok(app::router(policy.clone()));
    };
    let used = certificates.into_iter().flat_map(|it| &it.used);
    let keys = used.map(|used| used.key.as_path());
    let tickets = args.tls.ticket_secrets.as_deref();
    // The account's key is there too.
    let kept = acme.and_then(|acme| acme.certificate_path().parent());
    root::check(dir, keys.chain(tickets).chain(kept)).map_err(Failure::Usage)?;
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

/// Lets the first signal drain, and completes with the second.
async fn twice(mut signals: Signals, drain: oneshot::Sender<()>, seconds: u64) -> Signal {
    let signal = signals.next().await;
    tracing::info!("{signal}: draining for up to {seconds} s; once more ends at once");
    // An error means that the server has ended by itself.
    let _ = drain.send(());
    signals.next().await
}

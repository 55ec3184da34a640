//! What obtains a certificate, and renews it for ever.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::Account;
use rustls::server::ResolvesServerCert;
use tokio::time::{sleep, timeout};

use super::account;
use super::builder::Wanted;
use super::cache::{Cache, Lock};
use super::certificate::Certificate;
use super::client::Client;
use super::failure::Failure;
use super::log;
use super::order;
use super::renewal_info::{self, Window};
use super::resolver::Newest;
use super::schedule::{MOST_TIME, Plan, WHILE_BUSY};
use crate::challenge::Challenges;
use crate::tls::describe::CertificateSummary;
use crate::tls::{TlsConfig, random};

/// Obtains a certificate where none is kept, renews it in time, and keeps the
/// old one in use while that fails: what [`Acme::start`](super::Acme::start)
/// returns. Hand out [`tls_config`](Self::tls_config) and
/// [`challenges`](Self::challenges), then let [`run`](Self::run) run.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut driver = oneport::acme::Acme::new(["example.org"]).accept_terms().start()?;
/// let acceptor = oneport::Acceptor::new(driver.tls_config()).acme(driver.challenges());
/// tokio::spawn(async move { driver.run().await });
/// # let _ = acceptor;
/// # Ok(())
/// # }
/// ```
#[must_use = "a driver does nothing until it is run"]
pub struct Driver {
    wanted: Wanted,
    cache: Cache,
    client: Client,
    newest: Arc<Newest>,
    tls: TlsConfig,
    challenges: Challenges,
    account: Option<Account>,
    pub(super) current: Option<(Certificate, Plan)>,
    failures: u32,
}

impl Driver {
    pub(super) fn new(
        wanted: Wanted,
        cache: Cache,
        client: Client,
        newest: Arc<Newest>,
        tls: TlsConfig,
        challenges: Challenges,
        kept: Option<Certificate>,
    ) -> Self {
        let mut driver = Self {
            wanted,
            cache,
            client,
            newest,
            tls,
            challenges,
            account: None,
            current: None,
            failures: 0,
        };
        if let Some(kept) = kept {
            driver.take(kept);
        }
        driver
    }

    /// A configuration with the newest certificate, for every server name, no
    /// client certificates, otherwise as that of [`tls::load`](crate::tls::load).
    /// Renewals need no reload, and sessions outlive them. As long as there is
    /// no certificate at all, handshakes fail.
    #[must_use]
    pub fn tls_config(&self) -> TlsConfig {
        self.tls.clone()
    }

    /// The newest certificate, for a configuration of another kind: by
    /// [`Files::resolved_by`](crate::tls::Files::resolved_by), such as one that asks
    /// clients for certificates, or for a `rustls::ServerConfig` of your own.
    #[must_use]
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        self.newest.clone()
    }

    /// The challenges to answer: for [`Serve::acme`](crate::Serve::acme) or
    /// [`Acceptor::acme`](crate::Acceptor::acme).
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    /// The certificate in use: at first the kept one, none if there is none.
    #[must_use]
    pub fn certificate(&self) -> Option<&CertificateSummary> {
        self.current.as_ref().map(|(current, _)| &current.summary)
    }

    /// Where the certificate is kept, with its key.
    #[must_use]
    pub fn certificate_path(&self) -> &Path {
        self.cache.certificate_path()
    }

    /// The domains, in lower case and sorted.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.wanted.domains
    }

    /// Obtains and renews, for ever. Failures are logged and tried again: the
    /// server serves on meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped in the middle of an order it stops answering the
    /// challenges; what is served and what is kept stays whole. Called again, it
    /// orders anew.
    pub async fn run(&mut self) -> Infallible {
        loop {
            self.until_due().await;
            let failure = match timeout(MOST_TIME, self.renew()).await {
                Ok(Ok(())) => {
                    self.failures = 0;
                    continue;
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Timeout,
            };
            let pause = match failure {
                Failure::Busy => WHILE_BUSY,
                _ => self.pause(),
            };
            let old = self.certificate();
            log::failed(&self.wanted.domains, old, &failure, pause);
            sleep(pause).await;
        }
    }

    /// After one more failure.
    fn pause(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let asked_for = self.client.take_retry_after();
        let backoff = &self.wanted.backoff;
        backoff.pause(self.failures, asked_for, random())
    }

    /// Until there is something to order.
    async fn until_due(&mut self) {
        loop {
            let now = SystemTime::now();
            let Some((_, plan)) = &self.current else {
                return;
            };
            if plan.is_due(now) {
                return;
            }
            match plan.is_to_be_asked(now) {
                true => self.ask().await,
                false => sleep(plan.nap(now)).await,
            }
        }
    }

    /// Asks the CA when to renew (RFC 9773).
    pub(super) async fn ask(&mut self) {
        let answer = self.renewal_info().await;
        let now = SystemTime::now();
        let Some((_, plan)) = &mut self.current else {
            return;
        };
        match answer {
            Ok((window, again)) => {
                plan.suggested(window, again, now);
                log::suggested(&self.wanted.domains, plan.due(), now);
            }
            Err(Failure::Failed(error)) => {
                plan.not_supported(now);
                tracing::debug!(error, "the CA has no renewal information");
            }
            Err(failure) => {
                plan.not_answered(now);
                tracing::debug!(%failure, "the CA was not asked when to renew");
            }
        }
    }

    async fn renewal_info(&mut self) -> Result<(Window, Duration), Failure> {
        let account = self.account().await?;
        match &self.current {
            Some((current, _)) => renewal_info::of(current, &account).await,
            None => Err(Failure::Failed("there is no certificate yet".into())),
        }
    }

    async fn renew(&mut self) -> Result<(), Failure> {
        let _lock: Lock = self.cache.lock()?.ok_or(Failure::Busy)?;
        if self.take_from_another_process()? {
            return Ok(());
        }
        let mut account = self.account().await?;
        let issued = match self.order(&account).await {
            Err(failure) if failure.is_unknown_account() => {
                self.account = None;
                self.cache.set_account_aside(&failure.to_string())?;
                account = self.account().await?;
                self.order(&account).await?
            }
            issued => issued?,
        };
        let order::Issued { certificate, key } = issued;
        // Short and rare enough not to bother a thread of its own.
        let kept = self.cache.keep_certificate(&key, &certificate.chain_pem());
        if let Err(error) = kept {
            log::not_kept(self.cache.certificate_path(), &error);
        }
        self.take(certificate);
        self.settled(SystemTime::now())
    }

    /// Whether there is peace for a while. If not, it is a failure, and tried again
    /// after a pause: else one certificate after the other would be ordered.
    fn settled(&self, now: SystemTime) -> Result<(), Failure> {
        match &self.current {
            Some((_, plan)) if !plan.is_due(now) => Ok(()),
            _ => Err(Failure::DueAtOnce),
        }
    }

    async fn order(&self, account: &Account) -> Result<order::Issued, Failure> {
        let wanted = &self.wanted;
        let current = self.current.as_ref();
        let replaces = current.and_then(|(current, _)| renewal_info::id_of(current));
        let (domains, challenge) = (&wanted.domains, wanted.challenge);
        order::issue(
            account,
            domains,
            &self.challenges,
            challenge,
            replaces.as_ref(),
        )
        .await
    }

    async fn account(&mut self) -> Result<Account, Failure> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let wanted = &self.wanted;
        let client = self.client.clone();
        let account =
            account::open(&self.cache, client, &wanted.directory, &wanted.contacts).await?;
        self.account = Some(account.clone());
        Ok(account)
    }

    /// Whether one that shares the directory has renewed it meanwhile.
    fn take_from_another_process(&mut self) -> Result<bool, Failure> {
        let Some(kept) = self.cache.certificate()? else {
            return Ok(false);
        };
        let now = SystemTime::now();
        // Older than what is served, if that could not be kept.
        let no_newer =
            |(current, _): &(Certificate, Plan)| kept.validity().0 <= current.validity().0;
        let is_old = self.current.as_ref().is_some_and(no_newer);
        if is_old || Plan::new(kept.validity(), now, 0.0).is_due(now) {
            return Ok(false);
        }
        self.take(kept);
        Ok(true)
    }

    /// From here on it is served.
    fn take(&mut self, certificate: Certificate) {
        let now = SystemTime::now();
        let plan = Plan::new(certificate.validity(), now, random());
        self.newest.set(certificate.certified.clone());
        log::served(&certificate.summary, plan.due(), now);
        self.current = Some((certificate, plan));
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("wanted", &self.wanted)
            .field("cache", &self.cache)
            .field("certificate", &self.certificate())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests;

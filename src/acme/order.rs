//! One order, from the domains to a certificate (RFC 8555 7.4).

use std::time::{Duration, SystemTime};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType,
    Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::Challenge;
use super::certificate::Certificate;
use super::failure::{Failure, words_of};
use crate::challenge::{Challenges, Expected};

/// CAs look from several places, one after the other, and may be busy.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(150));

/// What came of it.
pub(super) struct Issued {
    pub(super) certificate: Certificate,
    /// Its key, in PEM.
    pub(super) key: String,
}

/// Orders one certificate for all of the domains. The challenges are answered
/// while this runs, and no longer, also if it is dropped.
pub(super) async fn issue(
    account: &Account,
    domains: &[String],
    challenges: &Challenges,
    preferred: Challenge,
    replaces: Option<&CertificateIdentifier<'_>>,
) -> Result<Issued, Failure> {
    let mut order = begin(account, domains, replaces).await?;
    let expected = answer(&mut order, challenges, preferred).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(why_invalid(&mut order, preferred, None).await),
        Err(instant_acme::Error::Api(problem)) => {
            let failure = Failure::Ca(problem);
            return Err(why_invalid(&mut order, preferred, Some(failure)).await);
        }
        Err(error) => return Err(error.into()),
    }
    drop(expected);

    let unusable = |error: rcgen::Error| Failure::Failed(error.into());
    let key = KeyPair::generate().map_err(unusable)?;
    let mut params = CertificateParams::new(domains).map_err(unusable)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(unusable)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;

    let der = PrivatePkcs8KeyDer::from(key.serialize_der());
    let certificate = Certificate::issued(&chain, der.into()).map_err(Failure::Unusable)?;
    match certificate.fault(domains, SystemTime::now()) {
        Some(fault) => Err(Failure::Unusable(fault)),
        None => Ok(Issued {
            certificate,
            key: key.serialize_pem(),
        }),
    }
}

async fn begin(
    account: &Account,
    domains: &[String],
    replaces: Option<&CertificateIdentifier<'_>>,
) -> Result<Order, Failure> {
    let identifiers: Vec<_> = domains.iter().cloned().map(Identifier::Dns).collect();
    let order = NewOrder::new(&identifiers);
    if let Some(replaced) = replaces {
        // RFC 9773 5: the CA then knows that this is a renewal.
        match account.new_order(&order.replaces(replaced.clone())).await {
            Ok(order) => return Ok(order),
            Err(error) => {
                let failure = Failure::from(error);
                let another_way =
                    failure.is_already_replaced() || matches!(failure, Failure::Failed(_));
                if !another_way {
                    return Err(failure);
                }
                tracing::debug!(%failure, "ordered as a new certificate, not as a renewal");
            }
        }
    }
    Ok(account.new_order(&NewOrder::new(&identifiers)).await?)
}

/// Puts the answers in place, then tells the CA to come.
async fn answer(
    order: &mut Order,
    challenges: &Challenges,
    preferred: Challenge,
) -> Result<Vec<Expected>, Failure> {
    let mut expected = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        // The CA may remember an earlier validation.
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let domain = authorization.identifier().to_string();
        let offered =
            |kind: ChallengeType| authorization.challenges.iter().any(|it| it.r#type == kind);
        let Some(kind) = [preferred, preferred.other()]
            .into_iter()
            .map(Challenge::kind)
            .find(|kind| offered(kind.clone()))
        else {
            return Err(Failure::NoChallenge { domain });
        };
        let Some(mut challenge) = authorization.challenge(kind) else {
            return Err(Failure::NoChallenge { domain });
        };
        let key_authorization = challenge.key_authorization();
        let answer = challenges.expect(&domain, key_authorization.as_str());
        expected.push(answer.map_err(|error| Failure::Failed(error.into()))?);
        challenge.set_ready().await?;
    }
    Ok(expected)
}

/// The challenge that failed says why; the order often does not.
async fn why_invalid(order: &mut Order, preferred: Challenge, known: Option<Failure>) -> Failure {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else {
            break;
        };
        if authorization.refresh().await.is_err() {
            break;
        }
        let domain = authorization.identifier().to_string();
        for challenge in &authorization.challenges {
            let invalid = challenge.status == ChallengeStatus::Invalid;
            if let Some(problem) = challenge.error.as_ref().filter(|_| invalid) {
                return Failure::Validation {
                    domain,
                    challenge: match challenge.r#type {
                        ChallengeType::Http01 => Challenge::Http01,
                        ChallengeType::TlsAlpn01 => Challenge::TlsAlpn01,
                        _ => preferred,
                    },
                    detail: words_of(problem),
                };
            }
        }
    }
    known.unwrap_or_else(|| Failure::Failed("the order became invalid, and nobody says why".into()))
}

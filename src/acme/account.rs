//! The account at the CA: kept, or made.

use instant_acme::{Account, AccountCredentials, NewAccount};
use serde_json::{Value, json};

use super::cache::Cache;
use super::client::Client;
use super::failure::Failure;

/// Beside the credentials, in the same file: whom the CA knows to write to.
const CONTACT: &str = "contact";

/// The kept account, or a new one, which is kept.
pub(super) async fn open(
    cache: &Cache,
    client: Client,
    directory: &str,
    contacts: &[String],
) -> Result<Account, Failure> {
    let Some(kept) = cache.account()? else {
        return create(cache, client, directory, contacts).await;
    };
    let Some((credentials, known)) = read(&kept) else {
        cache.set_account_aside("it is not an account in JSON")?;
        return create(cache, client, directory, contacts).await;
    };
    let builder = Account::builder_with_http(Box::new(client));
    let account = builder.from_credentials(credentials).await?;
    if known != *contacts {
        let borrowed: Vec<_> = contacts.iter().map(String::as_str).collect();
        match account
            .update_contacts(&borrowed)
            .await
            .map_err(Failure::from)
        {
            Ok(()) => {
                let mut kept: Value = serde_json::from_slice(&kept).unwrap_or_default();
                kept[CONTACT] = json!(contacts);
                cache.keep_account(&kept.to_string())?;
            }
            // No reason to let a certificate expire.
            Err(failure) => {
                tracing::warn!("the CA did not take the changed e-mail addresses: {failure}");
            }
        }
    }
    Ok(account)
}

fn read(kept: &[u8]) -> Option<(AccountCredentials, Vec<String>)> {
    let kept: Value = serde_json::from_slice(kept).ok()?;
    let contacts = serde_json::from_value(kept.get(CONTACT).cloned().unwrap_or_default());
    let credentials = serde_json::from_value(kept).ok()?;
    Some((credentials, contacts.unwrap_or_default()))
}

async fn create(
    cache: &Cache,
    client: Client,
    directory: &str,
    contacts: &[String],
) -> Result<Account, Failure> {
    let borrowed: Vec<_> = contacts.iter().map(String::as_str).collect();
    let new = NewAccount {
        contact: &borrowed,
        // Or nothing would have been started.
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(client));
    let (account, credentials) = builder.create(&new, directory.to_owned(), None).await?;
    let failed = |error: serde_json::Error| Failure::Failed(error.into());
    let mut kept = serde_json::to_value(&credentials).map_err(failed)?;
    kept[CONTACT] = json!(contacts);
    cache.keep_account(&kept.to_string())?;
    tracing::info!(directory, "an account was made at the CA");
    Ok(account)
}

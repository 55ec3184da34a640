use super::*;

const CA: &str = "https://ca.example.org:14000/dir";

fn made() -> (String, String) {
    made_for("a.example.org")
}

fn made_for(name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    (key.serialize_pem(), params.self_signed(&key).unwrap().pem())
}

#[test]
fn what_is_kept_comes_back_for_the_same_ca_and_domains_only() {
    let root = tempfile::tempdir().unwrap();
    let a = ["a.example.org".to_owned()];
    let b = ["a.example.org".to_owned(), "b.example.org".to_owned()];
    let cache = Cache::open(root.path(), CA, &a).unwrap();
    assert!(cache.certificate().unwrap().is_none());
    let (key, chain) = made();
    cache.keep_certificate(&key, &chain).unwrap();
    cache.keep_account("{}").unwrap();

    let again = Cache::open(root.path(), CA, &a).unwrap();
    assert!(again.certificate().unwrap().is_some());
    assert_eq!(again.account().unwrap().unwrap(), b"{}");
    let others = Cache::open(root.path(), CA, &b).unwrap();
    assert!(others.certificate().unwrap().is_none());
    assert!(
        others.account().unwrap().is_some(),
        "the account is the CA's"
    );
    let elsewhere = Cache::open(root.path(), "https://ca.example.org:14000_dir", &a).unwrap();
    assert!(elsewhere.certificate().unwrap().is_none());
    assert!(elsewhere.account().unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("deep/er");
    let cache = Cache::open(&root, CA, &["a.example.org".to_owned()]).unwrap();
    let (key, chain) = made();
    cache.keep_certificate(&key, &chain).unwrap();
    cache.keep_account("{}").unwrap();
    let _lock = cache.lock().unwrap().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&cache.directory), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&cache.directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        seen += 1;
    }
    assert_eq!(seen, 3, "account, certificate, lock, and nothing else");
}

#[test]
fn a_damaged_file_is_renamed() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::open(root.path(), CA, &["a.example.org".to_owned()]).unwrap();
    let ((key, _), (_, chain)) = (made(), made());
    let (other_key, other_chain) = made_for("b.example.org");
    let of_others = format!("{other_key}{other_chain}");
    for damaged in ["", "x", &key, &format!("{key}{chain}"), &of_others] {
        fs::write(&cache.certificate, damaged).unwrap();
        assert!(cache.certificate().unwrap().is_none(), "{damaged}");
        assert!(!cache.certificate.exists());
        let aside = cache.certificate.with_extension("pem.unusable");
        assert_eq!(fs::read_to_string(aside).unwrap(), damaged);
    }
    // What is no file is not touched.
    fs::create_dir(&cache.certificate).unwrap();
    assert!(cache.certificate().is_err());
}

#[test]
fn one_orders_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let open = || Cache::open(root.path(), CA, &["a.example.org".to_owned()]).unwrap();
    let (one, other) = (open(), open());
    let held = one.lock().unwrap().unwrap();
    assert!(other.lock().unwrap().is_none());
    drop(held);
    assert!(other.lock().unwrap().is_some());
}

/// Each attempt on a full disk left a file behind.
#[test]
fn what_cannot_be_kept_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::open(root.path(), CA, &["a.example.org".to_owned()]).unwrap();
    fs::create_dir(cache.account_path()).unwrap();
    cache.keep_account("{}").unwrap_err();
    assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), 1);
}

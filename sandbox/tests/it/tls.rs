//! Certificates, good and bad, and an issuer behind TLS.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sandbox::aws::Sts;
use sandbox::{ACCOUNT, DEPLOY_ROLE, Fault, Issuer, Job, Server, Tls, trust};

use crate::raw::{connect, exchange, get, post};

/// The answer's status line, or why there was none.
fn ask(server: &Server, name: &str, tls: &Tls) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, connect(server));
    stream.write_all(get("/.well-known/jwks.json").as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = vec![0; 15];
    stream.read_exact(&mut answer).map_err(|error| error.to_string())?;
    stream.read_to_end(&mut Vec::new()).map_err(|error| error.to_string())?;
    String::from_utf8(answer).map_err(|error| error.to_string())
}

#[test]
fn a_good_certificate_is_good_for_its_names_alone() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1", "localhost", "sts.sandbox.test"]).unwrap()).unwrap();
    assert!(issuer.url().starts_with("https://127.0.0.1:"));
    for name in ["127.0.0.1", "localhost", "sts.sandbox.test"] {
        assert_eq!(ask(&issuer, name, &tls).unwrap(), "HTTP/1.1 200 OK");
    }
    assert!(ask(&issuer, "other.sandbox.test", &tls).unwrap_err().contains("not valid for name"));
}

#[test]
fn bad_certificates_are_bad_in_their_own_ways() {
    let tls = Tls::new().unwrap();
    let why = |certificate| ask(&Issuer::start_tls(&certificate).unwrap(), "127.0.0.1", &tls).unwrap_err();
    assert!(why(tls.wrong_name().unwrap()).contains("not valid for name"));
    assert!(why(tls.expired(&["127.0.0.1"]).unwrap()).contains("expired"));
    let other = why(tls.other_ca(&["127.0.0.1"]).unwrap());
    assert!(other.contains("BadSignature") || other.contains("UnknownIssuer"), "{other}");
}

#[test]
fn faults_reach_through_tls() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1"]).unwrap()).unwrap();
    issuer.script([Fault::ResetBeforeHeaders, Fault::ResetInBody, Fault::TruncatedBody]);
    for _ in 0..2 {
        assert!(ask(&issuer, "127.0.0.1", &tls).unwrap_err().contains("reset"));
    }
    assert_eq!(ask(&issuer, "127.0.0.1", &tls).unwrap(), "HTTP/1.1 200 OK", "closed in good order");
}

#[test]
fn sts_fetches_keys_over_tls_from_an_issuer_whose_authority_it_trusts() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1"]).unwrap()).unwrap();
    let sts = Sts::start().unwrap();
    sts.register_provider(ACCOUNT, &issuer.url(), &[&issuer.url()]);
    sts.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringLike", "*")).unwrap();
    let token = issuer.token(&Job::branch("main"));
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "test"),
        ("WebIdentityToken", token.as_str()),
    ];
    assert_eq!(exchange(&sts, &post(&fields, "")).status(), 400);
    sts.trust_ca(&tls.ca_pem());
    assert_eq!(exchange(&sts, &post(&fields, "")).status(), 200);
}

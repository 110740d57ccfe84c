//! Issuers that are malicious, fail, or are slow.

use std::time::Duration;

use sandbox::issuer::{DISCOVERY, JWKS};
use sandbox::{Fault, Issuer, Job, Outage, Tls};
use serde_json::{Value, json};

use super::verify::{failing, found, verified};
use super::{dated, token};
use crate::support::{Output, expect};

fn main_token(issuer: &Issuer) -> String {
    issuer.token(&dated(Job::branch("main")))
}

/// With this in its discovery document.
#[track_caller]
fn discovered(name: &str, value: impl Into<Value>) -> String {
    let issuer = Issuer::start().unwrap();
    issuer.discover(name, value);
    failing(&verified(&issuer, &main_token(&issuer), 4))
}

/// The hosted service's answer for an organization that does not exist.
#[test]
fn a_page_for_people() {
    let issuer = Issuer::start().unwrap();
    issuer.set_outage(Outage::Html);
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
            because    a web page was answered, as for an organization that does not exist; or something in between answered
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error configuring token validator: keyset configuration error: …
    "#]].assert_eq(&failing(&verified(&issuer, &main_token(&issuer), 4)));
    assert_eq!(issuer.requests().len(), 1, "it is not asked again");
}

#[test]
fn no_document() {
    let issuer = Issuer::start().unwrap();
    issuer.always(Fault::status(404));
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
            because    it was answered with status 404
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error configuring token validator: keyset configuration error: …
    "#]]
    .assert_eq(&failing(&verified(&issuer, &main_token(&issuer), 4)));
    assert_eq!(issuer.requests().len(), 1, "it is not asked again");
}

#[test]
fn another_issuer() {
    let issuer = Issuer::start().unwrap();
    issuer.discover("issuer", format!("{}/", issuer.url()));
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `issuer` is exactly the token's iss
              wanted     http://ISSUER
              presented  http://ISSUER/
                                               ^ differs from here
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS90061: Request to External OIDC endpoint failed. …
              Vault      error configuring token validator: keyset configuration error: …
    "#]]
    .assert_eq(&failing(&verified(&issuer, &main_token(&issuer), 4)));
    let missing = discovered("issuer", Value::Null);
    assert!(missing.contains("presented  (none)"), "{missing}");
}

#[test]
fn lists_that_are_missing() {
    for list in ["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"] {
        for value in [Value::Null, json!([]), json!("id_token")] {
            let found = discovered(list, value);
            assert!(found.contains(&format!("✗ `{list}` is a list\n")), "{found}");
        }
    }
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `response_types_supported` is a list
              because    there is none, and AWS requires it
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
    "#]]
    .assert_eq(&discovered("response_types_supported", Value::Null));
}

#[test]
fn an_algorithm_that_it_does_not_name() {
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `id_token_signing_alg_values_supported` holds RS256
              because    it holds ES256, PS256
              Vault      error validating token: … unexpected signature algorithm "RS256"; expected …
    "#]]
    .assert_eq(&discovered("id_token_signing_alg_values_supported", json!(["ES256", "PS256"])));
}

#[test]
fn keys_that_lead_nowhere() {
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `jwks_uri` is an address
              because    there is none
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS90061: Request to External OIDC endpoint failed. …
              Vault      error configuring token validator: keyset configuration error: …
    "#]]
    .assert_eq(&discovered("jwks_uri", Value::Null));
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `jwks_uri` is an address
              because    it is keys.json: relative URL without a base
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS90061: Request to External OIDC endpoint failed. …
              Vault      error configuring token validator: keyset configuration error: …
    "#]]
    .assert_eq(&discovered("jwks_uri", "keys.json"));
    expect![[r#"
        ✗ keys at http://192.0.2.1/keys
            because    http://192.0.2.1 is not https: use an https address; plain http is for loopback, and for one host that --allow-http names
    "#]].assert_eq(&discovered("jwks_uri", "http://192.0.2.1/keys"));
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `jwks_uri` is an address
              because    it is file:///etc/passwd
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS90061: Request to External OIDC endpoint failed. …
              Vault      error configuring token validator: keyset configuration error: …
    "#]]
    .assert_eq(&discovered("jwks_uri", "file:///etc/passwd"));
}

/// A token may name any address, except one with a user and a password, which are not shown.
#[test]
fn an_address_with_a_password() {
    let elsewhere = Issuer::start().unwrap();
    let place = format!("127.0.0.1:{}{JWKS}", elsewhere.port());
    for user in ["me:a-password-of-mine@", "me@", ":a-password-of-mine@"] {
        let said = discovered("jwks_uri", format!("http://{user}{place}"));
        assert!(said.contains("because    it has a user or a password in it\n"), "{said}");
        assert!(!said.contains("a-password-of-mine"), "{said}");
    }
    assert!(elsewhere.requests().is_empty());

    let issuer = Issuer::start().unwrap();
    let iss = issuer.url().replace("://", "://me:a-password-of-mine@");
    let said = failing(&verified(&issuer, &issuer.token(&dated(Job::branch("main")).claim("iss", iss)), 4));
    assert!(said.contains("it has more in it than a host and a path"), "{said}");
    assert!(issuer.requests().is_empty());
}

/// Another host may have them.
#[test]
fn keys_that_are_elsewhere() {
    let (issuer, elsewhere) = (Issuer::start().unwrap(), Issuer::start().unwrap());
    issuer.discover("jwks_uri", format!("{}{JWKS}", elsewhere.url()));
    verified(&issuer, &main_token(&issuer), 0);
    assert_eq!(elsewhere.requests().len(), 1);
}

/// A name of this machine, for which the option allows plain http.
#[test]
fn in_clear_where_it_is_allowed() {
    let issuer = Issuer::start().unwrap();
    let job = dated(Job::branch("main")).claim("iss", "http://issuer.invalid");
    let output = token(&issuer, &issuer.token(&job), &["--verify", "--allow-http", "issuer.invalid"]).run();
    output.exits(5).stdout_is("");
    assert!(output.stderr().contains("warning: using plain http to issuer.invalid"), "{}", output.describe());
}

#[test]
fn a_redirect() {
    let issuer = Issuer::start().unwrap();
    let elsewhere = Issuer::start().unwrap();
    issuer.always(Fault::Redirect { status: 302, location: format!("{}{DISCOVERY}", elsewhere.url()) });
    let text = main_token(&issuer);
    let elsewhere_is = format!("127.0.0.1:{}", elsewhere.port());
    let output = token(&issuer, &text, &["--verify"]).word(&elsewhere_is, "ELSEWHERE").run();
    output.exits(5).stdout_is("").stderr_is(expect![[r#"
        error: the issuer could not be reached or kept failing
          said       ISSUER answered 302, a redirect to http://ELSEWHERE
          asked for  http://ISSUER/.well-known/openid-configuration

        hint: it is not followed: the issuer itself must publish the document, and clouds need not follow either
    "#]]);
    assert!(elsewhere.requests().is_empty());
}

/// Nothing could be sent.
#[test]
fn certificates_that_cannot_be_read() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1"]).unwrap()).unwrap();
    let program = token(&issuer, &main_token(&issuer), &["--verify"]).env("SSL_CERT_FILE", "nowhere.pem");
    program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: cannot ask the issuer
          said       SSL_CERT_FILE: cannot read nowhere.pem: No such file or directory (os error 2)
          asked for  https://ISSUER/.well-known/openid-configuration
    "#]]);
    assert!(issuer.requests().is_empty());
}

#[test]
fn it_heals() {
    let issuer = Issuer::start().unwrap();
    issuer.script([
        Fault::status(500),
        Fault::status(503),
        Fault::ResetInBody,
        Fault::Delay(Duration::ZERO),
        Fault::status(429),
    ]);
    let output = token(&issuer, &main_token(&issuer), &["--verify"]).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: the issuer answered with status 500; trying again for up to T s
        warning: the issuer answered with status 503; trying again for up to T s
        warning: the connection to ISSUER broke: Connection reset by…; trying again for up to T s
        warning: the issuer answered with status 429; trying again for up to T s
    "#]]);
    assert_eq!(issuer.requests().len(), 6);
}

#[test]
fn it_keeps_failing() {
    let issuer = Issuer::start().unwrap();
    issuer.set_outage(Outage::ServerError);
    let output = token(&issuer, &main_token(&issuer), &["--verify", "--timeout", "2s"]).run();
    output.exits(5).stdout_is("").stderr_is(expect![[r#"
        warning: the issuer answered with status 500; trying again for up to T s
        error: the issuer could not be reached or kept failing
          said       the issuer answered with status 500
          asked for  http://ISSUER/.well-known/openid-configuration
          tried      N attempts in T s

        hint: the clouds send the same request, and refuse the token while it fails
    "#]]);
    assert!(output.took < Duration::from_secs(12) && issuer.requests().len() > 2);
}

#[test]
fn it_does_not_answer() {
    let issuer = Issuer::start().unwrap();
    issuer.always(Fault::Hang);
    let output = token(&issuer, &main_token(&issuer), &["--verify", "--timeout", "1s"]).run();
    output.exits(5).stdout_is("").stderr_is(expect![[r#"
        error: the issuer could not be reached or kept failing
          said       nothing, until --timeout
          asked for  http://ISSUER/.well-known/openid-configuration

        hint: check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy
    "#]]);
    assert!(output.took < Duration::from_secs(12));
}

#[test]
fn it_does_not_end() {
    let issuer = Issuer::start().unwrap();
    issuer.always(Fault::EndlessBody);
    token(&issuer, &main_token(&issuer), &["--verify"]).run().exits(5).stdout_is("").stderr_is(expect![[r#"
        error: the issuer could not be reached or kept failing
          said       ISSUER answered with more than 8 MiB
          asked for  http://ISSUER/.well-known/openid-configuration
    "#]]);
}

#[test]
fn nobody_is_there() {
    let issuer = Issuer::start().unwrap();
    let text = main_token(&issuer);
    let program = token(&issuer, &text, &["--verify", "--timeout", "1s"]);
    drop(issuer);
    program.run().exits(5).stdout_is("").stderr_is(expect![[r#"
        warning: ISSUER refused the connection; trying again for up to T s
        error: the issuer could not be reached or kept failing
          said       ISSUER refused the connection
          asked for  http://ISSUER/.well-known/openid-configuration
          tried      N attempts in T s

        hint: check the address, and that a server is running there
    "#]]);
}

/// A token that is invalid without the issuer's keys is invalid.
#[test]
fn a_bad_token_of_an_issuer_that_is_gone() {
    let issuer = Issuer::start().unwrap();
    issuer.always(Fault::ResetBeforeHeaders);
    let text = issuer.token(&Job::branch("main").issued_at(1_700_000_000));
    let output = token(&issuer, &text, &["--verify", "--timeout", "1s"]).run();
    output.exits(4).stdout_holds_no_secret();
    let found = failing(&output);
    assert!(found.starts_with("? discovery document at http://ISSUER/.well-known/openid-configuration\n"), "{found}");
    assert!(found.contains("✗ valid until"), "{found}");
}

#[test]
fn a_clock_that_differs() {
    let with = |ahead: i64| -> Output {
        let issuer = Issuer::start().unwrap();
        issuer.set_clock_ahead(ahead);
        verified(&issuer, &main_token(&issuer), 0)
    };
    assert!(!found(&with(0)).contains("clock") && !found(&with(2)).contains("clock"));
    let output = with(-31);
    assert!(
        output.stderr().is_empty() && found(&output).contains("\nnote: this machine's clock is 3"),
        "{}",
        output.describe()
    );
    let output = with(7_201);
    assert!(
        found(&output).contains("note: this machine's clock is 2 hours behind the issuer's"),
        "{}",
        output.describe()
    );
    assert!(output.stderr().starts_with("warning: this machine's clock is 2 hours behind the issuer's"));
}

/// A cache returns the date of the original.
#[test]
fn a_cached_answer_is_no_wrong_clock() {
    let issuer = Issuer::start().unwrap();
    let document = json!({
        "issuer": issuer.url(), "jwks_uri": format!("{}{JWKS}", issuer.url()), "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    });
    let date = |seconds: u64| {
        let date = httpdate::fmt_http_date(std::time::SystemTime::now() - Duration::from_secs(seconds));
        ("date".to_owned(), date)
    };
    let answer = |age: &str| Fault::Status {
        status: 200,
        headers: vec![date(600), ("age".into(), age.into()), ("content-type".into(), "text/plain".into())],
        body: document.to_string(),
    };
    issuer.script([answer("600")]);
    let output = verified(&issuer, &main_token(&issuer), 0);
    assert!(!found(&output).contains("clock"), "{}", output.describe());
    assert!(found(&output).contains("\nlint: the issuer calls its JSON text/plain: it should be application/json\n"));
}

/// It answers after AWS's timeout.
#[test]
fn it_is_slow() {
    let issuer = Issuer::start().unwrap();
    issuer.script([Fault::Delay(Duration::from_millis(5_300))]);
    let output = verified(&issuer, &main_token(&issuer), 0);
    assert!(found(&output).contains("AWS waits 5 s, then it cannot retrieve the key"), "{}", output.describe());
}

//! Certificates as companies make them: curves and digests of every kind, and self-signed servers.
//!
//! OpenSSL makes them, and is the server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use sandbox::{Issuer, Job, Sandbox, Tls};

use crate::aws::deploy;
use crate::support::{Output, Scratch, expect, oidc_exchange};

/// `openssl` with these words, in a directory.
#[track_caller]
fn openssl(directory: &Scratch, words: &str) -> String {
    let output = Command::new("openssl").args(words.split_whitespace()).current_dir(directory.path()).output().unwrap();
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn make_key(directory: &Scratch, kind: &str, file: &str) {
    let kind = match kind.strip_prefix("rsa") {
        Some(bits) => format!("RSA -pkeyopt rsa_keygen_bits:{bits}"),
        None if kind == "ed448" => "ED448".into(),
        None => format!("EC -pkeyopt ec_paramgen_curve:{kind}"),
    };
    openssl(directory, &format!("genpkey -algorithm {kind} -out {file}"));
}

/// An authority in `ca.pem`, and below it a certificate for 127.0.0.1 in `NAME.pem`, with its key in `NAME.key`.
fn issue(directory: &Scratch, authority: &str, digest: &str, name: &str, key: &str) {
    directory.write("extensions", "subjectAltName=IP:127.0.0.1\n");
    let digest = if digest.is_empty() { String::new() } else { format!("-{digest}") };
    if !directory.path().join("ca.pem").exists() {
        make_key(directory, authority, "ca.key");
        openssl(directory, &format!("req -x509 -key ca.key {digest} -days 2 -subj /CN=authority -out ca.pem"));
    }
    make_key(directory, key, &format!("{name}.key"));
    openssl(directory, &format!("req -new -key {name}.key -subj /CN={name} -out {name}.csr"));
    openssl(
        directory,
        &format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial {digest} -days 2 -extfile extensions -out {name}.pem"
        ),
    );
}

/// A server with the certificate in `NAME.pem` and the key in `NAME.key`.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(directory: &Scratch, name: &str, version: &str, more: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/network/sts.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(format!("{name}.pem")).arg(format!("{name}.key")).arg(version).args(more);
        command.current_dir(directory.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request to the server, and trusts the certificates in this file.
fn ask(directory: &Scratch, server: &Server, host: &str, trusted: &str) -> Output {
    static TOKEN: LazyLock<String> = LazyLock::new(|| Issuer::start().unwrap().token(&Job::branch("main")));
    let program = deploy(&["--ca-file", "trusted.pem", "--timeout", "5s"]).token(&TOKEN);
    program.scratch().write("trusted.pem", fs::read(directory.path().join(trusted)).unwrap());
    let url = format!("https://{host}:{}", server.port);
    program.env("AWS_ENDPOINT_URL_STS", url).word(&server.port.to_string(), "PORT").run()
}

#[track_caller]
fn reached(output: &Output, what: &str) {
    assert!(
        output.code == Some(4) && output.stderr().contains("AccessDenied: reached"),
        "{what}: {}",
        output.describe()
    );
}

#[test]
fn curves_and_digests_of_company_authorities() {
    for (authority, digest, key) in [
        ("P-256", "sha512", "rsa2048"),
        ("P-384", "sha512", "P-256"),
        ("P-521", "sha512", "rsa2048"),
        ("P-521", "sha384", "P-384"),
        ("P-521", "sha256", "P-521"),
        ("P-256", "sha384", "P-521"),
        ("P-384", "sha256", "P-256"),
        ("rsa3072", "sha512", "P-521"),
    ] {
        let directory = Scratch::new();
        issue(&directory, authority, digest, "server", key);
        for version in ["1.2", "1.3"] {
            let server = Server::start(&directory, "server", version, &[]);
            reached(
                &ask(&directory, &server, "127.0.0.1", "ca.pem"),
                &format!("{authority} {digest} {key} TLS {version}"),
            );
        }
    }
}

#[test]
fn a_key_exchange_on_one_curve_only() {
    let directory = Scratch::new();
    issue(&directory, "P-256", "sha256", "server", "P-256");
    for group in ["prime256v1", "secp384r1", "secp521r1"] {
        for version in ["1.2", "1.3"] {
            let server = Server::start(&directory, "server", version, &[&format!("group={group}")]);
            reached(&ask(&directory, &server, "127.0.0.1", "ca.pem"), &format!("{group} TLS {version}"));
        }
    }
}

/// A signature of the same kind by another key is not accepted as the authority's.
#[test]
fn another_authority_on_the_same_curve() {
    for (authority, digest) in [("P-256", "sha512"), ("P-384", "sha512"), ("P-521", "sha512")] {
        let (directory, other) = (Scratch::new(), Scratch::new());
        issue(&directory, authority, digest, "server", "P-521");
        issue(&other, authority, digest, "server", "P-521");
        directory.write("other.pem", fs::read(other.path().join("ca.pem")).unwrap());
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "other.pem");
        output.exits(5);
        let said = "its signature does not fit the key of the authority that it names";
        assert!(output.stderr().contains(said), "{authority}: {}", output.stderr());
    }
}

#[test]
fn a_signature_of_a_kind_that_is_not_supported() {
    for (authority, digest, said) in [
        ("P-384", "sha1", "is of a kind that is not supported: ecdsa-with-SHA1"),
        ("P-384", "sha224", "is of a kind that is not supported: ecdsa-with-SHA224"),
        ("rsa2048", "sha1", "is of a kind that is not supported: sha1WithRSAEncryption"),
        ("ed448", "", "is of a kind that is not supported: Ed448"),
        (
            "brainpoolP384r1",
            "sha384",
            "is of a kind that is not supported: ecdsa-with-SHA384 with a key of brainpoolP384r1",
        ),
        ("secp256k1", "sha256", "is of a kind that is not supported: ecdsa-with-SHA256 with a key of secp256k1"),
    ] {
        let directory = Scratch::new();
        issue(&directory, authority, digest, "server", "P-256");
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "ca.pem");
        output.exits(5);
        let said = format!("the certificate of 127.0.0.1:{} is not trusted: its signature {said}\n", server.port);
        assert!(output.stderr().contains(&said), "{authority} {digest}: {}", output.stderr());
    }
}

/// The result of `openssl req -x509`: an authority's certificate that contains the server's name.
fn own_authority(directory: &Scratch, name: &str, more: &str) {
    openssl(
        directory,
        &format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem {more}"
        ),
    );
}

/// The port is right, so no other one is advised.
#[test]
fn too_many_certificates() {
    let directory = Scratch::new();
    issue(&directory, "P-256", "sha256", "server", "P-256");
    let certificate = fs::read_to_string(directory.path().join("server.pem")).unwrap();
    directory.write("many.pem", certificate.repeat(500));
    fs::copy(directory.path().join("server.key"), directory.path().join("many.key")).unwrap();
    for version in ["1.2", "1.3"] {
        let server = Server::start(&directory, "many", version, &[]);
        ask(&directory, &server, "127.0.0.1", "ca.pem").exits(5).stderr_is(expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       127.0.0.1:PORT sends more than 64 KiB of certificates
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: have the server send its own certificate, and those between it and a trusted authority, and no others
        "#]]);
    }
}

#[test]
fn a_server_that_is_its_own_authority() {
    let directory = Scratch::new();
    let own = "-addext subjectAltName=IP:127.0.0.1,DNS:localhost";
    own_authority(&directory, "server", own);
    let server = Server::start(&directory, "server", "1.3", &[]);
    for host in ["127.0.0.1", "localhost"] {
        reached(&ask(&directory, &server, host, "server.pem"), host);
    }
    let certificate = fs::read_to_string(directory.path().join("server.pem")).unwrap();
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let sandbox = Sandbox::start().unwrap();
        let program = deploy(&["--timeout", "5s"]).job(&sandbox).env(variable, "bundle.pem");
        program.scratch().write("bundle.pem", format!("{}{certificate}", Tls::new().unwrap().ca_pem()));
        let url = format!("https://127.0.0.1:{}", server.port);
        reached(&program.env("AWS_ENDPOINT_URL_STS", url).run(), variable);
    }
    // Its name is still checked.
    own_authority(&directory, "elsewhere", "-addext subjectAltName=DNS:elsewhere.test");
    let elsewhere = Server::start(&directory, "elsewhere", "1.3", &[]);
    ask(&directory, &elsewhere, "127.0.0.1", "elsewhere.pem").exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of 127.0.0.1:PORT is not trusted: it is for elsewhere.test, not for 127.0.0.1
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: write a name of the certificate into the address, or add this name to the certificate's subjectAltName
    "#]]);
    // A DNS name that looks like the address is none (RFC 5280, section 4.2.1.6).
    own_authority(&directory, "name", "-addext subjectAltName=DNS:127.0.0.1");
    let name = Server::start(&directory, "name", "1.3", &[]);
    ask(&directory, &name, "127.0.0.1", "name.pem").exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of 127.0.0.1:PORT is not trusted: its subjectAltName has 127.0.0.1 as a DNS name, not as an IP address
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: issue that certificate again, with the address as an IP address in its subjectAltName, not as a DNS name
    "#]]);
    // It must be exactly this certificate, not another one with the same key and names.
    openssl(&directory, &format!("req -x509 -key server.key -days 3 -subj /CN=server -out twin.pem {own}"));
    ask(&directory, &server, "127.0.0.1", "twin.pem").exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of 127.0.0.1:PORT is not trusted: it is an authority's certificate, and not itself one of the trusted certificates
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]]);
}

#[test]
fn a_server_that_is_its_own_authority_on_every_curve() {
    for key in ["P-256", "P-384", "P-521", "ed448"] {
        let directory = Scratch::new();
        make_key(&directory, key, "server.key");
        openssl(
            &directory,
            "req -x509 -key server.key -days 2 -subj /CN=server -addext subjectAltName=IP:127.0.0.1 -out server.pem",
        );
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "server.pem");
        if key == "ed448" {
            // It cannot be verified that the server has its key.
            output.exits(5);
        } else {
            reached(&output, key);
        }
    }
}

/// The certificate that a server shows, in PEM.
fn shown_by(port: u16) -> String {
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]).stdin(Stdio::null());
    let output = client.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = text.find("-----BEGIN CERTIFICATE").unwrap();
    let end = text.find("-----END CERTIFICATE-----").unwrap();
    format!("{}-----END CERTIFICATE-----\n", &text[start..end])
}

/// The certificate itself is named, without its authority. It must be within its validity period.
#[test]
fn a_certificate_that_is_named_itself() {
    let tls = Tls::new().unwrap();
    let asked = |sandbox: &Sandbox| {
        let program = deploy(&["--ca-file", "leaf.pem"]).job(sandbox);
        program.scratch().write("leaf.pem", shown_by(sandbox.aws.port()));
        program.run()
    };
    asked(&Sandbox::start_tls(&tls).unwrap()).exits(0).stderr_is(expect![""]);

    let sts = sandbox::aws::Sts::start_tls(&tls.expired(&["127.0.0.1"]).unwrap()).unwrap();
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&["--ca-file", "leaf.pem"]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", sts.url());
    program.scratch().write("leaf.pem", shown_by(sts.port()));
    let output = program.run();
    output.exits(5);
    assert!(output.stderr().contains("is not trusted: its time is over since 2020-12-31"), "{}", output.stderr());
}

/// A certificate that signs one for 127.0.0.1, in `server.pem`; its own extensions are `own`.
fn signed_by(directory: &Scratch, own: &str, own_time: &str) {
    directory.write("own", own);
    directory.write("extensions", "subjectAltName=IP:127.0.0.1\n");
    for name in ["signer", "server"] {
        make_key(directory, "P-256", &format!("{name}.key"));
        openssl(directory, &format!("req -new -key {name}.key -subj /CN={name} -out {name}.csr"));
    }
    directory.write("index.txt", "");
    directory.write(
        "ca.cnf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
    );
    let words = "ca -batch -selfsign -config ca.cnf -in signer.csr -keyfile signer.key -notext -out signer.pem";
    openssl(directory, &format!("{words} {own_time} -extfile own"));
    let words = "x509 -req -in server.csr -CA signer.pem -CAkey signer.key -CAcreateserial -days 2 -extfile extensions";
    openssl(directory, &format!("{words} -out server.pem"));
}

/// A certificate that is trusted because it is named is not an authority, as in curl, OpenSSL and Go.
#[test]
fn a_certificate_that_is_not_an_authoritys_signs_for_nobody() {
    const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\n";
    const DAYS: &str = "-days 2";
    let with = |more: &str| format!("{AUTHORITY}{more}\n");
    let past = "-startdate 20200101000000Z -enddate 20201231000000Z";
    for (own, time, said) in [
        ("basicConstraints=CA:FALSE\n".into(), DAYS, "its basic constraints do not include CA:TRUE"),
        ("subjectAltName=DNS:a.test\n".into(), DAYS, "its basic constraints do not include CA:TRUE"),
        (with("keyUsage=digitalSignature"), DAYS, "its key usage does not include the signing of certificates"),
        (with("keyUsage=critical,cRLSign"), DAYS, "its key usage does not include the signing of certificates"),
        (with("extendedKeyUsage=clientAuth"), DAYS, "its extended key usage does not include servers"),
        (AUTHORITY.into(), past, "its time is over since 2020-12-31T00:00:00Z"),
        (
            AUTHORITY.into(),
            "-startdate 20900101000000Z -enddate 20950101000000Z",
            "its time is yet to come, at 2090-01-01T00:00:00Z",
        ),
        (AUTHORITY.into(), DAYS, ""),
        (with("keyUsage=critical,keyCertSign,cRLSign"), DAYS, ""),
        (with("keyUsage=keyCertSign\nextendedKeyUsage=clientAuth,serverAuth"), DAYS, ""),
        (with("extendedKeyUsage=anyExtendedKeyUsage"), DAYS, ""),
    ] {
        let directory = Scratch::new();
        signed_by(&directory, &own, time);
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "signer.pem");
        if said.is_empty() {
            reached(&output, &own);
            continue;
        }
        output.exits(5);
        let why = format!("the certificate in --ca-file that signed it is not accepted as an authority's: {said}\n");
        let said = format!("the certificate of 127.0.0.1:{} is not trusted: {why}", server.port);
        assert!(output.stderr().contains(&said), "{own}: {}", output.stderr());
    }
    // The same with each variable. Other certificates in the file still count.
    let directory = Scratch::new();
    signed_by(&directory, "basicConstraints=CA:FALSE\n", DAYS);
    let server = Server::start(&directory, "server", "1.3", &[]);
    let pem = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let sandbox = Sandbox::start().unwrap();
        let asked = |bundle: &str| {
            let program = deploy(&["--timeout", "5s"]).job(&sandbox).env(variable, "bundle.pem");
            program.scratch().write("bundle.pem", bundle);
            program.env("AWS_ENDPOINT_URL_STS", format!("https://127.0.0.1:{}", server.port)).run()
        };
        let output = asked(&pem("signer.pem"));
        output.exits(5);
        let said = format!("the certificate in {variable} that signed it is not accepted as an authority's: its basic");
        assert!(output.stderr().contains(&said), "{}", output.stderr());
        reached(&asked(&format!("{}{}", pem("signer.pem"), pem("server.pem"))), variable);
    }
}

/// Version 1 has no extensions. A root of that version is self-issued.
#[test]
fn a_root_of_version_1() {
    let directory = Scratch::new();
    signed_by(&directory, "", "-days 2");
    openssl(&directory, "x509 -req -in signer.csr -key signer.key -days 2 -out signer.pem");
    assert!(openssl(&directory, "x509 -in signer.pem -noout -text").contains("Version: 1 "));
    openssl(
        &directory,
        "x509 -req -in server.csr -CA signer.pem -CAkey signer.key -CAcreateserial -days 2 -extfile extensions -out server.pem",
    );
    let server = Server::start(&directory, "server", "1.3", &[]);
    reached(&ask(&directory, &server, "127.0.0.1", "signer.pem"), "version 1");
}

/// The certificate itself is named, but it is not for servers.
#[test]
fn a_named_certificate_that_is_not_for_servers() {
    for constraints in ["CA:TRUE", "CA:FALSE"] {
        let directory = Scratch::new();
        let more = format!(
            "-addext subjectAltName=IP:127.0.0.1 -addext extendedKeyUsage=clientAuth -addext basicConstraints={constraints}"
        );
        make_key(&directory, "P-256", "server.key");
        openssl(&directory, &format!("req -x509 -key server.key -days 2 -subj /CN=server -out server.pem {more}"));
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "server.pem");
        output.exits(5);
        let said = "is not trusted: its extended key usage does not include servers\n";
        assert!(output.stderr().contains(said), "{constraints}: {}", output.stderr());
    }
}

/// No error of a certificate contains Rust code.
#[test]
fn a_fault_of_the_chain_is_told_in_words() {
    const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\n";
    for (own, server, said) in [
        (
            "nameConstraints=critical,permitted;DNS:example.com,permitted;IP:10.0.0.0/255.0.0.0\n",
            "",
            "the name constraints of its authority do not allow its names",
        ),
        ("", "1.2.3.4=critical,ASN1:NULL\n", "one of its critical extensions is not supported"),
        ("", "extendedKeyUsage=clientAuth\n", "its extended key usage does not include servers"),
    ] {
        let directory = Scratch::new();
        signed_by(&directory, &format!("{AUTHORITY}{own}"), "-days 2");
        directory.write("extensions", format!("subjectAltName=IP:127.0.0.1\n{server}"));
        let words =
            "x509 -req -in server.csr -CA signer.pem -CAkey signer.key -CAcreateserial -days 2 -extfile extensions";
        openssl(&directory, &format!("{words} -out server.pem"));
        let server = Server::start(&directory, "server", "1.3", &[]);
        let output = ask(&directory, &server, "127.0.0.1", "signer.pem");
        output.exits(5);
        assert!(output.stderr().contains(&format!("is not trusted: {said}\n")), "{said}: {}", output.stderr());
    }
}

/// A client's key on every curve, in both forms of PEM.
#[test]
fn a_client_certificate_on_every_curve() {
    for key in ["P-256", "P-384", "P-521"] {
        let directory = Scratch::new();
        issue(&directory, "P-256", "sha256", "server", "P-256");
        issue(&directory, "P-256", "sha256", "client", key);
        openssl(&directory, "ec -in client.key -out sec1.key");
        for version in ["1.2", "1.3"] {
            let server = Server::start(&directory, "server", version, &["ca.pem"]);
            for file in ["client.key", "sec1.key"] {
                let sandbox = Sandbox::start().unwrap();
                let address = format!("https://127.0.0.1:{}", server.port);
                let program =
                    oidc_exchange(["vault", "--addr", &address, "--role", "ci", "A=b/c#d", "--timeout", "3s"]);
                let pem = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
                let program = program.job(&sandbox).env("VAULT_CACERT_BYTES", pem("ca.pem"));
                let program = program.env("VAULT_CLIENT_CERT_BYTES", pem("client.pem"));
                let output = program.env("VAULT_CLIENT_KEY_BYTES", pem(file)).run();
                assert!(output.stderr().contains("403"), "{key} TLS {version} {file}: {}", output.describe());
            }
        }
    }
}

/// `openssl x509 -req` without extensions makes a certificate of version 1, and the server decides on it.
#[test]
fn a_client_certificate_of_version_1() {
    for key in ["P-256", "P-521", "rsa2048"] {
        let directory = Scratch::new();
        issue(&directory, "P-256", "sha256", "server", "P-256");
        make_key(&directory, key, "client.key");
        make_key(&directory, key, "other.key");
        openssl(&directory, "req -new -key client.key -subj /CN=client -out client.csr");
        openssl(
            &directory,
            "x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -sha256 -out client.pem",
        );
        let server = Server::start(&directory, "server", "1.3", &["ca.pem"]);
        let run = |file: &str| {
            let sandbox = Sandbox::start().unwrap();
            let address = format!("https://127.0.0.1:{}", server.port);
            let program = oidc_exchange(["vault", "--addr", &address, "--role", "ci", "A=b/c#d", "--timeout", "3s"]);
            let pem = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
            let program = program.job(&sandbox).env("VAULT_CACERT_BYTES", pem("ca.pem"));
            let program = program.env("VAULT_CLIENT_CERT_BYTES", pem("client.pem"));
            program.env("VAULT_CLIENT_KEY_BYTES", pem(file)).run()
        };
        let output = run("client.key");
        assert!(output.stderr().contains("403"), "{key}: {}", output.describe());
        let said = "said       the client certificate is not an X.509 certificate of the client's key\n";
        assert!(run("other.key").exits(2).stderr().contains(said), "{key}");
    }
}

#[test]
fn a_client_key_of_a_kind_that_is_not_supported() {
    for key in ["rsa:1024", "ec -pkeyopt ec_paramgen_curve:secp256k1", "ed448"] {
        let (directory, sandbox) = (Scratch::new(), Sandbox::start().unwrap());
        openssl(
            &directory,
            &format!("req -x509 -newkey {key} -nodes -keyout client.key -subj /CN=client -out client.pem"),
        );
        let pem = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        let program = oidc_exchange(["vault", "--addr", "https://127.0.0.1:1", "--role", "ci", "A=b/c#d"]);
        let program = program.job(&sandbox).env("VAULT_CACERT_BYTES", pem("client.pem"));
        let program = program.env("VAULT_CLIENT_CERT_BYTES", pem("client.pem"));
        program.env("VAULT_CLIENT_KEY_BYTES", pem("client.key")).run().exits(2).stderr_is(expect![[r#"
            error: cannot ask Vault
              said       the client's key is not supported: the supported keys are RSA of 2048 to 4096 bits, ECDSA on P-256, P-384 or P-521, and Ed25519
              asked for  role ci at auth/jwt/login of https://127.0.0.1:1
        "#]]);
    }
}

/// Reported before anything is sent.
#[test]
fn a_client_key_of_another_certificate() {
    for key in ["P-256", "P-521", "rsa2048"] {
        let (directory, sandbox) = (Scratch::new(), Sandbox::start().unwrap());
        issue(&directory, "P-256", "sha256", "client", key);
        make_key(&directory, key, "other.key");
        let pem = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        let program = oidc_exchange(["vault", "--addr", "https://127.0.0.1:1", "--role", "ci", "A=b/c#d"]);
        let program = program.job(&sandbox).env("VAULT_CACERT_BYTES", pem("ca.pem"));
        let program = program.env("VAULT_CLIENT_CERT_BYTES", pem("client.pem"));
        let output = program.env("VAULT_CLIENT_KEY_BYTES", pem("other.key")).run();
        output.exits(2);
        let said = "said       the client's key is not the key of its certificate\n";
        assert!(output.stderr().contains(said), "{key}: {}", output.stderr());
    }
}

/// The error is the length of the key, not the signature.
#[test]
fn an_rsa_key_of_another_length() {
    for (authority, key, said) in [
        ("P-256", "rsa1024", "its RSA key has 1024 bits and is too short: 2048 bits at least, 8192 at most"),
        (
            "rsa1024",
            "P-256",
            "the RSA key of its authority has 1024 bits and is too short: 2048 bits at least, 8192 at most",
        ),
        (
            "rsa1536",
            "rsa2048",
            "the RSA key of its authority has 1536 bits and is too short: 2048 bits at least, 8192 at most",
        ),
    ] {
        let directory = Scratch::new();
        issue(&directory, authority, "sha256", "server", key);
        for version in ["1.2", "1.3"] {
            let server = Server::start(&directory, "server", version, &[]);
            let output = ask(&directory, &server, "127.0.0.1", "ca.pem");
            output.exits(5);
            let said = format!("said       the certificate of 127.0.0.1:PORT is not trusted: {said}\n");
            assert!(output.told().contains(&said), "{authority} {key} TLS {version}: {}", output.told());
            let hint = "hint: issue that certificate again with an RSA key of 2048 bits or more\n";
            assert!(output.told().contains(hint), "{}", output.told());
        }
    }
}

/// The common name does not count (RFC 9525), nor does a name of another kind.
#[test]
fn a_certificate_that_names_no_host() {
    for names in
        ["", "subjectAltName=email:a@b.test", "subjectAltName=URI:https://127.0.0.1", "subjectAltName=RID:1.2.3.4"]
    {
        let directory = Scratch::new();
        signed_by(&directory, "basicConstraints=critical,CA:TRUE\n", "-days 2");
        directory.write("extensions", format!("basicConstraints=CA:FALSE\n{names}\n"));
        openssl(
            &directory,
            "x509 -req -in server.csr -CA signer.pem -CAkey signer.key -CAcreateserial -days 2 -extfile extensions -out server.pem",
        );
        let server = Server::start(&directory, "server", "1.3", &[]);
        ask(&directory, &server, "127.0.0.1", "signer.pem").exits(5).stderr_is(expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the certificate of 127.0.0.1:PORT is not trusted: its subjectAltName has no DNS name and no IP address, and 127.0.0.1 is required there
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: write a name of the certificate into the address, or add this name to the certificate's subjectAltName
        "#]]);
    }
}

/// The forms of a certificate's file that OpenSSL writes.
#[test]
fn a_file_of_another_form() {
    let directory = Scratch::new();
    issue(&directory, "P-256", "sha256", "server", "P-256");
    let pem = fs::read_to_string(directory.path().join("ca.pem")).unwrap();
    directory.write("old.pem", pem.replace(" CERTIFICATE", " X509 CERTIFICATE"));
    openssl(&directory, "x509 -in ca.pem -outform DER -out ca.der");
    openssl(&directory, "x509 -in ca.pem -trustout -addreject serverAuth -out trusted.pem");
    openssl(&directory, "crl2pkcs7 -nocrl -certfile ca.pem -out ca.p7b");
    openssl(&directory, "crl2pkcs7 -nocrl -certfile ca.pem -outform DER -out ca.p7");
    openssl(&directory, "pkcs12 -export -nokeys -in ca.pem -passout pass:x -out ca.p12");
    openssl(&directory, "pkey -in ca.key -outform DER -out key.der");
    let server = Server::start(&directory, "server", "1.3", &[]);
    reached(&ask(&directory, &server, "127.0.0.1", "old.pem"), "X509 CERTIFICATE");
    for (file, said) in [
        ("ca.der", "is DER, not PEM; convert it with: openssl x509 -inform DER -in FILE -out FILE.pem"),
        ("trusted.pem", "holds a TRUSTED CERTIFICATE of OpenSSL; convert it with: openssl x509 -in FILE -out FILE.pem"),
        (
            "ca.p7b",
            "holds PKCS #7, not certificates; convert it with: openssl pkcs7 -print_certs -in FILE -out FILE.pem",
        ),
        (
            "ca.p7",
            "is PKCS #7, not PEM; convert it with: openssl pkcs7 -inform DER -print_certs -in FILE -out FILE.pem",
        ),
        ("ca.p12", "is PKCS #12, not PEM; convert it with: openssl pkcs12 -nokeys -in FILE -out FILE.pem"),
        ("key.der", "holds no PEM certificate"),
    ] {
        let output = ask(&directory, &server, "127.0.0.1", file);
        output.exits(2);
        assert!(output.told().contains(&format!("trusted.pem {said}\n")), "{file}: {}", output.told());
    }
    // Each command converts its file.
    for command in [
        "x509 -inform DER -in ca.der -out made.pem",
        "x509 -in trusted.pem -out made.pem",
        "pkcs7 -print_certs -in ca.p7b -out made.pem",
        "pkcs7 -inform DER -print_certs -in ca.p7 -out made.pem",
        "pkcs12 -nokeys -passin pass:x -in ca.p12 -out made.pem",
    ] {
        openssl(&directory, command);
        reached(&ask(&directory, &server, "127.0.0.1", "made.pem"), command);
    }
}

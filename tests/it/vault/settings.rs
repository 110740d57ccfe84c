//! The variables of the real clients, with the real server over TLS.

use super::World;
use crate::support::peers::openbao_name;
use crate::support::{Program, expect};

const READ: &str = "A=ID/kv2/ci/db#user";
const GOOD: &str = "export A='app';\n";

fn over_tls<'w>(world: &'w World, arguments: &[&str]) -> Program<'w> {
    let url = world.bao.tls_url();
    let host = url.strip_prefix("https://").unwrap().to_owned();
    world.vault(arguments).env("VAULT_ADDR", &url).word(&host, "BAO-TLS")
}

#[test]
fn the_servers_own_authority_as_file_text_and_directory() {
    let world = World::new();
    let ca = world.bao.tls.ca_pem();
    over_tls(&world, &[READ]).run().exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       the certificate of BAO-TLS is not trusted: no trusted authority signed it
          asked for  role ci at auth/jwt-ID/login of https://BAO-TLS

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
        hint: VAULT_CACERT (or VAULT_CACERT_BYTES, VAULT_CAPATH) names the server's own CA, VAULT_TLS_SERVER_NAME the name in its certificate
    "#]]);
    over_tls(&world, &[READ]).env("VAULT_CACERT_BYTES", &ca).run().exits(0).exports_are(GOOD);
    let program = over_tls(&world, &[READ, "--ca-file", "ca.pem"]);
    program.scratch().write("ca.pem", &ca);
    program.run().exits(0).exports_are(GOOD);
    let program = over_tls(&world, &[READ]).env("BAO_CACERT", "ca.pem").env("VAULT_CACERT", "absent.pem");
    program.scratch().write("ca.pem", &ca);
    program.run().exits(0).exports_are(GOOD);
    let program = over_tls(&world, &[READ]).env("VAULT_CAPATH", "cas");
    program.scratch().write("cas/ca.pem", &ca);
    program.run().exits(0).exports_are(GOOD);
}

/// The CLI reads this variable as a file, or as a directory with everything below it.
#[test]
fn a_tree_of_certificates() {
    let world = World::new();
    let ca = world.bao.tls.ca_pem();
    for (value, file) in [
        ("ca.pem", "ca.pem"),
        ("cas", "cas/of/old/and/new/ca.crt"),
        ("cas/", "cas/.hidden/ca"),
        ("./cas/of/..", "cas/ca.pem"),
    ] {
        for variable in ["VAULT_CAPATH", "BAO_CAPATH"] {
            let program = over_tls(&world, &[READ]).env(variable, value);
            program.scratch().write("cas/of/readme.txt", "not a certificate\n");
            program.scratch().write(file, &ca);
            program.run().exits(0).exports_are(GOOD);
        }
    }
}

#[test]
fn an_address_with_https_where_the_server_speaks_http() {
    let world = World::new();
    let output = world.vault(&[READ]).env("VAULT_ADDR", world.bao.url().replace("http://", "https://")).run();
    output.exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       BAO does not speak TLS
          asked for  role ci at auth/jwt-ID/login of https://BAO

        hint: check the port; if it speaks plain http, write http:// in place of https://
    "#]]);
    assert!(output.took < std::time::Duration::from_secs(10), "{:?}", output.took);
}

#[test]
fn an_address_with_the_apis_version() {
    let world = World::new();
    for path in ["/v1", "/v1/", "/below/v1"] {
        let output = world.vault(&[READ]).env("VAULT_ADDR", format!("{}{path}", world.bao.url())).run();
        output.exits(2).stderr_is(expect![[r#"
            error: VAULT_ADDR is not a server's address: it ends with /v1, which each request adds

            hint: write it as https://vault.example.com:8200
        "#]]);
    }
}

#[test]
fn the_name_in_the_certificate() {
    let world = World::new();
    let named = |name: &str| {
        over_tls(&world, &[READ]).env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).env("VAULT_TLS_SERVER_NAME", name)
    };
    named(openbao_name()).run().exits(0).exports_are(GOOD);
    named("other.test").run().exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       the certificate of BAO-TLS is not trusted: it is for vault.test, 127.0.0.1, not for other.test
          asked for  role ci at auth/jwt-ID/login of https://BAO-TLS

        hint: write a name of the certificate into the address, or add this name to the certificate's subjectAltName
        hint: VAULT_CACERT (or VAULT_CACERT_BYTES, VAULT_CAPATH) names the server's own CA, VAULT_TLS_SERVER_NAME the name in its certificate
    "#]]);
    named("127.0.0.1").run().exits(2).stderr_is(expect![[r#"
        error: VAULT_TLS_SERVER_NAME is not the name of a host
    "#]]);
}

#[test]
fn client_certificates() {
    let world = World::new();
    let url = world.bao.mutual_url();
    let program = || world.vault(&[READ]).env("VAULT_ADDR", &url).env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem());
    // The server's reason may or may not arrive before the connection is closed.
    let output = program().args(["-q", "--timeout", "1s"]).run();
    let said = output.exits(5).stderr();
    assert!(said.contains("client certificate") && said.contains("VAULT_CLIENT_CERT"), "{said}");
    let (certificate, key) = world.bao.tls.server_pem(&["client.test"]).unwrap();
    let with = program().env("VAULT_CLIENT_CERT", "client.pem").env("VAULT_CLIENT_KEY", "client.key");
    with.scratch().write("client.pem", &certificate);
    with.scratch().write("client.key", &key);
    with.run().exits(0).exports_are(GOOD);
    program()
        .env("VAULT_CLIENT_CERT_BYTES", certificate)
        .env("VAULT_CLIENT_KEY_BYTES", key)
        .run()
        .exits(0)
        .exports_are(GOOD);
}

#[test]
fn what_is_not_done_is_refused_before_anything_is_sent() {
    let world = World::new();
    let with = |name: &str, value: &str| world.vault(&[READ]).env(name, value).run();
    with("VAULT_SKIP_VERIFY", "true").exits(2).stderr_is(expect![[r#"
        error: VAULT_SKIP_VERIFY is set, which is not done here

        hint: trust the server's own CA instead: VAULT_CACERT names its certificate, VAULT_CACERT_BYTES holds it
    "#]]);
    with("BAO_SKIP_VERIFY", "maybe").exits(2).stderr_is(expect![[r#"
        error: BAO_SKIP_VERIFY is neither true nor false
    "#]]);
    with("VAULT_SRV_LOOKUP", "1").exits(2).stderr_is(expect![[r#"
        error: VAULT_SRV_LOOKUP is set, which is not done here

        hint: name the server's host and port instead
    "#]]);
    with("VAULT_CLIENT_TIMEOUT", "soon").exits(2).stderr_is(expect![[r#"
        error: VAULT_CLIENT_TIMEOUT is not a duration

        hint: write it as 30, 30s or 1m30s
    "#]]);
    with("VAULT_CACERT", "absent.pem").exits(0);
    with("VAULT_CACERT_BYTES", "nonsense").exits(2).stderr_is(expect![[r#"
        error: VAULT_CACERT_BYTES holds no PEM certificate
    "#]]);
    with("VAULT_CLIENT_CERT", "absent.pem").exits(2).stderr_is(expect![[r#"
        error: VAULT_CLIENT_CERT: cannot read absent.pem: No such file or directory (os error 2)
    "#]]);
    with("BAO_ADDR", "").exits(2).stderr_is(expect![[r#"
        error: no Vault address was given

        hint: name it with --addr https://vault.example.com:8200, or with the variable VAULT_ADDR
        hint: BAO_ADDR is set, and empty, and beats VAULT_ADDR even so: unset it
    "#]]);
    world
        .vault(&[READ])
        .env("BAO_ADDR", world.bao.url())
        .env("VAULT_ADDR", "http://127.0.0.1:1")
        .run()
        .exits(0)
        .exports_are(GOOD);
}

#[test]
fn http_to_a_port_of_tls() {
    let world = World::new();
    let url = world.bao.tls_url().replace("https", "http");
    let output = world.vault(&["-q", "--timeout", "1s", READ]).env("VAULT_ADDR", &url).run();
    // Its answer may be lost with the connection.
    let said = output.exits(5).stderr();
    assert!(said.contains("speak") && said.contains("TLS") && said.contains("https://"), "{said}");
}

#[test]
fn a_namespace_is_a_world_of_its_own() {
    let world = World::new();
    world.namespace();
    for program in [
        world.vault(&["--namespace", "ns-ID", "A=secret/x#v", "--format", "raw"]),
        world.vault(&["A=secret/x#v", "--format", "raw"]).env("VAULT_NAMESPACE", format!("ns-{}/", world.id)),
    ] {
        program.run().exits(0).stdout_is("of the namespace");
    }
    let output = world.vault(&["--namespace", "ns-ID", "--format", "json"]).run();
    output.exits(0);
    let found: serde_json::Value = serde_json::from_str(&output.stdout()).unwrap();
    assert_eq!(found["VAULT_NAMESPACE"], format!("ns-{}", world.id));
}

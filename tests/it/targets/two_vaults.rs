//! Two Vault servers in one run, both over https: a real OpenBao and the sandbox's.

use sandbox::{Tls, vault::Vault};
use serde_json::json;

use crate::support::recorder::closed_port;
use crate::support::{Output, Program, expect, oidc_exchange};
use crate::vault::World;

/// The first server is the world's OpenBao.
struct Servers {
    world: World,
    second: Vault,
    authority: Tls,
}

impl Servers {
    fn new() -> Self {
        let (world, authority) = (World::new(), Tls::new().unwrap());
        let second = Vault::start_tls(&authority.server(&["127.0.0.1"]).unwrap()).unwrap();
        let issuer = world.sandbox.issuer.url();
        second.trust_issuer(&issuer);
        second.create_role("ci", &issuer, serde_json::Map::new(), &["app"]);
        second.write("app", json!({ "user": "other" }));
        Self { world, second, authority }
    }

    /// `use` with a target of the first server, two of the second, one of each with equal names, and one without a
    /// server.
    fn run_of(&self, words: &[&str], second: &str) -> Program<'_> {
        let (one, id) = (self.world.bao.tls_url(), &self.world.id);
        let target = |name: &str, addr: &str, rest: &str| {
            format!("[target.{name}.vault]\naddr = '{addr}'\nrole = 'ci'\n{rest}\n")
        };
        let first = |secret: &str| format!("mount = 'jwt-{id}'\nsecrets = ['{secret}']");
        let file = [
            "version = 1\n".to_owned(),
            target("one", &one, &first(&format!("ONE={id}/kv2/ci/db#user"))),
            target("same", &one, &first(&format!("TWO={id}/kv2/ci/db#user"))),
            target("one-token", &one, &format!("mount = 'jwt-{id}'")),
            target("denied", &one, &first(&format!("DENIED={id}/kv2/else/db#user"))),
            target("two", second, "secrets = ['TWO=secret/app#user']"),
            target("two-again", second, "secrets = ['AGAIN=secret/app#user']"),
            target("two-token", second, ""),
        ];
        let program = oidc_exchange(["use"]).args(words).args(["--ca-file", "both.pem"]).job(&self.world.sandbox);
        program.scratch().write("oidc-exchange.toml", file.concat());
        program.scratch().write("both.pem", format!("{}{}", self.world.bao.tls.ca_pem(), self.authority.ca_pem()));
        let program = self.world.named(program).env_remove("VAULT_ADDR");
        program.word(&one[8..], "ONE").word(&second[8..], "TWO")
    }

    fn run(&self, words: &[&str]) -> Output {
        self.run_of(words, &self.second.url()).run()
    }

    fn logins_at_the_first(&self) -> usize {
        self.world.requests().iter().filter(|request| request.ends_with("/login")).count()
    }

    fn logins_at_the_second(&self) -> usize {
        self.second.requests().iter().filter(|request| request.path.ends_with("/login")).count()
    }

    /// Every client token of both servers is revoked.
    fn nothing_lives(&self) {
        assert!(self.world.tokens().is_empty(), "{:?}", self.world.tokens());
        assert!(self.second.issued().iter().all(|token| !self.second.is_good(token)));
    }
}

#[test]
fn each_has_one_login_and_both_are_revoked() {
    let servers = Servers::new();
    let output = servers.run(&["two", "one", "two-again", "--format", "env-no-export"]);
    output.exits(0).stdout_is("TWO=other\nAGAIN=other\nONE=app\n");
    assert_eq!(
        (servers.logins_at_the_first(), servers.logins_at_the_second(), servers.second.issued().len()),
        (1, 1, 1)
    );
    servers.nothing_lives();
    output.stderr_is(expect![[r#"
        warning: target two: the token goes to https://TWO, which oidc-exchange.toml names
        warning: target one: the token goes to https://ONE, which oidc-exchange.toml names
        warning: target two-again: the token goes to https://TWO, which oidc-exchange.toml names
    "#]]);
}

/// A token that would have been exported is revoked too if the other server refuses.
#[test]
fn a_refusal_of_one_revokes_what_the_other_gave() {
    let servers = Servers::new();
    let tags = json!({ "ref_type": "tag" }).as_object().cloned().unwrap();
    servers.second.create_role("ci", &servers.world.sandbox.issuer.url(), tags, &["app"]);
    let output = servers.run(&["one-token", "two"]);
    output.exits(4).stderr_is(expect![[r#"
        warning: target one-token: the token goes to https://ONE, which oidc-exchange.toml names
        warning: target two: the token goes to https://TWO, which oidc-exchange.toml names
        error: target two: Vault refused the token
          said       400 error validating claims: claim "ref_type" does not match any associated bound claim values
          asked for  role ci at auth/jwt/login of https://TWO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: auth/jwt/role/ci does not allow `ref_type` branch
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    assert_eq!(servers.logins_at_the_first(), 1);
    servers.nothing_lives();

    let servers = Servers::new();
    let output = servers.run(&["two-token", "denied"]);
    output.exits(4).stderr_is(expect![[r#"
        warning: target two-token: the token goes to https://TWO, which oidc-exchange.toml names
        warning: target denied: the token goes to https://ONE, which oidc-exchange.toml names
        error: target denied: Vault refused ID/kv2/data/else/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/data/else/db of https://ONE
          presented  role ci, policies default, ID

        hint: the token's policies allow neither spelling of the path
        hint: path "ID/kv2/data/else/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
    assert_eq!(servers.second.issued().len(), 1);
    servers.nothing_lives();
}

#[test]
fn a_server_that_is_down_is_named_with_its_target() {
    let servers = Servers::new();
    let nowhere = format!("https://127.0.0.1:{}", closed_port());
    let output = servers.run_of(&["one-token", "two", "--timeout", "3s"], &nowhere).run();
    output.exits(5).stderr_is(expect![[r#"
        warning: target one-token: the token goes to https://ONE, which oidc-exchange.toml names
        warning: target two: the token goes to https://TWO, which oidc-exchange.toml names
        warning: TWO refused the connection; trying again for up to T s
        error: target two: Vault could not be reached or kept failing
          said       TWO refused the connection
          asked for  role ci at auth/jwt/login of https://TWO
          tried      N attempts in T s

        hint: check the address, and that a server is running there
    "#]]);
    servers.nothing_lives();
}

#[test]
fn secrets_of_one_name_collide_before_anything_is_sent() {
    let servers = Servers::new();
    servers.run(&["same", "two"]).exits(2).stderr_is(expect![[r#"
        error: TWO is for the target same and for the target two

        hint: give one of them other names: aws.env-prefix, aws.profile, or another variable for a secret
        hint: or use them in two runs
    "#]]);
    servers.run(&["one-token", "two-token"]).exits(2).stderr_is(expect![[r#"
        error: VAULT_TOKEN is for the target one-token and for the target two-token

        hint: give one of them other names: aws.env-prefix, aws.profile, or another variable for a secret
        hint: or use them in two runs
    "#]]);
    assert!(servers.world.requests().is_empty() && servers.second.requests().is_empty());
}

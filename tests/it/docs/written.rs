//! docs/environment.md, the table of exported variables: each row is run in the sandbox.

use std::collections::BTreeSet;

use regex_lite::Regex;
use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, PROVIDER, REGISTRY, Sandbox, TENANT};

use crate::registry::azure::Cloud;
use crate::support::{Output, Program, oidc_exchange};

const PAGE: &str = include_str!("../../../docs/environment.md");

type Names = BTreeSet<String>;

/// A row's cells.
fn row(command: &str) -> [String; 2] {
    let table = PAGE.lines().skip_while(|line| *line != "| command | sets | unsets |").skip(2);
    let rows = table.take_while(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = rows.map(|line| line.trim_matches(['|', ' ']).split(" | ").collect()).collect();
    assert_eq!(rows.len(), 20, "a new row is one that this test must run");
    let found = rows.iter().find(|cells| cells[0] == command).unwrap_or_else(|| panic!("no row {command}"));
    [found[1].to_owned(), found[2].to_owned()]
}

/// The variables that a cell names.
fn named(cell: &str) -> Names {
    Regex::new(r"`([A-Z][A-Z_]+)`").unwrap().captures_iter(cell).map(|found| found[1].to_owned()).collect()
}

fn sets(command: &str) -> Names {
    named(&row(command)[0])
}

fn unsets(command: &str) -> Names {
    named(&row(command)[1])
}

/// What a run sets and unsets.
fn written(output: &Output) -> (Names, Names) {
    output.exits(0);
    let text = output.stdout();
    let exported = Regex::new(r"(?m)^export ([A-Z_]+)=").unwrap();
    let set = exported.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let lines = text.lines().filter_map(|line| line.strip_prefix("unset ")?.strip_suffix(';'));
    (set, lines.flat_map(|names| names.split(' ')).map(str::to_owned).collect())
}

fn aws<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(more).job(sandbox)
}

#[test]
fn by_aws() {
    let sandbox = Sandbox::start().unwrap();
    let run = |more: &[&str]| written(&aws(&sandbox, more).run());
    let (keys, beaten) = (sets("`aws`"), unsets("`aws`"));
    assert!(keys.len() == 5 && beaten.len() == 9);
    assert_eq!(run(&[]), (keys.clone(), beaten.clone()));

    let with_region = "`aws`, with a region given";
    assert!(row(with_region)[0].starts_with("the same, ") && row(with_region)[1] == "the same");
    assert_eq!(run(&["--region", "eu-west-1"]), (&keys | &sets(with_region), beaten.clone()));

    let prefixed = keys.iter().map(|name| format!("P_{name}")).collect();
    assert_eq!(row("`aws --env-prefix P_`")[1], "nothing");
    assert_eq!(run(&["--env-prefix", "P_"]), (prefixed, Names::new()));

    let refreshable = sets("`aws --refreshable`");
    assert_eq!(run(&["--refreshable"]), (refreshable.clone(), &(&keys | &beaten) - &refreshable));

    assert_eq!(row("`aws --profile NAME`"), ["nothing", "nothing"]);
    aws(&sandbox, &["--profile", "ci"]).run().exits(0).stdout_is("");

    assert_eq!(row("`aws --registry HOST`"), ["nothing", "nothing"]);
    aws(&sandbox, &["--registry", "public.ecr.aws"]).run().exits(0).stdout_is("");
}

/// Without a service account, or as one, with these additional arguments.
fn gcp<'s>(sandbox: &'s Sandbox, account: bool, more: &[&str]) -> Program<'s> {
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    let program = oidc_exchange(["gcp", "--provider", PROVIDER]).args(endpoints).args(more).job(sandbox);
    if account { program.args(["--service-account", DEPLOY_ACCOUNT]) } else { program }
}

#[test]
fn by_gcp() {
    let sandbox = Sandbox::start().unwrap();
    let (files, beaten) = (sets("`gcp`"), unsets("`gcp`"));
    let boto = Names::from(["BOTO_CONFIG".to_owned()]);
    assert_eq!(written(&gcp(&sandbox, false, &[]).run()), (files.clone(), &beaten - &boto));
    let with_boto = gcp(&sandbox, false, &[]).env("BOTO_CONFIG", "/dev/null").run();
    assert_eq!(written(&with_boto), (files.clone(), beaten.clone()));

    let as_account = "`gcp --service-account EMAIL`, where the job has chosen no project";
    assert!(row(as_account)[0].starts_with("the same, ") && row(as_account)[1] == "the same");
    assert_eq!(written(&gcp(&sandbox, true, &[]).run()), (&files | &sets(as_account), &beaten - &boto));
    let chosen = gcp(&sandbox, true, &[]).env("GCP_PROJECT", "mine").run();
    assert_eq!(written(&chosen), (files.clone(), &beaten - &boto));

    let tokens = sets("`gcp --no-credentials-file --access-token`");
    let output = gcp(&sandbox, false, &["--no-credentials-file", "--access-token"]).run();
    assert_eq!(written(&output), (tokens.clone(), &(&beaten - &boto) - &tokens));

    assert_eq!(row("`gcp --registry HOST`"), ["nothing", "nothing"]);
    gcp(&sandbox, true, &["--registry", "gcr.io"]).run().exits(0).stdout_is("");

    let id_token = sets("`gcp --id-token-audience AUDIENCE`");
    assert_eq!(id_token.len(), 1);
    let output = gcp(&sandbox, true, &["--id-token-audience", "https://web.example"]).run();
    assert_eq!(written(&output), (&(&files | &sets(as_account)) | &id_token, &beaten - &boto));
    let output = gcp(&sandbox, true, &["--id-token-audience", "https://web.example", "--id-token-env", "MINE"]).run();
    assert!(written(&output).0.contains("MINE"));
}

#[test]
fn by_azure() {
    let sandbox = Sandbox::start().unwrap();
    let azure =
        |more: &[&str]| oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT]).args(more).job(&sandbox);
    let (set, beaten) = (sets("`azure`"), unsets("`azure`"));
    let authority = Names::from(["AZURE_AUTHORITY_HOST".to_owned()]);
    let elsewhere = "`azure`, in another cloud, with a subscription given";
    assert!(
        row(elsewhere)[0].starts_with("the same, ") && row(elsewhere)[1] == "the same, except the first of the two"
    );
    let subscription = ["--subscription-id", "11112222-bbbb-3333-cccc-4444dddd5555"];
    assert_eq!(written(&azure(&subscription).run()), (&set | &sets(elsewhere), &beaten - &authority));
    assert_eq!(written(&azure(&[]).run()), (&set | &authority, &beaten - &authority));

    assert_eq!(row("`azure --access-token-env NAME`"), ["NAME as well", "the same as `azure`"]);
    let output = azure(&["--access-token-env", "MINE"]).run();
    assert!(written(&output).0.contains("MINE"));

    assert_eq!(row("`azure --registry HOST`"), ["nothing", "nothing"]);
    let cloud = Cloud::new();
    let ids = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
    cloud.job(oidc_exchange(ids).args(["--ca-file", "ca.pem", "--registry", REGISTRY])).run().exits(0).stdout_is("");

    let az = "`azure --az`";
    assert!(row(az)[0].ends_with("; `AZURE_EXTENSION_DIR` where az has extensions"));
    assert_eq!(row(az)[1], "the same as `azure`");
    let extensions = Names::from(["AZURE_EXTENSION_DIR".to_owned()]);
    let output = azure(&["--az"]).env("AZURE_CLOUD_NAME", "Sandbox").run();
    assert_eq!(written(&output), (&(&set | &authority) | &(&sets(az) - &extensions), &beaten - &authority));
}

#[test]
fn by_vault() {
    let sandbox = Sandbox::start().unwrap();
    let vault = |more: &[&str]| oidc_exchange(["vault", "--role", "ci"]).args(more).job(&sandbox);
    let name = |name: &str| Names::from([name.to_owned()]);
    assert_eq!(row("`vault NAME=…`"), ["each NAME", "what is `?optional` and absent"]);
    let output = vault(&["A=secret/production/db#password", "B=secret/production/db?optional#absent"]).run();
    assert_eq!(written(&output), (name("A"), name("B")));

    let token = "`vault`, or with `--export-token`";
    let (set, unset) = (sets(token), unsets(token));
    assert!(row(token)[0].ends_with("`VAULT_NAMESPACE` where there is one"));
    assert!(row(token)[1].ends_with("`BAO_NAMESPACE` with a namespace"));
    let plain = (&set - &name("VAULT_NAMESPACE"), &unset - &name("BAO_NAMESPACE"));
    assert_eq!(written(&vault(&[]).run()), plain);
    let output = vault(&["--export-token", "A=secret/production/db#password"]).run();
    assert_eq!(written(&output), (&plain.0 | &name("A"), plain.1));
    // The sandbox's Vault has one namespace, with any name.
    let output = vault(&["--namespace", "team"]).run();
    assert_eq!(written(&output), (set, unset));
}

#[test]
fn by_clean() {
    let [nothing, cell] = row("`clean`");
    assert_eq!(nothing, "nothing");
    let last = ["CLOUDSDK_CONFIG", "AZURE_CONFIG_DIR", "AZURE_CLOUD_NAME"].map(str::to_owned).into_iter().collect();
    let clean = || oidc_exchange(["clean"]);
    assert_eq!(written(&clean().run()), (Names::new(), &named(&cell) - &last));
    let program = clean();
    let place = program.scratch().path().join("job");
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let program = program.env("OIDC_EXCHANGE_DIR", &place).env("CLOUDSDK_CONFIG", place.join("gcloud-x"));
    let program = program.env("AZURE_CONFIG_DIR", place.join("az-x"));
    assert_eq!(written(&program.run()), (Names::new(), named(&cell)));
}

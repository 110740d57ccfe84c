//! Compares our requests with Google's description of its services, which its client library contains.

use std::collections::BTreeSet;

use oidc_exchange::google::{Endpoints, ServiceAccount, UniverseDomain};
use sandbox::{DEPLOY_ACCOUNT, Request, Sandbox};
use serde_json::Value;

use super::deploy;
use crate::support::peers;

pub(super) fn document(name: &str) -> Value {
    let lib = peers::google().python().ancestors().nth(2).unwrap().join("lib");
    let python = lib.read_dir().unwrap().next().unwrap().unwrap().path();
    let path = python.join(format!("site-packages/googleapiclient/discovery_cache/documents/{name}.json"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// The method with this id, anywhere in the tree of resources.
pub(super) fn method(tree: &Value, id: &str) -> Option<Value> {
    let within = |part: &str| tree[part].as_object().into_iter().flat_map(|map| map.values()).collect::<Vec<_>>();
    let own = within("methods").into_iter().find(|method| method["id"] == id).cloned();
    own.or_else(|| within("resources").into_iter().find_map(|resource| method(resource, id)))
}

/// Whether the path is the method's: its pattern is a regular expression for the one parameter.
#[track_caller]
fn asks(request: &Request, method: &Value) {
    assert_eq!(method["httpMethod"], request.method.as_str());
    let template = method["path"].as_str().unwrap();
    let pattern = match template.split_once("{+name}") {
        Some((before, after)) => {
            let name = method["parameters"]["name"]["pattern"].as_str().unwrap();
            format!("^/{before}{}{after}$", name.trim_start_matches('^').trim_end_matches('$'))
        }
        None => format!("^/{template}$"),
    };
    assert!(regex_lite::Regex::new(&pattern).unwrap().is_match(&request.path), "{} is not {pattern}", request.path);
}

/// Whether every member is in the schema, with its type.
#[track_caller]
fn fits(body: &Value, schema: &Value) {
    for (name, value) in body.as_object().unwrap() {
        let fitting = match schema["properties"][name]["type"].as_str() {
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            _ => false,
        };
        assert!(fitting, "`{name}` is not in the schema, or of another type");
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn the_token_exchange_is_as_sts_describes_it() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &[]).run().exits(0);
    let sts = document("sts.v1");
    let request = &sandbox.google.sts.requests()[0];
    asks(request, &method(&sts, "sts.token").unwrap());
    let sent: BTreeSet<String> = request.form.iter().map(|(name, _)| camel(name)).collect();
    let properties = sts["schemas"]["GoogleIdentityStsV1ExchangeTokenRequest"]["properties"].as_object().unwrap();
    assert!(sent.iter().all(|name| properties.contains_key(name)), "{sent:?}");
    let required = properties.iter().filter(|(_, property)| {
        property["description"].as_str().is_some_and(|description| description.starts_with("Required."))
    });
    let required: BTreeSet<String> = required.map(|(name, _)| name.clone()).collect();
    assert!(!required.is_empty() && required.is_subset(&sent), "{required:?}");
}

#[test]
fn the_account_s_tokens_are_asked_for_as_iam_describes_it() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--lifetime", "10m", "--id-token-audience", "https://run.test", "--include-email"];
    deploy(&sandbox, &options).run().exits(0);
    let iam = document("iamcredentials.v1");
    let requests = sandbox.google.iam.requests();
    for (request, name) in requests.iter().zip(["generateAccessToken", "generateIdToken"]) {
        let method = method(&iam, &format!("iamcredentials.projects.serviceAccounts.{name}")).unwrap();
        asks(request, &method);
        let schema = &iam["schemas"][method["request"]["$ref"].as_str().unwrap()];
        fits(&serde_json::from_slice(&request.body).unwrap(), schema);
        let scopes = method["scopes"].as_array().unwrap();
        let sent = sandbox.google.sts.requests()[0].field("scope").map(str::to_owned);
        // The document names only the wide scope. https://google.aip.dev/auth/4117 also names the narrow one.
        assert_eq!(sent.as_deref(), Some("https://www.googleapis.com/auth/iam"));
        assert!(scopes.iter().any(|scope| scope == "https://www.googleapis.com/auth/cloud-platform"));
    }
    assert_eq!(requests.len(), 2);
}

#[test]
fn the_addresses_are_those_of_the_documents() {
    let endpoints = Endpoints::new(UniverseDomain::default(), None, None).unwrap();
    let account = ServiceAccount::parse("x", DEPLOY_ACCOUNT, &UniverseDomain::default()).unwrap();
    let base = |name: &str| document(name)["baseUrl"].as_str().unwrap().to_owned();
    assert_eq!(endpoints.token(), format!("{}v1/token", base("sts.v1")));
    let path = format!("v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateAccessToken");
    assert_eq!(endpoints.generate_access_token(&account), format!("{}{path}", base("iamcredentials.v1")));
}

//! The issuer's documents and tokens, as the reference describes Semaphore's.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sandbox::issuer::{DISCOVERY, JWKS};
use sandbox::{Curve, Issuer, Job, Outage};
use serde_json::{Value, json};

use crate::raw::{exchange, get};

fn document(issuer: &Issuer, path: &str) -> Value {
    serde_json::from_str(&exchange(issuer, &get(path)).body()).unwrap()
}

fn decode(token: &str, part: usize) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap()).unwrap()
}

#[test]
fn discovery_has_the_keys_of_semaphore() {
    let issuer = Issuer::start().unwrap();
    let raw = exchange(&issuer, &get("/.well-known/openid-configuration"));
    assert!(raw.text().contains("\r\ncache-control: max-age=900, public, must-revalidate\r\n"));
    let discovery: Value = serde_json::from_str(&raw.body()).unwrap();
    assert_eq!(discovery["issuer"], issuer.url());
    assert_eq!(discovery["jwks_uri"], format!("{}/.well-known/jwks.json", issuer.url()));
    assert_eq!(discovery["subject_types_supported"], json!(["public", "pairwise"]));
    assert_eq!(discovery["response_types_supported"], json!(["id_token"]));
    assert_eq!(discovery["id_token_signing_alg_values_supported"], json!(["RS256"]));
    assert_eq!(discovery["scopes_supported"], json!(["openid"]));
    assert_eq!(discovery.as_object().unwrap().len(), 7);
}

#[test]
fn keys_have_four_members_and_stay_after_a_rotation() {
    let issuer = Issuer::start().unwrap();
    let first = decode(&issuer.token(&Job::branch("main")), 0);
    issuer.rotate();
    let second = decode(&issuer.token(&Job::branch("main")), 0);
    assert_ne!(first["kid"], second["kid"]);
    assert_eq!(first["kid"].as_str().unwrap().len(), 32);
    let keys = document(&issuer, "/.well-known/jwks")["keys"].clone();
    let kids: Vec<&Value> = keys.as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&first["kid"], &second["kid"]]);
    let members: Vec<&String> = keys[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["e", "kid", "kty", "n"]);
}

#[test]
fn a_branch_job_has_the_claims_of_the_reference() {
    let issuer = Issuer::start().unwrap();
    let job = Job::branch("main").issued_at(1_786_313_600).with_id("c117e453-1189-4eaf-b03a-dd6538eb49b2");
    let token = issuer.token(&job);
    assert_eq!(decode(&token, 0).as_object().unwrap().len(), 3);
    let mut claims = decode(&token, 1);
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 24);
    let expected = json!({
        "org": "acme", "org_id": Job::ORG_ID, "prj": "web", "prj_id": Job::PROJECT_ID,
        "wf_id": "1be81412-6ab8-4fc0-9d0d-7af33335a6ec", "ppl_id": "1e1fcfb5-09c0-487e-b051-2d0b5514c42a",
        "job_id": "c117e453-1189-4eaf-b03a-dd6538eb49b2", "repo": "web", "actor": "", "tag": "",
        "ref": "refs/heads/main", "ref_type": "branch", "branch": "main", "pr": "", "pr_branch": "",
        "sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main",
        "sub127": "acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:br:heads/main",
        "iss": issuer.url(), "aud": issuer.url(), "job_type": "pipeline_job", "repo_slug": "acme/web",
        "trg": "h:f-i:f", "exp": 1_786_400_000, "iat": 1_786_313_600, "nbf": 1_786_313_600,
    });
    assert_eq!(claims, expected);
}

#[test]
fn other_jobs_differ_where_semaphore_differs() {
    let issuer = Issuer::start().unwrap();
    let pull = issuer.claims(&Job::pull_request(123, "feature-x"));
    assert_eq!(
        (&pull["branch"], &pull["pr"], &pull["pr_branch"]),
        (&json!("main"), &json!("123"), &json!("feature-x"))
    );
    assert_eq!(pull["sub127"], format!("acme:{}:web:pr:semaphoreci/5c84719708b9b649b9ef3b5", Job::PROJECT_ID));
    let tag = issuer.claims(&Job::tag("v1.0.0"));
    assert_eq!((&tag["branch"], &tag["tag"]), (&json!("refs/tags/v1.0.0"), &json!("")));
    let branch = Job::branch("main");
    let debug = issuer.claims(&Job::debug_of(&branch));
    assert_eq!(debug["sub"], issuer.claims(&branch)["sub"]);
    assert_ne!(debug["job_id"], branch.id());
    assert_eq!((&debug["job_type"], &debug["wf_id"]), (&json!("debug_job"), &json!("")));
    let project = issuer.claims(&Job::project_debug());
    assert_eq!(project["sub127"], format!("acme:{}:web::", Job::PROJECT_ID));
    assert!(project["sub"].as_str().unwrap().ends_with(":repo:web:ref_type::ref:"));
    assert_eq!((&project["branch"], &project["trg"], &project["repo_slug"]), (&json!("main"), &json!(""), &json!("")));
    assert_eq!(project["job_type"], "project_debug_job");
}

#[test]
fn claims_can_be_put_and_left_out_and_tags_follow_claims() {
    let issuer = Issuer::start().unwrap();
    let job = Job::branch("main").claim("org", "other").without("sub").audience(json!(["a", "b"])).aws_tags(true);
    let claims = issuer.claims(&job);
    assert_eq!((&claims["org"], claims.get("sub"), &claims["aud"]), (&json!("other"), None, &json!(["a", "b"])));
    let tags = &claims["https://aws.amazon.com/tags"];
    assert_eq!(tags["principal_tags"]["branch"], json!(["main"]));
    assert_eq!(tags["principal_tags"]["pr_branch"], json!([""]));
    assert_eq!(tags["transitive_tag_keys"].as_array().unwrap().len(), 8);
}

#[test]
fn an_outage_begins_and_ends() {
    let issuer = Issuer::start().unwrap();
    let path = get("/.well-known/jwks.json");
    issuer.set_outage(Outage::ServerError);
    assert_eq!([exchange(&issuer, &path).status(), exchange(&issuer, &path).status()], [500, 500]);
    issuer.set_outage(Outage::Html);
    assert!(exchange(&issuer, &path).body().contains("<html>"));
    issuer.set_outage(Outage::Unreachable);
    assert!(exchange(&issuer, &path).end.is_err());
    issuer.set_outage(None);
    assert_eq!(exchange(&issuer, &path).status(), 200);
}

#[test]
fn it_signs_with_a_curve_and_misleads_where_it_is_told_to() {
    for (curve, alg, name) in [(Curve::P256, "ES256", "P-256"), (Curve::P384, "ES384", "P-384")] {
        let issuer = Issuer::start().unwrap();
        issuer.rotate_to(curve);
        assert_eq!(document(&issuer, DISCOVERY)["id_token_signing_alg_values_supported"], json!(["RS256", alg]));
        let header = decode(&issuer.token(&Job::branch("main")), 0);
        let key = &document(&issuer, JWKS)["keys"][1];
        assert_eq!((&header["alg"], &header["kid"]), (&json!(alg), &key["kid"]));
        assert_eq!((&key["kty"], &key["crv"]), (&json!("EC"), &json!(name)));
    }
    let issuer = Issuer::start().unwrap();
    issuer.discover("issuer", "https://elsewhere.test");
    issuer.discover("scopes_supported", Value::Null);
    issuer.publish(Vec::new());
    let discovery = document(&issuer, DISCOVERY);
    assert_eq!(discovery["issuer"], "https://elsewhere.test");
    assert!(discovery.get("scopes_supported").is_none());
    assert_eq!(document(&issuer, JWKS), json!({ "keys": [] }));
    let claims = issuer.claims(&Job::branch("main"));
    let header = decode(&issuer.sign(&json!({ "kid": null, "alg": "HS256" }), &claims), 0);
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT" }));
}

//! Tests with SeaweedFS, an independent implementation: its STS verifies the token, and its S3 enforces session
//! policies.

use sandbox::{Issuer, Job, Tls, now};

use crate::support::peers::{self, Seaweed};
use crate::support::{Output, Program, oidc_exchange};

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn aws<'s>(seaweed: &Seaweed, token: &str, options: &[&str]) -> Program<'s> {
    oidc_exchange(["aws", "--role-arn", ROLE, "--timeout", "20s"])
        .args(options)
        .token(token)
        .env("SEMAPHORE_JOB_ID", "job-1")
        .env("AWS_ENDPOINT_URL", seaweed.url())
        .env("AWS_DEFAULT_REGION", "us-east-1")
}

fn main_branch() -> Job {
    Job::branch("main")
}

/// The server's answer to each bad token; none is retried.
#[track_caller]
fn refuses(seaweed: &Seaweed, issuer: &Issuer, options: &[&str]) {
    let other = Issuer::start().unwrap();
    let cases = [
        ("forged", issuer.forged(&main_branch()), "InvalidParameterValue"),
        ("unknown kid", issuer.unknown_kid(&main_branch()), "AccessDenied"),
        ("expired", issuer.token(&main_branch().issued_at(now() - 90_000).expires_at(now() - 30)), "ExpiredToken"),
        ("wrong audience", issuer.token(&main_branch().audience("sts.amazonaws.com")), "InvalidParameterValue"),
        ("wrong subject", issuer.token(&Job::branch("other")), "AccessDenied"),
        ("a tag", issuer.token(&Job::tag("main")), "AccessDenied"),
        ("unknown issuer", other.token(&main_branch()), "AccessDenied"),
    ];
    for (name, token, code) in cases {
        let output = aws(seaweed, &token, options).run();
        refused(name, &output, code);
    }
    let token = issuer.token(&main_branch());
    let output = oidc_exchange(["aws", "--role-arn", "arn:aws:iam::123456789012:role/nosuch", "--timeout", "20s"])
        .args(options)
        .token(&token)
        .env("AWS_ENDPOINT_URL", seaweed.url())
        .run();
    refused("no such role", &output, "AccessDenied");
}

#[track_caller]
fn refused(name: &str, output: &Output, code: &str) {
    let stderr = output.stderr();
    assert!(
        output.code == Some(4) && stderr.starts_with("error: AWS STS refused") && stderr.contains(code),
        "{name}: expected {code}\n{}",
        output.describe()
    );
    assert!(!stderr.contains("trying again"), "{name}: a refusal is not repeated");
}

const S3: &str = r#"
import boto3, botocore
s3 = boto3.client("s3")
def attempt(what, call):
    try:
        call(); print(what, "ok")
    except botocore.exceptions.ClientError as error:
        print(what, error.response["Error"]["Code"])
attempt("put", lambda: s3.put_object(Bucket="bucket", Key="key", Body=b"x"))
attempt("get", lambda: s3.get_object(Bucket="bucket", Key="key"))
"#;

#[test]
fn over_http() {
    let issuer = Issuer::start().unwrap();
    let seaweed = Seaweed::start(&issuer.url(), "1h");
    refuses(&seaweed, &issuer, &[]);
    let token = issuer.token(&main_branch());
    // SeaweedFS's answer does not contain the identity, so the run requests it.
    let output = aws(&seaweed, &token, &["--allowed-account-id", "123456789012", "-v"]).run();
    assert!(output.code == Some(0) && output.stderr().contains("in account 123456789012"), "{}", output.describe());
    let python = peers::aws().python();
    let s3 = |options: &[&str]| {
        let command = ["--", python.to_str().unwrap(), "-c", S3];
        aws(&seaweed, &token, options).args(command).run()
    };
    let create = "import boto3; boto3.client('s3').create_bucket(Bucket='bucket')";
    aws(&seaweed, &token, &["--", python.to_str().unwrap(), "-c", create]).run().exits(0);
    s3(&[]).exits(0).stdout_is("put ok\nget ok\n");
    let read = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bucket/*"]}]}"#;
    s3(&["--policy", read]).exits(0).stdout_is("put AccessDenied\nget ok\n");
}

#[test]
fn over_https_with_its_own_authority() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1"]).unwrap()).unwrap();
    let seaweed = Seaweed::start_tls(&issuer.url(), &tls);
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, tls.ca_pem()).unwrap();
    let ca = ca.to_str().unwrap();
    let token = issuer.token(&main_branch());
    aws(&seaweed, &token, &["--ca-file", ca, "--verify"]).run().exits(0);
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        aws(&seaweed, &token, &["--verify"]).env(variable, ca).run().exits(0);
    }
    let output = aws(&seaweed, &token, &[]).run();
    assert!(output.exits(5).stderr().contains("the certificate of 127.0.0.1:"), "{}", output.describe());
    refuses(&seaweed, &issuer, &["--ca-file", ca]);
}

/// Sessions of seconds, and programs that run for several of them.
const SESSION: &str = "6s";

const LONG: &str = r#"
import boto3, time
sts = boto3.client("sts")
keys = set()
for _ in range(9):
    sts.get_caller_identity()
    keys.add(boto3.DEFAULT_SESSION.get_credentials().get_frozen_credentials().access_key)
    time.sleep(2)
print("calls went on", len(keys) > 2)
"#;

#[test]
fn programs_go_on_past_the_end_of_a_session() {
    let issuer = Issuer::start().unwrap();
    let seaweed = Seaweed::start(&issuer.url(), SESSION);
    let token = issuer.token(&main_branch());
    let python = peers::aws().python();
    let python = python.to_str().unwrap();
    let cli = peers::aws().program("aws");
    let script = format!(
        "for n in 1 2 3 4 5; do '{}' sts get-caller-identity --query Account --output text || exit 1; sleep 3; done",
        cli.display()
    );
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let output = aws(&seaweed, &token, &["--refreshable", "--", python, "-c", LONG]).run();
            output.exits(0).stdout_is("calls went on True\n");
        });
        scope.spawn(|| {
            let output = aws(&seaweed, &token, &["--refreshable", "--", "sh", "-c", &script]).run();
            output.exits(0).stdout_is(&"123456789012\n".repeat(5));
        });
        scope.spawn(|| {
            let own = std::env::current_exe().unwrap();
            let program = ["--", own.to_str().unwrap(), "--ignored", "--exact", "aws::seaweed::rust_program"];
            let output = aws(&seaweed, &token, &["--refreshable", "--region", "us-east-1"]).args(program).run();
            assert!(output.exits(0).stdout().contains("1 passed"), "{}", output.describe());
        });
        // Without renewal, the same program fails, because the sessions expire.
        scope.spawn(|| {
            let output = aws(&seaweed, &token, &["--", python, "-c", LONG]).run();
            assert!(output.code == Some(1), "{}", output.describe());
        });
    });
}

/// A program with the Rust SDK, which finds everything in its environment, like a job's own program.
#[test]
#[ignore = "the next test runs it, as a COMMAND"]
fn rust_program() {
    use oidc_exchange::host::Host;
    use oidc_exchange::http::retry::Deadline;
    use oidc_exchange::http::{Client, Overrides, Proxies, Settings, Trust, smithy};

    let env = Host::real().env;
    let trust = Trust::new(&env, None, None).unwrap();
    let settings = Settings {
        trust,
        proxies: Proxies::from_env(&env).unwrap(),
        allow_http: None,
        overrides: Overrides::default(),
    };
    let http = Client::new(settings, Deadline::after(std::time::Duration::from_mins(1)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let defaults = aws_config::defaults(aws_config::BehaviorVersion::latest());
        let config = defaults.http_client(smithy::http_client(&http)).load().await;
        let sts = aws_sdk_sts::Client::new(&config);
        for _ in 0..5 {
            let identity = sts.get_caller_identity().send().await.unwrap();
            assert_eq!(identity.account(), Some("123456789012"));
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        }
    });
}

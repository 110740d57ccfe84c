//! `aws --format kubernetes`: the output, the number of calls to STS, and a comparison with tokens of AWS's own
//! tools.

use std::time::{Duration, SystemTime};

use sandbox::{Fault, Sandbox};

use super::{CLUSTER, address, again, answered, eks, job};
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, peers};

fn calls(sandbox: &Sandbox) -> usize {
    sandbox.aws.requests().len()
}

/// The cached session, with another expiry.
fn age(output: &Output, left: Duration) {
    let kept = output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let kept = kept.unwrap();
    let text = std::fs::read_to_string(&kept).unwrap();
    let end = humantime::format_rfc3339_seconds(SystemTime::now() + left).to_string();
    let session = text.split_once('\n').unwrap().1;
    let (before, after) = session.split_once("\"Expiration\": \"").unwrap();
    let after = after.split_once('"').unwrap().1;
    std::fs::write(kept, format!("{end}\n{before}\"Expiration\": \"{end}\"{after}")).unwrap();
}

/// Whether a time is this long from now, give or take a busy machine's ten seconds.
fn is_in(time: SystemTime, span: Duration) -> bool {
    let left = time.duration_since(SystemTime::now()).unwrap_or_default();
    left <= span && left + Duration::from_secs(10) >= span
}

#[test]
fn the_answer_is_the_contracts() {
    let sandbox = Sandbox::start().unwrap();
    let output = eks(&[]).job_of(&sandbox, &job()).run();
    let (token, expires) = answered(&output);
    assert!(is_in(expires, Duration::from_mins(14)), "{expires:?}");
    output.stderr_is(expect![[""]]).stdout_is(&format!(
        "{{\n  \"apiVersion\": \"client.authentication.k8s.io/v1\",\n  \"kind\": \"ExecCredential\",\n  \"status\": {{\n    \
         \"expirationTimestamp\": \"{}\",\n    \"token\": \"{token}\"\n  }}\n}}\n",
        humantime::format_rfc3339_seconds(expires)
    ));
    let issued = &sandbox.aws.issued()[0];
    let address = address(&token);
    let (date, _) = address.split_once("X-Amz-Date=").unwrap().1.split_once('&').unwrap();
    let (rest, signature) = address.split_once("&X-Amz-Signature=").unwrap();
    let token = issued.session_token.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F");
    assert_eq!(
        rest,
        format!(
            "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
             &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}%2Feu-west-1%2Fsts%2Faws4_request\
             &X-Amz-Date={date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\
             &X-Amz-Security-Token={token}",
            issued.access_key_id,
            &date[..8]
        )
    );
    assert_eq!(signature.len(), 64);
    // The token is new each time: only the session is kept.
    let kept = output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let kept = kept.expect("a cache");
    let text = std::fs::read_to_string(&kept).unwrap();
    assert_eq!(mode(&kept), 0o600);
    assert!(text.contains(&issued.session_token) && !text.contains("k8s-aws-v1"));
}

#[test]
fn the_session_is_asked_for_once_and_each_token_is_new() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let first = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    let (one, _) = answered(&first);
    // A token has its second in it.
    std::thread::sleep(Duration::from_millis(1100));
    let second = again(eks(&[]), &sandbox, &subject, first).run();
    let (two, expires) = answered(&second);
    assert!(one != two && is_in(expires, Duration::from_mins(14)));
    assert_eq!(calls(&sandbox), 1);
    let other = oidc_exchange(["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--eks-cluster", "other"]);
    let other = other.args(["--region", "eu-west-1", "--format", "kubernetes"]);
    let third = again(other, &sandbox, &subject, second).run();
    answered(&third);
    assert_eq!(calls(&sandbox), 2, "another cluster");
    let process = crate::aws::deploy(&["--region", "eu-west-1", "--format", "process"]);
    again(process, &sandbox, &subject, third).run().exits(0);
    assert_eq!(calls(&sandbox), 3, "another format");
}

/// A client that considers a token expired runs this program for every request.
#[test]
fn a_token_lives_as_long_as_clients_count_on() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let mut last = eks(&["--duration", "15m"]).job_of(&sandbox, &job()).token(&subject).run();
    answered(&last);
    for (left, renewed) in [(600, false), (370, false), (350, true), (330, true), (1, true), (0, true)] {
        age(&last, Duration::from_secs(left));
        let before = calls(&sandbox);
        last = again(eks(&["--duration", "15m"]), &sandbox, &subject, last).run();
        let (_, expires) = answered(&last);
        assert_eq!(calls(&sandbox) - before, usize::from(renewed), "{left} s");
        let expected = if renewed { Duration::from_mins(14) } else { Duration::from_secs(left) };
        assert!(is_in(expires, expected), "{left} s: {expires:?}");
        assert!(expires > SystemTime::now() + Duration::from_mins(5), "{left} s");
    }
    // A session of an hour is renewed earlier.
    let hour = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    age(&hour, Duration::from_secs(890));
    let before = calls(&sandbox);
    let (_, expires) = answered(&again(eks(&[]), &sandbox, &subject, hour).run());
    assert!(calls(&sandbox) == before + 1 && is_in(expires, Duration::from_mins(14)));
}

/// In an outage, the token is from the earlier session, and has its expiry.
#[test]
fn an_outage_is_outlived_while_the_session_lives() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let first = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    age(&first, Duration::from_mins(5));
    sandbox.aws.always(Some(Fault::status(503)));
    let second = again(eks(&["--timeout", "4s"]), &sandbox, &subject, first).run();
    let (_, expires) = answered(&second);
    assert!(is_in(expires, Duration::from_mins(5)));
    second.stderr_is(expect![[r#"
        warning: AWS STS: status 503, without an error code of STS; trying again for up to T s
        warning: AWS STS: status 503, without an error code of STS; the earlier credentials are still valid
    "#]]);
    // For a moment, no run sends another request.
    let before = calls(&sandbox);
    let third = again(eks(&[]), &sandbox, &subject, second).run();
    answered(&third);
    third.stderr_is(expect![[r#"
        warning: AWS STS: status 503, without an error code of STS; the earlier credentials are still valid
    "#]]);
    assert_eq!(calls(&sandbox), before);
}

#[test]
fn the_region_decides_which_sts_is_named_and_no_variable_does() {
    let sandbox = Sandbox::start().unwrap();
    let host = |options: &[&str], variables: &[(&str, &str)]| {
        let program = crate::aws::deploy(&["--eks-cluster", CLUSTER, "--format", "kubernetes"]).args(options);
        let program = variables.iter().fold(program.job(&sandbox), |program, (name, value)| program.env(name, value));
        let (token, _) = answered(&program.run());
        let address = address(&token);
        let scope = address.split_once("%2F").unwrap().1.split("%2F").nth(1).unwrap().to_owned();
        (address.split('/').nth(2).unwrap().to_owned(), scope)
    };
    for (options, variables, region, expected) in [
        (&[][..], &[][..], "us-east-1", "sts.us-east-1.amazonaws.com"),
        (&["--region", "eu-central-1"], &[], "eu-central-1", "sts.eu-central-1.amazonaws.com"),
        (&["--region", "eu-central-1", "--sts-region", "eu-west-3"], &[], "eu-west-3", "sts.eu-west-3.amazonaws.com"),
        (&[], &[("AWS_REGION", "ap-southeast-7")], "ap-southeast-7", "sts.ap-southeast-7.amazonaws.com"),
        (&[], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")], "us-east-1", "sts.us-east-1.amazonaws.com"),
        (&["--region", "cn-north-1"], &[], "cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        (&["--region", "us-gov-west-1"], &[], "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        (&["--region", "eusc-de-east-1"], &[], "eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
        (&["--region", "us-iso-east-1"], &[], "us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
        (&["--region", "aws-global"], &[], "us-east-1", "sts.amazonaws.com"),
    ] {
        assert_eq!(host(options, variables), (expected.to_owned(), region.to_owned()), "{options:?} {variables:?}");
    }
}

/// The answer has the requested apiVersion, or v1 without a request.
#[test]
fn the_version_is_the_one_that_is_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let asked = |info: &str| eks(&[]).job(&sandbox).env("KUBERNETES_EXEC_INFO", info).run();
    for version in ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] {
        let info = format!(r#"{{"kind":"ExecCredential","apiVersion":"{version}","spec":{{"interactive":false}}}}"#);
        let output = asked(&info);
        answered(&output);
        assert!(output.stdout().contains(&format!("\"apiVersion\": \"{version}\"")));
    }
    let before = calls(&sandbox);
    asked("{\"kind\":\"ExecCredential\"").exits(2).stdout_is("").stderr_is(expect![[r#"
        error: KUBERNETES_EXEC_INFO is not an ExecCredential, the JSON that Kubernetes clients write

        hint: unset KUBERNETES_EXEC_INFO if no Kubernetes client runs this command
    "#]]);
    let alpha = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}"#;
    asked(alpha).exits(2).stdout_is("").stderr_is(expect![[r#"
        error: KUBERNETES_EXEC_INFO asks for the apiVersion `client.authentication.k8s.io/v1alpha1`, which is not supported

        hint: in the kubeconfig, write apiVersion: "client.authentication.k8s.io/v1"
        hint: older clients need apiVersion: "client.authentication.k8s.io/v1beta1"
    "#]]);
    assert_eq!(calls(&sandbox), before, "nothing is sent");
}

/// Twelve clients at once, one call of STS.
#[test]
fn a_crowd_asks_once() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let scratch = Scratch::new();
    let place = scratch.path().join("private");
    sandbox.aws.script([Fault::Delay(Duration::from_millis(700))]);
    let start = || eks(&[]).job_of(&sandbox, &job()).token(&subject).env("OIDC_EXCHANGE_DIR", &place).spawn();
    let running: Vec<_> = (0..12).map(|_| start()).collect();
    for output in running.into_iter().map(|one| one.wait()).collect::<Vec<_>>() {
        answered(&output);
    }
    assert_eq!(calls(&sandbox), 1);
}

/// A session's token can be longer than what fits into a cluster's limit.
#[test]
fn a_token_that_no_cluster_accepts_is_not_printed() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let first = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    let (token, _) = answered(&first);
    let kept = first.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let kept = kept.unwrap();
    let text = std::fs::read_to_string(&kept).unwrap();
    let session = sandbox.aws.issued()[0].session_token.clone();
    // Three characters of an address are four of a token.
    let room = (4096 - token.len()) / 4 * 3;
    let with =
        |more: usize| std::fs::write(&kept, text.replace(&session, &format!("{}{session}", "A".repeat(more)))).unwrap();
    with(room);
    let second = again(eks(&[]), &sandbox, &subject, first).run();
    let longest = answered(&second).0;
    assert!((4093..=4096).contains(&longest.len()), "{}", longest.len());
    with(room + 3);
    let third = again(eks(&[]), &sandbox, &subject, second).run();
    let said = third.exits(4).stdout_is("").stderr();
    assert!(said.starts_with(
        "error: the token is too long for an EKS cluster, which accepts 4096 bytes\n  found      it has "
    ));
    assert!(said.ends_with(
        "\n\nhint: make AWS's session token shorter: leave out --policy, --policy-arn and --session-tag\n\
         hint: session tags in the job's token count too: `oidc-exchange token` shows them\n"
    ));
    assert_eq!(calls(&sandbox), 1);
}

const BOTOCORE: &str = "import base64, datetime, os, sys\n\
    from unittest import mock\n\
    import botocore.auth, botocore.session\n\
    from botocore.signers import RequestSigner\n\
    from botocore.model import ServiceId\n\
    key, secret, token, region, cluster, date = sys.argv[1:]\n\
    at = datetime.datetime.strptime(date, '%Y%m%dT%H%M%SZ')\n\
    session = botocore.session.get_session()\n\
    session.set_credentials(key, secret, token)\n\
    client = session.create_client('sts', region_name=region)\n\
    signer = RequestSigner(ServiceId('sts'), region, 'sts', 'v4', session.get_credentials(), session.get_component('event_emitter'))\n\
    url = 'https://sts.%s.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15' % region\n\
    request = {'method': 'GET', 'url': url, 'body': {}, 'headers': {'x-k8s-aws-id': cluster}, 'context': {}}\n\
    with mock.patch('botocore.auth.get_current_datetime', lambda *_: at):\n\
    \x20   url = signer.generate_presigned_url(request, region_name=region, expires_in=60, operation_name='')\n\
    print('k8s-aws-v1.' + base64.urlsafe_b64encode(url.encode()).decode().rstrip('='))\n";

/// The same bytes as botocore's presigner creates for the same session and time.
#[test]
fn the_token_is_botocores_byte_for_byte() {
    let sandbox = Sandbox::start().unwrap();
    let python = peers::aws().python();
    for (region, cluster) in [("eu-west-1", "production"), ("us-east-1", "A_b-9"), ("ap-southeast-2", &"x".repeat(100))]
    {
        let options = ["--region", region, "--eks-cluster", cluster, "--format", "kubernetes"];
        let (token, _) = answered(&crate::aws::deploy(&options).job(&sandbox).run());
        let issued = sandbox.aws.issued().pop().unwrap();
        let address = address(&token);
        let date = address.split_once("X-Amz-Date=").unwrap().1.split('&').next().unwrap().to_owned();
        let (key, secret) = (&issued.access_key_id, &issued.secret_access_key);
        let arguments = ["-c", BOTOCORE, key, secret, &issued.session_token, region, cluster, &date];
        Program::new(&python, arguments).hands_over().run().exits(0).stdout_is(&format!("{token}\n"));
    }
}

/// `aws eks get-token` with the same session: the same address except its time, and the same lifetime.
#[test]
fn the_token_is_that_of_the_aws_cli() {
    let sandbox = Sandbox::start().unwrap();
    let ours = eks(&[]).job(&sandbox).run();
    let (token, expires) = answered(&ours);
    let issued = &sandbox.aws.issued()[0];
    let aws = Program::new(peers::aws().program("aws"), ["eks", "get-token", "--cluster-name", CLUSTER]);
    let theirs = aws
        .env("AWS_ACCESS_KEY_ID", &issued.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &issued.secret_access_key)
        .env("AWS_SESSION_TOKEN", &issued.session_token)
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_STS_REGIONAL_ENDPOINTS", "regional")
        .env("KUBERNETES_EXEC_INFO", r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}"#)
        .hands_over()
        .run();
    let (their_token, their_end) = answered(&theirs);
    assert!(
        theirs.stdout().contains("client.authentication.k8s.io/v1beta1") || theirs.stdout().contains("k8s.io/v1\"")
    );
    let timeless = |token: &str| {
        let address = address(token);
        let mut parameters: Vec<String> = address.split('&').map(str::to_owned).collect();
        parameters.retain(|one| !one.starts_with("X-Amz-Date=") && !one.starts_with("X-Amz-Signature="));
        parameters
    };
    assert_eq!(timeless(&token), timeless(&their_token));
    let apart = their_end.duration_since(expires).unwrap_or_default();
    assert!(apart < Duration::from_mins(1), "{apart:?}");
}

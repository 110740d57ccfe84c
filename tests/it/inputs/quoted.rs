//! A file with a secret in place of another kind of file: no error quotes it in any form.

use std::time::Duration;

use sandbox::{Sandbox, Tls};

use super::{AWS, FILE, INPUTS, Input, STS, UNBOUNDED};

/// Common faults of a key, each in its own file.
fn keys() -> Vec<(&'static str, Vec<u8>)> {
    let key = Tls::new().unwrap().server_pem(&["localhost"]).unwrap().1;
    let words = key.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(key.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![
        ("as it is", key.clone().into_bytes()),
        ("in one line", key.replace('\n', "\\n").into_bytes()),
        ("with blanks for line breaks", key.replace('\n', " ").into_bytes()),
        ("with returns alone", key.replace('\n', "\r").into_bytes()),
        ("cut in the middle", key.as_bytes()[..key.len() / 2].to_vec()),
        ("without its end", key.replace("-----END", "-----EN").into_bytes()),
        ("without its marks", words.clone().into_bytes()),
        ("with a byte that is no text", [key.as_bytes(), &[0xff]].concat()),
        ("in UTF-16", utf16),
        ("in quotes", format!("\"{}\"", key.replace('\n', "\\n")).into_bytes()),
        ("in JSON", serde_json::json!({ "private_key": key, "type": "service_account" }).to_string().into_bytes()),
        ("in JSON that is cut", format!("{{\"private_key\": \"{}", key.replace('\n', "\\n")).into_bytes()),
        ("as a line of a list", format!("A=secret/a#b\nKEY={words}\n").into_bytes()),
        ("as a setting", format!("[default]\naws_secret_access_key = {words}\nodd line {words}\n").into_bytes()),
    ]
}

fn is_not_shown(input: &Input, sandbox: &Sandbox, how: &str, bytes: &[u8], words: &str) {
    let mut program = input.program(sandbox).secret("a private key", words);
    program = if UNBOUNDED.iter().any(|other| std::ptr::eq(other, input)) {
        program
    } else {
        program.args(["--timeout", "300ms"])
    };
    program.scratch().write(FILE, bytes);
    let output = program.patient(Duration::from_mins(1)).run();
    // AWS checks a session policy in JSON.
    let is_judged_there = how == "in JSON" && input.name == "--policy";
    assert!(output.code != Some(0) || is_judged_there, "{}, {how}: {}", input.name, output.describe());
}

#[test]
fn a_private_key_in_place_of_another_file() {
    let sandbox = Sandbox::start().unwrap();
    let keys = keys();
    let (_, words) = &keys[6];
    let words = String::from_utf8(words.clone()).unwrap();
    std::thread::scope(|scope| {
        for (how, bytes) in &keys {
            let (sandbox, words) = (&sandbox, &words);
            scope.spawn(move || {
                for input in INPUTS.iter().chain(UNBOUNDED) {
                    is_not_shown(input, sandbox, how, bytes, words);
                }
            });
        }
    });
}

/// Variables that hold the text itself.
#[test]
fn a_private_key_in_a_variable() {
    let sandbox = Sandbox::start().unwrap();
    let keys = keys();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let words = text(&keys[6].1);
    let variables = [
        "VAULT_CACERT_BYTES",
        "BAO_CACERT_BYTES",
        "VAULT_CLIENT_CERT_BYTES",
        "VAULT_CLIENT_KEY_BYTES",
        "VAULT_CACERT",
        "VAULT_CAPATH",
        "VAULT_ADDR",
        "VAULT_NAMESPACE",
        "VAULT_TLS_SERVER_NAME",
        "VAULT_CLIENT_TIMEOUT",
        "VAULT_MAX_RETRIES",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CA_BUNDLE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_CONFIG_FILE",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "OIDC_EXCHANGE_DIR",
        "SEMAPHORE_OIDC_TOKEN",
    ];
    let forms = ["as it is", "in one line", "with blanks for line breaks", "without its marks"];
    let forms: Vec<String> = keys.iter().filter(|(how, _)| forms.contains(how)).map(|(_, key)| text(key)).collect();
    std::thread::scope(|scope| {
        for variable in variables {
            let (sandbox, forms, words) = (&sandbox, &forms, &words);
            scope.spawn(move || {
                let vault: &[&str] = match variable {
                    "VAULT_ADDR" => &["vault", "--role", "ci", "A=secret/a#b"],
                    _ => &["vault", "--role", "ci", "--addr", "https://127.0.0.1:1", "A=secret/a#b"],
                };
                let is_vaults = variable.starts_with("VAULT_") || variable.starts_with("BAO_");
                let command = if is_vaults { vault } else { AWS };
                for text in forms {
                    let program = crate::support::oidc_exchange(command).job(sandbox).secret("a private key", words);
                    // No server is at either address. For any fault of the variable, the run exports nothing.
                    let program = program.args(["--timeout", "200ms"]).env(STS.0, STS.1).env(variable, text);
                    let output = program.run();
                    assert!(matches!(output.code, Some(2 | 3 | 5 | 6)), "{variable}: {}", output.describe());
                }
            });
        }
    });
}

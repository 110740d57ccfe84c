//! The variables of the Vault and OpenBao clients: `BAO_…` first, even if it is empty, then `VAULT_…`.
//!
//! The order is that of <https://openbao.org/docs/commands/#environment-variables> and of the `api` packages of both
//! products.

use std::path::Path;
use std::time::Duration;

use reqwest::Url;

use super::ServerOptions;
use crate::error::Usage;
use crate::host::Env;
use crate::http::{Bundle, CaFile, Identity, Overrides, Proxies, ServerName, Settings, Trust};
use crate::input::{Kind, Reader};

/// The two names of one setting, OpenBao's first.
type Names = [&'static str; 2];

/// The value of a setting, and its variable; `None` if it is empty.
fn get(env: &Env, names: Names) -> Result<Option<(&'static str, String)>, Usage> {
    let [bao, vault] = names;
    let name = if env.raw(bao).is_some() { bao } else { vault };
    Ok(env.get(name)?.map(|value| (name, value)))
}

fn unnamed(env: &Env) -> Usage {
    let usage = Usage::new("no Vault address was given")
        .hint("name it with --addr https://vault.example.com:8200, or with the variable VAULT_ADDR");
    match env.raw("BAO_ADDR") {
        Some(_) => usage.hint("BAO_ADDR is set, and empty, and beats VAULT_ADDR even so: unset it"),
        None => usage,
    }
}

/// The server's address: from the option, or the variable of the local agent, or the server's variable.
///
/// # Errors
/// If there is none, or it is invalid.
pub fn address(option: Option<&str>, env: &Env) -> Result<Url, Usage> {
    let (origin, text) = match option {
        Some(text) => ("--addr", text.to_owned()),
        None => match get(env, ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR"])? {
            Some(found) => found,
            None => get(env, ["BAO_ADDR", "VAULT_ADDR"])?.ok_or_else(|| unnamed(env))?,
        },
    };
    refuse_if_true(env, ["BAO_SRV_LOOKUP", "VAULT_SRV_LOOKUP"], "name the server's host and port instead")?;
    // The address is not shown, because it may contain a password.
    let wrong = |why: &str| {
        Usage::new(format!("{origin} is not a server's address: {why}"))
            .hint("write it as https://vault.example.com:8200")
    };
    let url = Url::parse(text.trim()).map_err(|_| wrong("it cannot be read as a URL"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("it is neither https nor, for loopback, http"));
    }
    if !url.has_host() {
        return Err(wrong("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it holds more than scheme, host, port and path"));
    }
    if url.path().trim_end_matches('/').ends_with("/v1") {
        return Err(wrong("it ends with /v1, which each request adds"));
    }
    Ok(url)
}

/// The namespace from the option or the variable.
///
/// # Errors
/// If an HTTP header cannot contain it.
pub fn namespace(option: Option<&str>, env: &Env) -> Result<Option<String>, Usage> {
    let (origin, text) = match option {
        Some(text) => ("--namespace", text.to_owned()),
        None => match get(env, ["BAO_NAMESPACE", "VAULT_NAMESPACE"])? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    let text = text.trim_matches('/');
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Usage::new(format!(
            "{origin} is not a namespace: it holds spaces, control or non-ASCII characters"
        )));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The connection settings for a server of an earlier exchange. The environment is read again.
///
/// # Errors
/// As [`apply`], and if the file of certificates is no longer valid.
pub fn network(env: &Env, reader: &Reader, options: &ServerOptions) -> Result<Settings, Usage> {
    let added = options.ca.as_deref().map(CaFile::from_pem).transpose()?;
    let mut network = Settings {
        trust: Trust::new(env, None, added)?,
        proxies: Proxies::from_env(env)?,
        allow_http: options.allow_http.clone(),
        overrides: Overrides::default(),
    };
    apply(env, reader, &mut network)?;
    Ok(network)
}

/// Adds the connection settings from the variables to `network`.
///
/// # Errors
/// If a variable is invalid, or requires something that is not supported.
pub fn apply(env: &Env, reader: &Reader, network: &mut Settings) -> Result<(), Usage> {
    refuse_if_true(
        env,
        ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"],
        "trust the server's own CA instead: VAULT_CACERT names its certificate, VAULT_CACERT_BYTES holds it",
    )?;
    network.trust = std::mem::take(&mut network.trust).with(bundle(env)?);
    if let Some((variable, proxy)) = proxy(env)? {
        network.proxies = Proxies::named(variable, &proxy, "")?;
    }
    network.overrides.identity = identity(env, reader)?;
    network.overrides.attempt = timeout(env)?;
    if let Some((variable, name)) = get(env, ["BAO_TLS_SERVER_NAME", "VAULT_TLS_SERVER_NAME"])? {
        let name = ServerName::new(&name).ok_or_else(|| Usage::new(format!("{variable} is not the name of a host")))?;
        network.overrides.server_name = Some(name);
    }
    network.overrides.http2 = true;
    Ok(())
}

fn bundle(env: &Env) -> Result<Option<Bundle>, Usage> {
    if let Some((variable, path)) = get(env, ["BAO_CACERT", "VAULT_CACERT"])? {
        return Ok(Some(Bundle::from_file(variable, path.into())));
    }
    if let Some((variable, pem)) = get(env, ["BAO_CACERT_BYTES", "VAULT_CACERT_BYTES"])? {
        return Bundle::from_pem(variable, &pem).map(Some);
    }
    let directory = get(env, ["BAO_CAPATH", "VAULT_CAPATH"])?;
    Ok(directory.map(|(variable, path)| Bundle::from_tree(variable, path.into())))
}

fn proxy(env: &Env) -> Result<Option<(&'static str, String)>, Usage> {
    match get(env, ["BAO_PROXY_ADDR", "VAULT_PROXY_ADDR"])? {
        Some(found) => Ok(Some(found)),
        None => get(env, ["BAO_HTTP_PROXY", "VAULT_HTTP_PROXY"]),
    }
}

fn identity(env: &Env, reader: &Reader) -> Result<Option<Identity>, Usage> {
    let certificate = pem(
        env,
        reader,
        ["BAO_CLIENT_CERT", "VAULT_CLIENT_CERT"],
        ["BAO_CLIENT_CERT_BYTES", "VAULT_CLIENT_CERT_BYTES"],
    )?;
    let key =
        pem(env, reader, ["BAO_CLIENT_KEY", "VAULT_CLIENT_KEY"], ["BAO_CLIENT_KEY_BYTES", "VAULT_CLIENT_KEY_BYTES"])?;
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some((variable, certificate)), Some((_, key))) => Identity::from_pem(&certificate, &key)
            .map(Some)
            .map_err(|why| Usage::new(format!("{variable} and its key cannot be used: {why}"))),
        (Some((variable, _)), None) => Err(Usage::new(format!("{variable} is there, but VAULT_CLIENT_KEY is not"))),
        (None, Some((variable, _))) => Err(Usage::new(format!("{variable} is there, but VAULT_CLIENT_CERT is not"))),
    }
}

/// The certificates in the file that one variable names, or in another variable.
fn pem(env: &Env, reader: &Reader, file: Names, bytes: Names) -> Result<Option<(&'static str, Vec<u8>)>, Usage> {
    if let Some((variable, path)) = get(env, file)? {
        let path = Path::new(&path);
        let read = reader.file(variable, path, Kind::Certificates);
        return Ok(Some((variable, read.map_err(|fault| fault.at(variable, path))?)));
    }
    Ok(get(env, bytes)?.map(|(variable, text)| (variable, text.into_bytes())))
}

/// Parses `30`, `30s` or `1m30s`, like the clients. With 0 or less, only the timeout of the whole exchange applies.
fn timeout(env: &Env) -> Result<Option<Duration>, Usage> {
    let Some((variable, text)) = get(env, ["BAO_CLIENT_TIMEOUT", "VAULT_CLIENT_TIMEOUT"])? else { return Ok(None) };
    let seconds = go_seconds(text.trim())
        .ok_or_else(|| Usage::new(format!("{variable} is not a duration")).hint("write it as 30, 30s or 1m30s"))?;
    let bound = if seconds > 0.0 { Duration::try_from_secs_f64(seconds).ok() } else { None };
    Ok(Some(bound.unwrap_or(Duration::MAX)))
}

/// Parses seconds, days (`1d`), or a Go duration (<https://pkg.go.dev/time#ParseDuration>), like the clients:
/// <https://pkg.go.dev/github.com/hashicorp/go-secure-stdlib/parseutil#ParseDurationSecond>.
fn go_seconds(text: &str) -> Option<f64> {
    let whole = |text: &str| text.parse::<i64>().ok().and_then(|_| text.parse::<f64>().ok());
    if let Some(seconds) = whole(text) {
        return Some(seconds);
    }
    if let Some(days) = text.strip_suffix('d') {
        return whole(days).map(|days| days * 86_400.0);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mut rest, mut total) = (Some(unsigned).filter(|rest| !rest.is_empty())?, 0.0);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let scale = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Some(if text.starts_with('-') { -total } else { total })
}

fn refuse_if_true(env: &Env, names: Names, hint: &str) -> Result<(), Usage> {
    let Some((variable, text)) = get(env, names)? else { return Ok(()) };
    // Exactly the words that Go's strconv.ParseBool accepts.
    match text.as_str() {
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(()),
        "1" | "t" | "T" | "TRUE" | "true" | "True" => {
            Err(Usage::new(format!("{variable} is set, which is not done here")).hint(hint))
        }
        _ => Err(Usage::new(format!("{variable} is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    fn env(variables: &[(&str, &str)]) -> Env {
        Host::fake(variables, SystemTime::UNIX_EPOCH).env
    }

    #[test]
    fn an_empty_bao_variable_beats_vaults() {
        let names = ["BAO_ADDR", "VAULT_ADDR"];
        assert_eq!(get(&env(&[("VAULT_ADDR", "v")]), names).unwrap(), Some(("VAULT_ADDR", "v".into())));
        assert_eq!(
            get(&env(&[("BAO_ADDR", "b"), ("VAULT_ADDR", "v")]), names).unwrap(),
            Some(("BAO_ADDR", "b".into()))
        );
        assert_eq!(get(&env(&[("BAO_ADDR", ""), ("VAULT_ADDR", "v")]), names).unwrap(), None);
    }

    #[test]
    fn an_address_is_scheme_host_port_and_path() {
        let read = |text: &str| address(Some(text), &env(&[]));
        assert_eq!(read("https://vault.test:8200/below").unwrap().as_str(), "https://vault.test:8200/below");
        for bad in
            ["vault.test:8200", "unix:///run/agent.sock", "https://user:hunter2@v", "https://v?x=1", "https://v#x", ""]
        {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.starts_with("--addr is not a server's address: ") && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(
            address(None, &env(&[("VAULT_ADDR", "http://a"), ("VAULT_AGENT_ADDR", "http://b")])).unwrap().as_str(),
            "http://b/"
        );
        assert_eq!(address(None, &env(&[])).unwrap_err().to_string(), "no Vault address was given");
    }

    #[test]
    fn truth_is_what_go_takes_for_it() {
        let check = |value| {
            refuse_if_true(&env(&[("VAULT_SKIP_VERIFY", value)]), ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"], "h")
        };
        assert!(check("").is_ok() && check("false").is_ok() && check("0").is_ok());
        assert_eq!(check("true").unwrap_err().to_string(), "VAULT_SKIP_VERIFY is set, which is not done here");
        assert_eq!(check("no").unwrap_err().to_string(), "VAULT_SKIP_VERIFY is neither true nor false");
    }

    #[test]
    fn a_timeout_is_seconds_or_a_duration() {
        let read = |value| timeout(&env(&[("VAULT_CLIENT_TIMEOUT", value)]));
        assert_eq!(read("30").unwrap(), Some(Duration::from_secs(30)));
        assert_eq!(read("1m30s").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(read(".5s").unwrap(), Some(Duration::from_millis(500)));
        assert_eq!(read("1h1m1.5s").unwrap(), Some(Duration::from_millis(3_661_500)));
        assert_eq!(read("250ms").unwrap(), Some(Duration::from_millis(250)));
        assert_eq!(read("1d").unwrap(), Some(Duration::from_hours(24)));
        for unbounded in ["0", "-1", "-1s", "0s", "9223372036854775807"] {
            assert!(read(unbounded).unwrap().unwrap() > Duration::from_hours(1_000_000), "{unbounded}");
        }
        for refused in ["soon", "1M", "1w", "5 min", "1.5", "s", ".s", "1..5s", "-", "1h 5m", "30 s", "1e3s", "0x10"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_client_certificate_needs_its_key() {
        let error = identity(&env(&[("VAULT_CLIENT_CERT_BYTES", "x")]), &Reader::of_a_test()).unwrap_err().to_string();
        assert_eq!(error, "VAULT_CLIENT_CERT_BYTES is there, but VAULT_CLIENT_KEY is not");
        let error = identity(
            &env(&[("VAULT_CLIENT_CERT_BYTES", "x"), ("VAULT_CLIENT_KEY_BYTES", "hunter2")]),
            &Reader::of_a_test(),
        );
        assert!(!error.unwrap_err().to_string().contains("hunter2"));
    }
}

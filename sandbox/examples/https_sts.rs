//! An STS over TLS for shell scripts, under the name `sts.sandbox.test`, until standard input closes.
//!
//! `https_sts CA_FILE` writes its authority's certificate to `CA_FILE`, prints `port`, `role` and `token` lines, each
//! a word and its value, and then `ready`.

#![allow(clippy::disallowed_methods, reason = "it writes its certificate for the caller")]

use std::error::Error;
use std::io::{self, Write};

use sandbox::aws::Sts;
use sandbox::{ACCOUNT, DEPLOY_ROLE, Issuer, Job, Tls, trust};

fn main() -> Result<(), Box<dyn Error>> {
    let ca_file = std::env::args_os().nth(1).ok_or("usage: https_sts CA_FILE")?;
    let job = Job::branch("main");
    let issuer = Issuer::start()?;
    let tls = Tls::new()?;
    let sts = Sts::start_tls(&tls.server(&["sts.sandbox.test"])?)?;
    sts.register_provider(ACCOUNT, &issuer.url(), &[&issuer.url()]);
    sts.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringEquals", &job.subject()))?;

    std::fs::write(ca_file, tls.ca_pem())?;
    let mut out = io::stdout().lock();
    writeln!(out, "port {}\nrole {DEPLOY_ROLE}\ntoken {}\nready", sts.port(), issuer.token(&job))?;
    out.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

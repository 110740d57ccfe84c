//! The output in real shells.

mod dotenv;
mod kept;
mod source;
mod unquoted;
mod values;

use sandbox::Fault;

/// An answer of STS with this session token.
pub(crate) fn answer(session_token: &str) -> Fault {
    answer_with(["ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", session_token])
}

/// An answer of STS with this access key's id, its secret and this session token.
pub(crate) fn answer_with(values: [&str; 3]) -> Fault {
    let escape = |c: char| match c {
        '<' | '>' | '&' | '"' | '\'' => format!("&#{};", u32::from(c)),
        c if c.is_control() => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    let [id, secret, session_token] = values.map(|value| value.chars().map(escape).collect::<String>());
    let body = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{id}</AccessKeyId>\
         <SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{session_token}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    Fault::Status { status: 200, headers: vec![("content-type".into(), "text/xml".into())], body }
}

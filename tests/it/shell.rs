//! What real shells make of the output.

mod quotes;
mod source;
mod values;

use sandbox::Fault;

/// An answer of STS with this session token.
fn answer(session_token: &str) -> Fault {
    let escape = |c: char| match c {
        '<' | '>' | '&' | '"' | '\'' | '\n' | '\r' | '\t' => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    let session_token: String = session_token.chars().map(escape).collect();
    let body = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\
         <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>\
         <SessionToken>{session_token}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    Fault::Status { status: 200, headers: vec![("content-type".into(), "text/xml".into())], body }
}

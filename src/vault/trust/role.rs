//! A role's settings, as far as a login and its result depend on them.
//!
//! <https://openbao.org/api-docs/auth/jwt/#createupdate-role>

use serde_json::Value;

use super::Place;
use super::bound;
use super::fields::Fields;
use crate::document::Document;
use crate::error::Usage;
use crate::vault::client_command::ClientCommand;

/// A role.
#[allow(clippy::struct_excessive_bools, reason = "they are the server's own settings")]
#[derive(Clone, Debug)]
pub(super) struct Role {
    /// Whether it is for logins with a token; otherwise it is for browser logins.
    pub(super) is_jwt: bool,
    pub(super) bound_cidrs: Vec<String>,
    pub(super) bound_subject: String,
    pub(super) bound_audiences: Vec<String>,
    /// In the order of their names. The server's order changes with each login.
    pub(super) bound_claims: Vec<(String, Value)>,
    /// Whether `*` is a wildcard in their values.
    pub(super) glob: bool,
    pub(super) clock_skew_leeway: i64,
    pub(super) expiration_leeway: i64,
    pub(super) not_before_leeway: i64,
    pub(super) user_claim: String,
    pub(super) user_claim_is_pointer: bool,
    pub(super) groups_claim: String,
    /// The claim, and the metadata field that gets it.
    pub(super) claim_mappings: Vec<(String, String)>,
    pub(super) policies: Vec<String>,
    pub(super) policies_are_templates: bool,
    pub(super) no_default_policy: bool,
    pub(super) ttl: i64,
    pub(super) period: i64,
    pub(super) uses: i64,
    pub(super) batch: bool,
    /// Settings that use their old names, without `token_`.
    pub(super) old_names: Vec<&'static str>,
}

/// The old names.
const OLD_NAMES: [&str; 6] = ["policies", "ttl", "max_ttl", "period", "num_uses", "bound_cidrs"];

impl Role {
    pub(super) fn read(document: &Document, client: ClientCommand, place: &Place) -> Result<Self, Usage> {
        let fields = Fields::of(document, &["user_claim"], "a role of the JWT auth method", &place.of_role(), client)?;
        let user_claim = fields.text("user_claim")?;
        if user_claim.is_empty() {
            return Err(fields.wrong("user_claim", "", "a claim's name"));
        }
        let choice = |name: &str, first: &str, second: &str| match fields.text(name)?.as_str() {
            text if text == first => Ok(true),
            text if text == second || text.is_empty() => Ok(false),
            _ => Err(fields.wrong(name, "", &format!("`{first}` or `{second}`"))),
        };
        // A setting with its old name applies if the new one is not set.
        let named = |new: &'static str, old: &'static str| if fields.get(new).is_some() { new } else { old };
        Ok(Self {
            is_jwt: choice("role_type", "jwt", "oidc")?,
            bound_cidrs: fields.list(named("token_bound_cidrs", "bound_cidrs"))?,
            bound_subject: fields.text("bound_subject")?,
            bound_audiences: fields.list("bound_audiences")?,
            glob: choice("bound_claims_type", "glob", "string")?,
            bound_claims: bound_claims(&fields)?,
            clock_skew_leeway: fields.number("clock_skew_leeway")?,
            expiration_leeway: fields.number("expiration_leeway")?,
            not_before_leeway: fields.number("not_before_leeway")?,
            user_claim,
            user_claim_is_pointer: fields.flag("user_claim_json_pointer")?,
            groups_claim: fields.text("groups_claim")?,
            claim_mappings: claim_mappings(&fields)?,
            policies: fields.list(named("token_policies", "policies"))?,
            policies_are_templates: fields.flag("token_policies_template_claims")?,
            no_default_policy: fields.flag("token_no_default_policy")?,
            ttl: fields.number(named("token_ttl", "ttl"))?,
            period: fields.number(named("token_period", "period"))?,
            uses: fields.number(named("token_num_uses", "num_uses"))?,
            batch: fields.text("token_type")? == "batch",
            old_names: OLD_NAMES.into_iter().filter(|name| fields.get(name).is_some()).collect(),
        })
    }
}

fn bound_claims(fields: &Fields<'_>) -> Result<Vec<(String, Value)>, Usage> {
    let glob = fields.text("bound_claims_type")? == "glob";
    let claim = |(name, value): (&String, &Value)| {
        let items = bound::each(value);
        for (at, item) in items.iter().enumerate() {
            let at = if value.is_array() { format!("[{at}]") } else { String::new() };
            let wrong = |wanted| Err(fields.wrong("bound_claims.", format_args!("{name}{at}"), wanted));
            if glob && !item.is_string() {
                return wrong("a text, as `bound_claims_type` glob needs it");
            }
        }
        Ok((name.clone(), value.clone()))
    };
    fields.object("bound_claims")?.into_iter().map(claim).collect()
}

fn claim_mappings(fields: &Fields<'_>) -> Result<Vec<(String, String)>, Usage> {
    let mapping = |(claim, field): (&String, &Value)| match field.as_str() {
        Some(field) => Ok((claim.clone(), field.to_owned())),
        None => Err(fields.wrong("claim_mappings.", claim, "a text")),
    };
    fields.object("claim_mappings")?.into_iter().map(mapping).collect()
}

//! The notes below the result: commands that fix the faults, and what was not checked.

use serde_json::{Map, Value};

use super::checks::{Finding, Fix, Login};
use crate::explanation::Mark;
use crate::shell::posix;
use crate::subject::claims::JobKind;
use crate::vault::client_command::ClientCommand;

impl Login<'_> {
    /// All notes, one sentence each.
    pub(super) fn notes(&self, findings: &[Finding]) -> Vec<String> {
        let mut notes = Vec::new();
        let fixes = || findings.iter().filter_map(|finding| finding.fix.as_ref());
        let of_another_kind = self.kind();
        let not_meant = findings.iter().any(|finding| {
            finding.check.mark == Mark::Fails
                && ["bound_subject", "bound_claims"].contains(&finding.check.title.as_str())
        });
        if not_meant {
            notes.extend(of_another_kind.map(|(_, note)| note.to_owned()));
        }
        for fix in fixes() {
            if let Fix::Advice(advice) = fix
                && !notes.iter().any(|note| note == advice)
            {
                notes.push((*advice).to_owned());
            }
        }
        let role_is_at_fault = fixes().any(|fix| matches!(fix, Fix::Role(..)));
        if role_is_at_fault && !super::lints::too_wide(self.role, self.claims).is_empty() {
            notes.push(
                "once fixed, the role also allows the jobs that the lints name: `oidc-exchange setup vault` prints a role that allows only this project's ref".into(),
            );
        }
        let role = fixes().filter_map(|fix| match fix {
            Fix::Role(name, value) => Some((*name, value)),
            Fix::Admission(..) | Fix::Mount(..) | Fix::Advice(_) => None,
        });
        notes.extend(self.write_role("to fix the role", role));
        let keeps_out = of_another_kind.is_some_and(|(keeps_out, _)| keeps_out);
        let admission = fixes().filter_map(|fix| match fix {
            Fix::Admission(name, value) if !keeps_out => Some((*name, value)),
            Fix::Role(..) | Fix::Admission(..) | Fix::Mount(..) | Fix::Advice(_) => None,
        });
        notes.extend(self.write_role("to allow this job too, if it should be allowed", admission));
        let mount = fixes().filter_map(|fix| match fix {
            Fix::Mount(name, value) => Some((*name, value)),
            Fix::Role(..) | Fix::Admission(..) | Fix::Advice(_) => None,
        });
        notes.extend(self.write_mount(mount));
        notes.extend(self.keys());
        let left_out = super::lints::can_be_left_out(self.role);
        if !left_out.is_empty() {
            notes.push(format!(
                "the organization can leave {} out of its tokens: logins then fail, and nobody else is allowed",
                left_out.join(", ")
            ));
        }
        notes.push(self.unchecked());
        notes
    }

    /// The command that changes settings of the role. A write also resets two settings that it does not contain.
    fn write_role<'c>(
        &self,
        purpose: &str,
        settings: impl Iterator<Item = (&'static str, &'c Value)>,
    ) -> Option<String> {
        let mut body: Map<String, Value> = settings.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        if body.is_empty() {
            return None;
        }
        body.insert("role_type".into(), "jwt".into());
        if self.role.glob {
            body.insert("bound_claims_type".into(), "glob".into());
        }
        Some(write(self.client, purpose, body, &self.place.of_role()))
    }

    /// The command that changes the mount's configuration. A write replaces all of it.
    fn write_mount<'c>(&self, settings: impl Iterator<Item = (&'static str, &'c Value)>) -> Option<String> {
        let mut body = self.mount?.settings.clone();
        let mut settings = settings.peekable();
        settings.peek()?;
        body.extend(settings.map(|(name, value)| (name.to_owned(), value.clone())));
        let purpose = if body.contains_key("oidc_client_id") {
            "to fix the auth method, with its oidc_client_secret added, which is not shown"
        } else {
            "to fix the auth method; its configuration is always written as a whole"
        };
        Some(write(self.client, purpose, body, &self.place.of_mount()))
    }

    /// The job's kind, if the role is for a branch and the job is not; and whether such jobs should stay excluded.
    fn kind(&self) -> Option<(bool, &'static str)> {
        if self.claims.text("job_type") == Some("debug_job") {
            return Some((
                true,
                "this is a debug session, with the claims of the job that it was opened for, except `job_type`",
            ));
        }
        match self.claims.job_kind()? {
            JobKind::Branch => None,
            JobKind::Tag => Some((false, "this is a tag's job: a role for a branch does not allow it")),
            JobKind::PullRequest => Some((
                true,
                "this is a pull-request job: a role for a branch does not allow it, and should not; `oidc-exchange setup vault --pull-requests` makes them a role of their own",
            )),
            JobKind::ProjectDebug => Some((true, "this is a debug session of the project: it has no ref at all")),
        }
    }

    fn keys(&self) -> Option<String> {
        let mount = self.mount?;
        if mount.is_invalid {
            return Some("the server reports this configuration as invalid: it cannot get the issuer's keys".into());
        }
        let issuer = self.claims.text("iss").unwrap_or_default();
        let keys = mount.discovery_url.trim_end_matches('/');
        (!keys.is_empty() && keys != issuer.trim_end_matches('/'))
            .then(|| format!("the mount's keys are those of {keys}: a token of {issuer} is hardly signed with them"))
    }

    fn unchecked(&self) -> String {
        let mount = if self.mount.is_some() {
            ""
        } else {
            "whether the mount accepts its issuer and its algorithm (--mount-config); "
        };
        format!(
            "not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); {mount}whether the server asks for a second factor"
        )
    }
}

fn write(client: ClientCommand, purpose: &str, body: Map<String, Value>, path: &str) -> String {
    format!("{purpose}: printf %s {} | {client} write {path} -", posix::quote(&Value::Object(body).to_string()))
}

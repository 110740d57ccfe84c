//! Composes `sub` and `sub127` exactly like Semaphore.

/// The parts of both.
pub(super) struct Subject<'a> {
    pub(super) org: &'a str,
    pub(super) project_id: &'a str,
    pub(super) repo: &'a str,
    pub(super) ref_type: &'a str,
    pub(super) reference: &'a str,
}

impl Subject<'_> {
    pub(super) fn full(&self) -> String {
        let Self { org, project_id, repo, ref_type, reference } = self;
        format!("org:{org}:project:{project_id}:repo:{repo}:ref_type:{ref_type}:ref:{reference}")
    }

    /// Shortened to Google's limit of 127, in characters.
    pub(super) fn short(&self) -> String {
        let ref_type = match self.ref_type {
            "branch" => "br",
            "tag" => "tg",
            "pull-request" => "pr",
            other => other,
        };
        let reference = self.reference.strip_prefix("refs/").unwrap_or(self.reference);
        let parts =
            [cut(self.org, 25), cut(self.project_id, 36), cut(self.repo, 25), cut(ref_type, 2), cut(reference, 35)];
        parts.join(":").chars().take(127).collect()
    }
}

fn cut(part: &str, length: usize) -> String {
    part.chars().filter(|letter| *letter != ':').take(length).collect()
}

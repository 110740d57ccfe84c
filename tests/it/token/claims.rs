//! The claims of every kind of job, and the notes on each claim.

use sandbox::{Issuer, Job, now};
use serde_json::{Value, json};

use super::{dated, from, hosted, of, shown, shown_claims};
use crate::support::{Output, expect};

#[track_caller]
fn job(job: Job) -> Output {
    let issuer = Issuer::start().unwrap();
    shown(&issuer, &issuer.token(&hosted(job)), &[])
}

#[test]
fn a_branch() {
    job(Job::branch("main")).stdout_reads(expect![[r#"
        job        branch main
        issued     TIME, SPAN ago
        expires    TIME, in SPAN
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
                     · the organization's address, which changes with its name; org_id
                       does not
          aud        https://acme.semaphoreci.com
                     · the same as iss, and for every cloud: anyone who gets this token
                       can use it for another
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                     · a debug session of this job has the same one; only job_type tells
                       them apart
          sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:br:heads/main
                     · whole here; a branch's name is shortened to 29 characters, org
                       and repo to 25
          org        acme
                     · can be renamed; org_id cannot
          org_id     d7dd33ad-9317-498c-9cc6-51c250749be7
                     · never changes
          prj        web
                     · can be renamed; prj_id cannot
          prj_id     936a5312-a3b8-4921-8b3f-2cec8baac574
                     · never changes: the claim to bind a rule to
          repo       web
                     · without its owner: another owner's repository can have the same
                       name
          repo_slug  acme/web
                     · the project's own repository, in a fork's pull request too
          job_type   pipeline_job
                     · debug_job in a debug session: a rule that requires pipeline_job
                       here denies those
          ref_type   branch
                     · branch, tag or pull-request; together with ref, what to bind a
                       rule to
          ref        refs/heads/main
                     · the whole ref; together with ref_type, what to bind a rule to
          branch     main
                     · a pull request has its target here: a rule only on branch allows
                       pull requests; bind ref
          pr         "" (empty)
          pr_branch  "" (empty)
          tag        "" (empty)
                     · unreliable: it can be empty on a tag as well; ref has the tag
          actor      "" (empty)
                     · always empty: no rule can use it, and Vault refuses it as
                       user_claim
          trg        h:f-i:f
                     · the trigger (a API, h hook, s schedule, m by hand), whether rerun
                       (t, f); the pipeline (i first, u promoted, n promoted by hand),
                       whether rerun
          wf_id      1be81412-6ab8-4fc0-9d0d-7af33335a6ec
                     · only this workflow
          ppl_id     1e1fcfb5-09c0-487e-b051-2d0b5514c42a
                     · only this pipeline
          job_id     c117e453-1189-4eaf-b03a-dd6538eb49b2
                     · only this job, as SEMAPHORE_JOB_ID
          iat        IAT = TIME
          nbf        IAT = TIME
          exp        EXP = TIME
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          jti        2s557dchalv2mv76kk000el1
                     · only this token

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]);
}

#[test]
fn a_tag() {
    job(Job::tag("v1.0.0")).stdout_reads(expect![[r#"
        job        tag v1.0.0
        issued     TIME, SPAN ago
        expires    TIME, in SPAN
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
                     · the organization's address, which changes with its name; org_id
                       does not
          aud        https://acme.semaphoreci.com
                     · the same as iss, and for every cloud: anyone who gets this token
                       can use it for another
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:tag:ref:refs/tags/v1.0.0
                     · a debug session of this job has the same one; only job_type tells
                       them apart
          sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:tg:tags/v1.0.0
                     · whole here; a branch's name is shortened to 29 characters, org
                       and repo to 25
          org        acme
                     · can be renamed; org_id cannot
          org_id     d7dd33ad-9317-498c-9cc6-51c250749be7
                     · never changes
          prj        web
                     · can be renamed; prj_id cannot
          prj_id     936a5312-a3b8-4921-8b3f-2cec8baac574
                     · never changes: the claim to bind a rule to
          repo       web
                     · without its owner: another owner's repository can have the same
                       name
          repo_slug  acme/web
                     · the project's own repository, in a fork's pull request too
          job_type   pipeline_job
                     · debug_job in a debug session: a rule that requires pipeline_job
                       here denies those
          ref_type   tag
                     · branch, tag or pull-request; together with ref, what to bind a
                       rule to
          ref        refs/tags/v1.0.0
                     · the whole ref; together with ref_type, what to bind a rule to
          branch     refs/tags/v1.0.0
                     · on a tag, the whole ref
          pr         "" (empty)
          pr_branch  "" (empty)
          tag        "" (empty)
                     · unreliable: it can be empty on a tag as well; ref has the tag
          actor      "" (empty)
                     · always empty: no rule can use it, and Vault refuses it as
                       user_claim
          trg        h:f-i:f
                     · the trigger (a API, h hook, s schedule, m by hand), whether rerun
                       (t, f); the pipeline (i first, u promoted, n promoted by hand),
                       whether rerun
          wf_id      1be81412-6ab8-4fc0-9d0d-7af33335a6ec
                     · only this workflow
          ppl_id     1e1fcfb5-09c0-487e-b051-2d0b5514c42a
                     · only this pipeline
          job_id     c117e453-1189-4eaf-b03a-dd6538eb49b2
                     · only this job, as SEMAPHORE_JOB_ID
          iat        IAT = TIME
          nbf        IAT = TIME
          exp        EXP = TIME
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          jti        2s557dchalv2mv76kk000el1
                     · only this token

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]);
}

#[test]
fn a_pull_request() {
    job(Job::pull_request(123, "feature-x")).stdout_reads(expect![[r#"
        job        pull request 123, from feature-x to main
        issued     TIME, SPAN ago
        expires    TIME, in SPAN
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
                     · the organization's address, which changes with its name; org_id
                       does not
          aud        https://acme.semaphoreci.com
                     · the same as iss, and for every cloud: anyone who gets this token
                       can use it for another
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                     · changes with every push, as ref does: a rule for it must end in
                       :ref_type:pull-request:ref:*
          sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:pr:semaphoreci/5c84719708b9b649b9ef3b5
                     · the merge commit is shortened here; it changes with every push
          org        acme
                     · can be renamed; org_id cannot
          org_id     d7dd33ad-9317-498c-9cc6-51c250749be7
                     · never changes
          prj        web
                     · can be renamed; prj_id cannot
          prj_id     936a5312-a3b8-4921-8b3f-2cec8baac574
                     · never changes: the claim to bind a rule to
          repo       web
                     · without its owner: another owner's repository can have the same
                       name
          repo_slug  acme/web
                     · the project's own repository, in a fork's pull request too
          job_type   pipeline_job
                     · debug_job in a debug session: a rule that requires pipeline_job
                       here denies those
          ref_type   pull-request
                     · branch, tag or pull-request; together with ref, what to bind a
                       rule to
          ref        refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                     · Semaphore's own ref of the merge: another with every push
          branch     main
                     · the target, not what runs here: a rule only on branch allows pull
                       requests, from forks too
          pr         123
                     · pull requests from forks get a token too
          pr_branch  feature-x
                     · the source branch; the pull request's author chooses its name
          tag        "" (empty)
                     · unreliable: it can be empty on a tag as well; ref has the tag
          actor      "" (empty)
                     · always empty: no rule can use it, and Vault refuses it as
                       user_claim
          trg        h:f-i:f
                     · the trigger (a API, h hook, s schedule, m by hand), whether rerun
                       (t, f); the pipeline (i first, u promoted, n promoted by hand),
                       whether rerun
          wf_id      1be81412-6ab8-4fc0-9d0d-7af33335a6ec
                     · only this workflow
          ppl_id     1e1fcfb5-09c0-487e-b051-2d0b5514c42a
                     · only this pipeline
          job_id     c117e453-1189-4eaf-b03a-dd6538eb49b2
                     · only this job, as SEMAPHORE_JOB_ID
          iat        IAT = TIME
          nbf        IAT = TIME
          exp        EXP = TIME
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          jti        2s557dchalv2mv76kk000el1
                     · only this token

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token

        limits
          Google     sub has 146 bytes, and google.subject may have 127: a mapping with
                     assertion.sub fails; map assertion.sub127
          Azure      the `sub` of a pull-request job changes with every push, so no
                     federated credential can allow it
    "#]]);
}

#[test]
fn a_debug_session() {
    job(Job::debug_of(&Job::branch("main"))).stdout_reads(expect![[r#"
        job        debug session of a job: branch main
        issued     TIME, SPAN ago
        expires    TIME, in SPAN
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
                     · the organization's address, which changes with its name; org_id
                       does not
          aud        https://acme.semaphoreci.com
                     · the same as iss, and for every cloud: anyone who gets this token
                       can use it for another
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                     · the same as that of the job that is debugged; job_type tells them
                       apart
          sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:br:heads/main
                     · whole here; a branch's name is shortened to 29 characters, org
                       and repo to 25
          org        acme
                     · can be renamed; org_id cannot
          org_id     d7dd33ad-9317-498c-9cc6-51c250749be7
                     · never changes
          prj        web
                     · can be renamed; prj_id cannot
          prj_id     936a5312-a3b8-4921-8b3f-2cec8baac574
                     · never changes: the claim to bind a rule to
          repo       web
                     · without its owner: another owner's repository can have the same
                       name
          repo_slug  acme/web
                     · the project's own repository, in a fork's pull request too
          job_type   debug_job
                     · a person at a shell; a rule that requires pipeline_job here
                       denies debug sessions
          ref_type   branch
                     · branch, tag or pull-request; together with ref, what to bind a
                       rule to
          ref        refs/heads/main
                     · the whole ref; together with ref_type, what to bind a rule to
          branch     main
                     · a pull request has its target here: a rule only on branch allows
                       pull requests; bind ref
          pr         "" (empty)
          pr_branch  "" (empty)
          tag        "" (empty)
                     · unreliable: it can be empty on a tag as well; ref has the tag
          actor      "" (empty)
                     · always empty: no rule can use it, and Vault refuses it as
                       user_claim
          trg        h:f-i:f
                     · the trigger (a API, h hook, s schedule, m by hand), whether rerun
                       (t, f); the pipeline (i first, u promoted, n promoted by hand),
                       whether rerun
          wf_id      "" (empty)
                     · empty in a debug session
          ppl_id     "" (empty)
                     · empty in a debug session
          job_id     c117e453-1189-4eaf-b03a-dd6538eb49b2
                     · only this job, as SEMAPHORE_JOB_ID
          iat        IAT = TIME
          nbf        IAT = TIME
          exp        EXP = TIME
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          jti        2s557dchalv2mv76kk000el1
                     · only this token

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]);
}

#[test]
fn a_debug_session_of_the_project() {
    job(Job::project_debug()).stdout_reads(expect![[r#"
        job        debug session of the project, or a one-off job: on no ref
        issued     TIME, SPAN ago
        expires    TIME, in SPAN
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
                     · the organization's address, which changes with its name; org_id
                       does not
          aud        https://acme.semaphoreci.com
                     · the same as iss, and for every cloud: anyone who gets this token
                       can use it for another
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type::ref:
                     · on no ref: no rule for a branch or a tag matches it
          sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web::
                     · whole here; a branch's name is shortened to 29 characters, org
                       and repo to 25
          org        acme
                     · can be renamed; org_id cannot
          org_id     d7dd33ad-9317-498c-9cc6-51c250749be7
                     · never changes
          prj        web
                     · can be renamed; prj_id cannot
          prj_id     936a5312-a3b8-4921-8b3f-2cec8baac574
                     · never changes: the claim to bind a rule to
          repo       web
                     · without its owner: another owner's repository can have the same
                       name
          repo_slug  "" (empty)
                     · the project's own repository, in a fork's pull request too
          job_type   project_debug_job
                     · a person at a shell; a rule that requires pipeline_job here
                       denies debug sessions
          ref_type   "" (empty)
                     · empty: on no ref
          ref        "" (empty)
          branch     main
                     · the default branch, though nothing of it need run here
          pr         "" (empty)
          pr_branch  "" (empty)
          tag        "" (empty)
                     · unreliable: it can be empty on a tag as well; ref has the tag
          actor      "" (empty)
                     · always empty: no rule can use it, and Vault refuses it as
                       user_claim
          trg        "" (empty)
          wf_id      "" (empty)
                     · empty in a debug session
          ppl_id     "" (empty)
                     · empty in a debug session
          job_id     c117e453-1189-4eaf-b03a-dd6538eb49b2
                     · only this job, as SEMAPHORE_JOB_ID
          iat        IAT = TIME
          nbf        IAT = TIME
          exp        EXP = TIME
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          jti        2s557dchalv2mv76kk000el1
                     · only this token

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]);
}

#[test]
fn a_pull_request_whose_ref_stays() {
    let output = job(Job::pull_request(7, "feature-x").reference("refs/pull/7/merge"));
    expect![[r#"
          sub        org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/pull/7/merge
                     · that of most pull requests changes with every push
    "#]].assert_eq(&of(&output, "sub"));
    expect![[r#"
        sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:pr:pull/7/merge
                   · whole here; a branch's name is shortened to 29 characters, org
                     and repo to 25
    "#]]
    .assert_eq(&of(&output, "sub127"));
}

#[test]
fn a_branch_whose_short_subject_is_cut() {
    let output = job(Job::branch("release/production-eu-west-1-canary"));
    expect![[r#"
        sub127     acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:br:heads/release/production-eu-west-1-
                   · the branch is shortened here: every branch that begins with
                     release/production-eu-west-1- has this sub127; a branch's name is
                     shortened to 29 characters, org and repo to 25; bind ref too
    "#]]
    .assert_eq(&of(&output, "sub127"));
}

/// Truncated to 127 characters, which are more bytes.
#[test]
fn a_branch_that_is_not_ascii() {
    let output = job(Job::branch(&"日".repeat(40)));
    expect![[r#"
        limits
          Google     sub has 214 bytes, and google.subject may have 127: a mapping with
                     assertion.sub fails; map another claim, such as prj_id: sub127 is
                     too long as well
          Google     sub127 has 142 bytes: it is cut to 127 characters, and Google
                     counts bytes
    "#]]
    .assert_eq(&from(&output, "limits"));
}

#[test]
fn session_tags() {
    let output = job(Job::branch("main").aws_tags(true));
    expect![[r#"
          https://aws.amazon.com/tags
                     branch=main
                     job_type=pipeline_job
                     pr_branch=
                     prj_id=936a5312-a3b8-4921-8b3f-2cec8baac574
                     ref_type=branch
                     repo=web
                     repo_slug=acme/web
                     trg=h:f-i:f
                     all of them transitive
                     · session tags: the role's trust policy must allow sts:TagSession
                       too, and so must every other role of a chain

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]
    .assert_eq(&from(&output, "  https://aws"));
}

#[test]
fn session_tags_that_aws_refuses() {
    let output = job(Job::branch("fix#1").aws_tags(true));
    expect![[r#"
        limits
          AWS        the session tag branch contains '#', so AWS STS refuses the token:
                     use only letters, digits, spaces and _.:/=+-@ in tags
    "#]]
    .assert_eq(&from(&output, "limits"));
}

#[test]
fn session_tags_of_another_shape_are_shown_as_they_are() {
    let output = job(Job::branch("main").claim("https://aws.amazon.com/tags", json!({ "principal_tags": ["x"] })));
    expect![[r#"
          https://aws.amazon.com/tags
                     {"principal_tags":["x"]}
                     · session tags: the role's trust policy must allow sts:TagSession
                       too, and so must every other role of a chain

        missing
          here       none
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token

        limits
          AWS        the session tags have no object `principal_tags`
    "#]]
    .assert_eq(&from(&output, "  https://aws"));
}

#[test]
fn claims_that_were_switched_off() {
    let job = ["sub", "org", "prj", "repo", "pr_branch", "sub127", "tag"]
        .iter()
        .fold(Job::branch("main"), |job, name| job.without(name));
    let issuer = Issuer::start().unwrap();
    let output = shown(&issuer, &issuer.token(&hosted(job)), &[]);
    expect![[r#"
        missing
          here       sub, sub127, org, prj, repo, pr_branch, tag
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token
    "#]]
    .assert_eq(&from(&output, "missing"));
}

#[test]
fn an_audience_of_its_own() {
    let issuer = Issuer::start().unwrap();
    let output = shown(&issuer, &issuer.token(&hosted(Job::branch("main")).audience("pypi")), &[]);
    expect![[r#"
          aud        pypi
                     · not the same as iss: made only for this audience
    "#]]
    .assert_eq(&of(&output, "aud"));
}

/// It is shown anyway.
#[test]
fn an_expired_token() {
    let issuer = Issuer::start().unwrap();
    let old = Job::branch("main").issued_at(1_700_000_000);
    let text = issuer.token(&old);
    let output = shown(&issuer, &text, &[]);
    let head: String = output.shown().split_inclusive('\n').take(4).collect();
    expect![[r#"
        job        branch main
        issued     TIME, SPAN ago
        expires    TIME, SPAN ago: it has expired
        signed     RS256, key KID (--verify checks it)
    "#]]
    .assert_eq(&head);
    let output = shown(&issuer, &text, &["--format", "json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        shown["expiry"],
        json!({ "issued": "2023-11-14T22:13:20Z", "expires": "2023-11-15T22:13:20Z", "expired": true,
            "seconds_left": shown["expiry"]["seconds_left"] })
    );
    let left = shown["expiry"]["seconds_left"].as_i64().unwrap();
    assert!((1_700_086_400 - now() - left).abs() < 60);
}

#[test]
fn json() {
    let issuer = Issuer::start().unwrap();
    let job = hosted(Job::pull_request(123, "feature-x")).without("org").claim("n", json!(1.50));
    shown(&issuer, &issuer.token(&job), &["--format", "json"]).stdout_reads(expect![[r#"
        {
          "claims": {
            "actor": "",
            "aud": "https://acme.semaphoreci.com",
            "branch": "main",
            "exp": EXP,
            "iat": IAT,
            "iss": "https://acme.semaphoreci.com",
            "job_id": "c117e453-1189-4eaf-b03a-dd6538eb49b2",
            "job_type": "pipeline_job",
            "jti": "2s557dchalv2mv76kk000el1",
            "n": 1.5,
            "nbf": IAT,
            "org_id": "d7dd33ad-9317-498c-9cc6-51c250749be7",
            "ppl_id": "1e1fcfb5-09c0-487e-b051-2d0b5514c42a",
            "pr": "123",
            "pr_branch": "feature-x",
            "prj": "web",
            "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
            "ref": "refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde",
            "ref_type": "pull-request",
            "repo": "web",
            "repo_slug": "acme/web",
            "sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde",
            "sub127": "acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:pr:semaphoreci/5c84719708b9b649b9ef3b5",
            "tag": "",
            "trg": "h:f-i:f",
            "wf_id": "1be81412-6ab8-4fc0-9d0d-7af33335a6ec"
          },
          "expiry": {
            "expired": false,
            "expires": "TIME",
            "issued": "TIME",
            "seconds_left": N
          },
          "header": {
            "alg": "RS256",
            "kid": "KID",
            "typ": "JWT"
          },
          "job": "pull-request",
          "limits": [
            {
              "breaks": "sub has 146 bytes, and google.subject may have 127: a mapping with assertion.sub fails; map assertion.sub127",
              "cloud": "Google"
            },
            {
              "breaks": "the `sub` of a pull-request job changes with every push, so no federated credential can allow it",
              "cloud": "Azure"
            }
          ],
          "missing": [
            "org"
          ],
          "notes": {
            "actor": "always empty: no rule can use it, and Vault refuses it as user_claim",
            "aud": "the same as iss, and for every cloud: anyone who gets this token can use it for another",
            "branch": "the target, not what runs here: a rule only on branch allows pull requests, from forks too",
            "exp": "24 hours from before the job was queued; a job cannot get another token",
            "iss": "the organization's address, which changes with its name; org_id does not",
            "job_id": "only this job, as SEMAPHORE_JOB_ID",
            "job_type": "debug_job in a debug session: a rule that requires pipeline_job here denies those",
            "jti": "only this token",
            "org_id": "never changes",
            "ppl_id": "only this pipeline",
            "pr": "pull requests from forks get a token too",
            "pr_branch": "the source branch; the pull request's author chooses its name",
            "prj": "can be renamed; prj_id cannot",
            "prj_id": "never changes: the claim to bind a rule to",
            "ref": "Semaphore's own ref of the merge: another with every push",
            "ref_type": "branch, tag or pull-request; together with ref, what to bind a rule to",
            "repo": "without its owner: another owner's repository can have the same name",
            "repo_slug": "the project's own repository, in a fork's pull request too",
            "sub": "changes with every push, as ref does: a rule for it must end in :ref_type:pull-request:ref:*",
            "sub127": "the merge commit is shortened here; it changes with every push",
            "tag": "unreliable: it can be empty on a tag as well; ref has the tag",
            "trg": "the trigger (a API, h hook, s schedule, m by hand), whether rerun (t, f); the pipeline (i first, u promoted, n promoted by hand), whether rerun",
            "wf_id": "only this workflow"
          }
        }
    "#]]);
}

/// With every digit, for any number.
#[test]
fn numbers_in_json() {
    let text = r#"{"big":123456789012345678901234567890,"exact":-2.50,"exp":1786400000.5,"small":1e-7}"#;
    let output = shown_claims(serde_json::from_str(text).unwrap(), &["--format", "json"]);
    for number in ["123456789012345678901234567890", "-2.50", "1786400000.5", "1e-7"] {
        assert!(output.stdout().contains(&format!(": {number}")), "{number} in {}", output.stdout());
    }
}

/// The meaning of the same names for other issuers is unknown.
#[test]
fn other_systems() {
    let gitlab = json!({
        "iss": "https://gitlab.com", "aud": "https://vault.example", "sub": "project_path:acme/web:ref_type:branch:ref:main",
        "ref": "main", "ref_type": "branch", "ref_protected": "true", "job_id": "1", "pipeline_source": "push",
        "ci_config_ref_uri": "gitlab.com/acme/web//.gitlab-ci.yml@refs/heads/main", "iat": 1_786_313_600, "exp": 1_786_317_200,
    });
    let circle = json!({
        "iss": "https://oidc.circleci.com/org/1", "aud": "1", "sub": "org/1/project/2/user/3",
        "oidc.circleci.com/project-id": "2", "oidc.circleci.com/context-ids": ["4", "5"], "iat": 1_786_313_600, "exp": 1_786_317_200,
    });
    let bitbucket = json!({
        "iss": "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
        "aud": "ari:cloud:bitbucket::workspace/1", "sub": "{2}:{3}", "branchName": "main", "workspaceUuid": "{1}",
        "iat": 1_786_313_600, "exp": 1_786_317_200,
    });
    for (claims, expected) in [
        (
            gitlab,
            expect![[r#"
                job        of another CI system: its claims are shown as they are
                issued     TIME, SPAN ago
                expires    TIME, SPAN ago: it has expired
                signed     RS256, key KID (--verify checks it)

                claims
                  iss        https://gitlab.com
                  aud        https://vault.example
                  sub        project_path:acme/web:ref_type:branch:ref:main
                  ref_type   branch
                  ref        main
                  job_id     1
                  iat        IAT = TIME
                  exp        EXP = TIME
                  ci_config_ref_uri
                             gitlab.com/acme/web//.gitlab-ci.yml@refs/heads/main
                  pipeline_source
                             push
                  ref_protected
                             true
            "#]],
        ),
        (
            circle,
            expect![[r#"
                job        of another CI system: its claims are shown as they are
                issued     TIME, SPAN ago
                expires    TIME, SPAN ago: it has expired
                signed     RS256, key KID (--verify checks it)

                claims
                  iss        https://oidc.circleci.com/org/1
                  aud        1
                  sub        org/1/project/2/user/3
                  iat        IAT = TIME
                  exp        EXP = TIME
                  oidc.circleci.com/context-ids
                             ["4","5"]
                  oidc.circleci.com/project-id
                             2
            "#]],
        ),
        (
            bitbucket,
            expect![[r#"
                job        of another CI system: its claims are shown as they are
                issued     TIME, SPAN ago
                expires    TIME, SPAN ago: it has expired
                signed     RS256, key KID (--verify checks it)

                claims
                  iss        https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc
                  aud        ari:cloud:bitbucket::workspace/1
                  sub        {2}:{3}
                  iat        IAT = TIME
                  exp        EXP = TIME
                  branchName main
                  workspaceUuid
                             {1}
            "#]],
        ),
    ] {
        let output = shown_claims(claims, &[]);
        assert!(!output.stdout().contains('·') && !output.stdout().contains("missing"));
        output.stdout_reads(expected);
    }
}

/// Every line, except those with a longer value.
#[test]
fn it_is_narrow() {
    let issuer = Issuer::start().unwrap();
    let job = dated(Job::pull_request(123, "feature-x").aws_tags(true)).without("prj");
    let output = shown(&issuer, &issuer.token(&job), &[]);
    for line in output.stdout().lines().filter(|line| line.chars().count() > 80) {
        let value = line.get(13..).unwrap_or_default();
        assert!(!value.contains(' '), "{line}");
    }
}

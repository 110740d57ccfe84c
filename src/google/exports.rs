//! Google credentials as the job gets them: files, and the variables that name them.

use super::{Credentials, CredentialsFile, Request, UniverseDomain, credentials_file, gcloud};
use crate::cloud::{Given, until};
use crate::emit::{Exports, Names};
use crate::error::{Error, Usage};
use crate::host::Env;
use crate::input::{self, Reader};
use crate::secret::Secret;
use crate::shell::Name;
use crate::state::{self, NewFile, NewFiles};
use crate::subject::SubjectToken;

const APPLICATION_CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const CREDENTIAL_FILE_OVERRIDE: &str = "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE";
const OAUTH_ACCESS_TOKEN: &str = "GOOGLE_OAUTH_ACCESS_TOKEN";
const GCLOUD_ACCESS_TOKEN: &str = "CLOUDSDK_AUTH_ACCESS_TOKEN";
const GCLOUD_CONFIG: &str = "CLOUDSDK_CONFIG";
const BOTO_PATH: &str = "BOTO_PATH";
const BOTO_CONFIG: &str = "BOTO_CONFIG";
/// The default variable for an ID token.
pub const ID_TOKEN: &str = "GOOGLE_ID_TOKEN";

/// The variables from which gcloud, client libraries and Terraform read the project.
const PROJECT: [&str; 5] =
    ["CLOUDSDK_CORE_PROJECT", "CLOUDSDK_PROJECT", "GCLOUD_PROJECT", "GCP_PROJECT", "GOOGLE_CLOUD_PROJECT"];

/// The variables from which gcloud and Google's client libraries read the universe. Without them, they send the token
/// to googleapis.com.
const UNIVERSE: [&str; 2] = ["CLOUDSDK_CORE_UNIVERSE_DOMAIN", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"];

/// Variables that gcloud or Terraform would prefer to the new credentials, or use to impersonate another account.
const BEATS_THEM: [&str; 7] = [
    GCLOUD_ACCESS_TOKEN,
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "CLOUDSDK_CORE_ACCOUNT",
    OAUTH_ACCESS_TOKEN,
    "GOOGLE_CREDENTIALS",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
];

/// The variables that hold the credentials or name their files. The failure output and `clean` unset them. `id_token`
/// is the variable that the user named for an ID token.
#[must_use]
pub fn credential_names(id_token: Option<Name>) -> Vec<Name> {
    let mut names = [APPLICATION_CREDENTIALS, CREDENTIAL_FILE_OVERRIDE, OAUTH_ACCESS_TOKEN, GCLOUD_ACCESS_TOKEN]
        .map(Name::fixed)
        .to_vec();
    names.push(id_token.unwrap_or_else(|| Name::fixed(ID_TOKEN)));
    names
}

/// The variable for gcloud's directory, if its value is inside the job's private directory: gcloud would create the
/// directory again.
#[must_use]
pub fn leading_into(place: &state::StateDir, env: &Env) -> Option<Name> {
    env.raw(GCLOUD_CONFIG).filter(|path| place.holds(path.as_ref())).map(|_| Name::fixed(GCLOUD_CONFIG))
}

/// Whether this variable has another meaning here, so that it must not hold an ID token.
#[must_use]
pub fn is_taken(name: &Name) -> bool {
    let others =
        [APPLICATION_CREDENTIALS, CREDENTIAL_FILE_OVERRIDE, GCLOUD_CONFIG, BOTO_PATH, BOTO_CONFIG, "PATH", "HOME"];
    others.iter().chain(&PROJECT).chain(&UNIVERSE).chain(&BEATS_THEM).any(|other| *other == name.as_str())
}

/// The variables that `request` sets, or may set, and unsets.
///
/// # Errors
/// As [`Env::get`].
pub fn names(request: &Request, env: &Env) -> Result<Names, Usage> {
    let mut set = Vec::new();
    if request.file != CredentialsFile::No {
        set.extend([APPLICATION_CREDENTIALS, CREDENTIAL_FILE_OVERRIDE, BOTO_PATH]);
        if !request.keep_gcloud_config {
            set.push(GCLOUD_CONFIG);
        }
    }
    if request.access_token {
        set.push(OAUTH_ACCESS_TOKEN);
        if request.file == CredentialsFile::No {
            set.push(GCLOUD_ACCESS_TOKEN);
        }
    }
    if request.project.is_some() || (request.impersonation.is_some() && env.first(&PROJECT)?.is_none()) {
        set.extend(PROJECT);
    }
    if !request.endpoints.universe().is_default() {
        set.extend(UNIVERSE);
    }
    let removed = BEATS_THEM.into_iter().filter(|name| !set.contains(name)).map(Name::fixed).collect();
    let set = set.into_iter().map(Name::fixed).chain(request.id_token_variable().cloned()).collect();
    Ok(Names { set, removed })
}

/// Opens the credentials file that the user named, if any. It fails before anything is sent to Google.
///
/// # Errors
/// If the file cannot be written, or must not be replaced.
pub async fn prepare(request: &Request, given: &Given<'_>) -> Result<Option<NewFile>, Error> {
    match &request.file {
        CredentialsFile::At(path) => {
            let file = NewFile::beside(path)?;
            let path = path.clone();
            apart(given, move |reader| credentials_file::may_replace(reader, &path)).await??;
            Ok(Some(file))
        }
        CredentialsFile::Private | CredentialsFile::No => Ok(None),
    }
}

/// Reads files, with the timeout of the exchange.
async fn apart<T: Send + 'static>(
    given: &Given<'_>,
    read: impl FnOnce(&Reader) -> T + Send + 'static,
) -> Result<T, Usage> {
    let read = input::apart(given.deadline.remaining(), read).await;
    read.map_err(|unfinished| unfinished.usage("before --timeout"))
}

/// gcloud's settings, if they are needed: for gcloud's new directory, or for the project that the job has chosen.
async fn gcloud_settings(
    request: &Request,
    given: &Given<'_>,
) -> Result<Result<gcloud::Settings, gcloud::Unread>, Usage> {
    let env = &given.host.env;
    let copied = request.file != CredentialsFile::No && !request.keep_gcloud_config;
    let asked = request.project.is_none() && request.impersonation.is_some() && env.first(&PROJECT)?.is_none();
    let extent = if copied { gcloud::Extent::All } else { gcloud::Extent::Active };
    let named = env.get("CLOUDSDK_ACTIVE_CONFIG_NAME")?;
    match gcloud::directory(env)?.filter(|_| copied || asked) {
        Some(directory) => apart(given, move |reader| gcloud::Settings::read(reader, &directory, named, extent)).await,
        None => Ok(Ok(gcloud::Settings::default())),
    }
}

/// The variables for `credentials`, with the files that they name. `file` is the credentials file that the user
/// named.
///
/// # Errors
/// If a file cannot be written, or an environment variable cannot hold a value. The files are then deleted.
pub async fn exports(
    request: &Request,
    file: Option<NewFile>,
    credentials: &Credentials,
    given: &Given<'_>,
) -> Result<(Exports, Option<NewFiles>), Error> {
    let env = &given.host.env;
    let mut set = Variables(Vec::new());
    let mut files = None;
    let settings = gcloud_settings(request, given).await?;
    if request.file != CredentialsFile::No {
        let written = write(request, file, given.token, given.place).await?;
        files = Some(set.add_files(request, env, &settings, written).await?);
    }
    set.add_tokens(request, credentials);
    set.add_project(request, env, &settings)?;
    set.add_universe(request.endpoints.universe());
    let mut exports = Exports::new(set.to_remove(env));
    for (name, value) in set.0 {
        if Some(&name) == request.id_token_variable() && name.as_str() != ID_TOKEN {
            exports.set_chosen(name, value)?;
        } else {
            exports.set(name, value)?;
        }
    }
    Ok((exports, files))
}

async fn write(
    request: &Request,
    file: Option<NewFile>,
    token: &SubjectToken,
    place: &state::StateDir,
) -> Result<Files, state::Error> {
    let mut files = place.open()?.new_files();
    let credentials = match (&request.file, file) {
        (CredentialsFile::At(path), Some(file)) => {
            let path = std::path::absolute(path).map_err(|error| state::Error::write(path, error))?;
            files.put(file, credentials_file::text(request, token, &path)?.reveal().as_bytes()).await?;
            path
        }
        _ => files.file("google-credentials", |path| credentials_file::text(request, token, path)).await?,
    };
    Ok(Files { credentials: text(credentials)?, files })
}

/// The credentials file, and the files that belong to it.
struct Files {
    credentials: String,
    files: NewFiles,
}

/// The variables to set, in order.
struct Variables(Vec<(Name, String)>);

impl Variables {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((Name::fixed(name), value.into()));
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(set, _)| set.as_str() == name)
    }

    async fn add_files(
        &mut self,
        request: &Request,
        env: &Env,
        settings: &Result<gcloud::Settings, gcloud::Unread>,
        files: Files,
    ) -> Result<NewFiles, Error> {
        const BOTO: &str = "boto";
        let Files { credentials, mut files } = files;
        self.add(APPLICATION_CREDENTIALS, &credentials);
        self.add(CREDENTIAL_FILE_OVERRIDE, &credentials);
        if !request.keep_gcloud_config {
            let directory = files.directory("gcloud").await?;
            settings.as_ref().map_err(|unread| unread.copying(&directory))?.write(&directory)?;
            self.add(GCLOUD_CONFIG, text(directory)?);
        }
        let earlier = files.path().join(format!("{BOTO}-")).to_string_lossy().into_owned();
        let state = text(files.directory("gsutil").await?)?;
        let settings = match gcloud::boto_file(&credentials, &state) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::warn!("gsutil will not find the credentials: {error}");
                return Ok(files);
            }
        };
        let boto = text(files.file(BOTO, |_| Ok(Secret::new(settings))).await?)?;
        if boto.contains(':') {
            tracing::warn!("gsutil will not find the credentials: {boto} has a colon, which BOTO_PATH cannot carry");
        } else {
            self.add(BOTO_PATH, gcloud::boto_path(env, &boto, &earlier)?);
        }
        Ok(files)
    }

    fn add_tokens(&mut self, request: &Request, credentials: &Credentials) {
        if let Some(token) = credentials.access_token.as_ref().filter(|_| request.access_token) {
            self.add(OAUTH_ACCESS_TOKEN, token.secret.reveal());
            // Clients would prefer it to the file, and it would expire earlier than the file.
            if request.file == CredentialsFile::No {
                self.add(GCLOUD_ACCESS_TOKEN, token.secret.reveal());
            }
            let end = token.expires.map_or_else(|| "a time that Google did not return".into(), until);
            tracing::warn!("{OAUTH_ACCESS_TOKEN} is valid until {end}; nothing renews it");
        }
        let variable = request.id_token_variable();
        if let (Some(variable), Some(token)) = (variable, &credentials.id_token) {
            self.0.push((variable.clone(), token.reveal().to_owned()));
        }
    }

    /// Sets the project: the one that was named, or else that of the service account. The latter only if the job has
    /// chosen none, in any place that tools read.
    fn add_project(
        &mut self,
        request: &Request,
        env: &Env,
        settings: &Result<gcloud::Settings, gcloud::Unread>,
    ) -> Result<(), Usage> {
        let project = match &request.project {
            None => own_project(request, env, settings)?,
            named => named.clone(),
        };
        if let Some(project) = project {
            for name in PROJECT {
                self.add(name, project.clone());
            }
        }
        Ok(())
    }

    /// Sets nothing for googleapis.com, the default of all clients.
    fn add_universe(&mut self, universe: &UniverseDomain) {
        for name in UNIVERSE.into_iter().filter(|_| !universe.is_default()) {
            self.add(name, universe.as_str());
        }
    }

    fn to_remove(&self, env: &Env) -> Vec<Name> {
        let mut names: Vec<Name> =
            BEATS_THEM.iter().filter(|name| !self.has(name)).map(|name| Name::fixed(name)).collect();
        // BOTO_CONFIG overrides BOTO_PATH, which now has its value.
        if self.has(BOTO_PATH) && env.raw(BOTO_CONFIG).is_some() {
            names.push(Name::fixed(BOTO_CONFIG));
        }
        names
    }
}

/// The service account's project, unless the job has or may have chosen one.
fn own_project(
    request: &Request,
    env: &Env,
    settings: &Result<gcloud::Settings, gcloud::Unread>,
) -> Result<Option<String>, Usage> {
    let Some(asked) = &request.impersonation else { return Ok(None) };
    if env.first(&PROJECT)?.is_some() {
        return Ok(None);
    }
    let configured = match settings {
        Ok(settings) => settings.project().is_some(),
        Err(unread) => {
            tracing::warn!("{unread}; no project is exported, since it may name one: give it with --project");
            true
        }
    };
    Ok(asked.account.project().filter(|_| !configured).map(str::to_owned))
}

/// A path as the value of a variable.
fn text(path: std::path::PathBuf) -> Result<String, state::Error> {
    path.into_os_string().into_string().map_err(|path| state::Error::write(path, "its path is not UTF-8 text"))
}

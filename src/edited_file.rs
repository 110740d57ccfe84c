//! Edits a file of the user that other programs also read and write: it is locked, read, and replaced as a whole.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::input;
use crate::state::{self, Lock, MadeDirectories, NewFile, StateDir};

/// The timeout for the lock, which other exchanges hold for some milliseconds, and for reading the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The option that edits the file, and a hint, for errors.
#[derive(Clone, Copy, Debug)]
pub struct Editor {
    /// The option that requests the edit.
    pub option: &'static str,
    /// The hint if the directory is not writable.
    pub elsewhere: &'static str,
}

/// A locked file, which may not exist yet.
#[derive(Debug)]
pub struct EditedFile {
    editor: Editor,
    path: PathBuf,
    text: Vec<u8>,
    /// `None` if the file does not exist.
    mode: Option<u32>,
    _lock: Lock,
    /// Declared after the lock, because the lock's file is in one of them.
    made: MadeDirectories,
}

/// The state of a file, read without a lock.
#[derive(Debug)]
pub struct Found {
    /// The file itself: if the path is a symlink, the symlink's target.
    pub path: PathBuf,
    /// `None` if the file does not exist.
    pub content: Option<Content>,
}

/// The content of a file.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
}

impl Editor {
    /// Locks and reads the file at `path`, or the target if it is a symlink. A missing directory is created. It is
    /// removed with the lock if it is still empty then.
    ///
    /// # Errors
    /// If it is not a regular file of this user or cannot be read, or another process keeps the lock too long.
    pub async fn open(self, path: &Path, place: &StateDir) -> Result<EditedFile, state::Error> {
        let path = resolve(path)?;
        let parent = path.parent().ok_or_else(|| state::Error::write(&path, "it is a directory"))?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".oidc-exchange.lock");
        let mut again = 3;
        let (directories, lock) = loop {
            let directories = MadeDirectories::make(parent).map_err(|error| self.no_place(&path, error))?;
            match place.lock(&parent.join(&name), PATIENCE).await {
                Ok(lock) => break (directories, lock),
                // Another exchange of this user has just removed the empty directory.
                Err(_) if again > 0 && !parent.exists() => again -= 1,
                Err(error) => return Err(error),
            }
        };
        let content = self.read(&path, place).await?;
        let (text, mode) = content.map_or((Vec::new(), None), |content| (content.bytes, Some(content.mode)));
        Ok(EditedFile { editor: self, path, text, mode, _lock: lock, made: directories })
    }

    /// Reads the file at `path`, or the target if it is a symlink, without a lock.
    ///
    /// # Errors
    /// If it is not a regular file of this user, or cannot be read.
    pub async fn look(self, path: &Path, place: &StateDir) -> Result<Found, state::Error> {
        let path = resolve(path)?;
        let content = self.read(&path, place).await?;
        Ok(Found { path, content })
    }

    /// Checks that `found` can be replaced. Leaves nothing behind.
    ///
    /// # Errors
    /// If the directory, or its nearest existing parent, is not writable.
    pub fn foresee(self, found: &Found) -> Result<(), state::Error> {
        let path = &found.path;
        let directory = path.ancestors().skip(1).find(|directory| directory.exists());
        let directory = directory.ok_or_else(|| state::Error::write(path, "it is a directory"))?;
        let probe = NewFile::beside(&directory.join(path.file_name().unwrap_or_default()));
        probe.map(drop).map_err(|error| self.no_place(path, error.why))
    }

    /// The error of a directory that is not writable, for example the home directory of a user who has none.
    fn no_place(self, path: &Path, why: impl std::fmt::Display) -> state::Error {
        state::Error { hint: Some(self.elsewhere.into()), ..state::Error::write(path, why) }
    }

    /// The content of a regular file of this user; `None` if the file does not exist.
    async fn read(self, path: &Path, place: &StateDir) -> Result<Option<Content>, state::Error> {
        let named = path.to_owned();
        let reading = input::apart(place.remaining(PATIENCE), move |reader| {
            reader.own_file(self.option, &named, input::Kind::Configuration)
        });
        let read =
            reading.await.map_err(|_| state::Error::write(path, "it cannot be read: that did not end in time"))?;
        let read = read.map_err(|fault| state::Error::write(path, fault))?;
        Ok(read.map(|(bytes, mode)| Content { bytes, mode }))
    }

    /// Opens the file at `path` and does `edit`, which returns `None` if another program has written the file since it was opened.
    /// Then it is done once more with what that program wrote.
    ///
    /// # Errors
    /// Those of [`open`](Self::open) and of `edit`, or that another program has written the file twice.
    pub async fn edit<T, E: From<state::Error>>(
        self,
        path: &Path,
        place: &StateDir,
        edit: impl AsyncFn(&EditedFile) -> Result<Option<T>, E>,
    ) -> Result<T, E> {
        for _ in 0..2 {
            let file = self.open(path, place).await?;
            if let Some(done) = edit(&file).await? {
                return Ok(done);
            }
        }
        Err(contended(path).into())
    }

    /// The same for the file itself, at the path of an earlier [`EditedFile`]. Returns `None` if it no longer exists.
    ///
    /// # Errors
    /// As [`edit`](Self::edit), and if a symlink is in the file's place.
    pub async fn edit_again<T>(
        self,
        path: &Path,
        place: &StateDir,
        edit: impl AsyncFn(&EditedFile) -> Result<Option<T>, String>,
    ) -> Result<Option<T>, String> {
        let why = |error: state::Error| error.to_string();
        for _ in 0..2 {
            // Neither a directory nor a lock is made for a file that is gone.
            if self.read(path, place).await.map_err(why)?.is_none() {
                return Ok(None);
            }
            let file = self.open(path, place).await.map_err(why)?;
            if file.path != path {
                return Err(why(state::Error::write(path, input::Fault::Link)));
            }
            if let Some(done) = edit(&file).await? {
                return Ok(Some(done));
            }
        }
        Err(why(contended(path)))
    }
}

/// The error of a file that another program writes at the same time.
#[must_use]
pub fn contended(path: &Path) -> state::Error {
    let hint = "run the commands that write this file one after the other";
    state::Error { hint: Some(hint.into()), ..state::Error::write(path, "another program keeps changing it") }
}

impl EditedFile {
    /// The path of the file itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content; `None` if the file does not exist.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the file does not exist yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.mode.is_none()
    }

    /// The directories that were created for it.
    #[must_use]
    pub fn made(&self) -> &[PathBuf] {
        self.made.paths()
    }

    /// Writes `text` to `new`, the replacement, which is then ready to be put. It gets the old file's mode. If the file is new or
    /// the text contains `secrets`, only the user can read it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn fill(&self, new: &mut NewFile, text: &[u8], secrets: bool) -> Result<(), state::Error> {
        new.fill(text)?;
        match self.mode {
            Some(mode) if !secrets => new.set_mode(mode & 0o777)?,
            Some(_) | None => {}
        }
        new.ready()
    }

    /// Whether the file is as it was read. What another program writes between this and the next step is lost: such programs take
    /// no lock.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn is_as_read(&self, place: &StateDir) -> Result<bool, state::Error> {
        let now = self.editor.read(&self.path, place).await?;
        Ok(match now {
            Some(now) => self.mode.is_some() && now.bytes == self.text,
            None => self.mode.is_none(),
        })
    }

    /// Puts `new`, which [`fill`](Self::fill) has filled, in the place of the file. Returns whether that is done: not if another
    /// program has written the file since it was read.
    ///
    /// # Errors
    /// If it cannot be put there.
    pub async fn put(&self, new: NewFile, place: &StateDir) -> Result<bool, state::Error> {
        let is_as_read = self.is_as_read(place).await?;
        if is_as_read {
            new.move_into_place()?;
        }
        Ok(is_as_read)
    }

    /// Deletes the file. Returns whether that is done, as [`put`](Self::put) does.
    ///
    /// # Errors
    /// If it cannot be deleted.
    pub async fn remove(&self, place: &StateDir) -> Result<bool, state::Error> {
        let is_as_read = self.is_as_read(place).await?;
        if is_as_read {
            state::remove_file(&self.path).map_err(|error| state::Error::write(&self.path, error))?;
        }
        Ok(is_as_read)
    }
}

/// Follows a symlink at `path` to the file itself. A directory above it may be a symlink, whose target must exist.
fn resolve(path: &Path) -> Result<PathBuf, state::Error> {
    let found = path.ancestors().find_map(|above| Some((above, above.symlink_metadata().ok()?)));
    match found {
        Some((link, found)) if found.is_symlink() => {
            let target = std::fs::canonicalize(link).map_err(|error| {
                state::Error::write(link, format!("it is a symbolic link that leads nowhere: {error}"))
            })?;
            Ok(if link == path { target } else { path.to_owned() })
        }
        _ => Ok(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    const EDITOR: Editor = Editor { option: "--test", elsewhere: "" };

    struct World {
        scratch: tempfile::TempDir,
        place: StateDir,
    }

    impl World {
        fn new() -> Self {
            let scratch = tempfile::tempdir().unwrap();
            let private = scratch.path().join("private");
            let variables = [("OIDC_EXCHANGE_DIR", private.to_str().unwrap())];
            let place = StateDir::locate(&Host::fake(&variables, SystemTime::UNIX_EPOCH).env).unwrap();
            Self { scratch, place }
        }

        fn path(&self) -> PathBuf {
            self.scratch.path().join("config")
        }

        /// Adds a line to the file, while another program writes `theirs` each time before the first step.
        fn append(&self, theirs: &[Option<&str>]) -> Result<(), String> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let theirs = std::cell::RefCell::new(theirs.iter());
            let edit = async |file: &EditedFile| {
                let text = [file.text(), b"ours\n"].concat();
                let mut new = NewFile::beside(file.path())?;
                file.fill(&mut new, &text, false)?;
                match theirs.borrow_mut().next() {
                    Some(Some(text)) => std::fs::write(self.path(), text).unwrap(),
                    Some(None) => std::fs::remove_file(self.path()).unwrap(),
                    None => {}
                }
                Ok::<_, state::Error>(file.put(new, &self.place).await?.then_some(()))
            };
            let edited = runtime.block_on(EDITOR.edit(&self.path(), &self.place, edit));
            edited.map_err(|error| error.why)
        }

        fn text(&self) -> String {
            std::fs::read_to_string(self.path()).unwrap()
        }
    }

    #[test]
    fn what_another_program_writes_meanwhile_is_kept() {
        let world = World::new();
        for (theirs, expected) in [
            (&[][..], Ok("ours\n")),
            (&[Some("1\n")], Ok("1\nours\n")),
            (&[Some("1\nours\n")], Ok("1\nours\nours\n")),
            (&[None], Ok("ours\n")),
            (&[Some("2\n"), Some("3\n")], Err("3\n")),
            (&[Some("4\n"), Some("5\n"), Some("6\n")], Err("5\n")),
        ] {
            let edited = world.append(theirs);
            let expected = match expected {
                Ok(text) => (Ok(()), text),
                Err(text) => (Err("another program keeps changing it".to_owned()), text),
            };
            assert_eq!((edited, world.text().as_str()), expected, "{theirs:?}");
        }
        let left: Vec<_> =
            std::fs::read_dir(world.scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| ["config", "private"].contains(&name.to_str().unwrap())), "{left:?}");
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_not_followed() {
        let world = World::new();
        let secret = world.scratch.path().join("secret");
        std::fs::write(&secret, "theirs").unwrap();
        world.append(&[]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let replaced = runtime.block_on(async {
            let file = EDITOR.open(&world.path(), &world.place).await.unwrap();
            std::fs::remove_file(world.path()).unwrap();
            symlink(&secret, world.path()).unwrap();
            file.is_as_read(&world.place).await
        });
        assert_eq!(replaced.unwrap_err().why, "it is a symbolic link");
        let path = world.path();
        let again = EDITOR.edit_again(&path, &world.place, async |_| Ok(Some(())));
        assert!(runtime.block_on(again).unwrap_err().ends_with("it is a symbolic link"));
    }
}

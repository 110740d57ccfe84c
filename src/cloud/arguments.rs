//! What a command line asks for, good or not.

/// The options and the words of a command line as far as they can be made out. They are not yet known to be a good command
/// line: whatever is read from them must make sense for a bad one too, in which an option may be there twice.
///
/// ```
/// use oidc_exchange::cloud::Arguments;
///
/// let mut arguments = Arguments::default();
/// arguments.add_option("env-prefix", Some("A_"));
/// arguments.add_option("env-prefix", Some("B_"));
/// arguments.add_word("A=secret/a#b");
/// assert_eq!(arguments.values("env-prefix").collect::<Vec<_>>(), ["A_", "B_"]);
/// assert!(arguments.has("env-prefix") && !arguments.has("refreshable"));
/// assert_eq!(arguments.words().collect::<Vec<_>>(), ["A=secret/a#b"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Each option by its long name without dashes, with its value.
    options: Vec<(String, Option<String>)>,
    words: Vec<String>,
}

impl Arguments {
    /// Adds an option; one that takes no value, or has lost it, has none.
    pub fn add_option(&mut self, name: &str, value: Option<&str>) {
        self.options.push((name.to_owned(), value.map(str::to_owned)));
    }

    /// Adds a word that is no option and no option's value.
    pub fn add_word(&mut self, word: &str) {
        self.words.push(word.to_owned());
    }

    /// Whether the option `name` is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    /// Each time that the option `name` is there, with its value.
    pub fn each(&self, name: &str) -> impl Iterator<Item = Option<&str>> {
        self.options.iter().filter(move |(option, _)| option == name).map(|(_, value)| value.as_deref())
    }

    /// The values of the options `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.each(name).flatten()
    }

    /// Every word that is no option and no option's value.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// The value of every option that has one: a word may have become one by mistake.
    pub fn all_values(&self) -> impl Iterator<Item = &str> {
        self.options.iter().filter_map(|(_, value)| value.as_deref())
    }
}

//! The options and words of a command line, which may be invalid.

/// The options and words of a command line, as far as they can be identified. The command line may be invalid, for
/// example contain an option twice. Callers must handle that.
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
    /// Adds an option. `value` is `None` for a flag, and for an option without its value.
    pub fn add_option(&mut self, name: &str, value: Option<&str>) {
        self.options.push((name.to_owned(), value.map(str::to_owned)));
    }

    /// Adds a word that is neither an option nor an option's value.
    pub fn add_word(&mut self, word: &str) {
        self.words.push(word.to_owned());
    }

    /// Whether the option `name` occurs, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    /// Each occurrence of the option `name`, with its value.
    pub fn each(&self, name: &str) -> impl Iterator<Item = Option<&str>> {
        self.options.iter().filter(move |(option, _)| option == name).map(|(_, value)| value.as_deref())
    }

    /// The values of the options `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.each(name).flatten()
    }

    /// Every word that is neither an option nor an option's value.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// The value of every option that has one: a word may be parsed as a value by mistake.
    pub fn all_values(&self) -> impl Iterator<Item = &str> {
        self.options.iter().filter_map(|(_, value)| value.as_deref())
    }
}

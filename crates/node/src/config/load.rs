//! Reading settings from the file and the environment.

use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, Key, keys};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "interdesk.toml";

/// The variable that names the file.
const FILE_VARIABLE: &str = "INTERDESK_CONFIG";

/// Names that belong to scripts and tests around the program.
const FOREIGN: &[&str] = &[
    "INTERDESK_TEST_",
    "INTERDESK_BIN",
    "INTERDESK_VECTORS",
    FILE_VARIABLE,
    "INTERDESK_SERVICES_DIR",
];

/// Why the settings could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the settings file {path}, check that it exists and is readable", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the settings file {path} is not valid TOML: {source}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Keys are unknown or hold what they cannot hold.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key or environment variable, as its writer wrote it.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl Config {
    /// Loads the settings: defaults, then the named file (or `INTERDESK_CONFIG`,
    /// or `interdesk.toml` if it is there), then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let named = file
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(FILE_VARIABLE).map(Into::into));
        let present = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file());
        // A variable that is not UTF-8 can only be refused by name, so its value may be lossy.
        let environment = std::env::vars_os().map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        });
        Self::load_from(named.or_else(present).as_deref(), environment)
    }

    /// Loads the settings from this file and these environment variables only.
    pub fn load_from(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let keys = keys();
        let mut problems = Vec::new();
        let mut settings = Table::new();
        if let Some(path) = file {
            let written = read(path)?;
            take_file(&keys, written, &mut settings, &mut problems);
        }
        take_environment(&keys, environment, &mut settings, &mut problems);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        fill_defaults(&keys, &mut settings);
        let config: Config = settings.try_into().map_err(|error: toml::de::Error| {
            Error::Invalid(vec![Problem::new("settings", error.message())])
        })?;
        check_together(&config)?;
        Ok(config)
    }
}

impl Default for Config {
    /// Gives the settings that hold when nobody sets anything.
    fn default() -> Self {
        Self::load_from(None, []).expect("the defaults are valid, a test proves it")
    }
}

fn read(path: &Path) -> Result<Table, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.parse().map_err(|source| Error::Syntax {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

fn take_file(keys: &[Key], written: Table, settings: &mut Table, problems: &mut Vec<Problem>) {
    for (name, value) in written {
        let is_section = keys.iter().any(|key| key.section == name);
        match value {
            Value::Table(section) if is_section => {
                for (inner, value) in section {
                    take_written(keys, &format!("{name}.{inner}"), value, settings, problems);
                }
            }
            value => take_written(keys, &name, value, settings, problems),
        }
    }
}

fn take_written(
    keys: &[Key],
    path: &str,
    value: Value,
    settings: &mut Table,
    problems: &mut Vec<Problem>,
) {
    let Some(key) = keys.iter().find(|key| key.path() == path) else {
        let known = keys.iter().map(Key::path);
        problems.push(Problem::new(path, unknown("key", path, known)));
        return;
    };
    take(key, path, key.kind.adopt(value), settings, problems);
}

fn take_environment(
    keys: &[Key],
    environment: impl IntoIterator<Item = (String, String)>,
    settings: &mut Table,
    problems: &mut Vec<Problem>,
) {
    let mut by_alias = Vec::new();
    let mut by_name = Vec::new();
    // An empty variable is how shells and compose files say "not set".
    for (name, text) in environment.into_iter().filter(|(_, text)| !text.is_empty()) {
        if let Some(key) = keys.iter().find(|key| key.alias() == Some(name.as_str())) {
            by_alias.push((key, name, text));
        } else if let Some(key) = keys.iter().find(|key| key.env() == name) {
            by_name.push((key, name, text));
        } else if name.starts_with("INTERDESK_") && !FOREIGN.iter().any(|own| name.starts_with(own))
        {
            let message = unknown("environment variable", &name, keys.iter().map(Key::env));
            problems.push(Problem::new(name, message));
        }
    }
    // Our own name is the more deliberate one, so it is taken last and wins.
    for (key, name, text) in by_alias.into_iter().chain(by_name) {
        take(key, &name, key.kind.parse(&text), settings, problems);
    }
}

fn take(
    key: &Key,
    written_as: &str,
    value: Option<Value>,
    settings: &mut Table,
    problems: &mut Vec<Problem>,
) {
    let Some(value) = value else {
        problems.push(Problem::new(written_as, format!("must be {}", key.kind)));
        return;
    };
    match key.check.accept(&value) {
        Ok(()) => insert(settings, key, value),
        Err(message) => problems.push(Problem::new(written_as, message)),
    }
}

fn insert(settings: &mut Table, key: &Key, value: Value) {
    if let Some(section) = section_mut(settings, key.section) {
        section.insert(key.name.to_owned(), value);
    }
}

fn section_mut<'a>(settings: &'a mut Table, section: &str) -> Option<&'a mut Table> {
    if section.is_empty() {
        return Some(settings);
    }
    settings
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
}

/// Settings whose default is on when the program runs in development.
const ON_IN_DEVELOPMENT: &[&str] = &[
    "graphql.graphiql",
    "graphql.introspection",
    "graphql.suggestions",
    "providers.allow_private_callbacks",
    "auth.allow_private_providers",
];

fn fill_defaults(keys: &[Key], settings: &mut Table) {
    let development = settings
        .get("development")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    for key in keys {
        let Some(section) = section_mut(settings, key.section) else {
            continue;
        };
        let default = if development && ON_IN_DEVELOPMENT.contains(&key.path().as_str()) {
            Some(Value::Boolean(true))
        } else {
            key.default.clone()
        };
        if let (None, Some(default)) = (section.get(key.name), default) {
            section.insert(key.name.to_owned(), default);
        }
    }
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let nearest = known
        .map(|candidate| (distance(&candidate, name), candidate))
        .min();
    match nearest {
        Some((steps, candidate)) if steps <= 4 => {
            format!("unknown {what}, did you mean `{candidate}`?")
        }
        _ => format!("unknown {what}, `interdesk config` lists every key"),
    }
}

/// Counts the single-letter changes between two names.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// Checks what no single key can know.
fn check_together(config: &Config) -> Result<(), Error> {
    let mut problems = Vec::new();
    if config.receive.max_queue < config.receive.max_batch {
        problems.push(Problem::new(
            "receive.max_queue",
            "must be at least receive.max_batch",
        ));
    }
    if config.delivery.unknown_after_seconds <= config.delivery.timeout_seconds {
        problems.push(Problem::new(
            "delivery.unknown_after_seconds",
            "must be longer than delivery.timeout_seconds, or a slow answer would count as lost",
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;

//! The reference of all settings, printed from their declaration.

use std::fmt::Write;

use toml::Value;

use super::{Check, Key, keys, settings::section_doc};

/// Prints every key with its default, unit and comment, as a TOML file in
/// which nothing is set yet.
pub fn example() -> String {
    let mut page = String::from(
        "# Settings of Interdesk. Every line shows a key with its default.\n\
         # Take away the `#` in front of a key to change it.\n\
         # The environment wins over this file.\n",
    );
    let mut section = "";
    for key in keys() {
        if key.section != section {
            section = key.section;
            let _ = write!(page, "\n# {}\n[{section}]\n", section_doc(section));
        }
        let _ = write!(page, "\n# {}\n# {}.\n", key.doc, facts(&key));
        let _ = match &key.default {
            Some(default) => writeln!(page, "#{} = {}", key.name, literal(default)),
            None => writeln!(page, "#{} =", key.name),
        };
    }
    page
}

/// Prints the same reference as a Markdown page.
pub fn reference() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         Settings come from defaults, then a TOML file (`interdesk.toml` in the working folder, \
         `--config FILE` or `INTERDESK_CONFIG`), then the environment. An unknown key or a value \
         outside its range is refused at start with its name.\n\n\
         This page is printed by `interdesk config --markdown`.\n",
    );
    let mut section = None;
    for key in keys() {
        if section != Some(key.section) {
            section = Some(key.section);
            let _ = match key.section {
                "" => write!(page, "\n## The whole program\n"),
                name => write!(page, "\n## {name}\n\n{}\n", section_doc(name)),
            };
            page.push_str("\n| Key | Default | Unit | Accepts | Environment | Meaning |\n|---|---|---|---|---|---|\n");
        }
        page.push_str(&row(&key));
    }
    page
}

fn row(key: &Key) -> String {
    let default = key
        .default
        .as_ref()
        .map_or("unset".to_owned(), |value| format!("`{}`", literal(value)));
    let mut environment = format!("`{}`", key.env());
    if let Some(alias) = key.alias() {
        let _ = write!(environment, ", `{alias}`");
    }
    format!(
        "| `{}` | {default} | {} | {} | {environment} | {} |\n",
        key.path(),
        key.unit,
        accepts(key),
        key.doc.replace('|', "\\|"),
    )
}

fn facts(key: &Key) -> String {
    let mut facts = format!(
        "Unit: {}; accepts {}; environment: {}",
        key.unit,
        accepts(key),
        key.env()
    );
    if let Some(alias) = key.alias() {
        let _ = write!(facts, " or {alias}");
    }
    facts
}

fn accepts(key: &Key) -> String {
    match key.check {
        Check::Any => key.kind.to_string(),
        check => check.to_string(),
    }
}

fn literal(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_example_is_a_file_that_changes_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("interdesk.toml");
        std::fs::write(&path, example()).expect("write");
        let config = Config::load_from(Some(&path), []).expect("valid");
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn every_default_of_the_example_can_be_uncommented() {
        let uncommented: String = example()
            .lines()
            .filter(|line| !line.ends_with('='))
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("interdesk.toml");
        std::fs::write(&path, uncommented).expect("write");
        let config = Config::load_from(Some(&path), []).expect("valid");
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn both_references_name_every_key() {
        let (example, reference) = (example(), reference());
        for key in keys() {
            assert!(example.contains(&key.env()), "{} is missing", key.env());
            assert!(
                reference.contains(&format!("`{}`", key.path())),
                "{} is missing",
                key.path()
            );
        }
    }
}

//! The committed schema is the one that is served, and everything in it is explained.

use crate::support::Asked;
use async_graphql::Request;
use serde_json::Value;

#[test]
fn the_committed_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let current = interdesk_graphql::sdl();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == current,
        "graphql/schema.graphql is old; run: interdesk schema > graphql/schema.graphql"
    );
}

const INTROSPECTION: &str = "query { __schema { types { name kind description
    fields { name description args { name description type { kind name ofType { kind name ofType {
        kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } }
    } } } } } }
    inputFields { name description } enumValues { name description } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_schema_is_described() {
    let asked = Asked::fresh().await;
    let response = asked.schema.execute(Request::new(INTROSPECTION)).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let data = response.data.into_json().unwrap();
    let mut bare = Vec::new();
    for kind in data["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        // The specification describes its own.
        if name.starts_with("__") || name == "ID" {
            continue;
        }
        let mut look = |what: &Value, place: String| {
            if what["description"].as_str().is_none_or(str::is_empty) {
                bare.push(place);
            }
        };
        look(kind, name.to_owned());
        for part in ["fields", "inputFields", "enumValues"] {
            for field in kind[part].as_array().into_iter().flatten() {
                let place = format!("{name}.{}", field["name"].as_str().unwrap());
                look(field, place.clone());
                for argument in field["args"].as_array().into_iter().flatten() {
                    look(
                        argument,
                        format!("{place}({})", argument["name"].as_str().unwrap()),
                    );
                }
            }
        }
    }
    assert!(bare.is_empty(), "not described: {bare:?}");
}

#[test]
fn scalars_say_whose_form_they_have_and_what_is_deprecated_says_until_when() {
    let sdl = interdesk_graphql::sdl();
    // These are ours alone, or any JSON; all others name what specifies them.
    let own = ["Cursor", "JSON", "Long"];
    let scalars = sdl.lines().filter_map(|line| line.strip_prefix("scalar "));
    let vague: Vec<&str> = scalars
        .filter(|line| !line.contains("@specifiedBy") && !own.contains(&line.trim()))
        .collect();
    assert!(vague.is_empty(), "not specified: {vague:?}");
    let has_date = |line: &str| {
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        line.split([' ', '"', ',', ':']).any(|word| {
            let parts: Vec<&str> = word.split('-').collect();
            parts.len() == 3 && parts.iter().all(|part| digits(part))
        })
    };
    let timeless: Vec<&str> = sdl
        .lines()
        .filter(|line| line.contains("@deprecated") && !line.starts_with("directive "))
        .filter(|line| !has_date(line))
        .collect();
    assert!(
        timeless.is_empty(),
        "deprecated without a day: {timeless:?}"
    );
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors");
    let mut pages: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()?
                .to_str()
                .map(str::to_owned)
        })
        .filter(|name| name != "README")
        .collect();
    pages.sort();
    assert_eq!(pages, interdesk_graphql::CODES);
}

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, Error> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("interdesk.toml");
    std::fs::write(&path, file).expect("write");
    let environment = environment
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::load_from(Some(&path), environment)
}

fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    load(file, environment)
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn the_defaults_are_valid() {
    let config = Config::default();
    assert_eq!(config.http.port, 8080);
    assert_eq!(config.bus.retry_delays_ms, [1_000, 5_000, 30_000, 120_000]);
    assert!(config.database.url.is_none());
    assert!(!config.graphql.graphiql && !config.graphql.introspection);
    assert!(!config.graphql.suggestions);
    assert_eq!(config.public_url(), "http://127.0.0.1:8080");
}

#[test]
fn every_default_passes_its_own_check() {
    for key in keys() {
        if let Some(default) = key.default.clone() {
            let adopted = key
                .kind
                .adopt(default)
                .unwrap_or_else(|| panic!("{} has a default of another kind", key.path()));
            assert_eq!(key.check.accept(&adopted), Ok(()), "{}", key.path());
        }
    }
}

#[test]
fn no_two_keys_share_an_environment_name() {
    let mut names: Vec<String> = keys().iter().map(Key::env).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let config = load(
        "[http]\nport = 9000\nworkers = 3\n",
        &[
            ("INTERDESK_HTTP_PORT", "9001"),
            ("INTERDESK_BUS_RETRY_DELAYS_MS", "10, 20"),
        ],
    )
    .expect("valid");
    assert_eq!((config.http.port, config.http.workers), (9001, 3));
    assert_eq!(config.bus.retry_delays_ms, [10, 20]);
}

#[test]
fn well_known_names_work_and_our_own_name_wins() {
    let known = ("DATABASE_URL", "postgres://known.example.org/desk");
    let own = ("INTERDESK_DATABASE_URL", "postgres://own.example.org/desk");
    let url = |environment: &[(&str, &str)]| {
        let config = load("", environment).expect("valid");
        config.database.url.map(|url| url.expose().clone())
    };
    assert_eq!(url(&[known]).as_deref(), Some(known.1));
    assert_eq!(url(&[own, known]).as_deref(), Some(own.1));
    assert_eq!(url(&[("DATABASE_URL", "")]), None);
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_the_mend() {
    assert_eq!(
        refusal("[http]\nprot = 1\n", &[]),
        "http.prot: unknown key, did you mean `http.port`?"
    );
    assert_eq!(
        refusal("[weather]\nrain = true\n", &[]),
        "weather: unknown key, `interdesk config` lists every key"
    );
}

#[test]
fn an_unknown_variable_of_ours_is_refused_and_foreign_ones_are_left_alone() {
    assert_eq!(
        refusal("", &[("INTERDESK_HTTP_PROT", "1")]),
        "INTERDESK_HTTP_PROT: unknown environment variable, did you mean `INTERDESK_HTTP_PORT`?"
    );
    let foreign = [
        ("INTERDESK_TEST_X", "1"),
        ("INTERDESK_BIN", "1"),
        ("INTERDESK_VECTORS", "1"),
        ("INTERDESK_CONFIG", "1"),
        ("INTERDESK_SERVICES_DIR", "1"),
        ("PATH", "1"),
    ];
    assert!(load("", &foreign).is_ok());
}

#[test]
fn a_malformed_value_is_refused_with_what_would_be_right() {
    type Case = (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    let cases: &[Case] = &[
        (
            "[http]\nport = \"x\"\n",
            &[],
            "http.port: must be a whole number",
        ),
        (
            "[http]\nport = 70000\n",
            &[],
            "http.port: must be from 0 to 65535",
        ),
        (
            "[http]\nbind = \"here\"\n",
            &[],
            "http.bind: must be an IP address",
        ),
        (
            "http = 1\n",
            &[],
            "http: unknown key, `interdesk config` lists every key",
        ),
        (
            "",
            &[("INTERDESK_HTTP_PORT", "eighty")],
            "INTERDESK_HTTP_PORT: must be a whole number",
        ),
        (
            "",
            &[("INTERDESK_DEVELOPMENT", "yes")],
            "INTERDESK_DEVELOPMENT: must be true or false",
        ),
        (
            "",
            &[("AMQP_URL", "http://x")],
            "AMQP_URL: must be a URL like amqp:// or amqps://host",
        ),
        (
            "",
            &[("INTERDESK_TELEMETRY_SAMPLE_RATIO", "2")],
            "INTERDESK_TELEMETRY_SAMPLE_RATIO: must be from 0.0 to 1.0",
        ),
        (
            "",
            &[("INTERDESK_TELEMETRY_SAMPLE_RATIO", "NaN")],
            "INTERDESK_TELEMETRY_SAMPLE_RATIO: must be from 0.0 to 1.0",
        ),
        (
            "[telemetry]\nlog_format = \"xml\"\n",
            &[],
            "telemetry.log_format: must be one of text, json",
        ),
        (
            "[bus]\nretry_delays_ms = []\n",
            &[],
            "bus.retry_delays_ms: must be from 1 to 3600000",
        ),
        (
            "[receive]\nmax_queue = 8\n",
            &[],
            "receive.max_queue: must be at least receive.max_batch",
        ),
    ];
    for (file, environment, expected) in cases {
        assert_eq!(refusal(file, environment), *expected);
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let message = refusal(
        "[http]\nport = -1\n[bus]\nshards = 0\n",
        &[("INTERDESK_NOPE_NOPE_NOPE", "1")],
    );
    assert_eq!(message.lines().count(), 3, "{message}");
}

#[test]
fn a_secret_shows_neither_in_errors_nor_in_debug_output() {
    let message = refusal("", &[("DATABASE_URL", "mysql://u:hunter2@h/d")]);
    assert!(!message.contains("hunter2"), "{message}");
    let config = load("", &[("DATABASE_URL", "postgres://u:hunter2@h/d")]).expect("valid");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn development_turns_its_conveniences_on_unless_they_are_set() {
    let config = load("development = true\n", &[]).expect("valid");
    assert!(config.graphql.graphiql && config.providers.allow_private_callbacks);
    assert!(config.graphql.introspection && config.graphql.suggestions);
    let config = load("development = true\n[graphql]\ngraphiql = false\n", &[]).expect("valid");
    assert!(!config.graphql.graphiql);
}

#[test]
fn a_whole_number_is_fine_where_decimals_are_allowed() {
    let config = load("[telemetry]\nsample_ratio = 0\n", &[]).expect("valid");
    assert_eq!(config.telemetry.sample_ratio, 0.0);
}

#[test]
fn a_missing_file_and_broken_toml_name_the_file() {
    let missing = Config::load_from(Some(Path::new("no-such.toml")), []).expect_err("missing");
    assert!(missing.to_string().contains("no-such.toml"));
    assert!(refusal("[http\n", &[]).contains("interdesk.toml is not valid TOML"));
}

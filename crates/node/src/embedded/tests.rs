use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Command,
};

use super::{cluster::Cluster, *};

/// A data folder that an unprivileged server can reach.
fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).expect("mode");
    folder
}

/// Runs one statement and gives its output, or what went wrong.
fn query(url: &Secret<String>, statement: &str) -> Result<String, String> {
    let psql = programs::Programs::find().expect("installed").path("psql");
    let output = Command::new(psql)
        .args([
            "--no-psqlrc",
            "-qAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            url.expose(),
            "-c",
            statement,
        ])
        .output()
        .expect("psql");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

fn server_pid(embedded: &Embedded) -> i32 {
    let text = std::fs::read_to_string(embedded.data.join("postmaster.pid")).expect("pid file");
    text.lines().next().expect("pid").parse().expect("number")
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn data_survives_a_stop_and_the_server_is_gone_after_it() {
    let folder = data_dir();
    let first = Embedded::start(folder.path()).expect("start");
    query(
        first.owner_url(),
        "CREATE TABLE kept AS SELECT 42 AS answer",
    )
    .expect("create");
    let pid = server_pid(&first);
    assert!(first.is_running() && first.is_owned());
    first.stop();
    assert!(!is_alive(pid));

    let second = Embedded::start(folder.path()).expect("start again");
    assert_eq!(
        query(second.owner_url(), "SELECT answer FROM kept").as_deref(),
        Ok("42")
    );
    assert_eq!(
        query(second.owner_url(), "SHOW synchronous_commit").as_deref(),
        Ok("on")
    );
    assert_eq!(
        query(second.owner_url(), "SHOW listen_addresses").as_deref(),
        Ok("127.0.0.1")
    );
}

#[test]
fn the_program_connects_as_a_login_that_can_do_nothing_by_itself() {
    let folder = data_dir();
    let embedded = Embedded::start(folder.path()).expect("start");
    query(
        embedded.owner_url(),
        "CREATE TABLE t (); GRANT SELECT ON t TO interdesk_app",
    )
    .expect("owner");
    let rights = "SELECT bool_or(rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) \
                  FROM pg_roles WHERE rolname LIKE 'interdesk%'";
    assert_eq!(query(embedded.url(), rights).as_deref(), Ok("f"));
    let refused = query(embedded.url(), "SELECT count(*) FROM t").expect_err("no right of its own");
    assert!(refused.contains("permission denied"), "{refused}");
    let taken = query(
        embedded.url(),
        "SET ROLE interdesk_app; SELECT count(*) FROM t",
    );
    assert_eq!(taken.as_deref(), Ok("0"));
    assert!(query(embedded.url(), "SET ROLE interdesk_system; SELECT 1").is_ok());
    assert!(query(embedded.url(), "SET ROLE interdesk_owner").is_err());
    assert!(query(embedded.url(), "CREATE TABLE sneaky ()").is_err());
}

#[test]
fn a_wrong_password_is_refused_and_passwords_are_readable_by_their_owner_only() {
    let folder = data_dir();
    let embedded = Embedded::start(folder.path()).expect("start");
    let (scheme, rest) = embedded.url().expose().split_once(":").expect("url");
    let host = rest.split_once('@').expect("host").1;
    let guessed = Secret::new(format!("{scheme}://postgres:postgres@{host}"));
    assert!(query(&guessed, "SELECT 1").is_err());
    let record = folder.path().join("postgres/cluster.json");
    assert_eq!(
        record.metadata().expect("record").permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        embedded.data.metadata().expect("data").permissions().mode() & 0o077,
        0
    );
    if rustix::process::geteuid().is_root() {
        assert_ne!(embedded.data.metadata().expect("data").uid(), 0);
    }
    assert!(
        !embedded
            .data
            .parent()
            .expect("place")
            .join("password")
            .exists()
    );
    assert!(!format!("{embedded:?}").contains(host));
}

#[test]
fn a_second_program_is_refused_and_a_tool_may_attach() {
    let folder = data_dir();
    let running = Embedded::start(folder.path()).expect("start");
    assert!(matches!(
        Embedded::start(folder.path()),
        Err(Error::InUse(_))
    ));
    let tool = Embedded::start_or_attach(folder.path()).expect("attach");
    assert!(!tool.is_owned() && tool.is_running());
    assert_eq!(query(tool.url(), "SELECT 1").as_deref(), Ok("1"));
    tool.stop();
    assert!(running.is_running(), "a tool leaves what it did not start");
}

#[test]
fn a_server_that_was_killed_recovers_what_was_committed() {
    let folder = data_dir();
    let first = Embedded::start(folder.path()).expect("start");
    query(
        first.owner_url(),
        "CREATE TABLE kept AS SELECT 42 AS answer",
    )
    .expect("create");
    let pid = rustix::process::Pid::from_raw(server_pid(&first)).expect("pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill");
    wait_for("noticing the end", || !first.is_running());
    drop(first);
    let second = Embedded::start(folder.path()).expect("start again");
    assert_eq!(
        query(second.owner_url(), "SELECT answer FROM kept").as_deref(),
        Ok("42")
    );
}

/// Runs only as the helper process of the test below.
#[test]
fn helper_starts_a_server_and_waits_to_be_killed() {
    let Some(folder) = std::env::var_os("INTERDESK_TEST_EMBEDDED_HELPER") else {
        return;
    };
    let embedded = Embedded::start(Path::new(&folder)).expect("start");
    query(
        embedded.owner_url(),
        "CREATE TABLE kept AS SELECT 42 AS answer",
    )
    .expect("create");
    std::fs::write(
        Path::new(&folder).join("ready"),
        server_pid(&embedded).to_string(),
    )
    .expect("ready");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn after_a_kill_of_the_program_its_server_ends_and_the_next_start_finds_the_data() {
    let folder = data_dir();
    let mut program = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "helper_starts_a_server_and_waits_to_be_killed",
            "--test-threads=1",
        ])
        .env("INTERDESK_TEST_EMBEDDED_HELPER", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("helper");
    let ready = folder.path().join("ready");
    wait_for("the helper's start", || {
        std::fs::read_to_string(&ready).is_ok_and(|pid| !pid.is_empty())
    });
    let pid: i32 = std::fs::read_to_string(&ready)
        .expect("pid")
        .parse()
        .expect("number");
    program.kill().expect("kill -9");
    program.wait().expect("wait");

    let next = Embedded::start(folder.path()).expect("start again");
    assert!(
        !is_alive(pid),
        "the old server is gone before the new one starts"
    );
    assert_eq!(
        query(next.owner_url(), "SELECT answer FROM kept").as_deref(),
        Ok("42")
    );
}

#[test]
fn a_server_without_an_owner_is_stopped_before_the_next_start() {
    let folder = data_dir();
    let first = Embedded::start(folder.path()).expect("start");
    let (data, pid) = (first.data.clone(), server_pid(&first));
    let home = folder.path().join("postgres").canonicalize().expect("home");
    // As if the program had died where the kernel does not tell the server.
    let cluster = Cluster::open(&home).expect("cluster");
    cluster.stop_orphan().expect("stop");
    // The server removes its file a moment before it is gone.
    wait_for("the end of the server", || !is_alive(pid));
    assert!(!data.join("postmaster.pid").exists());
}

#[test]
fn a_stale_pid_file_whose_number_another_process_has_is_no_server() {
    let folder = data_dir();
    let first = Embedded::start(folder.path()).expect("start");
    let pid_file = first.data.join("postmaster.pid");
    first.stop();
    let stranger = std::process::id();
    std::fs::write(
        &pid_file,
        format!("{stranger}\n/nowhere\n0\n1\n\n127.0.0.1\n0 0\nready\n"),
    )
    .expect("write");
    let home = folder.path().join("postgres").canonicalize().expect("home");
    Cluster::open(&home)
        .expect("cluster")
        .stop_orphan()
        .expect("nothing to stop");
}

#[test]
fn a_half_made_cluster_is_made_again_and_a_lost_one_is_not_replaced() {
    let folder = data_dir();
    let home = home(folder.path()).expect("home");
    let cluster = home.join("cluster");
    std::fs::create_dir_all(cluster.join("data.new/base")).expect("leftover");
    let first = Embedded::start(folder.path()).expect("start over the leftover");
    assert!(!cluster.join("data.new").exists());
    first.stop();
    let record = std::fs::read(home.join("cluster.json")).expect("record");
    std::fs::remove_file(home.join("cluster.json")).expect("lose the record");
    let error = Embedded::start(folder.path()).expect_err("has no passwords");
    assert!(error.to_string().contains("its record is gone"), "{error}");
    std::fs::write(home.join("cluster.json"), record).expect("put it back");
    std::fs::rename(&cluster, home.join("moved")).expect("lose it");
    let error = Embedded::start(folder.path()).expect_err("must not start empty");
    assert!(error.to_string().contains("the cluster is gone"), "{error}");
}

//! A workspace is set up by those who may, and everybody sees it.

use crate::support::{Asked, Workspace};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use serde_json::{Value, json};

struct SetUp {
    asked: Asked,
    workspace: Workspace,
    admin: Viewer,
}

impl SetUp {
    async fn fresh() -> Self {
        let asked = Asked::fresh().await;
        let workspace = asked.workspace().await;
        let tenant = workspace.viewer.tenant;
        let admin = asked
            .world
            .person(tenant, Role::Admin, Presence::Away, 3)
            .await;
        Self {
            asked,
            workspace,
            admin,
        }
    }

    /// Runs a mutation as the administrator and returns its payload.
    async fn run(&self, field: &str, shown: &str, input: Value) -> Value {
        self.run_as(&self.admin, field, shown, input).await
    }

    async fn run_as(&self, viewer: &Viewer, field: &str, shown: &str, input: Value) -> Value {
        let document = Self::document(field, shown);
        let answer = self
            .asked
            .ask(viewer, &document, json!({"input": input}))
            .await;
        answer[field].clone()
    }

    /// Runs a mutation that fails and returns the code of its error.
    async fn code_as(&self, viewer: &Viewer, field: &str, input: Value) -> String {
        let document = Self::document(field, "");
        let request = self
            .asked
            .request(viewer, &document, json!({"input": input}));
        self.asked.code(request).await
    }

    fn document(field: &str, shown: &str) -> String {
        let mut letters = field.chars();
        let first = letters.next().unwrap().to_ascii_uppercase();
        let kind = match field {
            "scheduleHolidaysImport" => "HolidaysImportInput".to_owned(),
            "policyUnstage" | "policyRetire" => "PolicyTargetInput".to_owned(),
            "agentTimeOffAdd" => "TimeOffAddInput".to_owned(),
            _ => format!("{first}{}Input", letters.as_str()),
        };
        format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{ status refusal {{ code }}
                faults {{ path problem mend }} {shown} }} }}"
        )
    }
}

const POLICY: &str = "version policy { subjectId latest active { version body } stagedPermille }";

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_served_as_its_newest_active_version_says() {
    let set_up = SetUp::fresh().await;
    let queue = set_up.workspace.queue.to_string();
    let save = |body: Value, expected: Option<i32>| {
        json!({"kind": "QUEUE", "subjectId": queue, "body": body, "note": "for a test",
            "activate": true, "expectedVersion": expected})
    };
    let fault = set_up
        .run("policySave", POLICY, save(json!({"mode": "shout"}), None))
        .await;
    assert_eq!(fault["status"], "INVALID");
    assert_eq!(fault["refusal"]["code"], "POLICY_INVALID");
    assert_eq!(fault["faults"][0]["path"], "mode");

    let body =
        json!({"mode": "push", "ladder": [{"after_seconds": 9, "relax": {"overflow": queue}}]});
    let own = set_up.run("policySave", POLICY, save(body, None)).await;
    assert_eq!(own["faults"][0]["path"], "ladder[0].relax", "{own}");
    let first = set_up
        .run("policySave", POLICY, save(json!({"mode": "push"}), Some(0)))
        .await;
    assert_eq!(first["status"], "CHANGED", "{first}");
    assert_eq!(first["policy"]["subjectId"], queue);
    assert_eq!(first["policy"]["active"]["body"]["mode"], "push");
    let stale = set_up
        .run("policySave", POLICY, save(json!({}), Some(0)))
        .await;
    assert_eq!(stale["refusal"]["code"], "STALE_VERSION", "{stale}");

    set_up
        .asked
        .world
        .clock
        .advance(chrono::Duration::seconds(1));
    let second = save(json!({"mode": "pull", "wrap_up_seconds": 9}), Some(1));
    set_up.run("policySave", POLICY, second).await;
    let target = |version: i32| json!({"kind": "QUEUE", "subjectId": queue, "version": version});
    let again = set_up.run("policyActivate", POLICY, target(1)).await;
    assert_eq!(again["refusal"]["code"], "ALREADY_ACTIVE", "{again}");
    set_up
        .asked
        .world
        .clock
        .advance(chrono::Duration::seconds(1));
    let back = set_up.run("policyRollBack", POLICY, target(1)).await;
    assert_eq!(back["version"], 3, "{back}");
    assert_eq!(back["policy"]["active"]["body"]["mode"], "push");
    let mut share = target(2);
    share["permille"] = 50.into();
    let staged = set_up.run("policyStage", POLICY, share).await;
    assert_eq!(staged["policy"]["stagedPermille"], 50, "{staged}");

    let document = "query($id: ID!) { policy(kind: QUEUE, subjectId: $id) {
        difference(from: 1, to: 2) { path before after words }
        versions { version note madeBy { id } } }
        queues { policy { latest } } }";
    let viewer = set_up.workspace.viewer;
    let shown = set_up
        .asked
        .ask(&viewer, document, json!({"id": queue}))
        .await;
    let difference = &shown["policy"]["difference"];
    assert_eq!(
        difference[0]["words"], "mode: \"push\" becomes \"pull\"",
        "{shown}"
    );
    assert_eq!(difference[1]["after"], 9);
    let versions = &shown["policy"]["versions"];
    assert_eq!(versions[0]["note"], "back to version 1");
    assert_eq!(versions[0]["madeBy"]["id"], set_up.admin.agent.to_string());
    assert_eq!(shown["queues"][0]["policy"]["latest"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_tells_whether_it_is_open_and_when_that_changes() {
    let set_up = SetUp::fresh().await;
    // Mondays from nine to five.
    let body = json!({"zone": "Europe/Vienna", "week": [{"from": 1980, "to": 2460}]});
    let input = json!({"kind": "SCHEDULE", "name": "Office", "body": body, "note": "hours",
        "activate": true});
    let saved = set_up.run("policySave", POLICY, input).await;
    assert_eq!(saved["status"], "CHANGED", "{saved}");
    let schedule = saved["policy"]["subjectId"].as_str().unwrap().to_owned();
    let queue = set_up.workspace.queue.to_string();
    let input = json!({"queueId": queue, "scheduleId": schedule});
    let shown = "queue { schedule { id } }";
    let changed = set_up.run("queueUpdate", shown, input).await;
    assert_eq!(changed["queue"]["schedule"]["id"], schedule, "{changed}");

    let monday = "2027-03-01T08:30:00Z";
    let document = "query($at: DateTime!) { schedules { name zone isOpen(at: $at)
        nextChange(after: $at) holiday(at: $at) policy { latest } } }";
    let viewer = set_up.workspace.viewer;
    let open = set_up
        .asked
        .ask(&viewer, document, json!({"at": monday}))
        .await;
    let open = &open["schedules"][0];
    assert_eq!(open["name"], "Office");
    assert_eq!(open["zone"], "Europe/Vienna");
    assert_eq!(open["isOpen"], true);
    assert_eq!(open["nextChange"], "2027-03-01T16:00:00+00:00");

    let calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Day off\n\
                    DTSTART;VALUE=DATE:20270301\nEND:VEVENT\nEND:VCALENDAR\n";
    set_up
        .asked
        .world
        .clock
        .advance(chrono::Duration::seconds(1));
    let input = json!({"scheduleId": schedule, "calendar": calendar, "fromYear": 2027,
        "untilYear": 2027, "activate": true});
    let imported = set_up.run("scheduleHolidaysImport", POLICY, input).await;
    assert_eq!(imported["version"], 2, "{imported}");
    let closed = set_up
        .asked
        .ask(&viewer, document, json!({"at": monday}))
        .await;
    assert_eq!(closed["schedules"][0]["isOpen"], false);
    assert_eq!(closed["schedules"][0]["holiday"], "Day off");
    let input = json!({"scheduleId": schedule, "calendar": "BEGIN:VCALENDAR\nwhat\n"});
    let refused = set_up.run("scheduleHolidaysImport", POLICY, input).await;
    let mend = refused["faults"][0]["mend"].as_str().unwrap();
    assert!(mend.contains("line 2"), "{refused}");
    let input = json!({"kind": "SCHEDULE", "subjectId": schedule});
    let refused = set_up.run("policyRetire", POLICY, input).await;
    assert_eq!(refused["refusal"]["code"], "IN_USE", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_can_and_may_hold_is_set_and_seen() {
    let set_up = SetUp::fresh().await;
    let agent = set_up.workspace.viewer.agent.to_string();
    let shown = "agent { kind languages capacity skills { name level }
        capacities { total call interruptible openOffers }
        memberships { rank most queue { id } } teams { rank team { name } }
        timeOff { note } presence presenceReason { name } }";
    let input = json!({"agentId": agent, "kind": "ASSISTANT", "languages": ["en", "de-AT"],
        "skills": [{"name": "law", "level": 4}],
        "capacity": {"total": 1, "call": 0, "interruptible": ["EMAIL"]}});
    let changed = set_up.run("agentUpdate", shown, input).await;
    assert_eq!(changed["status"], "CHANGED", "{changed}");
    let seen = &changed["agent"];
    assert_eq!(seen["kind"], "ASSISTANT");
    assert_eq!(seen["languages"], json!(["en", "de-AT"]));
    assert_eq!(seen["skills"], json!([{"name": "law", "level": 4}]));
    assert_eq!(seen["capacity"], 1);
    let capacities = json!({"total": 1, "call": 0, "interruptible": ["EMAIL"], "openOffers": 1});
    assert_eq!(seen["capacities"], capacities);
    let queue = set_up.workspace.queue.to_string();
    let memberships = json!([{"rank": 0, "most": null, "queue": {"id": queue}}]);
    assert_eq!(seen["memberships"], memberships);

    let input = json!({"name": "Lunch", "presence": "AWAY"});
    let word = set_up
        .run("presenceReasonSet", "reason { id name presence }", input)
        .await;
    assert_eq!(word["reason"]["presence"], "AWAY", "{word}");
    let input = json!({"agentId": agent, "reasonId": word["reason"]["id"]});
    let changed = set_up.run("agentUpdate", shown, input).await;
    assert_eq!(changed["agent"]["presence"], "AWAY", "{changed}");
    assert_eq!(changed["agent"]["presenceReason"]["name"], "Lunch");

    let input = json!({"agentId": agent, "from": "2030-01-01T00:00:00Z",
        "until": "2030-01-02T00:00:00Z", "note": "dentist"});
    let off = set_up.run("agentTimeOffAdd", shown, input).await;
    assert_eq!(
        off["agent"]["timeOff"],
        json!([{"note": "dentist"}]),
        "{off}"
    );
    let input = json!({"agentId": agent, "skills": [{"name": "law", "level": 0}]});
    let refused = set_up.run("agentUpdate", shown, input.clone()).await;
    assert_eq!(refused["refusal"]["code"], "SETUP_INVALID", "{refused}");
    let viewer = set_up.workspace.viewer;
    let code = set_up.code_as(&viewer, "agentUpdate", input).await;
    assert_eq!(code, "FORBIDDEN");
    let input = json!({"agentId": set_up.admin.agent.to_string(), "role": "AGENT"});
    let refused = set_up.run("agentUpdate", shown, input).await;
    assert_eq!(refused["refusal"]["code"], "LAST_ADMIN", "{refused}");
    let skills = set_up
        .asked
        .ask(&viewer, "{ skills { name agents highest } }", json!({}))
        .await;
    assert_eq!(
        skills["skills"],
        json!([{"name": "law", "agents": 1, "highest": 4}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_and_queues_are_created_and_joined() {
    let set_up = SetUp::fresh().await;
    let agent = set_up.workspace.viewer.agent.to_string();
    let shown = "team { id name members { rank agent { id } } }";
    let team = set_up
        .run("teamCreate", shown, json!({"name": "Specialists"}))
        .await;
    let team = team["team"]["id"].as_str().unwrap().to_owned();
    let twice = set_up
        .run("teamCreate", shown, json!({"name": "Specialists"}))
        .await;
    assert_eq!(twice["refusal"]["code"], "NAME_TAKEN", "{twice}");
    let input = json!({"teamId": team, "agentId": agent, "rank": 2});
    let joined = set_up.run("teamMemberSet", shown, input).await;
    let members = json!([{"rank": 2, "agent": {"id": agent}}]);
    assert_eq!(joined["team"]["members"], members, "{joined}");
    let shown = "queue { id offerSeconds teams { rank most team { name } } }";
    let input = json!({"name": "Law", "offerSeconds": 45});
    let queue = set_up.run("queueCreate", shown, input).await;
    assert_eq!(queue["queue"]["offerSeconds"], 45, "{queue}");
    let id = queue["queue"]["id"].as_str().unwrap();
    let input = json!({"queueId": id, "teamId": team, "rank": 1, "most": 2});
    let served = set_up.run("queueTeamSet", shown, input).await;
    let teams = json!([{"rank": 1, "most": 2, "team": {"name": "Specialists"}}]);
    assert_eq!(served["queue"]["teams"], teams, "{served}");
    let input = json!({"queueId": id, "teamId": team});
    let left = set_up.run("queueTeamRemove", shown, input).await;
    assert_eq!(left["queue"]["teams"], json!([]), "{left}");

    let contact = set_up.workspace.contact.to_string();
    let input = json!({"contactId": contact, "attributes": {"plan": "gold", "seats": 3},
        "segments": ["b2b"], "vip": true});
    let shown = "contact { attributes vip segments }";
    let known = set_up.run("contactUpdate", shown, input).await;
    let expect = json!({"attributes": {"plan": "gold", "seats": 3}, "vip": true,
        "segments": ["b2b"]});
    assert_eq!(known["contact"], expect, "{known}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zone_of_reports_is_one_that_exists_and_chosen_by_those_who_configure() {
    let set_up = SetUp::fresh().await;
    let set = |zone: &str| json!({ "zone": zone });
    for wrong in ["Mars/Olympus", "", "+02:00", "W. Europe Standard Time"] {
        let refused = set_up
            .run("workspaceZoneSet", "workspace { zone }", set(wrong))
            .await;
        assert_eq!(refused["status"], "INVALID", "{wrong}: {refused}");
        assert_eq!(refused["refusal"]["code"], "SETUP_INVALID");
        assert_eq!(refused["faults"][0]["path"], "zone");
        assert_eq!(refused["faults"][0]["problem"], "unknown");
        assert_eq!(refused["workspace"]["zone"], "UTC");
    }
    let agent = set_up.workspace.viewer;
    let code = set_up
        .code_as(&agent, "workspaceZoneSet", set("Europe/Berlin"))
        .await;
    assert_eq!(code, "FORBIDDEN");
    let same = set_up.run("workspaceZoneSet", "", set("UTC")).await;
    assert_eq!(same["status"], "UNCHANGED");
    let taken = set_up
        .run("workspaceZoneSet", "", set("Europe/Berlin"))
        .await;
    assert_eq!(taken["status"], "CHANGED", "{taken}");
    let told = set_up.asked.world.test.count_as_owner(
        "SELECT count(*) AS count FROM outbox WHERE kind = 'workspace_zone_changed'",
    );
    assert_eq!(told.await, 1, "whoever follows the log counts anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_keeps_the_files_that_those_who_configure_name_and_every_fault_is_told() {
    let set_up = SetUp::fresh().await;
    let inbox = set_up.workspace.inbox.to_string();
    let shown = "inbox { files { maxBytes types } }";
    let set =
        |most: Value, types: Value| json!({ "inboxId": inbox, "maxBytes": most, "types": types });
    let run = async |input: Value| set_up.run("inboxFilesSet", shown, input).await;
    let wrong = run(set(json!(0), json!(["image/png", "png"]))).await;
    assert_eq!(wrong["status"], "INVALID", "{wrong}");
    assert_eq!(wrong["refusal"]["code"], "SETUP_INVALID");
    let paths: Vec<_> = wrong["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(paths, ["maxBytes", "types[1]"]);
    let unsaid = json!({ "maxBytes": null, "types": null });
    assert_eq!(wrong["inbox"]["files"], unsaid);

    let agent = set_up.workspace.viewer;
    let code = set_up
        .code_as(&agent, "inboxFilesSet", set(json!(1000), Value::Null))
        .await;
    assert_eq!(code, "FORBIDDEN");
    let other = json!({ "inboxId": set_up.workspace.contact.to_string() });
    assert_eq!(run(other).await["status"], "NOT_FOUND");

    let limits = set(json!(1000), json!(["Image/*", "application/pdf"]));
    let taken = run(limits.clone()).await;
    assert_eq!(taken["status"], "CHANGED", "{taken}");
    let kept = json!({ "maxBytes": 1000, "types": ["image/*", "application/pdf"] });
    assert_eq!(taken["inbox"]["files"], kept);
    assert_eq!(run(limits).await["status"], "UNCHANGED");
    // What fetches and takes files asks for the same rules.
    let scope = set_up.admin.scope();
    let rules =
        interdesk_flow::attach::rules(&set_up.asked.desk, scope, set_up.workspace.inbox).await;
    let rules = rules.unwrap();
    assert_eq!(rules.most, 1000);
    assert!(rules.judge("image/webp").is_ok() && rules.judge("text/plain").is_err());
    let back = run(set(Value::Null, Value::Null)).await;
    assert_eq!(back["inbox"]["files"], unsaid, "{back}");
    let told = "SELECT count(*) AS count FROM outbox WHERE kind = 'inbox_files_changed'";
    assert_eq!(set_up.asked.world.test.count_as_owner(told).await, 2);
}

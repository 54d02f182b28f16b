//! A second proof at sign-in.

use crate::sessions::{PASSWORD, Person};
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use serde_json::{Value, json};
use totp_rs::Totp;

const BEGIN: &str = "mutation($p: String!) { secondFactorBegin(input: {password: $p}) {
    status secret uri refusal { code path } } }";
const CONFIRM: &str = "mutation($c: String!) { secondFactorConfirm(input: {code: $c}) {
    status recoveryCodes refusal { code } } }";
const REMOVE: &str = "mutation($p: String, $c: String, $a: ID) { secondFactorRemove(input: {
    password: $p, code: $c, agentId: $a}) { status refusal { code } } }";
const SIGN_IN: &str =
    "mutation($w: String!, $e: String!, $p: String!, $c: String) { signIn(input: {
    workspace: $w, email: $e, password: $p, code: $c}) { status token refusal { code path } } }";
const STATE: &str = "{ secondFactor { confirmedAt recoveryCodesLeft } }";

impl Person {
    async fn own(&self, document: &str, variables: Value) -> Value {
        let answer = self.asked.ask(&self.viewer, document, variables).await;
        answer.as_object().unwrap().values().next().unwrap().clone()
    }

    async fn try_in(&self, password: &str, code: Option<&str>) -> Value {
        let (tenant, agent) = (self.viewer.tenant.0, self.viewer.agent.0);
        let variables = json!({"w": format!("t-{tenant}"), "e": format!("{agent}@example.org"),
            "p": password, "c": code});
        self.stranger(SIGN_IN, variables).await["signIn"]["status"].clone()
    }

    /// Goes on after the tries of a minute, and after the code of this half minute.
    fn wait(&self) {
        self.later(Duration::minutes(2));
    }

    /// Switches codes on, as a person does; returns the authenticator and the recovery codes.
    async fn switch_on(&self) -> (Totp, Vec<String>) {
        let begun = self.own(BEGIN, json!({"p": PASSWORD})).await;
        assert_eq!(begun["status"], "BEGUN");
        let totp = Totp::from_url(begun["uri"].as_str().unwrap()).unwrap();
        let on = self.own(CONFIRM, json!({"c": self.code_of(&totp)})).await;
        assert_eq!(on["status"], "ON");
        let codes = on["recoveryCodes"].as_array().unwrap().iter();
        let codes = codes.map(|code| code.as_str().unwrap().to_owned());
        (totp, codes.collect())
    }

    fn code_of(&self, totp: &Totp) -> String {
        let now = self.asked.desk.now().timestamp();
        totp.generate(now.try_into().unwrap()).to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn once_confirmed_no_password_alone_lets_anybody_in() {
    let person = Person::fresh(Role::Agent).await;
    let refused = person.own(BEGIN, json!({"p": "wrong"})).await;
    assert_eq!(
        refused["refusal"],
        json!({"code": "BAD_CREDENTIALS", "path": ["input", "password"]})
    );
    let begun = person.own(BEGIN, json!({"p": PASSWORD})).await;
    let uri = begun["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/") && uri.contains(begun["secret"].as_str().unwrap()),
        "{uri}"
    );
    assert_eq!(
        person.try_in(PASSWORD, None).await,
        "SIGNED_IN",
        "nothing is confirmed"
    );
    assert_eq!(
        person.own(CONFIRM, json!({"c": "000000"})).await["status"],
        "REFUSED"
    );
    let (totp, codes) = person.switch_on().await;
    assert_eq!(codes.len(), 10);
    assert_eq!(
        person.own(BEGIN, json!({"p": PASSWORD})).await["status"],
        "ALREADY_ON"
    );
    assert_eq!(person.own(STATE, json!({})).await["recoveryCodesLeft"], 10);
    assert_eq!(person.count("second_factor_changed").await, 1);

    assert_eq!(person.try_in(PASSWORD, None).await, "CODE_NEEDED");
    assert_eq!(
        person.try_in("wrong", None).await,
        "REFUSED",
        "nobody learns that a code is asked for"
    );
    let used = person.code_of(&totp);
    assert_eq!(
        person.try_in(PASSWORD, Some(&used)).await,
        "REFUSED",
        "no code is good twice"
    );
    person.wait();
    let code = person.code_of(&totp);
    assert_eq!(person.try_in("wrong", Some(&code)).await, "REFUSED");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    assert_eq!(person.try_in(PASSWORD, Some(&spaced)).await, "SIGNED_IN");
    assert_eq!(person.try_in(PASSWORD, Some(&code)).await, "REFUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_lock_like_wrong_passwords() {
    let person = Person::fresh(Role::Agent).await;
    let (totp, _) = person.switch_on().await;
    for _ in 0..10 {
        person.wait();
        assert_eq!(person.try_in(PASSWORD, Some("not a code")).await, "REFUSED");
    }
    person.wait();
    let code = person.code_of(&totp);
    assert_eq!(person.try_in(PASSWORD, Some(&code)).await, "REFUSED");
    assert_eq!(
        person.try_in(PASSWORD, None).await,
        "REFUSED",
        "a lock looks like a wrong password"
    );
    assert_eq!(person.count("sign_in_locked").await, 1);
    person.later(Duration::minutes(15));
    assert_eq!(
        person.try_in(PASSWORD, Some(&person.code_of(&totp))).await,
        "SIGNED_IN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_good_once_and_its_owner_goes_on_without_codes_by_another() {
    let person = Person::fresh(Role::Agent).await;
    let (_, codes) = person.switch_on().await;
    let typed = codes[0].replace('-', " ").to_uppercase();
    assert_eq!(person.try_in(PASSWORD, Some(&typed)).await, "SIGNED_IN");
    assert_eq!(person.try_in(PASSWORD, Some(&codes[0])).await, "REFUSED");
    assert_eq!(person.own(STATE, json!({})).await["recoveryCodesLeft"], 9);
    let remove = async |password: &str, code: &str| {
        person.own(REMOVE, json!({"p": password, "c": code})).await["status"].clone()
    };
    assert_eq!(remove("wrong", &codes[1]).await, "REFUSED");
    assert_eq!(remove(PASSWORD, "wrong").await, "REFUSED");
    assert_eq!(remove(PASSWORD, "").await, "REFUSED");
    assert_eq!(remove(PASSWORD, &codes[1]).await, "OFF");
    assert_eq!(remove(PASSWORD, "").await, "NOT_ON");
    assert_eq!(person.own(STATE, json!({})).await, Value::Null);
    assert_eq!(person.count("second_factor_changed").await, 2);
    person.wait();
    assert_eq!(person.try_in(PASSWORD, None).await, "SIGNED_IN");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_theirs_is_helped_by_an_administrator_and_by_nobody_else() {
    let person = Person::fresh(Role::Supervisor).await;
    person.switch_on().await;
    let tenant = person.viewer.tenant;
    let (world, asked) = (&person.asked.world, &person.asked);
    let agent = world.person(tenant, Role::Agent, Presence::Away, 3).await;
    let admin = world.person(tenant, Role::Admin, Presence::Away, 3).await;
    let whose = json!({"a": person.viewer.agent.to_string()});
    let refused = asked.ask(&agent, REMOVE, whose.clone()).await;
    assert_eq!(refused["secondFactorRemove"]["status"], "NOT_ALLOWED");
    let own = person.own(REMOVE, whose.clone()).await;
    assert_eq!(
        own["status"], "NOT_ALLOWED",
        "one's own goes with password and code alone"
    );
    let foreign = world.tenant().await;
    let foreign = world.person(foreign, Role::Admin, Presence::Away, 3).await;
    let refused = asked.ask(&foreign, REMOVE, whose.clone()).await;
    assert_eq!(refused["secondFactorRemove"]["status"], "NOT_FOUND");
    let done = asked.ask(&admin, REMOVE, whose).await;
    assert_eq!(done["secondFactorRemove"]["status"], "OFF");
    assert_eq!(person.try_in(PASSWORD, None).await, "SIGNED_IN");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_come_at_once_let_in_once() {
    let person = Person::fresh(Role::Agent).await;
    let (totp, _) = person.switch_on().await;
    person.wait();
    let code = person.code_of(&totp);
    let tries = (0..4).map(|_| person.try_in(PASSWORD, Some(&code)));
    let answers = futures::future::join_all(tries).await;
    let let_in = answers.iter().filter(|status| **status == "SIGNED_IN");
    assert_eq!(let_in.count(), 1, "{answers:?}");
}

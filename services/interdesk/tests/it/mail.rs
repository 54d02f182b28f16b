//! Mail: in by LMTP, out by SMTP, answers and bounces find back.

mod dkim;
mod post;
mod real;

use crate::harness::{Agent, Column, until};
use crate::stories;
use interdesk_simulator::mail::{Caught, Draft, hand_over};
pub(crate) use post::door;
use post::{Post, TRUSTED};
use serde_json::{Value, json};

stories!(
    a_mail_goes_its_whole_way,
    a_bounce_fails_the_reply_that_it_came_for,
    mail_of_programs_opens_nothing_and_is_kept,
    an_absence_note_is_read_beside_the_messages_and_asks_nobody,
    a_mail_that_its_domain_disowns_is_told_as_such_and_joins_nobody,
    real_servers_carry_mails_both_ways,
    a_mail_in_a_real_mailbox_comes_to_the_desk,
    a_real_folder_that_is_numbered_anew_is_read_without_doubles,
    a_token_for_real_mail_servers_is_renewed,
    a_bounce_of_a_real_server_is_a_failed_reply,
    a_forgotten_password_is_chosen_anew_by_a_mail,
);

async fn a_mail_goes_its_whole_way(column: Column) {
    let mut post = Post::start(column, "mail-whole-way").await;
    let mut first = post
        .customers
        .draft(1, "Order 48213", "Where is my parcel?");
    first.file = Some((
        "note.txt".into(),
        "text/plain".into(),
        b"blue, not green".to_vec(),
    ));
    post.send(&first).await;
    let conversation = post.agent.take_next(&mut post.live).await;
    assert_eq!(texts(&post, "in").await, ["Where is my parcel?"]);
    let kept = "SELECT a.state || ' ' || f.size || ' ' || f.mime_type FROM attachments a
        JOIN files f ON f.id = a.file_id";
    assert_eq!(
        post.desk.database.texts(kept).await,
        ["stored 15 text/plain"]
    );

    // A server that was cut off sends it again.
    post.send(&first).await;

    let reply = post
        .agent
        .reply(&conversation, "On its way.\n.\nReally.")
        .await;
    post.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let caught = post.caught(1).await;
    assert_eq!(caught.to, ["customer1@example.org"]);
    assert_eq!(caught.header("subject").as_deref(), Some("Re: Order 48213"));
    let answered = Some(format!("<{}>", first.message_id));
    assert_eq!(caught.header("in-reply-to"), answered);
    assert_eq!(caught.header("references"), answered);
    assert!(
        caught.mail.contains("\r\n\r\nOn its way.\r\n.\r\nReally."),
        "{}",
        caught.mail
    );
    let reply_to = caught.header("reply-to").expect("an address");
    assert!(reply_to.contains("support+") && reply_to.contains("@desk.example"));

    // The customer answers twice: once as mail apps do, once to the address alone.
    let answer = post.customers.answer(&caught, 1, "Thank you!");
    post.send(&answer).await;
    let mut bare = post.customers.draft(1, "Something else", "One more thing.");
    bare.to = answer.to.clone();
    post.send(&bare).await;
    until("both answers", async || texts(&post, "in").await.len() == 3).await;
    assert_eq!(
        texts(&post, "in").await,
        ["Where is my parcel?", "Thank you!", "One more thing."]
    );
    let conversations = "SELECT count(*) FROM conversations";
    assert_eq!(post.desk.database.count(conversations).await, 1);

    // The next answer goes to what the customer wrote last, and names the whole thread.
    let reply = post.agent.reply(&conversation, "Gladly.").await;
    post.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let caught = post.caught(2).await;
    assert_eq!(
        caught.header("in-reply-to"),
        Some(format!("<{}>", bare.message_id))
    );
    post.live.assert_gapless();
}

async fn a_bounce_fails_the_reply_that_it_came_for(column: Column) {
    let mut post = Post::start(column, "mail-bounce").await;
    post.send(&post.customers.draft(1, "Order 1", "Hello?"))
        .await;
    let conversation = post.agent.take_next(&mut post.live).await;
    let reply = post.agent.reply(&conversation, "Hello!").await;
    let message = reply["message"]["id"].clone();
    post.live.until_delivery(&message, "SENT").await;
    let caught = post.caught(1).await;
    let bounce = report(&caught, "failed", "5.1.1");
    let taken = hand_over(post.door, "", &caught.from, &bounce)
        .await
        .expect("an answer");
    assert!(taken.is_taken(), "{taken:?}");
    failed(&post, &message).await;
    assert_eq!(reason(&post, &message).await, "RECIPIENT_UNKNOWN");

    // What the server says at once needs no bounce.
    post.catcher
        .refuse("customer1@example.org", "550 5.2.1 mailbox disabled");
    let reply = post.agent.reply(&conversation, "Are you there?").await;
    let message = reply["message"]["id"].clone();
    failed(&post, &message).await;
    assert_eq!(reason(&post, &message).await, "RECIPIENT_UNKNOWN");
    let conversations = "SELECT count(*) FROM conversations";
    assert_eq!(post.desk.database.count(conversations).await, 1);
}

async fn mail_of_programs_opens_nothing_and_is_kept(column: Column) {
    let post = Post::start(column, "mail-programs").await;
    let mut away = post
        .customers
        .draft(3, "Automatic reply: Hello", "I am away.");
    away.subject = "Automatic reply: Hello\r\nAuto-Submitted: auto-replied".to_owned();
    post.send(&away).await;
    let stranger = hand_over(post.door, "a@example.org", "nobody@desk.example", b"x").await;
    assert_eq!(stranger.expect("an answer").code, 550);
    let raw = "SELECT reason FROM raw_webhooks";
    assert_eq!(
        post.desk.database.texts(raw).await,
        ["not handled: auto_reply"]
    );
    let whole = "SELECT count(*) FROM raw_webhooks
        WHERE convert_from(body, 'UTF8') LIKE '%Auto-Submitted: auto-replied%I am away.%'";
    assert_eq!(post.desk.database.count(whole).await, 1);
    assert_eq!(
        post.desk
            .database
            .count("SELECT count(*) FROM conversations")
            .await,
        0
    );
}

async fn an_absence_note_is_read_beside_the_messages_and_asks_nobody(column: Column) {
    let mut post = Post::start(column, "mail-absence").await;
    post.send(&post.customers.draft(1, "Order 7", "Where is it?"))
        .await;
    let conversation = post.agent.take_next(&mut post.live).await;
    let reply = post.agent.reply(&conversation, "On its way.").await;
    post.live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let caught = post.caught(1).await;
    let done = post.agent.resolve(&conversation).await;
    assert_eq!(done["conversation"]["status"], "RESOLVED", "{done}");

    let mut away = post.customers.answer(&caught, 1, "I am away until Monday.");
    away.subject.push_str("\r\nAuto-Submitted: auto-replied");
    let mut again = away.clone();
    // Somebody else's program knows no conversation of this customer's.
    let mut stranger = post.customers.answer(&caught, 2, "I am away as well.");
    stranger
        .subject
        .push_str("\r\nAuto-Submitted: auto-replied");
    for mail in [&away, &again, &stranger] {
        post.send(mail).await;
    }
    again.message_id.push_str(".second");
    post.send(&again).await;
    let query = "query($id: ID!) { conversation(id: $id) { status messages(first: 9) { nodes {
        text direction content { __typename ... on NoticeContent { notice } } } } } }";
    let mut told = Value::Null;
    until("both notes", async || {
        told = post.agent.ask(query, json!({ "id": conversation })).await;
        let nodes = told["conversation"]["messages"]["nodes"].as_array();
        nodes.is_some_and(|nodes| nodes.len() == 4)
    })
    .await;
    let shown = &told["conversation"];
    assert_eq!(shown["status"], "RESOLVED", "{told}");
    for note in [2, 3] {
        let note = &shown["messages"]["nodes"][note];
        assert_eq!(note["text"], "I am away until Monday.");
        assert_eq!(note["content"]["notice"], "auto_reply");
    }
    assert_eq!(
        post.desk
            .database
            .texts("SELECT reason FROM raw_webhooks")
            .await,
        ["not handled: auto_reply"]
    );
    for nothing in [
        "SELECT count(*) FROM work_items WHERE state = 'queued'",
        "SELECT count(*) - 1 FROM conversations",
    ] {
        assert_eq!(post.desk.database.count(nothing).await, 0, "{nothing}");
    }
    post.live.assert_gapless();
}

async fn a_mail_that_its_domain_disowns_is_told_as_such_and_joins_nobody(column: Column) {
    let post = Post::start(column, "mail-disowned").await;
    let found = |dmarc: &str| {
        format!(
            "Hello\r\nAuthentication-Results: {TRUSTED}; spf=softfail smtp.mailfrom=example.org; \
             dmarc={dmarc} header.from=example.org"
        )
    };
    let mut own = post.customers.draft(5, "", "It is me.");
    own.subject = found("pass");
    post.send(&own).await;
    let mut other = post.customers.draft(5, "", "Send it to another address.");
    other.subject = found("fail");
    post.send(&other).await;
    until("both mails", async || texts(&post, "in").await.len() == 2).await;
    let query =
        "{ conversations(first: 5) { nodes { messages(first: 2) { nodes { text authenticity {
        disowned checkedBy spf { result about } dmarc { result about } dkim { result } } } } } } }";
    let data = post.agent.ask(query, serde_json::json!({})).await;
    let all = data["conversations"]["nodes"]
        .as_array()
        .expect("conversations");
    assert_eq!(all.len(), 2, "they are two people: {data}");
    for one in all {
        let message = &one["messages"]["nodes"][0];
        let told = &message["authenticity"];
        let disowned = message["text"] == "Send it to another address.";
        assert_eq!(told["disowned"], disowned, "{message}");
        assert_eq!(told["checkedBy"], TRUSTED);
        assert_eq!(
            told["dmarc"]["result"],
            if disowned { "fail" } else { "pass" }
        );
        assert_eq!(told["spf"]["result"], "softfail");
    }
}

async fn real_servers_carry_mails_both_ways(column: Column) {
    real::servers_carry_mails_both_ways(column).await;
}

async fn a_mail_in_a_real_mailbox_comes_to_the_desk(column: Column) {
    real::a_mailbox_is_read(column).await;
}

async fn a_real_folder_that_is_numbered_anew_is_read_without_doubles(column: Column) {
    real::a_folder_numbered_anew_is_read_without_doubles(column).await;
}

async fn a_token_for_real_mail_servers_is_renewed(column: Column) {
    real::a_token_that_ends_is_renewed(column).await;
}

async fn a_bounce_of_a_real_server_is_a_failed_reply(column: Column) {
    real::a_bounce_is_a_failed_reply(column).await;
}

async fn texts(post: &Post, direction: &str) -> Vec<String> {
    let query = format!("SELECT text FROM messages WHERE direction = '{direction}' ORDER BY id");
    post.desk.database.texts(&query).await
}

async fn failed(post: &Post, message: &Value) {
    until("the reply to fail", async || {
        post.agent.delivery(message).await["state"] == "FAILED"
    })
    .await;
}

async fn reason(post: &Post, message: &Value) -> String {
    let delivery = post.agent.delivery(message).await;
    delivery["failure"]["reason"]
        .as_str()
        .expect("a reason")
        .to_owned()
}

/// Writes what a server reports about a mail (RFC 3464).
fn report(about: &Caught, action: &str, status: &str) -> Vec<u8> {
    let id = about.header("message-id").expect("an id");
    let to = &about.to[0];
    let draft = Draft {
        from: "Mail Delivery System <MAILER-DAEMON@mx.example>".to_owned(),
        to: about.from.clone(),
        subject:
            "Undelivered Mail\r\nContent-Type: multipart/report; report-type=delivery-status; \
                  boundary=r\r\nX-Nothing: "
                .to_owned(),
        message_id: "bounce-1@mx.example".to_owned(),
        text: format!(
            "--r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--r\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--r\r\n\
             Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n\r\n--r--"
        ),
        ..Draft::default()
    };
    draft.bytes()
}

async fn a_forgotten_password_is_chosen_anew_by_a_mail(column: Column) {
    let post = Post::start(column, "mail-reset").await;
    let stranger = Agent::new(post.desk.url("agent"), String::new());
    let reset = "mutation($t: String!, $p: String!) {
        passwordReset(input: { token: $t, newPassword: $p }) { status } }";
    let choose = async |token: &str, password: &str| {
        let answer = stranger
            .ask(reset, json!({ "t": token, "p": password }))
            .await;
        answer["passwordReset"]["status"].clone()
    };
    // Who never had a password gets none by mail, so the first comes from the command line.
    let (slug, email) = post.login().await;
    let first = [
        "agent",
        "reset-password",
        "--workspace",
        &slug,
        "--agent",
        &email,
    ];
    let first = post.desk.run(&first).await;
    assert!(first.success, "{}", first.text());
    let first = first.out.lines().last().expect("a token");
    assert_eq!(choose(first, "correct horse battery").await, "CHANGED");
    let ask = "mutation($w: String!, $e: String!) {
        passwordResetRequest(input: { workspace: $w, email: $e }) { status } }";
    let asked = stranger.ask(ask, json!({ "w": slug, "e": email })).await;
    assert_eq!(asked["passwordResetRequest"]["status"], "ASKED");
    let mail = post.caught(1).await;
    assert_eq!(mail.to, std::slice::from_ref(&email));
    // Its text is written in lines of 76 characters, as its reader's program puts them together.
    let read = mail_parser::MessageParser::default()
        .parse(&mail.mail)
        .expect("a mail");
    let text = read.body_text(0).expect("a text");
    let token = text
        .split_whitespace()
        .find(|word| word.starts_with("idp_"));
    assert_eq!(
        choose(token.expect("a token"), "another long password").await,
        "CHANGED"
    );
    Agent::sign_in(
        post.desk.url("agent"),
        &slug,
        &email,
        "another long password",
    )
    .await;
}

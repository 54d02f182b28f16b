//! The demo, as `./dev up` shows it.

use crate::browser::Browser;
use crate::commands::program;
use crate::harness::{TestDatabase, until};
use crate::widget::{ROOT, TEXTS, open_by_keys, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_all_channels_and_its_page_the_widget() {
    let database = TestDatabase::fresh().await;
    let mut desk = program("demo", &["run", "--demo"], &database)
        // The providers are beside it, ten ports further.
        .set("INTERDESK_HTTP_PORT", "0")
        .set("INTERDESK_DEVELOPMENT", "true")
        .start();
    let port = desk.ready().await;
    // Everybody's password is hashed first, which takes its time.
    until("the first customer", async || {
        database.count("SELECT count(*) FROM messages").await > 0
    })
    .await;
    let wrote = "SELECT count(DISTINCT i.channel) FROM messages m JOIN inboxes i ON i.id = m.inbox_id
        WHERE m.direction = 'in' AND i.channel IN ('whatsapp', 'telegram', 'matrix', 'email', 'webhook')";
    until("customers of every channel", async || {
        database.count(wrote).await == 5
    })
    .await;

    let Some(browser) = Browser::start("demo").await else {
        return;
    };
    let tab = browser.open(&format!("http://127.0.0.1:{port}/demo")).await;
    tab.run(
        "document.addEventListener('securitypolicyviolation', () => { window.violated = true })",
    )
    .await;
    open_by_keys(&tab).await;
    say(&tab, "Where is my parcel?").await;
    tab.until(&format!("{TEXTS} === 'Where is my parcel?'"))
        .await;
    let visitor = "SELECT count(*) FROM messages m JOIN inboxes i ON i.id = m.inbox_id
        WHERE i.channel = 'webchat' AND m.direction = 'in'";
    until("the visitor's words", async || {
        database.count(visitor).await == 1
    })
    .await;
    // Who signs in on the page is a customer with a name.
    tab.run("document.getElementById('in').click()").await;
    tab.until("!document.getElementById('who').textContent.includes('stranger')")
        .await;
    tab.until(&format!("{ROOT}.querySelectorAll('.message').length === 0"))
        .await;
    assert_eq!(tab.run("window.violated === undefined").await, true);
}

//! The widget in a real browser, on a page of another origin with a strict policy.

use crate::browser::{Browser, Tab};
use crate::harness::{Agent, Column, Desk, Live, Plan, TELEGRAM, WHATSAPP, until};
use crate::shop::{Cable, Shop};
use crate::visitor::{WEBSITE, identity, website};
use interdesk_simulator::Content;
use serde_json::json;

/// What would run if it became markup.
const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=2</script>\
    <a href=\"javascript:window.hacked=3\">a</a> javascript:alert(1) https://example.org/\"onclick=\"x";

/// The widget's root on the page.
pub(crate) const ROOT: &str = "document.querySelector('div[lang]').shadowRoot";

/// The words of all messages, in the order shown.
pub(crate) const TEXTS: &str =
    "[...document.querySelector('div[lang]').shadowRoot.querySelectorAll('.message .text')]
    .map((one) => one.textContent).join(' | ')";

/// A desk, a shop and a cable between the browser and the desk.
pub(crate) struct Scene {
    pub(crate) desk: Desk,
    cable: Cable,
    pub(crate) shop: Shop,
    pub(crate) agent: Agent,
    pub(crate) live: Live,
}

impl Scene {
    pub(crate) async fn set(name: &str) -> Self {
        let scene = Self::without_agents(name).await;
        scene.agent.online().await;
        scene
    }

    /// Sets one where nobody is there to answer.
    pub(crate) async fn without_agents(name: &str) -> Self {
        Self::with(name, Plan::default()).await
    }

    async fn with(name: &str, plan: Plan) -> Self {
        let plan = Plan {
            inboxes: vec![website(WEBSITE, json!({}))],
            ..plan
        };
        Self::of(name, plan).await
    }

    /// Sets one whose plan has the website.
    async fn of(name: &str, plan: Plan) -> Self {
        let desk = Desk::start(Column::Local, name, plan).await;
        let cable = Cable::to(&desk.url("ingestion")).await;
        let path = desk.webhook_url(WEBSITE);
        let inbox = path.rsplit('/').next().expect("a key");
        let shop = Shop::open(&cable.url, inbox).await;
        let agent = desk.agent(1).await;
        let live = agent.watch().await;
        Self {
            desk,
            cable,
            shop,
            agent,
            live,
        }
    }
}

/// Opens the chat and writes, by keys alone.
pub(crate) async fn say(tab: &Tab<'_>, text: &str) {
    tab.until(&format!("{ROOT}.activeElement?.id === 'field'"))
        .await;
    tab.write(text).await;
    tab.press("Enter").await;
}

pub(crate) async fn open_by_keys(tab: &Tab<'_>) {
    tab.until(&format!("{ROOT}.querySelector('.launch')")).await;
    for _ in 0..4 {
        tab.press("Tab").await;
        if tab
            .run(&format!("{ROOT}.activeElement?.className === 'launch'"))
            .await
            == true
        {
            break;
        }
    }
    tab.press("Enter").await;
    tab.until(&format!("!{ROOT}.querySelector('.panel').hidden"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_chats_by_keyboard_alone_and_hostile_words_stay_words() {
    let Some(browser) = Browser::start("chat").await else {
        return;
    };
    let mut scene = Scene::set("widget-chat").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    let root = |rest: &str| format!("{ROOT}.{rest}");
    assert_eq!(
        tab.run(&root("querySelector('.launch').ariaExpanded"))
            .await,
        "true"
    );
    assert_eq!(
        tab.run(&root("querySelector('[role=dialog]').ariaLabel"))
            .await,
        "Chat with us"
    );
    assert_eq!(
        tab.run(&root("querySelector('[role=log]').ariaLive")).await,
        "polite"
    );
    say(&tab, HOSTILE).await;
    tab.until(&root(
        "querySelector('.message.visitor .meta')?.textContent.includes('Sent')",
    ))
    .await;

    let conversation = scene.agent.take_next(&mut scene.live).await;
    let reply = scene.agent.reply(&conversation, HOSTILE).await;
    tab.until(&root("querySelector('.message.agent')")).await;
    scene
        .live
        .until_delivery(&reply["message"]["id"], "READ")
        .await;
    let texts = tab.run(TEXTS).await;
    assert_eq!(texts, format!("{HOSTILE} | {HOSTILE}"), "as it was written");
    assert_eq!(tab.run("window.hacked === undefined").await, true);
    let markup = root("querySelectorAll('.message img, .message script, .message iframe').length");
    assert_eq!(tab.run(&markup).await, 0);
    let links = root("querySelectorAll('.message a').length");
    assert_eq!(
        tab.run(&links).await,
        2,
        "the one web address of each, and no other"
    );
    let bad = "[...document.querySelector('div[lang]').shadowRoot.querySelectorAll('a')]
        .every((one) => one.href.startsWith('https://example.org/') && one.rel.includes('noopener'))";
    assert_eq!(tab.run(bad).await, true);

    typing_shows(&tab, &scene, &conversation).await;
    a_file_goes_up(&tab).await;
    tab.press("Escape").await;
    tab.until(&root("querySelector('.panel').hidden")).await;
    assert_eq!(
        tab.run(&root("activeElement.className")).await,
        "launch",
        "focus is not lost"
    );
    scene
        .agent
        .reply(&conversation, "Are you still there?")
        .await;
    tab.until(&root("querySelector('.badge').textContent === '1'"))
        .await;
    assert_eq!(
        tab.run("window.violations.join()").await,
        "",
        "a strict policy is enough"
    );

    // The same visitor after a reload and in another tab.
    tab.go(&format!("{}/second", scene.shop.url)).await;
    tab.until(&root("querySelector('.badge').textContent === '1'"))
        .await;
    let beside = tab.beside(&scene.shop.url).await;
    beside
        .until(&root("querySelectorAll('.message').length === 4"))
        .await;
    assert_eq!(
        scene
            .desk
            .database
            .count("SELECT count(*) FROM contacts")
            .await,
        1
    );
}

async fn a_file_goes_up(tab: &Tab<'_>) {
    let choose = format!(
        "(() => {{ const input = {ROOT}.querySelector('input[type=file]');
            const bag = new DataTransfer();
            bag.items.add(new File(['where it is'], 'map <b>.txt', {{ type: 'text/html' }}));
            input.files = bag.files;
            input.dispatchEvent(new Event('change')); }})()"
    );
    tab.run(&choose).await;
    let link = "[...document.querySelector('div[lang]').shadowRoot.querySelectorAll('.message a')]
        .find((one) => one.textContent === 'map <b>.txt')?.href.includes('/files/')";
    tab.until(link).await;
}

async fn typing_shows(tab: &Tab<'_>, scene: &Scene, conversation: &serde_json::Value) {
    let query = "mutation($input: ConversationTypingInput!) {
        conversationTyping(input: $input) { status } }";
    let input = json!({ "input": { "conversationId": conversation } });
    scene.agent.ask(query, input).await;
    tab.until(&format!(
        "{ROOT}.querySelector('.typing').textContent.includes('is typing')"
    ))
    .await;
    tab.write("I am writing").await;
    let query = "query($id: ID!) { node(id: $id) { ... on Conversation { customerTyping } } }";
    until("the visitor to be seen typing", async || {
        let seen = scene.agent.ask(query, json!({ "id": conversation })).await;
        seen["node"]["customerTyping"] == true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_loses_nothing_and_doubles_nothing() {
    let Some(browser) = Browser::start("lost").await else {
        return;
    };
    let mut scene = Scene::set("widget-lost").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    say(&tab, "one").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    scene.agent.reply(&conversation, "two").await;
    tab.until(&format!("{TEXTS} === 'one | two'")).await;

    scene.cable.cut();
    say(&tab, "three").await;
    say(&tab, "four").await;
    tab.until(&format!(
        "{ROOT}.querySelector('.hint').textContent.startsWith('Connection lost')"
    ))
    .await;
    tab.until(&format!("{ROOT}.querySelectorAll('.message').length === 4"))
        .await;
    for text in ["meanwhile", "and again"] {
        let reply = scene.agent.reply(&conversation, text).await;
        scene
            .live
            .until_delivery(&reply["message"]["id"], "SENT")
            .await;
    }
    // What waits outlives the page.
    scene.cable.mend();
    tab.until(&format!(
        "{TEXTS} === 'one | two | meanwhile | and again | three | four'"
    ))
    .await;
    tab.until(&format!("{ROOT}.querySelector('.hint').hidden"))
        .await;
    let count = "SELECT count(*) FROM messages WHERE direction = 'in'";
    until("all words of the visitor", async || {
        scene.desk.database.count(count).await == 3
    })
    .await;
    scene.agent.reply(&conversation, "five").await;
    tab.until(&format!("{TEXTS}.endsWith('| four | five')"))
        .await;
    let doubled = format!("{ROOT}.querySelectorAll('.message').length");
    assert_eq!(tab.run(&doubled).await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_visitor_finds_their_chat_on_every_browser_until_they_sign_out() {
    let Some(browser) = Browser::start("signed").await else {
        return;
    };
    let mut scene = Scene::set("widget-signed").await;
    let signed = identity(&json!({ "sub": "customer-12", "name": "Customer 12" }));
    let page = format!("{}/?{signed}", scene.shop.url);
    let phone = browser.open(&page).await;
    open_by_keys(&phone).await;
    say(&phone, "It is me").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    scene.agent.reply(&conversation, "Welcome back").await;
    phone
        .until(&format!("{TEXTS} === 'It is me | Welcome back'"))
        .await;
    let named = "{ conversations { nodes { contact { name } } } }";
    let data = scene.agent.ask(named, json!({})).await;
    assert!(data.to_string().contains("Customer 12"), "{data}");

    let laptop = browser.open(&page).await;
    open_by_keys(&laptop).await;
    laptop
        .until(&format!("{TEXTS} === 'It is me | Welcome back'"))
        .await;

    let key = "Object.keys(localStorage).filter((name) => name.startsWith('interdesk:')).length";
    assert_eq!(laptop.run(key).await, 1);
    laptop.run("window.Interdesk.logout()").await;
    assert_eq!(
        laptop.run(key).await,
        0,
        "nothing stays on a shared computer"
    );
    laptop
        .until(&format!("{ROOT}.querySelectorAll('.message').length === 0"))
        .await;
    let ended = "SELECT count(*) FROM widget_sessions WHERE ended_at IS NOT NULL";
    assert_eq!(
        scene.desk.database.count(ended).await,
        1,
        "this device's alone"
    );
    laptop.go(&scene.shop.url).await;
    open_by_keys(&laptop).await;
    say(&laptop, "Somebody else").await;
    laptop.until(&format!("{TEXTS} === 'Somebody else'")).await;
    assert_eq!(phone.run(TEXTS).await, "It is me | Welcome back");
    until("two people", async || {
        let contacts = "SELECT count(*) FROM contacts";
        scene.desk.database.count(contacts).await == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_answers_edits_reacts_and_deletes_by_keyboard_alone() {
    let Some(browser) = Browser::start("changes").await else {
        return;
    };
    let mut scene = Scene::set("widget-changes").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    say(&tab, "Where is my parcle?").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    scene.agent.reply(&conversation, "Which one?").await;
    tab.until(&format!("{TEXTS}.endsWith('| Which one?')"))
        .await;
    let root = |rest: &str| format!("{ROOT}.{rest}");

    // Of all the buttons one is a stop; it is the last message's.
    assert_eq!(
        tab.run(&root("querySelectorAll('.more[tabindex=\"0\"]').length"))
            .await,
        1
    );
    act(&tab, 0, "Answer").await;
    let about = root("querySelector('.about')");
    tab.until(&format!(
        "{about}.textContent.startsWith('Answering: Which one?')"
    ))
    .await;
    say(&tab, "The second").await;
    tab.until(&root(
        "querySelector('.message:last-of-type .quote')?.textContent === 'Which one?'",
    ))
    .await;
    tab.until(&format!("{about}.hidden")).await;

    // What is on its way yet has no button.
    tab.until(&root("querySelector('.message:last-of-type .more')"))
        .await;
    react_by_keys(&tab, &scene, &conversation).await;

    // What was being written is there again after an edit, and Escape leaves the edit and not the chat.
    tab.run(&root("querySelector('#field').focus()")).await;
    tab.write("half a word").await;
    act(&tab, 2, "Edit").await;
    let field = root("querySelector('#field').value");
    assert_eq!(tab.run(&field).await, "Where is my parcle?");
    tab.press("Escape").await;
    assert_eq!(tab.run(&field).await, "half a word");
    assert_eq!(
        tab.run(&root("querySelector('.panel').hidden")).await,
        false
    );
    act(&tab, 2, "Edit").await;
    tab.run(&root("querySelector('#field').select()")).await;
    say(&tab, "Where is my parcel?").await;
    tab.until(&format!("{TEXTS}.startsWith('Where is my parcel? |')"))
        .await;
    let first = root("querySelector('.message .meta')");
    tab.until(&format!("{first}.textContent.includes('edited')"))
        .await;
    assert_eq!(tab.run(&field).await, "half a word");

    act(&tab, 0, "Delete").await;
    tab.until(&root("activeElement.textContent === 'Really delete?'"))
        .await;
    tab.press("Enter").await;
    tab.until(&root("querySelector('.message:last-of-type em')"))
        .await;
    let query = "query($id: ID!) { node(id: $id) { ... on Conversation {
        messages(first: 9) { nodes { text revision deletedAt } } } } }";
    until("the deletion at the desk", async || {
        let shown = scene.agent.ask(query, json!({ "id": conversation })).await;
        shown.to_string().matches("\"deletedAt\":\"").count() == 1
    })
    .await;
    assert_eq!(tab.run("window.violations.join()").await, "");
}

/// Opens what can be done with a message, counted from the last one, and does it.
async fn act(tab: &Tab<'_>, up: usize, name: &str) {
    tab.run(&format!(
        "{ROOT}.querySelector('.more[tabindex=\"0\"]').focus()"
    ))
    .await;
    for _ in 0..up {
        tab.press("ArrowUp").await;
    }
    tab.press("Enter").await;
    tab.until(&format!("{ROOT}.activeElement?.textContent === 'Answer'"))
        .await;
    let here = format!("{ROOT}.activeElement?.textContent === '{name}'");
    for _ in 0..10 {
        if tab.run(&here).await == true {
            break;
        }
        tab.press("Tab").await;
    }
    tab.press("Enter").await;
}

async fn react_by_keys(tab: &Tab<'_>, scene: &Scene, conversation: &serde_json::Value) {
    let query = "query($id: ID!) { node(id: $id) { ... on Conversation {
        messages(first: 9) { nodes { reactions { emojis } } } } } }";
    let stands = async |count: usize| {
        until("the reaction at the desk", async || {
            let shown = scene.agent.ask(query, json!({ "id": conversation })).await;
            shown.to_string().matches('👍').count() == count
        })
        .await;
    };
    let shown = format!("{ROOT}.querySelectorAll('.message.agent .reactions').length");
    act(tab, 1, "👍").await;
    tab.until(&format!("{shown} === 1")).await;
    stands(1).await;
    let focus = format!("{ROOT}.activeElement.className === 'more'");
    assert_eq!(tab.run(&focus).await, true, "focus is not lost");
    act(tab, 0, "👍").await;
    tab.until(&format!("{shown} === 0")).await;
    stands(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_goes_on_in_another_app_by_the_widgets_link_in_the_same_conversation() {
    let Some(browser) = Browser::start("apps").await else {
        return;
    };
    let plan = Plan {
        public_names: true,
        ..Plan::default()
    };
    let mut scene = Scene::with("widget-apps", plan).await;
    scene.agent.online().await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    let links = format!("[...{ROOT}.querySelectorAll('.apps a')]");
    assert_eq!(
        tab.run(&format!("{links}.length")).await,
        0,
        "nobody wrote yet"
    );
    say(&tab, "Where is my order?").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    tab.until(&format!("{links}.length === 2")).await;
    let names = format!("{links}.map((one) => one.textContent).sort().join()");
    assert_eq!(tab.run(&names).await, "Telegram,WhatsApp");
    let brought = |app: &str, mark: &str| {
        let script =
            format!("{links}.find((one) => one.textContent === '{app}').href.split('{mark}')[1]");
        let tab = &tab;
        async move { tab.run(&script).await.as_str().expect("a token").to_owned() }
    };
    let start = format!(
        "/start {}",
        brought("Telegram", "https://t.me/example_bot?start=").await
    );
    let words = brought("WhatsApp", "https://wa.me/15550100000?text=").await;
    assert!(start.len() == "/start ".len() + 40, "{start}");

    // Whoever opens the app by the link is the visitor: one conversation, its agent stays, and the
    // answer goes where they wrote last.
    let desk = &scene.desk;
    desk.write(TELEGRAM, "5550107", Content::text(start.as_str()));
    desk.write(
        WHATSAPP,
        "15550107",
        Content::text(words.replace("%20", " ")),
    );
    let all = "SELECT count(*) FROM messages WHERE direction = 'in'";
    until("three messages", async || {
        desk.database.count(all).await == 3
    })
    .await;
    let count = async |what: &str| {
        desk.database
            .count(&format!("SELECT count(*) FROM {what}"))
            .await
    };
    assert_eq!(count("conversations").await, 1);
    assert_eq!(count("work_items").await, 1);
    assert_eq!(count("contacts WHERE linked_into IS NOT NULL").await, 2);
    let reply = scene.agent.reply(&conversation, "It left today").await;
    scene
        .live
        .until_delivery(&reply["message"]["id"], "SENT")
        .await;
    let evidence = "contact_notes WHERE kind = 'linked' AND agent_id IS NULL";
    assert_eq!(count(evidence).await, 2);

    // A link that was used is worth nothing to whoever sees it later.
    desk.write(TELEGRAM, "5550108", Content::text(start.as_str()));
    until("four messages", async || {
        desk.database.count(all).await == 4
    })
    .await;
    assert_eq!(count("conversations").await, 2);
    assert_eq!(count("contacts WHERE linked_into IS NOT NULL").await, 2);
}

#[test]
fn the_widget_is_one_small_script_without_markup_from_texts() {
    use std::process::{Command, Stdio};
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("../ingestion/assets/widget.js");
    let script = std::fs::read_to_string(&file).expect("the widget");
    for bad in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ] {
        assert!(
            !script.contains(bad),
            "{bad} makes markup or code of a text"
        );
    }
    let mut gzip = Command::new("gzip");
    let packed = gzip.args(["-9", "-c"]).arg(&file).stdout(Stdio::piped());
    let packed = packed.output().expect("gzip").stdout;
    assert!(
        packed.len() > 1_000 && packed.len() < 40_000,
        "{} bytes",
        packed.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_picks_a_choice_by_keys_and_opens_the_agents_file() {
    let Some(browser) = Browser::start("choices").await else {
        return;
    };
    let mut scene = Scene::set("widget-choices").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    say(&tab, "Where is my lamp?").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    let choices = json!({
        "conversationId": conversation,
        "content": { "choices": { "text": "Which one?", "sections": [{ "choices": [
            { "id": "red", "title": "The red <b>one</b>" }, { "id": "blue", "title": "The blue one" },
        ] }] } },
    });
    let reply = scene.agent.reply_with(None, None, choices).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let buttons = format!("[...{ROOT}.querySelectorAll('.choices button')]");
    let titles = format!("{buttons}.map((one) => one.textContent).join(' | ')");
    tab.until(&format!("{titles} === 'The red <b>one</b> | The blue one'"))
        .await;
    tab.run(&format!("{buttons}[0].focus()")).await;
    tab.press("Tab").await;
    tab.press("Enter").await;
    tab.until(&format!("{buttons}.every((one) => one.disabled)"))
        .await;
    let picked = "SELECT content ->> 'id' FROM messages WHERE content ->> 'type' = 'answer'";
    until("the answer", async || {
        scene.desk.database.texts(picked).await == ["blue"]
    })
    .await;
    let focused = format!("{ROOT}.activeElement.id");
    assert_eq!(tab.run(&focused).await, "field", "one goes on writing");

    let url = format!("{}/files?name=bill.txt", scene.desk.url("agent"));
    let upload = reqwest::Client::new()
        .post(url)
        .bearer_auth(&scene.agent.token);
    let upload = upload
        .body("Nothing to pay")
        .send()
        .await
        .expect("an answer");
    let upload: serde_json::Value =
        serde_json::from_slice(&upload.bytes().await.expect("bytes")).expect("JSON");
    let file = json!({
        "conversationId": conversation, "content": { "text": "Your bill" },
        "attachments": [upload["id"]],
    });
    let reply = scene.agent.reply_with(None, None, file).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let link = format!(
        "[...{ROOT}.querySelectorAll('.message.agent a')].find((one) => one.textContent === 'bill.txt')"
    );
    tab.until(&format!("{link}?.href.includes('/files/')"))
        .await;
    let href = tab.run(&format!("{link}.href")).await;
    let (_, path) = href
        .as_str()
        .and_then(|it| it.split_once("/files/"))
        .expect("a link");
    let url = format!("{}/files/{path}", scene.desk.url("agent"));
    let bytes = reqwest::get(url).await.expect("the file").text().await;
    assert_eq!(bytes.expect("a text"), "Nothing to pay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_widget_says_where_it_may_not_be_and_when_it_was_too_much() {
    let Some(browser) = Browser::start("hints").await else {
        return;
    };
    let hint =
        |says: &str| format!("{ROOT}.querySelector('.hint').textContent.startsWith('{says}')");
    let plan = Plan {
        inboxes: vec![website(
            WEBSITE,
            json!({ "allowed_origins": "https://shop.example.org" }),
        )],
        ..Plan::default()
    };
    let scene = Scene::of("widget-elsewhere", plan).await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    tab.until(&hint("The chat is not available on this page."))
        .await;
    let sessions = "SELECT count(*) FROM conversations";
    assert_eq!(scene.desk.database.count(sessions).await, 0);

    let plan = Plan::default().set("INTERDESK_WIDGET_MESSAGES_PER_MINUTE", "2");
    let scene = Scene::with("widget-too-much", plan).await;
    scene.agent.online().await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    for text in ["one", "two", "three"] {
        say(&tab, text).await;
    }
    tab.until(&hint("Too many messages at once.")).await;
    // Nothing is lost: it goes as soon as it may.
    tab.until(&format!("{TEXTS} === 'one | two | three'")).await;
    let all = "SELECT string_agg(text, ' ' ORDER BY version) FROM messages WHERE direction = 'in'";
    until("all words", async || {
        scene.desk.database.texts(all).await == ["one two three"]
    })
    .await;
    tab.until(&format!("{ROOT}.querySelector('.hint').hidden"))
        .await;
}

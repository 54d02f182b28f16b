//! The widget for whoever finds nobody there, and for whoever does not see it.

use crate::browser::{Browser, Tab};
use crate::harness::until;
use crate::widget::{ROOT, Scene, TEXTS, open_by_keys, say};
use serde_json::{Value, json};

fn root(rest: &str) -> String {
    format!("{ROOT}.{rest}")
}

/// Rules that hold for everything on the page; gives what breaks one, in words.
const RULES: &str = r#"(() => {
    const root = document.querySelector('div[lang]').shadowRoot;
    const wrong = [];
    const all = [...root.querySelectorAll('*')];
    const seen = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
    const name = (one) => `${one.localName}.${one.className.baseVal ?? one.className}`;

    const ids = all.map((one) => one.id).filter(Boolean);
    if (new Set(ids).size !== ids.length) wrong.push(`an id twice: ${ids}`);
    for (const key of ['aria-controls', 'aria-describedby', 'aria-labelledby', 'for']) {
        for (const one of root.querySelectorAll(`[${key}]`)) {
            if (!root.getElementById(one.getAttribute(key))) wrong.push(`${name(one)}: ${key} leads nowhere`);
        }
    }
    for (const one of all.filter((one) => one.tabIndex > 0)) wrong.push(`${name(one)}: an order of its own`);
    for (const one of root.querySelectorAll('[aria-hidden=true]')) {
        const inside = [one, ...one.querySelectorAll('*')];
        if (inside.some((each) => seen(each) && each.tabIndex >= 0)) wrong.push(`${name(one)}: hidden, yet a stop`);
    }
    for (const one of root.querySelectorAll('img:not([alt])')) wrong.push(`${name(one)}: no words for it`);
    for (const one of [...root.querySelectorAll('button, input, textarea')].filter(seen)) {
        const { width, height } = one.getBoundingClientRect();
        if (width < 24 || height < 24) wrong.push(`${name(one)}: ${width} x ${height} is hard to hit`);
    }

    const colour = (text) => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (one) => {
        for (let at = one; at instanceof Element; at = at.parentElement) {
            const found = colour(getComputedStyle(at).backgroundColor);
            if (found.length === 3 || found[3] === 1) return found;
        }
        return [255, 255, 255];
    };
    const contrast = (one, part) => {
        const [a, b] = [light(colour(getComputedStyle(one, part).color)), light(behind(one))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    let texts = 0;
    for (const one of all.filter(seen)) {
        const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        const held = one.matches('input, textarea');
        if (!own && !held || one.matches('style, :disabled')) continue;
        texts += 1;
        const found = Math.min(contrast(one), held ? contrast(one, '::placeholder') : 21);
        if (found < 4.5) wrong.push(`${name(one)}: contrast ${found.toFixed(2)}`);
    }
    if (texts < 2) wrong.push(`only ${texts} texts were looked at`);
    return wrong;
})()"#;

/// What the browser tells a screen reader: every stop has a name and a role, and so has every region.
async fn is_told(tab: &Tab<'_>) {
    // It fades in.
    let stands = format!(
        "getComputedStyle({}).opacity === '1'",
        root("querySelector('.panel')")
    );
    tab.until(&stands).await;
    let nodes = tab.accessibility().await;
    let text = |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or("").to_owned();
    let mut stops = 0;
    for node in &nodes {
        let (role, name) = (text(node, "role"), text(node, "name"));
        let properties = node["properties"].as_array().cloned().unwrap_or_default();
        let focusable = properties
            .iter()
            .any(|it| it["name"] == "focusable" && it["value"]["value"] == true);
        if !focusable || role == "RootWebArea" {
            continue;
        }
        stops += 1;
        assert!(!name.trim().is_empty(), "a stop without a name: {node}");
        assert!(
            !matches!(role.as_str(), "generic" | "none" | ""),
            "a stop that is nothing: {node}"
        );
    }
    assert!(stops >= 6, "{stops} stops");
    for (role, name) in [("dialog", "Chat with us"), ("log", "Messages")] {
        let found: Vec<_> = nodes.iter().filter(|it| text(it, "role") == role).collect();
        assert_eq!(found.len(), 1, "{role}");
        assert_eq!(text(found[0], "name"), name);
    }
    assert!(nodes.iter().any(|it| text(it, "role") == "status"));
    let wrong = tab.run(RULES).await;
    assert_eq!(wrong, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_the_widget_keeps_the_rules_of_accessibility() {
    let Some(browser) = Browser::start("access").await else {
        return;
    };
    let mut scene = Scene::set("widget-access").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    is_told(&tab).await;
    say(&tab, "See https://example.org/bill").await;
    let conversation = scene.agent.take_next(&mut scene.live).await;
    scene.agent.reply(&conversation, "I see it").await;
    tab.until(&root("querySelector('.message.agent .more')"))
        .await;
    is_told(&tab).await;
    // With the choice of what to do with a message, and while answering it.
    tab.run(&root("querySelector('.more[tabindex=\"0\"]').focus()"))
        .await;
    tab.press("Enter").await;
    tab.until(&root("querySelector('.actions')")).await;
    is_told(&tab).await;
    tab.press("Enter").await;
    tab.until(&format!("!{}", root("querySelector('.about').hidden")))
        .await;
    is_told(&tab).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_who_finds_nobody_leaves_an_address_and_the_chat_may_go_on_by_mail() {
    let Some(browser) = Browser::start("nobody").await else {
        return;
    };
    let scene = Scene::without_agents("widget-nobody").await;
    let tab = browser.open(&scene.shop.url).await;
    open_by_keys(&tab).await;
    let who = root("querySelector('.who').textContent");
    tab.until(&format!("{who}.startsWith('Nobody is here')"))
        .await;
    say(&tab, "Is anybody there?").await;
    let form = root("querySelector('.leave')");
    tab.until(&format!("!{form}.hidden")).await;
    is_told(&tab).await;

    tab.run(&root("querySelector('#email').focus()")).await;
    tab.write("no address").await;
    tab.press("Enter").await;
    tab.until(&root("querySelector('#email').ariaInvalid === 'true'"))
        .await;
    tab.until(&root(
        "querySelector('#problem').textContent === 'Please enter an e-mail address'",
    ))
    .await;
    assert_eq!(tab.run(&root("activeElement.id")).await, "email");
    is_told(&tab).await;
    tab.run(&root("querySelector('#email').select()")).await;
    tab.write("customer12@example.org").await;
    tab.press("Enter").await;
    tab.until(&format!("{form}.hidden")).await;
    assert_eq!(tab.run(&root("activeElement.id")).await, "field");
    let note = "querySelector('.message:last-of-type em')?.textContent.includes('We can answer you there')";
    tab.until(&root(note)).await;
    let claimed = "SELECT count(*) FROM identities WHERE value = 'customer12@example.org'
        AND network = 'email' AND verified_by = 'self_asserted'";
    until("the address at the desk", async || {
        scene.desk.database.count(claimed).await == 1
    })
    .await;
    assert_eq!(tab.run(TEXTS).await, "Is anybody there?");

    // Somebody comes, and the visitor sees that; the address is asked for once.
    scene.agent.online().await;
    tab.until(&format!("{who}.startsWith('We are here')")).await;
    tab.go(&format!("{}/second", scene.shop.url)).await;
    open_by_keys(&tab).await;
    tab.until(&format!("{TEXTS} === 'Is anybody there?'")).await;
    assert_eq!(tab.run(&format!("{form}.hidden")).await, true);
}

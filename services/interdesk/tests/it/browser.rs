//! A real Chromium without a window, driven by its DevTools protocol over a WebSocket.
//!
//! A thin client of our own: the tests need a dozen of the protocol's commands, and every crate for it
//! brings the whole protocol.

use crate::harness::PATIENCE;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A running browser; it ends with the test.
pub(crate) struct Browser {
    child: Child,
    folder: PathBuf,
    wire: Mutex<Wire>,
}

struct Wire {
    socket: Socket,
    last: i64,
}

impl Browser {
    /// Starts one; `None`, with a word about it, where none is installed.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        let program = std::env::var("INTERDESK_TEST_CHROMIUM").unwrap_or("chromium".to_owned());
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = target.join(format!("chromium-{name}-{}", std::process::id()));
        let child = Command::new(&program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args(["--disable-dev-shm-usage", "--disable-background-networking"])
            .args([
                "--disable-component-update",
                "--lang=en",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", folder.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: no {program}; ./dev test installs it");
            return None;
        };
        let mut lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
        let url = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if let Some(url) = line.strip_prefix("DevTools listening on ") {
                    return url.to_owned();
                }
            }
            panic!("the browser ended before it listened");
        });
        let url = url.await.expect("a browser in time");
        // Nobody may wait for a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = connect_async(url).await.expect("a socket");
        Some(Self {
            child,
            folder,
            wire: Mutex::new(Wire { socket, last: 0 }),
        })
    }

    /// Opens a page in a profile of its own, as another person's browser would.
    pub(crate) async fn open(&self, url: &str) -> Tab<'_> {
        let context = self
            .call(None, "Target.createBrowserContext", json!({}))
            .await;
        let profile = context["browserContextId"]
            .as_str()
            .expect("a profile")
            .to_owned();
        self.open_in(&profile, url).await
    }

    async fn open_in(&self, profile: &str, url: &str) -> Tab<'_> {
        let blank = json!({ "url": "about:blank", "browserContextId": profile });
        let target = self.call(None, "Target.createTarget", blank).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach).await;
        let tab = Tab {
            browser: self,
            session: attached["sessionId"]
                .as_str()
                .expect("a session")
                .to_owned(),
            profile: profile.to_owned(),
        };
        tab.call("Page.enable", json!({})).await;
        // What the page's policy forbids is remembered for the test to see.
        let watch = "window.violations = [];
            document.addEventListener('securitypolicyviolation',
                (event) => window.violations.push(event.violatedDirective));";
        let script = json!({ "source": watch });
        tab.call("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
        tab.call(
            "Emulation.setFocusEmulationEnabled",
            json!({ "enabled": true }),
        )
        .await;
        tab.go(url).await;
        tab
    }

    async fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        let mut wire = self.wire.lock().await;
        wire.last += 1;
        let id = wire.last;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let sent = wire.socket.send(Message::text(command.to_string())).await;
        sent.expect("an open browser");
        loop {
            let frame = tokio::time::timeout(PATIENCE, wire.socket.next()).await;
            let frame = frame.unwrap_or_else(|_| panic!("no answer to {method}"));
            let frame = frame.expect("an open browser").expect("a frame");
            let Ok(text) = frame.into_text() else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It writes into its folder until it is gone.
        let _ = self.child.start_kill();
        for _ in 0..40 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A page in the browser.
pub(crate) struct Tab<'a> {
    browser: &'a Browser,
    session: String,
    profile: String,
}

impl Tab<'_> {
    /// Opens another page of the same person.
    pub(crate) async fn beside(&self, url: &str) -> Tab<'_> {
        self.browser.open_in(&self.profile, url).await
    }

    /// Goes to an address.
    pub(crate) async fn go(&self, url: &str) {
        self.call("Page.navigate", json!({ "url": url })).await;
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")
            .await;
    }

    /// Runs a script and returns what it gives.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let told = self.call("Runtime.evaluate", asked).await;
        assert!(told.get("exceptionDetails").is_none(), "{script}: {told}");
        told["result"]["value"].clone()
    }

    /// Waits until a script gives true.
    pub(crate) async fn until(&self, script: &str) {
        let end = tokio::time::Instant::now() + PATIENCE;
        // While a page is left there is nothing to ask.
        let safe =
            format!("(() => {{ try {{ return !!({script}); }} catch {{ return false; }} }})()");
        while self.run(&safe).await != true {
            if tokio::time::Instant::now() > end {
                let seen = self
                    .run("document.querySelector('div[lang]')?.shadowRoot?.innerHTML")
                    .await;
                panic!("waited in vain for {script}: {seen}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Presses a key by its name.
    pub(crate) async fn press(&self, key: &str) {
        let (code, number, text) = match key {
            "Enter" => ("Enter", 13, "\r"),
            "Tab" => ("Tab", 9, ""),
            "Escape" => ("Escape", 27, ""),
            "ArrowUp" => ("ArrowUp", 38, ""),
            other => panic!("no key {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": key, "code": code,
                "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Returns what the browser tells a screen reader of the page, as a flat list.
    pub(crate) async fn accessibility(&self) -> Vec<Value> {
        let told = self.call("Accessibility.getFullAXTree", json!({})).await;
        let nodes = told["nodes"].as_array().cloned().unwrap_or_default();
        nodes
            .into_iter()
            .filter(|it| it["ignored"] != true)
            .collect()
    }

    /// Types words.
    pub(crate) async fn write(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    async fn call(&self, method: &str, parameters: Value) -> Value {
        self.browser
            .call(Some(&self.session), method, parameters)
            .await
    }
}

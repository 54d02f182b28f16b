// The chat widget of Interdesk.
//
//   <script src="https://desk.example.org/widget.js" data-inbox="KEY" async></script>
//
// One file, no framework, nothing to build. It lives in a shadow root, takes its styles from a constructed
// style sheet, and puts foreign words on the page as text nodes only, so that it works under a strict
// content security policy and no message can become markup. See docs/webchat.md.
(() => {
  "use strict";

  const script = document.currentScript;
  const inbox = script?.dataset.inbox;
  if (!inbox || window.Interdesk) return;

  const server = script.dataset.server || new URL(script.src, location.href).origin;
  const base = `${server}/widget/${encodeURIComponent(inbox)}`;
  const shelf = `interdesk:${inbox}`;

  // ---------------------------------------------------------------- words

  const WORDS = {
    en: {
      title: "Chat with us",
      open: "Open chat",
      close: "Close chat",
      unread: (n) => (n === 1 ? "1 unread message" : `${n} unread messages`),
      messages: "Messages",
      write: "Your message",
      send: "Send",
      attach: "Attach a file",
      end: "End chat",
      online: "We are here",
      offline: "Nobody is here right now. Write to us, we will answer as soon as we can.",
      you: "You",
      agent: "Support",
      typing: "is typing",
      lost: "Connection lost. What you write is sent as soon as it is back.",
      waiting: "Waiting to be sent",
      sending: "Sending",
      sent: "Sent",
      failed: "Not sent",
      again: "Try again",
      deleted: "This message was deleted",
      edited: "edited",
      earlier: "Show earlier messages",
      email: "Your e-mail address, to be answered there",
      leave: "Leave address",
      left: "You left an e-mail address. We can answer you there.",
      badEmail: "Please enter an e-mail address",
      limited: "Too many messages at once. Please wait a little.",
      refused: "The chat is not available on this page.",
      file: "File",
      tooLarge: "This file is too large.",
      badType: "Files of this type cannot be sent.",
      image: "Image",
      ended: "The chat was ended on this device.",
      actions: "What to do with this message",
      quote: "Answer",
      quoting: "Answering",
      edit: "Edit",
      editing: "Editing",
      remove: "Delete",
      sure: "Really delete?",
      cancel: "Cancel",
      fixed: "This message can no longer be changed.",
      goOn: "Continue in",
    },
    de: {
      title: "Schreiben Sie uns",
      open: "Chat öffnen",
      close: "Chat schließen",
      unread: (n) => (n === 1 ? "1 ungelesene Nachricht" : `${n} ungelesene Nachrichten`),
      messages: "Nachrichten",
      write: "Ihre Nachricht",
      send: "Senden",
      attach: "Datei anhängen",
      end: "Chat beenden",
      online: "Wir sind da",
      offline: "Gerade ist niemand da. Schreiben Sie uns, wir antworten so bald wie möglich.",
      you: "Sie",
      agent: "Support",
      typing: "schreibt",
      lost: "Verbindung unterbrochen. Ihre Nachrichten werden gesendet, sobald sie wieder da ist.",
      waiting: "Wartet auf das Senden",
      sending: "Wird gesendet",
      sent: "Gesendet",
      failed: "Nicht gesendet",
      again: "Erneut versuchen",
      deleted: "Diese Nachricht wurde gelöscht",
      edited: "bearbeitet",
      earlier: "Frühere Nachrichten anzeigen",
      email: "Ihre E-Mail-Adresse, um dort eine Antwort zu bekommen",
      leave: "Adresse hinterlassen",
      left: "Sie haben eine E-Mail-Adresse hinterlassen. Wir können Ihnen dort antworten.",
      badEmail: "Bitte geben Sie eine E-Mail-Adresse ein",
      limited: "Zu viele Nachrichten auf einmal. Bitte warten Sie kurz.",
      refused: "Der Chat ist auf dieser Seite nicht verfügbar.",
      file: "Datei",
      tooLarge: "Diese Datei ist zu groß.",
      badType: "Dateien dieser Art können nicht gesendet werden.",
      image: "Bild",
      ended: "Der Chat wurde auf diesem Gerät beendet.",
      actions: "Was mit dieser Nachricht geschehen soll",
      quote: "Antworten",
      quoting: "Antwort auf",
      edit: "Bearbeiten",
      editing: "Bearbeiten",
      remove: "Löschen",
      sure: "Wirklich löschen?",
      cancel: "Abbrechen",
      fixed: "Diese Nachricht lässt sich nicht mehr ändern.",
      goOn: "Weiter in",
    },
  };
  const locale = script.dataset.locale || document.documentElement.lang || navigator.language || "en";
  const language = locale.toLowerCase().startsWith("de") ? "de" : "en";
  const words = { ...WORDS[language] };
  if (script.dataset.title) words.title = script.dataset.title;

  // ---------------------------------------------------------------- what is kept on this device

  const blank = () => ({ session: null, outbox: [], read: 0 });
  let kept = blank();

  // Storage may be forbidden or full; then the chat lives as long as the page.
  const load = () => {
    try {
      kept = { ...blank(), ...JSON.parse(localStorage.getItem(shelf) || "{}") };
    } catch {
      kept = blank();
    }
  };
  const save = () => {
    try {
      const outbox = kept.outbox.filter((entry) => !entry.file);
      localStorage.setItem(shelf, JSON.stringify({ ...kept, outbox }));
    } catch {}
  };
  load();

  // ---------------------------------------------------------------- talking to the desk

  class Refusal extends Error {
    constructor(status, code, wait, why) {
      super(why || code || String(status));
      Object.assign(this, { status, code, wait });
    }
    // Whether it may pass by itself.
    get passes() {
      return this.status === 0 || this.status === 429 || this.status >= 500;
    }
  }

  const ask = async (method, path, { body, token, raw, type } = {}) => {
    const headers = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    if (raw) headers["content-type"] = type || "application/octet-stream";
    let answer;
    try {
      answer = await fetch(base + path, {
        method,
        headers,
        body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(raw ? 120_000 : 20_000),
      });
    } catch {
      throw new Refusal(0, "OFFLINE");
    }
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const told = await answer.json().catch(() => ({}));
    const wait = Number(answer.headers.get("retry-after")) * 1000 || 0;
    throw new Refusal(answer.status, told.error?.code, wait, told.error?.message);
  };

  // ---------------------------------------------------------------- the session

  let identity = script.dataset.identity || null;
  let beginning = null;

  const subject = (jwt) => {
    try {
      const part = jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
      const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
      return JSON.parse(new TextDecoder().decode(bytes)).sub ?? null;
    } catch {
      return null;
    }
  };
  const runs = (session) => session && Date.parse(session.expires_at) > Date.now() + 30_000;
  const keep = (told) => {
    kept.session = { token: told.token, expires_at: told.expires_at, visitor: told.visitor, since: Date.now() };
    save();
    return kept.session;
  };

  // Returns a session that runs: the one of this device, or a new one. One at a time.
  const session = () => {
    if (runs(kept.session)) return Promise.resolve(kept.session);
    beginning ??= begin().finally(() => (beginning = null));
    return beginning;
  };
  const begin = async () => {
    const body = { locale: locale.slice(0, 35) };
    if (identity) body.identity = identity;
    const told = await ask("POST", "/sessions", { body }).catch(async (refusal) => {
      // A browser hides from a page why it was refused; this every page may ask.
      if (refusal.status === 0 && (await ask("GET", "/page").catch(() => null))?.allowed === false) throw new Refusal(403);
      throw refusal;
    });
    setStatus({ online: told.online });
    return keep(told);
  };
  const renew = async () => {
    const known = kept.session;
    if (!runs(known) || Date.now() - known.since < 3_600_000) return;
    try {
      keep(await ask("POST", "/sessions/renew", { token: known.token }));
    } catch (refusal) {
      if (refusal.status === 401) forget();
    }
  };

  // Asks in the name of the visitor; a session that is over is replaced once.
  const own = async (method, path, more = {}) => {
    const { token } = await session();
    try {
      return await ask(method, path, { ...more, token });
    } catch (refusal) {
      if (refusal.status !== 401) throw refusal;
      if (kept.session?.token === token) forget();
      return ask(method, path, { ...more, token: (await session()).token });
    }
  };

  // Drops what this device knows of the visitor, except what they still want to say.
  const forget = () => {
    stopFeed();
    forgetApps();
    kept = { ...blank(), outbox: kept.outbox };
    cursor = null;
    setMode(null);
    shown.clear();
    log.replaceChildren(earlier);
    earlier.hidden = true;
    agentName = null;
    hasThread = false;
    save();
    showUnread();
  };

  // ---------------------------------------------------------------- the page's side

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(key, "");
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const icon = (path) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("focusable", "false");
    const shape = document.createElementNS(space, "path");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  };

  const CSS = `
    :host { all: initial; position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000;
      font: 16px/1.45 system-ui, sans-serif; color: #16181d; --accent: #1d4ed8; }
    * { box-sizing: border-box; font: inherit; color: inherit; }
    [hidden] { display: none !important; }
    button { cursor: pointer; border: 0; border-radius: 8px; background: none; padding: 8px; min-width: 40px; min-height: 40px; }
    button:disabled { cursor: default; opacity: .6; }
    :focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px; }
    svg { width: 24px; height: 24px; fill: currentColor; display: block; margin: auto; }
    .launch { width: 56px; height: 56px; border-radius: 50%; background: var(--accent); color: #fff;
      box-shadow: 0 4px 14px #0005; position: relative; margin-inline-start: auto; display: block; }
    .badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; padding: 0 6px;
      border-radius: 11px; background: #b91c1c; color: #fff; font-size: 14px; line-height: 22px; text-align: center; }
    .panel { display: flex; flex-direction: column; width: min(380px, calc(100vw - 32px)); height: min(600px, calc(100vh - 110px));
      background: #fff; border: 1px solid #c6cad3; border-radius: 14px; box-shadow: 0 10px 34px #0004; overflow: hidden;
      margin-block-end: 12px; animation: rise .18s ease-out; }
    @keyframes rise { from { opacity: 0; transform: translateY(10px); } }
    header { display: flex; align-items: center; gap: 4px; padding: 8px 8px 8px 16px; background: var(--accent); color: #fff; }
    header > div { flex: 1; min-width: 0; }
    header :focus-visible { outline-color: #fff; }
    h2 { margin: 0; font-size: 17px; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .who { margin: 0; font-size: 14px; }
    .log { flex: 1; overflow-y: auto; padding: 12px; display: flex; flex-direction: column; gap: 8px; overscroll-behavior: contain; }
    .earlier { align-self: center; color: #1d4ed8; text-decoration: underline; }
    .message { max-width: 85%; padding: 8px 12px; border-radius: 12px; background: #eef0f4; align-self: flex-start; overflow-wrap: anywhere; }
    .message.visitor { align-self: flex-end; background: #dbe6ff; }
    .name, .meta { display: block; font-size: 13px; color: #4a4f5b; }
    .text { white-space: pre-wrap; unicode-bidi: plaintext; }
    .text a { color: #1d4ed8; }
    .quote { display: block; border-inline-start: 3px solid #8a92a3; padding-inline-start: 8px; font-size: 14px; color: #4a4f5b; }
    .reactions { display: inline-flex; gap: 4px; margin-inline-end: 8px; }
    .reactions span { background: #fff; border: 1px solid #c6cad3; border-radius: 11px; padding: 0 7px; font-size: 14px; }
    .tools { display: block; }
    .more { min-width: 28px; min-height: 24px; padding: 0 2px; color: #4a4f5b; }
    .more svg { width: 20px; height: 20px; }
    .actions { display: flex; flex-wrap: wrap; gap: 4px; margin-block-start: 4px; }
    .actions button { background: #fff; border: 1px solid #737b8c; min-width: 36px; min-height: 32px; padding: 2px 8px; font-size: 14px; }
    .actions [aria-pressed=true] { border: 2px solid #1d4ed8; background: #dbe6ff; }
    .about { display: flex; align-items: center; gap: 8px; padding: 4px 8px 4px 14px; border-block-start: 1px solid #dfe2e8;
      background: #f6f7f9; font-size: 14px; }
    .about span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .choices { display: flex; flex-wrap: wrap; gap: 6px; margin-block-start: 8px; }
    .choices a { border: 1px solid #1d4ed8; border-radius: 6px; color: #1d4ed8; background: #fff; padding: 4px 12px; text-decoration: none; }
    .choices button, .leave button, .meta button { border: 1px solid #1d4ed8; color: #1d4ed8; background: #fff; padding: 4px 12px; }
    .meta button { min-height: 0; padding: 0 8px; }
    .message img { max-width: 100%; max-height: 220px; border-radius: 8px; display: block; }
    .hint { margin: 0; padding: 6px 14px; font-size: 14px; background: #fff7db; color: #5c4400; }
    .typing { margin: 0; padding: 0 14px 4px; font-size: 14px; color: #4a4f5b; min-height: 24px; }
    .apps { display: flex; flex-wrap: wrap; gap: 4px 12px; padding: 4px 14px; font-size: 14px; color: #4a4f5b; }
    .apps a { color: #1d4ed8; }
    form { display: flex; gap: 6px; padding: 8px; border-block-start: 1px solid #dfe2e8; align-items: flex-end; }
    .leave { flex-wrap: wrap; background: #f6f7f9; }
    .leave label { width: 100%; font-size: 14px; }
    .problem { margin: 0; width: 100%; font-size: 14px; color: #b91c1c; }
    textarea, input[type=email] { flex: 1; min-width: 0; border: 1px solid #737b8c; border-radius: 8px; padding: 8px 10px; background: #fff; }
    textarea { resize: none; max-height: 130px; min-height: 42px; }
    .go { background: var(--accent); color: #fff; }
    .only-read { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
    @media (forced-colors: active) { button, .message { border: 1px solid; } }
  `;

  const badge = make("span", { class: "badge", "aria-hidden": "true", hidden: true });
  const launch = make("button", {
    class: "launch", type: "button", "aria-expanded": "false", "aria-controls": "panel", "aria-label": words.open,
  }, icon("M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"), badge);
  const who = make("p", { class: "who", role: "status" });
  const endChat = make("button", { type: "button", "aria-label": words.end, title: words.end },
    icon("M10 3H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h5v-2H5V5h5zm5.6 4.4L14.2 8.8l2.2 2.2H9v2h7.4l-2.2 2.2 1.4 1.4L20.2 12z"));
  const closeChat = make("button", { type: "button", "aria-label": words.close, title: words.close },
    icon("M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z"));
  const earlier = make("button", { class: "earlier", type: "button", hidden: true }, words.earlier);
  const log = make("div", { class: "log", role: "log", "aria-label": words.messages, "aria-live": "polite", tabindex: "0" }, earlier);
  const hint = make("p", { class: "hint", role: "status", hidden: true });
  const typingLine = make("p", { class: "typing", role: "status" });
  const email = make("input", { type: "email", id: "email", autocomplete: "email", required: true, maxlength: "254" });
  const problem = make("p", { class: "problem", id: "problem", role: "alert", hidden: true });
  const leave = make("form", { class: "leave", novalidate: true, hidden: true },
    make("label", { for: "email" }, words.email), email, make("button", { type: "submit" }, words.leave), problem);
  const field = make("textarea", { id: "field", rows: "1", maxlength: "8000", "aria-label": words.write, placeholder: words.write, enterkeyhint: "send" });
  const picker = make("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const attach = make("button", { type: "button", "aria-label": words.attach, title: words.attach },
    icon("M16.5 6v10.5a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10.5a1.5 1.5 0 0 1-3 0V6H9v9.5a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v11.5a6 6 0 0 0 12 0V6z"));
  const go = make("button", { class: "go", type: "submit", "aria-label": words.send, title: words.send }, icon("M2 21 23 12 2 3v7l15 2-15 2z"));
  const aboutText = make("span", { id: "about" });
  const cancel = make("button", { type: "button" }, words.cancel);
  const apps = make("nav", { class: "apps", "aria-label": words.goOn, hidden: true });
  const about = make("div", { class: "about", role: "status", hidden: true }, aboutText, cancel);
  const form = make("form", { class: "write", novalidate: true }, attach, picker, field, go);
  const panel = make("section", { class: "panel", id: "panel", role: "dialog", "aria-label": words.title, hidden: true },
    make("header", {}, make("div", {}, make("h2", {}, words.title), who), endChat, closeChat), log, typingLine, hint, leave, apps, about, form);

  const host = make("div", { lang: language });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  if (/^#[0-9a-f]{6}$/i.test(script.dataset.color || "")) host.style.setProperty("--accent", script.dataset.color);
  root.append(panel, launch);

  // ---------------------------------------------------------------- messages on the page

  // By id; the widget's own that are on their way stand under their client id.
  const shown = new Map();
  let cursor = null;
  let hasThread = false;
  let agentName = null;

  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

  // Puts words on the page as text, with links that lead out and nowhere else.
  const asText = (text) => {
    const element = make("span", { class: "text" });
    for (const part of String(text ?? "").split(/(https?:\/\/[^\s<>"']+)/)) {
      const url = /^https?:\/\//.test(part) && link(part);
      element.append(url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part);
    }
    return element;
  };
  const link = (text) => {
    try {
      const url = new URL(text, server);
      return ["http:", "https:"].includes(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  };

  const asFile = (message) => {
    const { file } = message;
    const url = file.url && link(file.url);
    const name = file.name || (file.kind === "image" ? words.image : words.file);
    if (!url) return make("span", { class: "text" }, name);
    const anchor = make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" });
    // Links last a few minutes; a later reader gets a fresh one first.
    anchor.addEventListener("click", async (event) => {
      if (!file.until || Date.parse(file.until) > Date.now() + 5_000) return;
      event.preventDefault();
      const page = await own("GET", `/messages?limit=1&before=${message.seq + 1}`).catch(() => null);
      const fresh = page?.messages.find((one) => one.id === message.id)?.file;
      const href = fresh?.url && link(fresh.url);
      if (!href) return setHint(words.lost);
      Object.assign(file, fresh);
      anchor.href = href;
      anchor.click();
    });
    if (["image", "sticker", "animation"].includes(file.kind)) {
      const image = make("img", { src: url, alt: name, loading: "lazy", referrerpolicy: "no-referrer" });
      image.addEventListener("error", () => image.replaceWith(name), { once: true });
      anchor.append(image);
    } else anchor.append(name);
    return make("span", { class: "text" }, anchor);
  };

  // The page behind it learns neither where the visitor came from nor how to reach back.
  const asLink = ({ title, url }) => {
    const anchor = make("a", { target: "_blank", rel: "noopener noreferrer" }, title);
    if (/^https?:\/\//i.test(url)) anchor.href = url;
    return make("span", { class: "choices" }, anchor);
  };

  const describe = (message, state) => {
    const parts = [];
    const isOwn = message.from === "visitor";
    const name = isOwn ? words.you : message.agent || words.agent;
    parts.push(make("span", { class: isOwn ? "only-read" : "name" }, name + ": "));
    if (message.deleted) parts.push(make("em", {}, words.deleted));
    else {
      const quoted = message.reply_to && shown.get(message.reply_to)?.message;
      if (quoted && !quoted.deleted) parts.push(make("span", { class: "quote" }, inShort(quoted)));
      if (message.notice === "email") parts.push(make("em", {}, words.left));
      if (message.file) parts.push(asFile(message));
      if (message.text) parts.push(asText(message.text));
      if (message.link) parts.push(asLink(message.link));
      if (message.choices?.length && !isOwn) parts.push(asChoices(message));
    }
    const meta = make("span", { class: "meta" });
    const said = [];
    if (message.at) said.push(clock.format(new Date(message.at)));
    if (message.revision > 0 && !message.deleted) said.push(words.edited);
    if (isOwn && state) said.push(words[state]);
    meta.append(said.join(" · "));
    parts.push(meta);
    if (message.seq && !message.deleted && !message.notice) parts.push(asTools(message));
    return parts;
  };

  const inShort = ({ text, file }) => (text || file?.name || words.file).slice(0, 140);

  // ---------------------------------------------------------------- answering, editing, deleting, reacting

  const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

  // What was said to a message without words, and a button that shows what can be done with it. Readers of
  // the log are told the message, not the buttons.
  const asTools = (message) => {
    const tools = make("span", { class: "tools", "aria-live": "off" });
    if (message.reactions?.length) {
      const said = message.reactions.map(({ emoji, from }) => {
        const name = from === "agent" ? words.agent : words.you;
        return make("span", { role: "img", "aria-label": `${emoji} ${name}`, title: name }, emoji);
      });
      tools.append(make("span", { class: "reactions" }, ...said));
    }
    const more = make("button", {
      class: "more", type: "button", tabindex: "-1", "aria-expanded": "false", "aria-label": words.actions, title: words.actions,
    }, icon("M6 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm6 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm6 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"));
    more.addEventListener("click", () => {
      const isOpen = more.getAttribute("aria-expanded") === "true";
      closeActions();
      if (isOpen) return;
      const actions = openActions(more, message);
      actions.firstChild.focus();
      actions.scrollIntoView({ block: "nearest" });
    });
    tools.append(more);
    return tools;
  };

  const asActions = (message) => {
    const isOwn = message.from === "visitor";
    const target = message.id;
    const button = (name, act, attributes = {}) => {
      const made = make("button", { type: "button", ...attributes }, name);
      made.addEventListener("click", () => act(made));
      return made;
    };
    const react = (emoji) => {
      const stands = message.reactions?.some((one) => one.from === "visitor" && one.emoji === emoji);
      const change = () => {
        say({ change: { kind: "react", target, emoji: stands ? null : emoji } });
        closeActions(true);
      };
      return button(emoji, change, { "aria-pressed": String(!!stands) });
    };
    const remove = (made) => {
      // Once to be asked, once to be done.
      if (made.textContent !== words.sure) return made.replaceChildren(words.sure);
      say({ change: { kind: "delete", target } });
      closeActions(true);
    };
    const all = [button(words.quote, () => setMode({ kind: "quote", message }))];
    if (isOwn && message.editable) all.push(button(words.edit, () => setMode({ kind: "edit", message })));
    if (isOwn) all.push(button(words.remove, remove));
    all.push(...EMOJIS.map(react));
    return make("span", { class: "actions", role: "group", "aria-label": words.actions }, ...all);
  };

  const openActions = (more, message) => {
    const actions = asActions(message);
    more.setAttribute("aria-expanded", "true");
    more.parentElement.append(actions);
    return actions;
  };

  const closeActions = (keepsFocus) => {
    for (const more of log.querySelectorAll(".more[aria-expanded=true]")) {
      more.setAttribute("aria-expanded", "false");
      if (keepsFocus) more.focus();
      more.parentElement.querySelector(".actions")?.remove();
    }
  };

  // One of the buttons is a stop for the tabulator, arrows lead to the others.
  const tabStop = (button) => {
    for (const more of log.querySelectorAll(".more")) more.tabIndex = more === button ? 0 : -1;
  };
  log.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const all = [...log.querySelectorAll(".more")];
    const at = all.indexOf(root.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = all[at + step];
    if (!next) return;
    tabStop(next);
    next.focus();
  });

  // What the field is for: a new message, an answer to one, or other words for one.
  let mode = null;
  let draft = "";
  const setMode = (next) => {
    if (mode?.kind === "edit") field.value = draft;
    closeActions();
    mode = next;
    about.hidden = !mode;
    if (!mode) return;
    aboutText.textContent = `${mode.kind === "edit" ? words.editing : words.quoting}: ${inShort(mode.message)}`;
    if (mode.kind === "edit") {
      draft = field.value;
      field.value = mode.message.text;
    }
    field.focus();
  };
  cancel.addEventListener("click", () => {
    setMode(null);
    field.focus();
  });

  const asChoices = (message) => {
    const group = make("span", { class: "choices", role: "group", "aria-label": message.text || words.messages });
    for (const choice of message.choices) {
      const button = make("button", { type: "button" }, choice.title);
      button.addEventListener("click", () => {
        for (const one of group.children) one.disabled = true;
        say({ answer: { id: choice.id, title: choice.title } });
        field.focus();
      });
      group.append(button);
    }
    return group;
  };

  // How a message looks; each reading of it makes another link to its file.
  const looks = (message) => JSON.stringify({ ...message, file: message.file && [message.file.name, !!message.file.url] });

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

  // Shows a message, or what became of it; whatever comes twice changes nothing.
  const put = (message, state) => {
    const pending = message.client_id && shown.get(message.client_id);
    const known = shown.get(message.id) || pending;
    const stays = atEnd();
    const element = known?.element ?? make("div", { class: `message ${message.from}`, "data-id": message.id });
    if (pending) {
      shown.delete(message.client_id);
      if (pending.element !== element) pending.element.remove();
    }
    // An answer may come after what the feed told of a later change.
    if (known && !pending && known.message.revision > message.revision) return;
    const same = known && !pending && looks(known.message) === looks(message) && known.state === state;
    shown.set(message.id, { message, element, state });
    if (same) return;
    element.dataset.id = message.id;
    draw(element, message, state);
    if (!known || pending) place(element, message.seq);
    for (const other of shown.values()) {
      if (other.message.reply_to === message.id) draw(other.element, other.message, other.state);
    }
    const stops = [...log.querySelectorAll(".more")];
    const stop = stops.find((one) => one.parentElement.contains(root.activeElement)) || stops.at(-1);
    tabStop(stop);
    if (stays || message.from === "visitor") log.scrollTop = log.scrollHeight;
  };

  // Draws a message anew: what can be done with it stays open, and the focus where it was.
  const draw = (element, message, state) => {
    const wasOpen = element.querySelector(".actions");
    const held = element.contains(root.activeElement) ? root.activeElement : null;
    element.replaceChildren(...describe(message, state));
    const more = element.querySelector(".more");
    if (wasOpen && more) openActions(more, message);
    if (!held) return;
    const same = [...element.querySelectorAll("button, a")].find((one) => one.textContent === held.textContent);
    (same || more || field).focus();
  };

  // The order is the conversation's; what is on its way is last.
  const place = (element, seq) => {
    element.dataset.seq = seq ?? "";
    const rank = (other) => Number(other.dataset.seq || Infinity);
    const after = [...log.querySelectorAll(".message")].find((other) => other !== element && rank(other) > rank(element));
    if (after) {
      if (element.nextSibling !== after) log.insertBefore(element, after);
    } else if (log.lastElementChild !== element) log.append(element);
  };

  const arrived = (message) => {
    hasThread = true;
    put(message, message.from === "visitor" ? "sent" : undefined);
    showApps();
    if (message.client_id) done(message.client_id);
    if (message.from === "agent") {
      setTyping(false);
      receipt();
      showUnread();
    }
  };

  const latest = () => {
    let seq = 0;
    for (const { message } of shown.values()) if (message.from === "agent" && message.seq > seq) seq = message.seq;
    return seq;
  };

  const showUnread = () => {
    let count = 0;
    for (const { message } of shown.values()) if (message.from === "agent" && message.seq > kept.read) count += 1;
    badge.hidden = !count;
    badge.textContent = count;
    launch.setAttribute("aria-label", (isOpen() ? words.close : words.open) + (count ? `, ${words.unread(count)}` : ""));
  };

  // ---------------------------------------------------------------- what the visitor says

  let flushing = null;
  let flushTimer = 0;
  let pause = 1000;

  const say = (entry) => {
    entry = { id: crypto.randomUUID(), at: new Date().toISOString(), ...entry };
    kept.outbox.push(entry);
    save();
    showEntry(entry, "sending");
    flush();
  };
  const done = (id) => {
    kept.outbox = kept.outbox.filter((entry) => entry.id !== id);
    save();
  };
  const showEntry = (entry, state) => {
    if (entry.change) {
      // The words that were taken are shown until others are.
      const known = shown.get(entry.change.target);
      if (known?.message.from === "visitor") put(known.message, state === "failed" ? "sent" : state);
      return;
    }
    // The feed may have brought what became of it before the answer did.
    if ([...shown.values()].some(({ message }) => message.client_id === entry.id)) return;
    const text = entry.text ?? entry.answer?.title;
    const file = entry.file && { name: entry.file.name, kind: "document" };
    put({ id: entry.id, from: "visitor", text, file, notice: entry.email && "email", reply_to: entry.reply_to, at: entry.at }, state);
  };

  // Sends what waits, in order, each under its own id: a repeat of what arrived has no second effect.
  const flush = () => {
    clearTimeout(flushTimer);
    flushing ??= sendAll().finally(() => { flushing = null; });
    return flushing;
  };

  const sendAll = async () => {
    try {
      while (kept.outbox.length) {
        const entry = kept.outbox[0];
        const token = kept.session?.token;
        showEntry(entry, "sending");
        const told = await deliver(entry);
        done(entry.id);
        // Whoever said it left meanwhile; it is not for who came after.
        if (token && kept.session?.token !== token) continue;
        pause = 1000;
        arrived(entry.change ? told.message : { ...told.message, client_id: entry.id });
        setHint("");
        if (!feed && !feedTimer) startFeed();
      }
    } catch (refusal) {
      giveUpOrWait(refusal);
    }
  };

  const deliver = async (entry) => {
    if (entry.email) return own("POST", "/email", { body: { id: entry.id, email: entry.email } });
    if (entry.change) {
      const { kind, target, text, emoji } = entry.change;
      const path = `/messages/${encodeURIComponent(target)}`;
      if (kind === "delete") return own("DELETE", path);
      if (kind === "edit") return own("PUT", path, { body: { text } });
      return own("PUT", `${path}/reaction`, { body: { emoji } });
    }
    const body = { id: entry.id, text: entry.text, answer: entry.answer, reply_to: entry.reply_to };
    if (entry.file) {
      const name = encodeURIComponent(entry.file.name);
      entry.upload ??= (await own("POST", `/files?name=${name}`, { raw: entry.file, type: entry.file.type })).file.id;
      body.file = entry.upload;
    }
    return own("POST", "/messages", { body });
  };

  const giveUpOrWait = (refusal) => {
    const entry = kept.outbox[0];
    if (!(refusal instanceof Refusal)) throw refusal;
    if (!entry) return;
    if (refusal.status === 400 && entry.upload) {
      // The ticket of the upload was too old; the file goes up once more.
      entry.upload = null;
      if (!entry.repeated) {
        entry.repeated = true;
        flushTimer = setTimeout(flush, 0);
        return;
      }
    }
    if (refusal.passes || refusal.status === 401) {
      showEntry(entry, "waiting");
      setHint(refusal.status === 429 ? words.limited : words.lost);
      flushTimer = setTimeout(flush, Math.max(refusal.wait || 0, pause));
      pause = Math.min(pause * 2, 30_000);
      return;
    }
    done(entry.id);
    showEntry(entry, "failed");
    if (entry.change) setHint(words.fixed);
    else setHint({ 403: words.refused, 413: words.tooLarge, 415: words.badType }[refusal.status] || refusal.message);
    if (kept.outbox.length) flushTimer = setTimeout(flush, 0);
  };

  // ---------------------------------------------------------------- receipts and typing

  let told = { delivered: 0, read: 0 };
  let receiptTimer = 0;

  const receipt = () => {
    clearTimeout(receiptTimer);
    receiptTimer = setTimeout(async () => {
      const seq = latest();
      const state = isOpen() && !document.hidden ? "read" : "delivered";
      if (!seq || seq <= told[state] || seq <= told.read) return;
      if (state === "read") {
        kept.read = Math.max(kept.read, seq);
        save();
        showUnread();
      }
      try {
        await own("POST", "/receipts", { body: { state, up_to: seq } });
        told[state] = seq;
      } catch {
        // Told again with the next message or look.
      }
    }, 250);
  };

  let typedAt = 0;
  const typed = () => {
    if (!hasThread || !field.value.trim() || Date.now() - typedAt < 3_200 || !kept.session) return;
    typedAt = Date.now();
    own("POST", "/typing").catch(() => {});
  };

  let typingTimer = 0;
  const setTyping = (on) => {
    clearTimeout(typingTimer);
    typingLine.textContent = on ? `${agentName || words.agent} ${words.typing} …` : "";
    if (on) typingTimer = setTimeout(() => setTyping(false), 12_000);
  };

  const setHint = (text) => {
    hint.textContent = text;
    hint.hidden = !text;
  };

  const setStatus = (status) => {
    if ("agent" in status) agentName = status.agent;
    const line = status.online ? (agentName ? `${words.online}: ${agentName}` : words.online) : words.offline;
    if (who.textContent !== line) who.textContent = line;
    leave.hidden = status.online || !!kept.session?.visitor?.has_email;
  };

  // ---------------------------------------------------------------- the live feed

  let feed = null;
  let feedTimer = 0;
  let feedPause = 500;

  const stopFeed = () => {
    clearTimeout(feedTimer);
    feedTimer = 0;
    feed?.abort();
    feed = null;
  };

  const startFeed = () => {
    stopFeed();
    if (!kept.session && !isOpen()) return;
    const stop = (feed = new AbortController());
    listen(stop).catch((refusal) => {
      if (feed !== stop) return;
      feed = null;
      if (refusal?.status === 403 || refusal?.status === 404) return setHint(words.refused);
      if (refusal?.status === 401) forget();
      if (refusal?.passes !== false && refusal?.status !== 401) setHint(words.lost);
      feedTimer = setTimeout(startFeed, feedPause * (0.75 + Math.random() / 2));
      feedPause = Math.min(feedPause * 2, 15_000);
    });
  };

  // Reads server-sent events by fetch, because an EventSource could only carry the token in its address.
  const listen = async (stop) => {
    await renew();
    const { token } = await session();
    if (stop.signal.aborted) return;
    const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
    if (cursor) headers["last-event-id"] = cursor;
    const answer = await fetch(`${base}/events`, { headers, credentials: "omit", cache: "no-store", signal: stop.signal });
    if (!answer.ok) throw new Refusal(answer.status);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    // The desk gives a sign of life every 15 seconds.
    let silence;
    const wake = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), 40_000);
    };
    try {
      for (wake(); ; wake()) {
        const { value, done } = await reader.read();
        if (done) throw new Refusal(0);
        rest += value;
        const blocks = rest.split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) happened(block);
        if (feed !== stop) return;
      }
    } finally {
      clearTimeout(silence);
      reader.cancel().catch(() => {});
    }
  };

  const happened = (block) => {
    let kind = "", data = "", id = null;
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) kind = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
      else if (line.startsWith("id: ")) id = line.slice(4);
    }
    if (kind) react(kind, data ? JSON.parse(data) : {});
    // What it names was all taken in by now.
    if (id) cursor = id;
  };

  const react = (kind, data) => {
    switch (kind) {
      case "message": return arrived(data);
      case "status": return setStatus(data);
      case "typing": return setTyping(data.typing);
      case "ready":
        feedPause = 500;
        setHint("");
        earlier.hidden = shown.size < 50;
        if (kept.outbox.length) flush();
        return;
      case "reset":
        cursor = null;
        for (const [id, { message, element }] of shown) {
          if (!message.seq) continue;
          element.remove();
          shown.delete(id);
        }
        return;
      case "ended":
        forget();
        close();
        return setHint(words.ended);
    }
  };

  earlier.addEventListener("click", async () => {
    const seqs = [...shown.values()].map(({ message }) => message.seq).filter(Boolean);
    try {
      const page = await own("GET", `/messages?limit=50&before=${Math.min(...seqs)}`);
      const height = log.scrollHeight - log.scrollTop;
      for (const message of page.messages) put(message, message.from === "visitor" ? "sent" : undefined);
      log.scrollTop = log.scrollHeight - height;
      earlier.hidden = !page.has_more;
      if (earlier.hidden) log.focus();
    } catch {
      setHint(words.lost);
    }
  });

  // ---------------------------------------------------------------- other apps

  const APPS = { telegram: "Telegram", whatsapp: "WhatsApp" };
  let appsAt = 0;
  let appsTimer = 0;

  const forgetApps = () => {
    clearTimeout(appsTimer);
    appsAt = 0;
    apps.hidden = true;
    apps.replaceChildren();
  };

  // Shows links by which the visitor goes on in another app. They name the visitor and last a while, so
  // they are made when somebody who wrote looks, and made anew before they end.
  const showApps = async () => {
    if (!hasThread || !isOpen() || Date.now() < appsAt) return;
    appsAt = Date.now() + 60_000;
    const visitor = kept.session?.visitor?.id;
    const told = await own("POST", "/apps").catch(() => null);
    if (!told || kept.session?.visitor?.id !== visitor) return;
    const links = told.apps.filter(({ network, url }) => APPS[network] && link(url));
    apps.replaceChildren(`${words.goOn}:`, ...links.map(({ network, url }) =>
      make("a", { href: link(url), target: "_blank", rel: "noopener noreferrer" }, APPS[network])));
    apps.hidden = !links.length;
    const ends = Math.min(...told.apps.map(({ until }) => Date.parse(until)), Date.now() + 86_400_000);
    appsAt = Math.max(appsAt, ends - 120_000);
    clearTimeout(appsTimer);
    appsTimer = setTimeout(showApps, appsAt - Date.now());
  };

  // ---------------------------------------------------------------- opening, closing, leaving

  const isOpen = () => !panel.hidden;

  const open = async () => {
    if (isOpen()) return;
    panel.hidden = false;
    launch.setAttribute("aria-expanded", "true");
    showUnread();
    field.focus();
    log.scrollTop = log.scrollHeight;
    try {
      await session();
      if (!feed) startFeed();
      receipt();
      showApps();
    } catch (refusal) {
      const isFinal = [401, 403, 404].includes(refusal.status);
      setHint(isFinal ? words.refused : words.lost);
      if (!isFinal) startFeed();
    }
  };
  const close = () => {
    if (!isOpen()) return;
    const held = root.activeElement && panel.contains(root.activeElement);
    panel.hidden = true;
    launch.setAttribute("aria-expanded", "false");
    showUnread();
    if (held) launch.focus();
  };

  // Ends the session on this device: nothing of the visitor stays here.
  const logout = async () => {
    const known = kept.session;
    identity = null;
    clearTimeout(flushTimer);
    kept.outbox = [];
    forget();
    told = { delivered: 0, read: 0 };
    field.value = "";
    leave.hidden = true;
    setTyping(false);
    try {
      localStorage.removeItem(shelf);
    } catch {}
    if (runs(known)) await ask("DELETE", "/sessions/current", { token: known.token }).catch(() => {});
  };

  // Says who the visitor is, in the word of the page's server; another person begins anew.
  const identify = async (jwt) => {
    const user = jwt ? subject(jwt) : null;
    const known = kept.session?.visitor?.user ?? null;
    identity = jwt || null;
    if (kept.session && known !== user) {
      // What is on its way arrives in the session that it was said in, and is not said again.
      const patience = new Promise((resolve) => setTimeout(resolve, 5000));
      await Promise.race([flushing?.catch(() => {}), patience]);
      const unsaid = kept.outbox;
      await logout();
      identity = jwt || null;
      kept.outbox = known === null ? unsaid : [];
    }
    if (isOpen()) startFeed();
  };

  launch.addEventListener("click", () => (isOpen() ? close() : open()));
  closeChat.addEventListener("click", close);
  endChat.addEventListener("click", async () => {
    close();
    await logout();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) {
      event.stopPropagation();
      if (log.querySelector(".actions")) return closeActions(true);
      if (mode) return setMode(null), field.focus();
      close();
      launch.focus();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
    typed();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    const was = mode;
    setMode(null);
    field.value = was?.kind === "edit" ? draft : "";
    draft = "";
    field.style.height = "auto";
    if (was?.kind !== "edit") return say({ text, reply_to: was?.message.id });
    if (text !== was.message.text) say({ change: { kind: "edit", target: was.message.id, text } });
  });
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    const quoted = mode?.kind === "quote" ? mode.message.id : undefined;
    for (const file of picker.files) say({ file, reply_to: quoted });
    if (quoted) setMode(null);
    picker.value = "";
    field.focus();
  });
  leave.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = email.value.trim();
    if (!email.checkValidity() || !address) {
      email.setAttribute("aria-invalid", "true");
      email.setAttribute("aria-describedby", "problem");
      problem.textContent = words.badEmail;
      problem.hidden = false;
      return email.focus();
    }
    email.removeAttribute("aria-invalid");
    email.removeAttribute("aria-describedby");
    problem.hidden = true;
    leave.hidden = true;
    say({ email: address });
    if (kept.session) kept.session.visitor.has_email = true;
    field.focus();
  });

  addEventListener("online", () => {
    feedPause = 500;
    pause = 1000;
    if (kept.session || isOpen()) startFeed();
    if (kept.outbox.length) flush();
  });
  // A tab that nobody sees gives its connection back after a while.
  let hiddenTimer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(stopFeed, 60_000);
    else {
      if (!feed && (kept.session || isOpen())) startFeed();
      if (isOpen()) receipt();
    }
  });
  // Another tab of the page signed out, or in.
  addEventListener("storage", (event) => {
    if (event.key !== shelf && event.key !== null) return;
    const before = kept.session?.visitor?.id;
    const outbox = kept.outbox;
    load();
    kept.outbox = outbox;
    if (kept.session?.visitor?.id === before) return;
    const next = kept;
    forget();
    kept = { ...next, outbox };
    if (kept.session) startFeed();
    else close();
  });

  const start = () => {
    document.body.append(host);
    if (identity && kept.session && (kept.session.visitor?.user ?? null) !== subject(identity)) kept = { ...blank(), outbox: kept.outbox };
    if (!runs(kept.session)) kept.session = null;
    for (const entry of kept.outbox) showEntry(entry, "waiting");
    if (kept.outbox.length) flush();
    if (kept.session && !document.hidden) startFeed();
    if (script.dataset.open === "true") open();
  };
  window.Interdesk = Object.freeze({ open, close, identify, logout });
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start, { once: true });
})();

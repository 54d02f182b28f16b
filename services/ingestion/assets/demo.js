// What a shop does: it tells the chat who is signed in, by the word of its own server.
"use strict";
const who = document.getElementById("who");
document.getElementById("in").addEventListener("click", async () => {
  const answer = await fetch("/demo/identity");
  const { identity } = await answer.json();
  await window.Interdesk.identify(identity);
  who.textContent = "You are signed in as the demo customer.";
});
document.getElementById("out").addEventListener("click", async () => {
  await window.Interdesk.logout();
  who.textContent = "You are a stranger here.";
});

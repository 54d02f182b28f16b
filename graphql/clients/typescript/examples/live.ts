import { Desk, DeskEvents, Inbox, SignIn } from "../src/index.js";

const url = process.env["DESK_URL"] ?? "http://127.0.0.1:8080/graphql";
const input = { workspace: "demo", email: "agent1@example.org", password: "interdesk-demo" };
const { signIn } = await new Desk({ url }).ask(SignIn, { input });
const desk = new Desk({ url, token: signIn?.token ?? "" });
const { conversations } = await desk.ask(Inbox, { first: 5 });
for (const { status, contact, lastText } of conversations?.nodes ?? []) console.log(status, contact?.name, lastText);
for await (const { deskEvents } of desk.watch(DeskEvents, {})) {
  console.log(deskEvents.kind, deskEvents.conversation?.lastText ?? "");
}

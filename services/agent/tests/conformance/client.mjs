// Lets the graphql-ws client meet the server: operations, refusals, close codes, reconnects.
import assert from "node:assert/strict";
import { createClient, CloseCode } from "graphql-ws";
import WebSocket from "ws";

const url = `ws://${process.argv[2]}/graphql`;

function client(connectionParams, options = {}) {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams, ...options });
}

async function all(client, query, variables) {
  const results = [];
  for await (const result of client.iterate({ query, variables })) {
    results.push(result);
  }
  return results;
}

const cases = {
  async "a query answers once"() {
    const desk = client({ token: "good" });
    assert.deepEqual(await all(desk, "{ viewer }"), [{ data: { viewer: "agent" } }]);
    await desk.dispose();
  },
  async "variables and operation names arrive"() {
    const desk = client({ Authorization: "Bearer good" });
    const query = "query Hello($name: String!) { hello(name: $name) }";
    assert.deepEqual(await all(desk, query, { name: "desk" }), [{ data: { hello: "hello desk" } }]);
    await desk.dispose();
  },
  async "a mutation answers once"() {
    const desk = client();
    const [result] = await all(desk, "mutation { bump }");
    assert.equal(typeof result.data.bump, "number");
    await desk.dispose();
  },
  async "a subscription streams and completes"() {
    const desk = client();
    const counted = await all(desk, "subscription { count(to: 4) }");
    assert.deepEqual(counted.map((result) => result.data.count), [1, 2, 3, 4]);
    await desk.dispose();
  },
  async "many operations share one socket"() {
    const desk = client();
    const query = "subscription { count(to: 50) }";
    const runs = await Promise.all(Array.from({ length: 30 }, () => all(desk, query)));
    for (const run of runs) assert.equal(run.length, 50);
    await desk.dispose();
  },
  async "an invalid document throws its errors"() {
    const desk = client();
    await assert.rejects(all(desk, "{ nothing }"), (errors) => {
      return errors[0].extensions.code === "GRAPHQL_VALIDATION_FAILED";
    });
    await desk.dispose();
  },
  async "leaving early ends the subscription and keeps the socket"() {
    const desk = client();
    for await (const result of desk.iterate({ query: "subscription { flood }" })) {
      assert.equal(result.data.flood.length, 1024);
      break;
    }
    assert.equal((await all(desk, "{ hello }")).length, 1);
    await desk.dispose();
  },
  async "a bad token closes with 4403"() {
    const desk = client({ token: "forged" });
    await assert.rejects(all(desk, "{ hello }"), (event) => event.code === CloseCode.Forbidden);
    await desk.dispose();
  },
  async "an ended token lets the client come back with a fresh one"() {
    let connections = 0;
    const desk = client(() => ({ token: connections++ === 0 ? "short" : "good" }), {
      retryAttempts: 3,
      shouldRetry: () => true,
      retryWait: async () => {},
    });
    let seen = 0;
    for await (const result of desk.iterate({ query: "subscription { quiet }" })) {
      assert.equal(result.data.quiet, true);
      if (++seen === 2) break;
    }
    assert.equal(connections, 2);
    await desk.dispose();
  },
  async "pings of the client are answered"() {
    let pongs = 0;
    const desk = client(undefined, {
      lazy: false,
      keepAlive: 20,
      on: { pong: (received) => received && pongs++ },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(pongs >= 3, `${pongs} pongs`);
    await desk.dispose();
  },
  async "another protocol is not acceptable"() {
    const socket = new WebSocket(url);
    const code = await new Promise((resolve) => socket.on("close", resolve));
    assert.equal(code, CloseCode.SubprotocolNotAcceptable);
  },
};

for (const [name, test] of Object.entries(cases)) {
  await test();
  console.log(`ok ${name}`);
}
console.log(`graphql-ws client: ${Object.keys(cases).length}/${Object.keys(cases).length}`);
process.exit(0);

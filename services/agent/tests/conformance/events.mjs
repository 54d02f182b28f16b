// Lets the graphql-sse client meet the server: operations, refusals, resuming, leaving.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";

const url = `http://${process.argv[2]}/graphql`;

function client(options = {}) {
  return createClient({ url, retryAttempts: 0, ...options });
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
    const desk = client({ headers: { authorization: "Bearer good" } });
    assert.deepEqual(await all(desk, "{ viewer }"), [{ data: { viewer: "agent" } }]);
  },
  async "variables arrive"() {
    const query = "query Hello($name: String!) { hello(name: $name) }";
    assert.deepEqual(await all(client(), query, { name: "desk" }), [{ data: { hello: "hello desk" } }]);
  },
  async "a mutation answers once"() {
    const [result] = await all(client(), "mutation { bump }");
    assert.equal(typeof result.data.bump, "number");
  },
  async "a subscription streams and completes"() {
    const counted = await all(client(), "subscription { count(to: 4) }");
    assert.deepEqual(counted.map((result) => result.data.count), [1, 2, 3, 4]);
  },
  async "an invalid document tells its errors"() {
    const [result] = await all(client(), "{ nothing }");
    assert.equal(result.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  },
  async "leaving early ends the subscription"() {
    const desk = client();
    for await (const result of desk.iterate({ query: "subscription { flood }" })) {
      assert.equal(result.data.flood.length, 1024);
      break;
    }
    assert.equal((await all(desk, "{ hello }")).length, 1);
  },
  async "a bad token is a status"() {
    const desk = client({ headers: { authorization: "Bearer forged" } });
    await assert.rejects(all(desk, "{ hello }"), (error) => error.response.status === 401);
  },
  async "an ended token lets the client come back with a fresh one"() {
    let connections = 0;
    const desk = client({
      retryAttempts: 3,
      retry: async () => {},
      headers: () => ({ authorization: `Bearer ${connections++ === 0 ? "short" : "good"}` }),
    });
    let seen = 0;
    for await (const result of desk.iterate({ query: "subscription { quiet }" })) {
      assert.equal(result.data.quiet, true);
      if (++seen === 2) break;
    }
    assert.equal(connections, 2);
  },
};

for (const [name, test] of Object.entries(cases)) {
  await test();
  console.log(`ok ${name}`);
}
console.log(`graphql-sse client: ${Object.keys(cases).length}/${Object.keys(cases).length}`);
process.exit(0);

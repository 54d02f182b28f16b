// Lets the Relay compiler read the schema and every document: node relay.mjs SCHEMA OPERATIONS FOLDER
//
// Relay wants its documents in modules, and their names to say the module and the kind; so each
// document is written into a module of FOLDER under such a name first.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import compiler from "relay-compiler";

const [schema, operations, folder] = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "src"), { recursive: true });
writeFileSync(join(folder, "schema.graphql"), readFileSync(schema));

const kinds = { query: "Query", mutation: "Mutation", subscription: "Subscription" };
const documents = readdirSync(operations).filter((name) => name.endsWith(".graphql"));
for (const name of documents) {
  const module = name.replace(/\.graphql$/, "");
  const text = readFileSync(join(operations, name), "utf8");
  const named = text.replace(/^(query|mutation|subscription) (\w+)/m, (_, kind, is) => {
    if (is !== module) throw new Error(`${name} must name its operation ${module}`);
    return `${kind} ${module}${kinds[kind]}`;
  });
  writeFileSync(join(folder, "src", `${module}.js`), `graphql\`\n${named}\`;\n`);
}

const settings = { root: ".", sources: { src: "desk" }, projects: { desk: { schema: "schema.graphql", language: "typescript", eagerEsModules: true } } };
writeFileSync(join(folder, "relay.config.json"), JSON.stringify(settings));
writeFileSync(join(folder, "package.json"), "{}");
execFileSync(compiler, ["relay.config.json"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
console.log(`the Relay compiler took ${documents.length} documents`);

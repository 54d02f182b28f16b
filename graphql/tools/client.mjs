// Generates the types of the TypeScript client: node client.mjs SCHEMA OPERATIONS FILE [--check]
//
// Each document becomes a constant that knows the types of its result and of its variables. With
// --check nothing is written, and a file that is not current fails.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as operationsPlugin from "@graphql-codegen/typescript-operations";
import * as schemaPlugin from "@graphql-codegen/typescript";
import { buildSchema, parse, print } from "graphql";

const [schemaPath, operations, file, mode] = process.argv.slice(2);
const schema = parse(readFileSync(schemaPath, "utf8"));
const documents = readdirSync(operations)
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({ location: name, document: parse(readFileSync(join(operations, name), "utf8")) }));

// What arrives as JSON is a string, but where numbers are exact enough.
const scalars = {};
for (const { kind, name } of schema.definitions) {
  if (kind === "ScalarTypeDefinition") scalars[name.value] = "string";
}
Object.assign(scalars, { ID: "string", Long: "number", JSON: "unknown" });

const shared = {
  scalars,
  strictScalars: true,
  enumsAsTypes: true,
  useTypeImports: true,
  avoidOptionals: { field: true },
  onlyOperationTypes: true,
  skipTypename: true,
  immutableTypes: true,
};

const constants = {
  plugin: (_schema, all) => {
    const texts = all.map(({ document }) => {
      const [operation] = document.definitions;
      const name = operation.name.value;
      const kind = operation.operation[0].toUpperCase() + operation.operation.slice(1);
      const types = `${name}${kind}, ${name}${kind}Variables`;
      const text = print(document).replaceAll("`", "\\`").replaceAll("$", "\\$");
      return `export const ${name} = /* @__PURE__ */ new Document<${types}>("${name}", "${operation.operation}", \`${text}\`);`;
    });
    return { prepend: ['import { Document } from "./document.js";'], content: texts.join("\n\n") };
  },
};

const made = await codegen({
  filename: file,
  schema,
  schemaAst: buildSchema(readFileSync(schemaPath, "utf8")),
  documents,
  config: shared,
  plugins: [{ types: {} }, { operations: {} }, { constants: {} }],
  pluginMap: { types: schemaPlugin, operations: operationsPlugin, constants },
});
const banner = "// Generated from graphql/schema.graphql and graphql/operations by ./dev client; not edited by hand.\n";
const text = `${banner}${made.trimEnd()}\n`;

if (mode !== "--check") {
  writeFileSync(file, text);
} else if (readFileSync(file, "utf8") !== text) {
  console.log(`${file} is not current; run: ./dev client`);
  process.exit(1);
}

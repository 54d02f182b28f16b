// Compares the schema with the one of the last release: node diff.mjs RELEASED CURRENT ALLOWED
//
// A change that breaks clients fails, unless ALLOWED has a line for it: its path, and why it is taken.
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [released, current, allowed] = process.argv.slice(2);
const schema = (path) => buildSchema(readFileSync(path, "utf8"));

const excused = new Map();
for (const line of readFileSync(allowed, "utf8").split("\n")) {
  if (line.trim() === "" || line.startsWith("#")) continue;
  const [, path, why] = line.match(/^(\S+)\s+(\S.*)$/) ?? [];
  if (!why) throw new Error(`${allowed}: "${line}" must be a path and a reason`);
  excused.set(path, why);
}

const changes = await diff(schema(released), schema(current));
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
const failing = breaking.filter(({ path }) => !excused.has(path));
for (const { path, message } of failing) console.log(`breaks clients: ${path}: ${message}`);
const seen = new Set(breaking.map(({ path }) => path));
const idle = [...excused.keys()].filter((path) => !seen.has(path));
for (const path of idle) console.log(`${allowed} excuses ${path}, which does not break anything`);
console.log(`${changes.length} changes since the release, ${breaking.length} of them breaking, ${failing.length} not excused`);
process.exit(failing.length + idle.length === 0 ? 0 : 1);

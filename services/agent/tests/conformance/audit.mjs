// Runs every audit of graphql-http and fails unless all are met.
import { auditServer } from "graphql-http";

const url = `http://${process.argv[2]}/graphql`;
const results = await auditServer({ url });
const failed = results.filter((result) => result.status !== "ok");
for (const { id, name, status, reason } of failed) {
  console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`graphql-http audit: ${results.length - failed.length}/${results.length}`);
process.exit(failed.length === 0 && results.length > 0 ? 0 : 1);

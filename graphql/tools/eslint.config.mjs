// Which rules the committed schema and the committed documents keep; run by ./dev check.
import graphql from "@graphql-eslint/eslint-plugin";

const { SCHEMA: schema, OPERATIONS: operations } = process.env;
const { configs, parser } = graphql;

function judged(files, presets, own) {
  return {
    files,
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser,
      parserOptions: { graphQLConfig: { schema, documents: `${operations}/*.graphql` } },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: Object.assign({}, ...presets.map((name) => configs[`flat/${name}`].rules), own),
  };
}

export default [
  judged(["**/schema.graphql"], ["schema-recommended", "schema-relay"], {
    "@graphql-eslint/require-description": [
      "error",
      { types: true, rootField: true, FieldDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
    ],
    // It wants an argument that @deprecated of the specification does not have. The day stands in the
    // reason, and a test of the schema (tests/it/documents.rs) wants it there.
    "@graphql-eslint/require-deprecation-date": "off",
    // What has an identity is a Node, and Node demands the id. The rest are values: a consent or a
    // page's frame has no identity of its own, and an id made up for it would be stored by clients.
    "@graphql-eslint/strict-id-in-types": "off",
    // Lists that are short by nature (an agent's skills, a form's choices) are plain lists.
    // A leaf of the audit log, a finding and a line of a report are in their list and nowhere else.
    "@graphql-eslint/relay-edge-types": [
      "error",
      { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
    ],
    // The audit log and a search are read from one end.
    "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
    // `Choice.choiceId` is the word of the app that it came from; `id` would promise one of ours.
    "@graphql-eslint/no-typename-prefix": "off",
  }),
  judged(["**/operations/*.graphql"], ["operations-recommended"], {
    "@graphql-eslint/no-deprecated": "error",
    "@graphql-eslint/match-document-filename": [
      "error",
      { query: { style: "PascalCase" }, mutation: { style: "PascalCase" }, subscription: { style: "PascalCase" } },
    ],
  }),
];

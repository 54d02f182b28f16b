"use strict";

const defaultQuery = `# Ctrl+Enter runs the operation under the cursor.
#
# The documentation of every type is behind the book at the left edge.

query Me {
  __typename
}
`;

const scheme = window.location.protocol === "https:" ? "wss" : "ws";

// What stands in the headers pane goes along with HTTP requests as headers
// and with WebSockets as the payload of connection_init.
const fetcher = GraphiQL.createFetcher({
  url: "/graphql",
  subscriptionUrl: `${scheme}://${window.location.host}/graphql`,
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery,
    defaultHeaders: '{\n  "Authorization": ""\n}\n',
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: true,
  }),
);

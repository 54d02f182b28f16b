"""What Schemathesis has to know of Interdesk: its scalars, and what a server error is."""

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

# Nothing of a string but JSON's own limits.
WORDS = st.text(max_size=40).map(nodes.String)

schemathesis.graphql.scalar("Cursor", WORDS)
schemathesis.graphql.scalar("JSON", WORDS)
schemathesis.graphql.scalar("Long", st.integers(-(2**60), 2**60).map(nodes.Int))
schemathesis.graphql.scalar(
    "Date",
    st.one_of(WORDS, st.dates().map(lambda day: nodes.String(day.isoformat()))),
)
schemathesis.graphql.scalar(
    "DateTime",
    st.one_of(WORDS, st.datetimes().map(lambda moment: nodes.String(moment.isoformat() + "Z"))),
)


@schemathesis.check
def no_server_error(ctx, response, case):
    """The status is below 500, every error has its extensions, and none of them is INTERNAL."""
    assert response.status_code < 500, f"the status is {response.status_code}"
    for error in response.json().get("errors", []):
        extensions = error.get("extensions", {})
        assert {"code", "traceId", "retryable"} <= extensions.keys(), f"an error lacks something: {error}"
        assert extensions["code"] not in ("INTERNAL", "UNAVAILABLE"), f"a fault of ours: {error}"

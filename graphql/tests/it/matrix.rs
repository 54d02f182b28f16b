//! Every field of the roots, and every other field that needs a permission, for every role that each
//! workspace has, with ids of one's own workspace and of another. What is expected stands in
//! `tests/matrix.txt`; a field without a line there fails, and so does a line without a field.

use crate::support::{Asked, Workspace};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use async_graphql::{Positioned, Response, Value as Constant};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Permission, Role, Viewer};
use interdesk_graphql::{Limits, sdl};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const TABLE: &str = include_str!("../matrix.txt");
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];
/// What strangers may ask for too.
const PUBLIC: [&str; 7] = [
    "Mutation.passwordReset",
    "Mutation.passwordResetRequest",
    "Mutation.providerSignInBegin",
    "Mutation.providerSignInFinish",
    "Mutation.sessionRefresh",
    "Mutation.signIn",
    "Query.signInProviders",
];

/// The schema's types by name.
pub(crate) struct Types(BTreeMap<String, TypeDefinition>);

/// What a field needs: nothing, to be signed in, or a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    SignedIn,
    Permission(Permission),
}

impl Types {
    pub(crate) fn read() -> Self {
        let document = parse_schema(sdl()).unwrap();
        let types = document.definitions.into_iter();
        let types = types.filter_map(|definition| match definition {
            TypeSystemDefinition::Type(one) => Some((one.node.name.node.to_string(), one.node)),
            _ => None,
        });
        Self(types.collect())
    }

    pub(crate) fn fields(&self, name: &str) -> &[Positioned<FieldDefinition>] {
        match self.0.get(name).map(|one| &one.kind) {
            Some(TypeKind::Object(object)) => &object.fields,
            _ => &[],
        }
    }

    /// Lists the fields that need a case, with what they need.
    fn cases(&self) -> BTreeMap<String, Need> {
        let mut cases = BTreeMap::new();
        for name in self.0.keys() {
            for field in self.fields(name) {
                let need = need(&field.node.directives);
                if ROOTS.contains(&name.as_str()) || need != Need::Nothing {
                    cases.insert(format!("{name}.{}", field.node.name.node), need);
                }
            }
        }
        cases
    }

    /// Writes a document that asks for one field of a root, with a key where it is not done without.
    fn document(&self, root: &str, field: &FieldDefinition, of: &Workspace) -> String {
        let key = is_marked(field, "needsKey").then_some("key");
        self.document_under(root, field, of, key)
    }

    /// Writes a document that asks for one field of a root, under a key or none.
    pub(crate) fn document_under(
        &self,
        root: &str,
        field: &FieldDefinition,
        of: &Workspace,
        key: Option<&str>,
    ) -> String {
        let operation = root.to_lowercase();
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .filter(|argument| is_needed(&argument.node))
            .map(|argument| self.argument(&argument.node, of))
            .collect();
        let arguments = match arguments.is_empty() {
            true => String::new(),
            false => format!("({})", arguments.join(", ")),
        };
        let key = key.map(|key| format!("@idempotent(key: \"{key}\")"));
        let key = key.unwrap_or_default();
        let selection = self.selection(&field.ty.node, 2);
        format!(
            "{operation} {{ {}{arguments} {key} {selection} }}",
            field.name.node
        )
    }

    fn argument(&self, argument: &InputValueDefinition, of: &Workspace) -> String {
        let name = argument.name.node.as_str();
        format!("{name}: {}", self.value(name, &argument.ty.node, of))
    }

    fn value(&self, name: &str, ty: &Type, of: &Workspace) -> String {
        let named = match &ty.base {
            BaseType::List(inner) => return format!("[{}]", self.value(name, inner, of)),
            BaseType::Named(named) => named.as_str(),
        };
        match (named, self.0.get(named).map(|one| &one.kind)) {
            ("ID", _) => format!("\"{}\"", id(name, of)),
            ("Int" | "Float" | "Long", _) => "1".to_owned(),
            ("Boolean", _) => "true".to_owned(),
            ("DateTime", _) => "\"2030-01-01T00:00:00Z\"".to_owned(),
            ("Date", _) => "\"2026-11-22\"".to_owned(),
            ("JSON" | "JSONObject", _) => "{}".to_owned(),
            (_, Some(TypeKind::Enum(choices))) => choices.values[0].node.value.node.to_string(),
            (_, Some(TypeKind::InputObject(input))) => {
                let directives = &self.0[named].directives;
                let is_one = directives.iter().any(|one| one.node.name.node == "oneOf");
                let needed = input.fields.iter().filter(|field| is_needed(&field.node));
                let chosen: Vec<_> = match is_one {
                    true => input.fields.iter().take(1).collect(),
                    false => needed.collect(),
                };
                let fields = chosen.iter().map(|field| self.argument(&field.node, of));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            _ => "\"x\"".to_owned(),
        }
    }

    /// Selects the plain fields of a type and of what hangs on it, as deep as told.
    fn selection(&self, ty: &Type, depth: usize) -> String {
        let named = name(ty);
        match self.0.get(named).map(|one| &one.kind) {
            Some(TypeKind::Object(object)) => {
                let fields = object.fields.iter().filter_map(|field| {
                    let field = &field.node;
                    // It waits for the relay, which does not run here.
                    if field.name.node == "changeSeq" {
                        return None;
                    }
                    if field.arguments.iter().any(|one| is_needed(&one.node)) {
                        return None;
                    }
                    let is_plain = matches!(
                        self.0.get(name(&field.ty.node)).map(|one| &one.kind),
                        None | Some(TypeKind::Scalar | TypeKind::Enum(_))
                    );
                    match (is_plain, depth) {
                        (true, _) => Some(field.name.node.to_string()),
                        (false, 1) => None,
                        (false, _) => {
                            let inner = self.selection(&field.ty.node, depth - 1);
                            Some(format!("{} {inner}", field.name.node))
                        }
                    }
                });
                let fields: Vec<String> = fields.collect();
                format!("{{ __typename {} }}", fields.join(" "))
            }
            Some(TypeKind::Interface(_) | TypeKind::Union(_)) => "{ __typename }".to_owned(),
            _ => String::new(),
        }
    }
}

/// Tells whether a field has a directive.
pub(crate) fn is_marked(field: &FieldDefinition, directive: &str) -> bool {
    let mut directives = field.directives.iter();
    directives.any(|one| one.node.name.node == directive)
}

pub(crate) fn name(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(named) => named.as_str(),
        BaseType::List(inner) => name(inner),
    }
}

fn is_needed(argument: &InputValueDefinition) -> bool {
    !argument.ty.node.nullable && argument.default_value.is_none()
}

fn need(directives: &[Positioned<ConstDirective>]) -> Need {
    let mut found = directives
        .iter()
        .filter(|one| one.node.name.node == "requires");
    let Some(directive) = found.next() else {
        return Need::Nothing;
    };
    match directive
        .node
        .get_argument("permission")
        .map(|value| &value.node)
    {
        Some(Constant::Enum(word)) => {
            let known = Permission::parse(&word.to_lowercase());
            Need::Permission(known.expect("a permission"))
        }
        _ => Need::SignedIn,
    }
}

/// Returns an id of a workspace that fits an argument by its name.
fn id(argument: &str, of: &Workspace) -> String {
    let argument = argument.to_lowercase();
    let known = [
        ("conversation", of.conversation.to_string()),
        ("message", of.message.to_string()),
        ("offer", of.offer.to_string()),
        ("workitem", of.work_item.to_string()),
        ("agent", of.viewer.agent.to_string()),
        ("queue", of.queue.to_string()),
        ("inbox", of.inbox.to_string()),
        ("contact", of.contact.to_string()),
        ("attachment", of.attachment.to_string()),
    ];
    let mut fits = known.iter().filter(|(word, _)| argument.contains(word));
    fits.next().unwrap_or(&known[0]).1.clone()
}

/// Reads the table: each field with what is expected of each role.
fn table() -> BTreeMap<&'static str, [bool; 5]> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| {
        let mut words = line.split_whitespace();
        let field = words.next().expect("a field");
        let said: Vec<bool> = words.map(|word| word == "yes").collect();
        (
            field,
            said.try_into()
                .unwrap_or_else(|_| panic!("{line}: five roles")),
        )
    });
    lines.collect()
}

fn codes(response: &Response) -> Vec<String> {
    let extensions = response
        .errors
        .iter()
        .filter_map(|error| error.extensions.as_ref());
    let codes = extensions.filter_map(|them| match them.get("code") {
        Some(async_graphql::Value::String(code)) => Some(code.clone()),
        _ => None,
    });
    codes.collect()
}

#[test]
fn every_field_says_what_it_needs_and_has_a_line_in_the_matrix() {
    let cases = Types::read().cases();
    let table = table();
    let (known, listed): (BTreeSet<&str>, BTreeSet<&str>) = (
        cases.keys().map(String::as_str).collect(),
        table.keys().copied().collect(),
    );
    let missing: Vec<_> = known.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "no line in tests/matrix.txt for {missing:?}"
    );
    let stale: Vec<_> = listed.difference(&known).collect();
    assert!(stale.is_empty(), "no such field any more: {stale:?}");
    for (field, need) in &cases {
        assert_eq!(
            *need == Need::Nothing,
            PUBLIC.contains(&field.as_str()),
            "{field} has to say what it needs: #[graphql(directive = requires::apply(…))]"
        );
        for (role, expected) in Role::BUILT_IN.into_iter().zip(table[field.as_str()]) {
            let may = match need {
                Need::Permission(permission) => role.grants().may(*permission),
                _ => true,
            };
            assert_eq!(may, expected, "{field} as {role:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_gets_what_the_matrix_says_and_nothing_of_another_tenant() {
    let limits = Limits {
        depth: 64,
        cost: 1_000_000,
        ..Limits::default()
    };
    let asked = Asked::with(limits).await;
    let (own, other) = (asked.workspace().await, asked.workspace().await);
    let before = rows_of(&asked, &other).await;
    let (types, table) = (Types::read(), table());
    for (place, role) in Role::BUILT_IN.into_iter().enumerate() {
        let tenant = own.viewer.tenant;
        let viewer = asked.world.person(tenant, role, Presence::Away, 3).await;
        for root in ROOTS {
            for field in types.fields(root) {
                let name = format!("{root}.{}", field.node.name.node);
                let expected = table[name.as_str()][place];
                for of in [&own, &other] {
                    let document = types.document(root, &field.node, of);
                    let response = run(&asked, &viewer, &document).await;
                    let codes = codes(&response);
                    let is_refused = codes.iter().any(|code| code == "FORBIDDEN");
                    let is_whole = response.data.clone().into_json().unwrap();
                    assert_eq!(
                        is_refused && is_nothing(&is_whole, &field.node),
                        !expected,
                        "{name} as {role:?}: {codes:?}\n{document}"
                    );
                    for wrong in ["INTERNAL", "UNAUTHENTICATED", "GRAPHQL_VALIDATION_FAILED"] {
                        assert!(
                            !codes.iter().any(|code| code == wrong),
                            "{wrong}: {document}"
                        );
                    }
                    let told = is_whole.to_string();
                    for foreign in ids(&other) {
                        assert!(
                            !told.contains(&foreign),
                            "{name} shows {foreign}: {document}"
                        );
                    }
                }
            }
        }
    }
    assert_eq!(
        rows_of(&asked, &other).await,
        before,
        "nothing of the other changed"
    );
}

/// Tells whether a field was not answered at all.
fn is_nothing(data: &serde_json::Value, field: &FieldDefinition) -> bool {
    data.get(field.name.node.as_str())
        .is_none_or(serde_json::Value::is_null)
}

/// Runs a document; of a subscription only what comes at once.
async fn run(asked: &Asked, viewer: &Viewer, document: &str) -> Response {
    let request = asked.request(viewer, document, json!({}));
    if !document.starts_with("subscription") {
        return asked.schema.execute(request).await;
    }
    let mut stream = asked.schema.execute_stream(request).boxed();
    let first = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
    first.ok().flatten().unwrap_or_default()
}

fn ids(of: &Workspace) -> Vec<String> {
    vec![
        of.viewer.agent.to_string(),
        of.queue.to_string(),
        of.inbox.to_string(),
        of.contact.to_string(),
        of.conversation.to_string(),
        of.message.to_string(),
        of.offer.to_string(),
        of.work_item.to_string(),
        of.attachment.to_string(),
    ]
}

/// Sums up everything of a tenant that the cases could have changed.
async fn rows_of(asked: &Asked, of: &Workspace) -> i64 {
    let tenant = of.viewer.tenant.0;
    let tables = [
        "outbox",
        "messages",
        "offers",
        "conversations",
        "agents",
        "teams",
        "queues",
    ];
    let mut sum = 0;
    for table in tables {
        let query = format!(
            "SELECT COALESCE(sum(hashtext(t::text)::bigint), 0)::bigint AS count
             FROM {table} t WHERE tenant_id = '{tenant}'"
        );
        sum += asked.world.test.count_as_owner(&query).await;
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_nothing_but_a_way_in() {
    let asked = Asked::fresh().await;
    let own = asked.workspace().await;
    let types = Types::read();
    for root in ["Query", "Mutation"] {
        for field in types.fields(root) {
            let name = format!("{root}.{}", field.node.name.node);
            if PUBLIC.contains(&name.as_str()) {
                continue;
            }
            let document = types.document(root, &field.node, &own);
            let request = async_graphql::Request::new(&document);
            assert_eq!(asked.code(request).await, "UNAUTHENTICATED", "{document}");
        }
    }
}

//! One GraphQL request, from its JSON parameters to its answer; shared by all transports.

use std::any::Any;

use async_graphql::{
    Data, ErrorExtensionValues, Request, Response, ServerError, Value, Variables,
    parser::types::{BaseType, DocumentOperations, OperationDefinition, OperationType, Type},
};
use interdesk_graphql::{error::is_retryable, limits::check_tokens};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::documents::{Asked, Documents};

/// Says which parameter of a request has the wrong shape.
#[derive(Debug, thiserror::Error)]
#[error("{name} must be {expected}")]
pub(crate) struct BadParameter {
    name: &'static str,
    expected: &'static str,
}

/// A request whose document is still to be found.
#[derive(Debug)]
pub(crate) struct Wanted {
    asked: Asked,
    request: Request,
}

impl Wanted {
    /// Adds what resolvers see.
    pub(crate) fn with(mut self, data: Data) -> Self {
        self.request.data = data;
        self
    }

    /// Adds one more thing that resolvers see.
    pub(crate) fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        self.request.data.insert(value);
    }

    /// Finds and parses the document, finds the operation to run and checks its required variables.
    ///
    /// The executor checks variables only where they are used; the specification
    /// refuses a missing one before anything runs.
    pub(crate) fn prepare(
        self,
        documents: &Documents,
        max_tokens: usize,
    ) -> Result<(Request, OperationType), Box<Response>> {
        let Self { asked, mut request } = self;
        let refuse = |error| Box::new(Response::from_errors(vec![error]));
        request.query = documents.resolve(asked).map_err(refuse)?;
        check_tokens(&request.query, max_tokens).map_err(|error| refuse(error.into()))?;
        let kind = kind(&mut request)?;
        Ok((request, kind))
    }
}

/// Builds a request from the parameters `query` or `documentId`, `operationName`, `variables` and
/// `extensions`.
pub(crate) fn request(mut parameters: Map<String, Json>) -> Result<Wanted, BadParameter> {
    let query = text(&mut parameters, "query")?;
    let document = text(&mut parameters, "documentId")?;
    let asked = match (query, document) {
        (Some(query), None) => Asked::Text(query),
        (None, Some(id)) => Asked::Document(id),
        (None, None) => {
            return Err(BadParameter {
                name: "query",
                expected: "a string",
            });
        }
        (Some(_), Some(_)) => {
            return Err(BadParameter {
                name: "documentId",
                expected: "left out beside a query",
            });
        }
    };
    let mut request = Request::new("");
    request.operation_name = text(&mut parameters, "operationName")?;
    if let Some(variables) = map(&mut parameters, "variables")? {
        request.variables = Variables::from_json(Json::Object(variables));
    }
    for (key, value) in map(&mut parameters, "extensions")?.unwrap_or_default() {
        // A JSON value always converts: numbers, strings, lists and maps exist on both sides.
        let value = Value::from_json(value).unwrap_or_default();
        request.extensions.insert(key, value);
    }
    Ok(Wanted { asked, request })
}

fn text(
    parameters: &mut Map<String, Json>,
    name: &'static str,
) -> Result<Option<String>, BadParameter> {
    match parameters.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(BadParameter {
            name,
            expected: "a string",
        }),
    }
}

fn map(
    parameters: &mut Map<String, Json>,
    name: &'static str,
) -> Result<Option<Map<String, Json>>, BadParameter> {
    match parameters.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(map)) => Ok(Some(map)),
        Some(_) => Err(BadParameter {
            name,
            expected: "a map",
        }),
    }
}

fn kind(request: &mut Request) -> Result<OperationType, Box<Response>> {
    let name = request.operation_name.clone();
    let variables = request.variables.clone();
    let document = match request.parsed_query() {
        Ok(document) => document,
        Err(error) => return Err(refuse(error, "GRAPHQL_PARSE_FAILED")),
    };
    let operation = find(&document.operations, name.as_deref())
        .map_err(|error| refuse(error, "OPERATION_NOT_FOUND"))?;
    check_variables(operation, &variables).map_err(|error| refuse(error, "BAD_VARIABLES"))?;
    Ok(operation.ty)
}

fn find<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let found = match (operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        (DocumentOperations::Multiple(_), None) => {
            let message = "operationName is required, the document has several operations";
            return Err(ServerError::new(message, None));
        }
    };
    let missing = || ServerError::new("operationName is not in the document", None);
    found.map(|operation| &operation.node).ok_or_else(missing)
}

fn check_variables(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let given = variables.get(name);
        if given.is_none() && definition.node.default_value.is_some() {
            continue;
        }
        let expected = &definition.node.var_type.node;
        if !admits_null(expected, given.unwrap_or(&Value::Null)) {
            let message = format!("variable ${name} of type {expected} must not be null");
            return Err(ServerError::new(message, Some(definition.pos)));
        }
    }
    Ok(())
}

fn admits_null(expected: &Type, given: &Value) -> bool {
    match (given, &expected.base) {
        (Value::Null, _) => expected.nullable,
        (Value::List(items), BaseType::List(inner)) => {
            items.iter().all(|item| admits_null(inner, item))
        }
        (value, BaseType::List(inner)) => admits_null(inner, value),
        (_, BaseType::Named(_)) => true,
    }
}

fn refuse(mut error: ServerError, code: &'static str) -> Box<Response> {
    add_code(&mut error, code);
    Box::new(Response::from_errors(vec![error]))
}

/// Tells whether nothing was executed: such an answer has errors and no `data` at all.
pub(crate) fn is_request_error(response: &Response) -> bool {
    let executed = |error: &ServerError| !error.path.is_empty();
    response.is_err() && response.data == Value::Null && !response.errors.iter().any(executed)
}

/// Gives every error a code, the name of its trace, and whether it may pass; what the schema said of it
/// stays.
pub(crate) fn complete(response: &mut Response, trace: &str) {
    for error in &mut response.errors {
        let code = if error.path.is_empty() {
            "GRAPHQL_VALIDATION_FAILED"
        } else {
            "BAD_INPUT"
        };
        add_code(error, code);
        add_trace(error, trace);
    }
}

fn add_trace(error: &mut ServerError, trace: &str) {
    let Some(extensions) = &mut error.extensions else {
        return;
    };
    let may_pass = match extensions.get("code") {
        Some(Value::String(code)) => is_retryable(code),
        _ => false,
    };
    if extensions.get("retryable").is_none() {
        extensions.set("retryable", may_pass);
    }
    extensions.set("traceId", trace);
}

fn add_code(error: &mut ServerError, code: &'static str) {
    let extensions = error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}

/// Returns the code of the first error.
pub(crate) fn code(response: &Response) -> Option<&str> {
    match response.errors.first()?.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Makes an error that never reached the executor.
pub(crate) fn error(code: &'static str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    add_code(&mut error, code);
    error
}

/// Writes a response as the specification wants it: no `data` entry when nothing was executed.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

impl<'a> From<&'a Response> for Answer<'a> {
    fn from(response: &'a Response) -> Self {
        Self {
            data: (!is_request_error(response)).then_some(&response.data),
            errors: &response.errors,
            extensions: &response.extensions,
        }
    }
}
